#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "host/cli/command.h"

namespace rhumb::cli {

// The checks need the server's code, which is in the program beside this one.
base::Status run_doctor(const CommandContext& context) {
  const Arguments& given = context.arguments;
  std::vector<std::string> words = {"rhumbd", "doctor", "--output", context.json ? "json" : "text"};
  for (const char* name : {"config", "data", "set"}) {
    for (const std::string& value : given.all(name)) {
      words.push_back(std::string("--") + name);
      words.push_back(value);
    }
  }
  if (given.has("insecure")) words.emplace_back("--insecure");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::error_code error;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  ::execv((beside / "rhumbd").c_str(), argv.data());
  ::execvp("rhumbd", argv.data());
  return {base::Code::kUnavailable,
          std::string("cannot run rhumbd: ") + std::strerror(errno) +
              ". The doctor examines the machine that it runs on, which needs the package rhumb."};
}

}  // namespace rhumb::cli
