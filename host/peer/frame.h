// Frames between nodes, little-endian: u32 length (of everything after it), u32 request id, u16 op,
// u16 flags, then the body. The in-process channel in kEncode mode uses frames too, so that a
// single node exercises every message's codec.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/bytes.h"
#include "host/base/limits.h"
#include "host/base/status.h"

namespace rhumb::peer {

inline constexpr uint64_t kMaxFrameBytes = 256 * base::limits::kMiB;
// The frame is a reply; without this flag it is a request.
inline constexpr uint16_t kFrameReply = 1;
inline constexpr uint16_t kFrameFailed = 2;  // the body is a status: u8 code, blob message

struct FrameHeader {
  uint32_t length = 0, request_id = 0;
  uint16_t op = 0, flags = 0;
};
inline constexpr size_t kFrameHeaderBytes = 12;

inline std::string make_frame(uint32_t request_id, uint16_t op, uint16_t flags,
                              std::string_view body) {
  std::string out;
  out.reserve(kFrameHeaderBytes + body.size());
  base::ByteWriter w(out);
  w.u32(static_cast<uint32_t>(kFrameHeaderBytes - 4 + body.size()));
  w.u32(request_id);
  w.u16(op);
  w.u16(flags);
  w.raw(body);
  return out;
}

// Reads the frame at the start of `bytes`, which must hold the whole frame.
inline base::Result<std::pair<FrameHeader, std::string_view>> read_frame(std::string_view bytes) {
  base::ByteReader r(bytes);
  FrameHeader h;
  h.length = r.u32();
  h.request_id = r.u32();
  h.op = r.u16();
  h.flags = r.u16();
  if (r.failed() || h.length < kFrameHeaderBytes - 4)
    return base::corrupt("peer frame: shorter than its header");
  const uint64_t body = h.length - (kFrameHeaderBytes - 4);
  if (h.length > kMaxFrameBytes)
    return base::corrupt("peer frame: " + std::to_string(h.length) + " bytes, at most " +
                         std::to_string(kMaxFrameBytes));
  std::string_view view = r.raw(body);
  if (r.failed()) return base::corrupt("peer frame: the frame is cut short");
  return std::pair{h, view};
}

}  // namespace rhumb::peer
