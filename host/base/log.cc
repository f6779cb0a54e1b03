#include "host/base/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "host/base/clock.h"
#include "host/base/hex.h"
#include "host/base/json_text.h"
#include "host/base/limits.h"
#include "host/base/metrics.h"
#include "host/base/trace_context.h"
#include "host/base/utc.h"

namespace rhumb::base {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<bool> g_json{true};

constexpr std::string_view kLevelNames[] = {"trace", "debug", "info", "warn", "error"};

void append_timestamp(std::string& out) {
  const uint64_t now = wall_ns();
  out += utc_text(static_cast<int64_t>(now / 1'000'000'000));
  char parts[16];  // of a second, in place of the Z
  const int n =
      std::snprintf(parts, sizeof(parts), ".%06uZ", static_cast<unsigned>(now / 1000 % 1'000'000));
  out.replace(out.size() - 1, 1, parts, static_cast<size_t>(n));
}

template <typename T>
void append_number(std::string& out, T value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  out.append(text, end);
}

void append_value(std::string& out, const LogField& field) {
  struct Writer {
    std::string& out;
    void operator()(std::string_view v) const { append_json_string(out, v); }
    void operator()(bool v) const { out += v ? "true" : "false"; }
    void operator()(double v) const {
      if (std::isfinite(v))
        append_number(out, v);
      else
        append_json_string(out, std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf");
    }
    void operator()(int64_t v) const { append_number(out, v); }
    void operator()(uint64_t v) const { append_number(out, v); }
  };
  std::visit(Writer{out}, field.value);
}

// If the line would become too long, the whole field is left out, so that the line still parses.
bool append_field(std::string& line, const LogField& field, bool json) {
  const size_t before = line.size();
  if (json) {
    line += ',';
    append_json_string(line, field.key);
    line += ':';
  } else {
    line += ' ';
    line.append(field.key);
    line += '=';
  }
  append_value(line, field);
  if (line.size() <= limits::kMaxLogLineBytes) return true;
  line.resize(before);
  return false;
}

void append_head(std::string& line, LogLevel level, std::string_view component,
                 std::string_view message, bool json) {
  const std::string_view level_name = kLevelNames[static_cast<size_t>(level)];
  if (!json) {
    append_timestamp(line);
    line += ' ';
    for (const char c : level_name) line += static_cast<char>(c - 'a' + 'A');
    line += ' ';
    line.append(component);
    line += ": ";
    line.append(message);
    return;
  }
  line += "{\"time\":\"";
  append_timestamp(line);
  line += "\",\"level\":\"";
  line.append(level_name);
  line += "\",\"component\":";
  append_json_string(line, component);
  line += ",\"message\":";
  append_json_string(line, message);
}

// Each line is one write, so lines of several threads, or of several processes on one pipe, do not
// mix.
void write_line(const std::string& line) {
  size_t at = 0;
  while (at < line.size()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data() + at, line.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      static Counter& lost = counter("rhumb_log_lines_lost_total");
      lost.add();
      return;
    }
    at += static_cast<size_t>(n);
  }
}

}  // namespace

void log_configure(LogLevel level, LogFormat format) {
  g_level.store(level, std::memory_order_relaxed);
  g_json.store(
      format == LogFormat::kJson || (format == LogFormat::kAuto && ::isatty(STDERR_FILENO) == 0),
      std::memory_order_relaxed);
}

bool log_enabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view component, std::string_view message,
         std::initializer_list<LogField> fields) {
  if (!log_enabled(level)) return;
  const int saved_errno = errno;  // callers log about errno and return it afterwards
  const bool json = g_json.load(std::memory_order_relaxed);
  std::string line;
  line.reserve(256);
  append_head(line, level, component, message, json);
  bool whole = true;
  if (const TraceContext& trace = current_trace())
    whole = append_field(line, {"trace_id", hex(trace.trace_id)}, json);
  for (const LogField& field : fields) whole = append_field(line, field, json) && whole;
  if (!whole) line += json ? ",\"truncated\":true" : " truncated=true";
  line += json ? "}\n" : "\n";
  write_line(line);
  errno = saved_errno;
}

}  // namespace rhumb::base
