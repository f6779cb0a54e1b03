#include "host/shard/state/tables.h"

namespace rhumb::shard {

using base::ByteReader;
using base::ByteWriter;
using base::Result;

namespace {

constexpr uint8_t kStateFormat = 1;
constexpr uint8_t kAppliedFormat = 2;  // format 1 ends after next_segment

void put_be32(std::string& out, uint32_t v) {
  const uint32_t be = __builtin_bswap32(v);
  out.append(reinterpret_cast<const char*>(&be), sizeof(be));
}
uint32_t get_be32(std::string_view in) {
  uint32_t be = 0;
  std::memcpy(&be, in.data(), sizeof(be));
  return __builtin_bswap32(be);
}

void put(const segment::Lengths& lengths, ByteWriter& out) {
  out.u32(lengths.rows);
  out.u64(lengths.ids);
  out.u64(lengths.payload);
  out.u64(lengths.overrides);
}
segment::Lengths get_lengths(ByteReader& in) {
  segment::Lengths lengths;
  lengths.rows = in.u32();
  lengths.ids = in.u64();
  lengths.payload = in.u64();
  lengths.overrides = in.u64();
  return lengths;
}
constexpr size_t kLengthsBytes = 28;

base::Status damaged(std::string_view what) {
  return base::corrupt("key-value store: damaged " + std::string(what));
}

}  // namespace

base::Status newer_format(std::string_view row, uint64_t format, uint64_t known) {
  return base::unsupported("key-value store: " + std::string(row) + " of format " +
                           std::to_string(format) + ", this release reads formats up to " +
                           std::to_string(known));
}

std::string encode(const PointRow& row) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u32(row.segment);
  out.u32(row.slot);
  out.u64(row.version);
  out.fixed(row.content_hash);
  return bytes;
}

Result<PointRow> decode_point_row(std::string_view bytes) {
  ByteReader in(bytes);
  PointRow row;
  row.segment = in.u32();
  row.slot = in.u32();
  row.version = in.u64();
  row.content_hash = in.fixed<segment::Hash>();
  if (!in.done()) return damaged("point");
  return row;
}

std::string encode(const AppliedState& state) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kAppliedFormat);
  out.u64(state.index);
  out.u64(state.points);
  out.u32(state.next_segment);
  out.u64(state.log_time_ms);
  out.u64(state.requests_forgotten);
  return bytes;
}

Result<AppliedState> decode_applied_state(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t format = in.u8();
  if (format > kAppliedFormat) return newer_format("applied state", format, kAppliedFormat);
  AppliedState state;
  state.index = in.u64();
  state.points = in.u64();
  state.next_segment = in.u32();
  if (format == kAppliedFormat) {
    state.log_time_ms = in.u64();
    state.requests_forgotten = in.u64();
  }
  if (!in.done() || format < kStateFormat) return damaged("applied state");
  return state;
}

std::string encode(const segment::Lengths& lengths) {
  std::string bytes;
  ByteWriter out(bytes);
  put(lengths, out);
  return bytes;
}

Result<segment::Lengths> decode_lengths(std::string_view bytes) {
  ByteReader in(bytes);
  const segment::Lengths lengths = get_lengths(in);
  if (!in.done()) return damaged("segment lengths");
  return lengths;
}

std::string encode(const Watermark& watermark) {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kStateFormat);
  out.u64(watermark.index);
  out.u32(static_cast<uint32_t>(watermark.lengths.size()));
  for (const auto& [segment, lengths] : watermark.lengths) {
    out.u32(segment);
    put(lengths, out);
  }
  return bytes;
}

Result<Watermark> decode_watermark(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t format = in.u8();
  if (format > kStateFormat) return newer_format("watermark", format, kStateFormat);
  Watermark watermark;
  watermark.index = in.u64();
  for (uint32_t left = in.count(sizeof(uint32_t) + kLengthsBytes); left > 0; --left) {
    const uint32_t segment = in.u32();
    watermark.lengths[segment] = get_lengths(in);
  }
  if (!in.done() || format != kStateFormat) return damaged("watermark");
  return watermark;
}

std::string segment_key(uint32_t segment) {
  std::string key;
  put_be32(key, segment);
  return key;
}

Result<uint32_t> parse_segment_key(std::string_view key) {
  if (key.size() != sizeof(uint32_t)) return damaged("key");
  return get_be32(key);
}

std::string live_key(uint32_t segment, uint32_t block) {
  std::string key;
  put_be32(key, segment);
  put_be32(key, block);
  return key;
}

std::string index_key(uint64_t index) {
  std::string key;
  base::put_be64(key, index);
  return key;
}

std::string group_key(uint32_t bucket_group) { return segment_key(bucket_group); }
Result<uint32_t> parse_group_key(std::string_view key) { return parse_segment_key(key); }

std::string undo_key(uint64_t watermark, std::string_view id_key) {
  return index_key(watermark).append(id_key);
}

}  // namespace rhumb::shard
