// Reads a tar archive that comes in pieces of any size.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/archive/tar_header.h"
#include "host/base/status.h"

namespace rhumb::archive {

// Takes what an archive holds, in its order. A failure ends the reading.
class TarSink {
 public:
  virtual ~TarSink() = default;
  // `name` has passed check_tar_name().
  virtual base::Status directory(const std::string& name) = 0;
  virtual base::Status file(const std::string& name, uint64_t size) = 0;
  virtual base::Status data(std::string_view bytes) = 0;  // of the last file
  virtual base::Status file_end() = 0;
};

// Used by one thread at a time. It holds at most one block and one extended header
// (kMaxArchiveHeaderBytes). After a failure it must not be used any more.
class TarReader {
 public:
  explicit TarReader(TarSink& sink) : sink_(sink) {}
  base::Status feed(std::string_view bytes);
  // Fails unless the archive has come to its end: two blocks of zeros.
  base::Status finish() const;

 private:
  // kHeader -> kExtension -> kHeader, kHeader -> kBody -> kPadding -> kHeader, kHeader -> kEnd
  enum class State : uint8_t { kHeader, kExtension, kBody, kPadding, kEnd };

  base::Status block_came();
  base::Status extension_came();
  base::Status begin_entry(TarHeader header);
  base::Status body(std::string_view& bytes);
  base::Status zeros(std::string_view& bytes);
  base::Status body_end();
  base::Status after_end(std::string_view bytes);

  TarSink& sink_;
  State state_ = State::kHeader;
  std::string gathered_;    // of a header block or an extended header
  TarExtension extension_;  // for the next entry
  bool extended_ = false;
  bool zero_block_ = false;  // The last block was all zero.
  uint64_t left_ = 0;        // bytes to come of the extension, the body or the padding
  uint64_t padding_ = 0;     // that follows
  uint64_t end_bytes_ = 0;   // zeros seen after the end
};

}  // namespace rhumb::archive
