// Reads lines of a file of points (NDJSON, plain or .zst, "-" for standard input), one bounded
// piece at a time.
#pragma once

#include <memory>
#include <string>

#include "host/base/status.h"

namespace rhumb::cli {

class LineReader {
 public:
  static base::Result<std::unique_ptr<LineReader>> open(const std::string& path);
  ~LineReader();
  // Returns false at the end. Blank lines are skipped.
  base::Result<bool> next(std::string& line);
  uint64_t line_number() const;
  // Returns the share of the file's bytes read so far, or 0 for standard input.
  double part_read() const;

 private:
  LineReader() = default;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rhumb::cli
