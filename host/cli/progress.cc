#include "host/cli/progress.h"

#include <unistd.h>

#include <cstdio>

#include "host/cli/table.h"

namespace rhumb::cli {
namespace {

constexpr auto kTerminalEvery = std::chrono::milliseconds(100);
constexpr auto kPlainEvery = std::chrono::seconds(5);
constexpr size_t kBarWidth = 24;

std::string duration(double seconds) {
  char text[32];
  if (seconds < 60)
    std::snprintf(text, sizeof(text), "%.0f s", seconds);
  else
    std::snprintf(text, sizeof(text), "%d min %02d s", static_cast<int>(seconds) / 60,
                  static_cast<int>(seconds) % 60);
  return text;
}

}  // namespace

Progress::Progress(std::string what, std::string unit, uint64_t total, bool quiet)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      total_(total),
      quiet_(quiet),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

std::string Progress::line(uint64_t done) const {
  const double elapsed = seconds();
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  std::string out = what_ + "  ";
  if (total_ > 0) {
    const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    if (terminal_) {
      const auto full = static_cast<size_t>(part * kBarWidth);
      for (size_t i = 0; i < kBarWidth; ++i) out += i < full ? "█" : "░";
      out += "  ";
    }
    char percent[16];
    std::snprintf(percent, sizeof(percent), "%3.0f %%  ", part * 100);
    out += percent;
  }
  out += with_commas(done) + " " + unit_ + "  " + with_commas(static_cast<uint64_t>(rate)) + "/s";
  if (total_ > done && rate > 0)
    out += "  " + duration(static_cast<double>(total_ - done) / rate) + " left";
  return out;
}

void Progress::at(uint64_t done) {
  if (quiet_) return;
  const auto now = std::chrono::steady_clock::now();
  if (terminal_ ? now - last_ < kTerminalEvery : now - last_ < kPlainEvery) return;
  last_ = now;
  std::fprintf(stderr, terminal_ ? "\r\033[K%s" : "%s\n", line(done).c_str());
  std::fflush(stderr);
}

void Progress::finish(uint64_t done) {
  if (quiet_) return;
  std::fprintf(stderr, "%s%s  in %.1f s\n", terminal_ ? "\r\033[K" : "", line(done).c_str(),
               seconds());
}

}  // namespace rhumb::cli
