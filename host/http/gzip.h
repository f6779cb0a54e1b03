// gzip of bodies, over zlib. The states are kept apart from sockets so that they can be fuzzed and
// run on any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::http {

// Unpacks one gzip stream piece by piece; never produces more at once than it is asked for, so a
// bomb is the caller's cap away.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Takes bytes from the front of `in` and appends at most out_max to `out`. Returns what was
  // taken. Call again while input is left or pending() is true. kInvalid: not gzip, damaged, or
  // bytes after its end.
  base::Result<size_t> step(std::string_view in, std::string& out, size_t out_max);
  bool pending() const { return pending_; }  // there may be more output without more input
  // the whole stream was unpacked and its checksum holds
  bool finished() const { return finished_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool pending_ = false, finished_ = false;
};

// Packs a body in one piece, or a stream in several. Fast rather than small (level 1): the loop's
// time is worth more than bytes.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  // All of `in`, flushed so that the receiver can unpack it at once; `last` closes the stream.
  std::string pack(std::string_view in, bool last);
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One body, with a packer that the calling thread keeps.
std::string gzip_body(std::string_view body);

// Whether an Accept-Encoding field takes gzip (RFC 9110, 12.5.3): named, or through "*", and not
// with q=0.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace rhumb::http
