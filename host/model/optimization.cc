#include "host/model/optimization.h"

namespace rhumb::model {
namespace {

using base::ByteReader;
using base::ByteWriter;

void encode(const std::vector<OptimizedSegment>& segments, ByteWriter& out) {
  out.u32(static_cast<uint32_t>(segments.size()));
  for (const OptimizedSegment& segment : segments) {
    out.fixed(segment.uuid);
    out.u64(segment.points);
  }
}

std::vector<OptimizedSegment> decode_segments(ByteReader& in) {
  std::vector<OptimizedSegment> segments(in.count(16 + 8));
  for (OptimizedSegment& segment : segments) {
    segment.uuid = in.fixed<std::array<uint8_t, 16>>();
    segment.points = in.u64();
  }
  return segments;
}

void encode(const Optimization& v, ByteWriter& out) {
  out.fixed(v.uuid);
  for (const std::string* s : {&v.optimizer, &v.reason, &v.phase, &v.error}) out.blob(*s);
  encode(v.segments, out);
  for (const uint64_t n : {v.started_ms, v.ended_ms, v.done, v.total}) out.u64(n);
}

Optimization decode_optimization(ByteReader& in) {
  Optimization v;
  v.uuid = in.fixed<std::array<uint8_t, 16>>();
  for (std::string* s : {&v.optimizer, &v.reason, &v.phase, &v.error}) *s = std::string(in.blob());
  v.segments = decode_segments(in);
  for (uint64_t* n : {&v.started_ms, &v.ended_ms, &v.done, &v.total}) *n = in.u64();
  return v;
}

}  // namespace

void encode(const ShardOptimizations& v, ByteWriter& out) {
  out.u64(v.shard);
  out.u32(static_cast<uint32_t>(v.optimizations.size()));
  for (const Optimization& optimization : v.optimizations) encode(optimization, out);
  encode(v.idle_segments, out);
}

base::Result<ShardOptimizations> decode_shard_optimizations(ByteReader& in) {
  ShardOptimizations v;
  v.shard = in.u64();
  constexpr uint32_t kOptimizationBytes = 16 + 5 * 4 + 4 * 8;  // at least
  for (uint32_t i = in.count(kOptimizationBytes); i > 0 && !in.failed(); --i)
    v.optimizations.push_back(decode_optimization(in));
  v.idle_segments = decode_segments(in);
  if (in.failed()) return base::cut_short("optimizations");
  return v;
}

}  // namespace rhumb::model
