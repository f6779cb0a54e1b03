#include <cstdio>
#include <nlohmann/json.hpp>

#include "host/cli/command.h"

namespace rhumb::cli {

base::Status run_branch(const CommandContext& context) {
  const auto& words = context.arguments.positions();
  const nlohmann::json body = {{"name", words.at(1)}};
  RHUMB_TRY(
      context.client.call("POST", "/collections/" + path_part(words[0]) + "/branch", body.dump())
          .status());
  if (!context.quiet) std::fprintf(stderr, "made %s from %s\n", words[1].c_str(), words[0].c_str());
  return base::ok();
}

}  // namespace rhumb::cli
