// Packs and unpacks gzip bodies with zlib. The code knows no sockets, so that it can be fuzzed and
// run on any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::http {

// Unpacks one gzip stream piece by piece. It never produces more at once than the caller asks for,
// so the caller's limit stops a decompression bomb.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Takes bytes from the front of `in` and appends at most out_max bytes to `out`. Returns the
  // number of bytes taken. Call it again while input is left or pending() is true. kInvalid means
  // that the input is not gzip, is damaged, or has bytes after its end.
  base::Result<size_t> step(std::string_view in, std::string& out, size_t out_max);
  bool pending() const { return pending_; }  // There may be more output without more input.
  // The whole stream was unpacked and its checksum is right.
  bool finished() const { return finished_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool pending_ = false, finished_ = false;
};

// Packs a body in one piece, or a stream in several. It uses level 1, which is fast rather than
// small, because the loop's time is worth more than bytes.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  // Packs all of `in` and flushes, so that the receiver can unpack it at once. `last` closes the
  // stream.
  std::string pack(std::string_view in, bool last);
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Packs one body, with a packer that the calling thread keeps.
std::string gzip_body(std::string_view body);

// Whether an Accept-Encoding field accepts gzip (RFC 9110, 12.5.3): by name or through "*", and not
// with q=0.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace rhumb::http
