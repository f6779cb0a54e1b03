#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/cli/command.h"

namespace rhumb::cli {
namespace {

using nlohmann::json;

// The answer comes as lines, which a piece of the transfer may cut.
class Lines {
 public:
  explicit Lines(bool raw) : raw_(raw) {}

  // False ends the transfer.
  bool take(const char* data, size_t n) {
    rest_.append(data, n);
    for (size_t end; (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1)) {
      if (!show(rest_.substr(0, end))) return false;
    }
    return true;
  }
  // The line with the numbers is the last one; without it the answer was cut off.
  const json& numbers() const { return numbers_; }

 private:
  bool show(const std::string& line) {
    const json parsed = json::parse(line, nullptr, false);
    if (!parsed.is_object()) return false;
    if (raw_) return std::printf("%s\n", line.c_str()) > 0;
    if (parsed.contains("change"))
      return std::printf("%-8s %s\n", parsed.value("change", "").c_str(),
                         parsed.value("id", json()).dump().c_str()) > 0;
    numbers_ = parsed;
    return true;
  }

  const bool raw_;
  std::string rest_;
  json numbers_;
};

}  // namespace

base::Status run_diff(const CommandContext& context) {
  const auto& words = context.arguments.positions();
  Lines lines(context.json);
  RHUMB_TRY(context.client.download(
      "/collections/" + path_part(words.at(0)) + "/diff/" + path_part(words.at(1)),
      [&](const char* data, size_t n) { return lines.take(data, n); }));
  if (context.json) return base::ok();
  if (!lines.numbers().is_object())
    return {base::Code::kUnavailable, "the server's answer was cut off"};
  const auto number = [&](const char* kind) {
    return std::to_string(lines.numbers().value(kind, uint64_t{0})) + " " + kind;
  };
  std::printf("%s, %s, %s\n", number("new").c_str(), number("gone").c_str(),
              number("changed").c_str());
  return base::ok();
}

}  // namespace rhumb::cli
