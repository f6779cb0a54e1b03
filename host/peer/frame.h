// Frames between nodes: u32 length (of what follows it), u32 request id, u16 op, u16 flags, then
// the body; little-endian. The in-process channel uses them too when it is told to encode, so that
// every message's codec is exercised by a single node.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/base/bytes.h"
#include "host/base/limits.h"
#include "host/base/status.h"

namespace rhumb::peer {

inline constexpr uint64_t kMaxFrameBytes = 256 * base::limits::kMiB;
inline constexpr uint16_t kFrameReply = 1;   // an answer; without it a request
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

// The frame at the start of `bytes`, which must hold it whole.
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
  if (r.failed()) return base::corrupt("peer frame: cut short");
  return std::pair{h, view};
}

}  // namespace rhumb::peer
