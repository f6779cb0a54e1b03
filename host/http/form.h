// Reads a body of multipart/form-data (RFC 7578) that comes in pieces of any size. Poco's
// MultipartReader waits in a stream for bytes to come, which would hold a thread for each upload.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::http {

struct FormPart {
  std::string name;
  std::optional<std::string> filename;  // as the client names it; never a path to open
};

// Takes the parts of a form, in their order. A failure ends the reading.
class FormSink {
 public:
  virtual ~FormSink() = default;
  virtual base::Status part(const FormPart& part) = 0;
  virtual base::Status data(std::string_view bytes) = 0;  // of the last part
  virtual base::Status part_end() = 0;
};

// Used by one thread at a time. It keeps at most one piece, the header of a part and a boundary
// (kMaxForm*). What breaks the format or a limit is kInvalid. After a failure it must not be used
// any more.
class FormReader {
 public:
  // `content_type` is the request's. kInvalid when it names no form or no boundary.
  static base::Result<std::unique_ptr<FormReader>> begin(std::string_view content_type,
                                                         FormSink& sink);
  base::Status feed(std::string_view bytes);
  base::Status finish() const;  // fails unless the last boundary has come

 private:
  // kPreamble -> kBoundaryEnd -> kHeader -> kBody -> kBoundaryEnd, kBoundaryEnd -> kEpilogue
  enum class State : uint8_t { kPreamble, kBoundaryEnd, kHeader, kBody, kEpilogue };

  FormReader(std::string delimiter, FormSink& sink);
  base::Result<bool> advance();
  base::Result<bool> to_boundary(bool inside);
  base::Result<bool> boundary_end();
  base::Result<bool> header();

  FormSink& sink_;
  const std::string delimiter_;  // CRLF, two dashes and the boundary
  std::string buffer_;
  size_t at_ = 0;  // bytes of the buffer that are done with
  State state_ = State::kPreamble;
  uint32_t parts_ = 0;
  uint64_t outside_bytes_ = 0;  // before the first and after the last boundary
};

}  // namespace rhumb::http
