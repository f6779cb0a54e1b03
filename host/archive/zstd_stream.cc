#include "host/archive/zstd_stream.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "host/base/limits.h"

namespace rhumb::archive {

using base::Status;

ZstdWriter::ZstdWriter(int level) : state_(ZSTD_createCCtx()) {
  auto* const context = static_cast<ZSTD_CCtx*>(state_);
  RHUMB_ASSERT(context != nullptr);
  RHUMB_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) == 0);
  RHUMB_ASSERT(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)) == 0);
}

ZstdWriter::~ZstdWriter() { ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(state_)); }

Status ZstdWriter::write(std::string_view bytes, bool last, std::string& out) {
  RHUMB_ASSERT(!ended_);
  const size_t room = ZSTD_CStreamOutSize();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (true) {
    const size_t before = out.size();
    out.resize(before + room);
    ZSTD_outBuffer packed{out.data() + before, room, 0};
    const size_t left = ZSTD_compressStream2(static_cast<ZSTD_CCtx*>(state_), &packed, &in,
                                             last ? ZSTD_e_end : ZSTD_e_continue);
    out.resize(before + packed.pos);
    if (ZSTD_isError(left) != 0)
      return base::internal(std::string("zstd cannot compress: ") + ZSTD_getErrorName(left));
    if (last ? left == 0 : in.pos == in.size) break;
  }
  ended_ = last;
  return base::ok();
}

ZstdReader::ZstdReader() : state_(ZSTD_createDCtx()), block_(ZSTD_DStreamOutSize(), '\0') {
  auto* const context = static_cast<ZSTD_DCtx*>(state_);
  RHUMB_ASSERT(context != nullptr);
  RHUMB_ASSERT(ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax,
                                                   base::limits::kMaxArchiveWindowLog)) == 0);
}

ZstdReader::~ZstdReader() { ZSTD_freeDCtx(static_cast<ZSTD_DCtx*>(state_)); }

Status ZstdReader::feed(std::string_view bytes, const Take& take) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  bool full = false;  // The last block was filled, so that more may be waiting inside.
  while (in.pos < in.size || full) {
    if (ended_) return base::invalid("the archive goes on after its end");
    ZSTD_outBuffer block{block_.data(), block_.size(), 0};
    const size_t left = ZSTD_decompressStream(static_cast<ZSTD_DCtx*>(state_), &block, &in);
    if (ZSTD_isError(left) != 0) {
      if (ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge)
        return base::invalid("the archive was compressed with a window of more than " +
                             std::to_string(1u << base::limits::kMaxArchiveWindowLog) +
                             " bytes (zstd --long or --ultra)");
      return base::invalid(std::string("the archive is no whole zstd stream: ") +
                           ZSTD_getErrorName(left));
    }
    ended_ = left == 0;
    full = !ended_ && block.pos == block.size;
    RHUMB_TRY(take(std::string_view(block_.data(), block.pos)));
  }
  return base::ok();
}

Status ZstdReader::finish() const {
  if (ended_) return base::ok();
  return base::invalid("the archive is cut short");
}

}  // namespace rhumb::archive
