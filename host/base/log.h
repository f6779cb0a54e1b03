// Structured log on stderr: one JSON object per line, or a readable form on a terminal. Any thread
// may log; each line is one write.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace rhumb::base {

enum class LogLevel : uint8_t { kTrace = 0, kDebug, kInfo, kWarn, kError };
enum class LogFormat : uint8_t { kAuto = 0, kJson, kText };  // kAuto: text on a terminal, else JSON

// {"key", value}. Strings are escaped, so control characters never reach the output.
struct LogField {
  std::string_view key;
  std::variant<std::string_view, int64_t, uint64_t, double, bool> value;
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <typename I,
            typename = std::enable_if_t<std::is_integral_v<I> && !std::is_same_v<I, bool>>>
  LogField(std::string_view k, I v) : key(k) {
    if constexpr (std::is_signed_v<I>)
      value = static_cast<int64_t>(v);
    else
      value = static_cast<uint64_t>(v);
  }
};

void log_configure(LogLevel level, LogFormat format);
bool log_enabled(LogLevel level);
// `component` is the folder that logs ("http", "shard"). `message` is a constant text; everything
// that varies goes into fields. The line of a thread that works for a trace has its `trace_id`.
void log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields = {});

inline void log_debug(std::string_view c, std::string_view m,
                      std::initializer_list<LogField> f = {}) {
  log(LogLevel::kDebug, c, m, f);
}
inline void log_info(std::string_view c, std::string_view m,
                     std::initializer_list<LogField> f = {}) {
  log(LogLevel::kInfo, c, m, f);
}
inline void log_warn(std::string_view c, std::string_view m,
                     std::initializer_list<LogField> f = {}) {
  log(LogLevel::kWarn, c, m, f);
}
inline void log_error(std::string_view c, std::string_view m,
                      std::initializer_list<LogField> f = {}) {
  log(LogLevel::kError, c, m, f);
}

}  // namespace rhumb::base
