#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/command.h"
#include "host/cli/progress.h"

namespace rhumb::cli {

base::Status run_export(const CommandContext& context) {
  const std::string& collection = context.arguments.positions()[0];
  const std::string path = "/collections/" + path_part(collection);
  RHUMB_ASSIGN(const Answer info, context.client.call("GET", path));
  const uint64_t total =
      nlohmann::json::parse(info.body).at("result").value("points_count", uint64_t{0});
  const std::string target =
      context.arguments.positions().size() > 1 ? context.arguments.positions()[1] : "-";
  std::FILE* file = target == "-" ? stdout : std::fopen(target.c_str(), "wb");
  if (file == nullptr) return base::invalid(target + ": " + std::strerror(errno));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(target == "-" ? nullptr : file,
                                                               std::fclose);
  Progress progress("export " + collection, "points", total, context.quiet);
  uint64_t lines = 0;
  bool written = true;
  const base::Status status =
      context.client.download(path + "/export", [&](const char* data, size_t n) {
        lines += static_cast<uint64_t>(std::count(data, data + n, '\n'));
        progress.at(lines);
        written = std::fwrite(data, 1, n, file) == n;
        return written;
      });
  RHUMB_TRY(status);
  if (!written || std::fflush(file) != 0)
    return {base::Code::kIo, target + ": " + std::strerror(errno)};
  progress.finish(lines);
  return base::ok();
}

}  // namespace rhumb::cli
