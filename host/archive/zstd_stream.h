// zstd in pieces: one frame with a checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "host/base/status.h"

namespace rhumb::archive {

// Used by one thread at a time.
class ZstdWriter {
 public:
  explicit ZstdWriter(int level);
  ZstdWriter(const ZstdWriter&) = delete;
  ZstdWriter& operator=(const ZstdWriter&) = delete;
  ~ZstdWriter();
  // Appends what is ready to `out`. `last` ends the frame.
  base::Status write(std::string_view bytes, bool last, std::string& out);

 private:
  void* state_;  // ZSTD_CCtx
  bool ended_ = false;
};

// Used by one thread at a time. It reads exactly one frame, whose window may have at most
// 2^kMaxArchiveWindowLog bytes; this bounds the memory. Damage, a larger window and bytes after the
// frame are kInvalid.
class ZstdReader {
 public:
  using Take = std::function<base::Status(std::string_view)>;

  ZstdReader();
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;
  ~ZstdReader();
  // Hands all that the bytes yield to `take`, block by block.
  base::Status feed(std::string_view bytes, const Take& take);
  base::Status finish() const;  // fails unless the frame has come to its end

 private:
  void* state_;  // ZSTD_DCtx
  std::string block_;
  bool ended_ = false;
};

}  // namespace rhumb::archive
