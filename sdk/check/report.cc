#include "sdk/check/report.h"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace rhumb::check {

void Report::run(std::string_view name, const std::function<void()>& body) {
  const auto begin = std::chrono::steady_clock::now();
  const char* outcome = "ok  ";
  std::string text;
  try {
    body();
  } catch (const Skipped& e) {
    outcome = "skip";
    text = e.what();
  } catch (const std::exception& e) {
    outcome = "FAIL";
    text = e.what();
    ++failures_;
  }
  ++cases_;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                      std::chrono::steady_clock::now() - begin)
                      .count();
  std::printf("%s %s: %.*s (%lld ms)%s%s\n", outcome, suite_.c_str(), static_cast<int>(name.size()),
              name.data(), static_cast<long long>(ms), text.empty() ? "" : "\n       ",
              text.c_str());
  std::fflush(stdout);
}

void require_status(rhumb_status_t expected, rhumb_status_t found, const std::string& call,
                    const rhumb_error_t* error) {
  if (expected == found) return;
  std::string text =
      call + ": expected status " + std::to_string(expected) + ", found " + std::to_string(found);
  if (error != nullptr && error->text[0] != '\0')
    text += " (" + std::string(error->text, strnlen(error->text, sizeof error->text)) + ")";
  throw Failed(text);
}

void require_json(std::string_view text, std::initializer_list<const char*> members,
                  const std::string& what) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  require(!json.is_discarded() && json.is_object(),
          what + ": expected a JSON object, found " + std::string(text.substr(0, 200)));
  for (const char* member : members)
    require(json.contains(member), what + ": no member \"" + member + "\"");
}

}  // namespace rhumb::check
