// Shows the progress of a long command on stderr: a bar that redraws itself on a terminal, else a
// plain line every few seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rhumb::cli {

class Progress {
 public:
  // A `total` of 0 means that it is not known. With `quiet` it prints nothing.
  Progress(std::string what, std::string unit, uint64_t total, bool quiet);
  void at(uint64_t done);
  void finish(uint64_t done);  // prints the last line, with the average rate
  double seconds() const;

 private:
  std::string line(uint64_t done) const;
  const std::string what_, unit_;
  const uint64_t total_;
  const bool quiet_, terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace rhumb::cli
