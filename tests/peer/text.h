// Prints messages as text, member by member and without their codecs.
#pragma once

#include <string>

#include "host/peer/messages.h"
#include "tests/model/text.h"

namespace rhumb::peer {

inline std::string text_of(const std::array<uint8_t, 16>& bytes) {
  return std::string(bytes.begin(), bytes.end());
}
inline std::string level_of(uint64_t shard, const ReadLevel& level) {
  return std::to_string(shard) + " at " + std::to_string(level.min_applied) +
         (level.linearizable ? " linearizable " : " ");
}

inline std::string text_of(const WriteRequest& m) {
  std::string out = std::to_string(m.shard) + " " + std::to_string(m.session) + " " +
                    std::to_string(m.sequence) + " " + text_of(m.request_id);
  out += std::string(m.wait ? " wait" : "") + (m.only_known ? " if known" : "");
  for (const auto& o : m.operations) out += model::text_of(o);
  return out;
}
inline std::string text_of(const WriteReply& m) {
  std::string out;
  for (const WriteOutcome& o : m.outcomes)
    out += std::to_string(o.index) + (o.applied ? "+" : "-") + std::to_string(o.affected) + " ";
  return out;
}
inline std::string text_of(const SearchMessage& m) {
  std::string out = level_of(m.shard, m.level);
  for (const auto& r : m.requests) out += model::text_of(r);
  return out;
}
inline std::string text_of(const SearchReply& m) {
  std::string out = std::to_string(m.applied);
  for (const auto& r : m.results) out += model::text_of(r);
  return out;
}
inline std::string text_of(const ContractMessage& m) { return std::to_string(m.shard); }
inline std::string text_of(const ContractReply& m) {
  const auto measured = [](const ContractReply::Measured& v) {
    return std::to_string(v.mean) + " " + std::to_string(v.low) + " " + std::to_string(v.high) +
           " " + std::to_string(v.samples) + " ";
  };
  std::string out = std::to_string(m.asked) + " " + std::to_string(m.widen) + " " +
                    measured(m.searches) + measured(m.moved) +
                    (m.searched ? "searched " : "moved ");
  out += std::to_string(m.samples_total) + " " + std::to_string(m.missing) + " " +
         (m.seconds_left ? std::to_string(*m.seconds_left) : "unknown") + " " + m.limit;
  for (const auto& [wall_ms, what] : m.actions) out += " " + std::to_string(wall_ms) + what;
  return out + m.calibration_json;
}
inline std::string text_of(const RecordsReply& m) {
  std::string out = std::to_string(m.applied);
  for (const auto& r : m.records) out += model::text_of(r);
  return out;
}
inline std::string text_of(const GetMessage& m) {
  return level_of(m.shard, m.level) + model::text_of(m.request);
}
inline std::string text_of(const ScrollMessage& m) {
  return level_of(m.shard, m.level) + model::text_of(m.request);
}
inline std::string text_of(const HashesMessage& m) {
  return level_of(m.shard, m.level) + m.first + " " + std::to_string(m.limit);
}
inline std::string text_of(const HashesReply& m) {
  std::string out = std::to_string(m.applied);
  for (const model::PointHash& point : m.points)
    out += " " + model::text_of(point.id) + " " + text_of(point.hash);
  return out;
}
inline std::string text_of(const CountMessage& m) {
  return level_of(m.shard, m.level) + model::text_of(m.request);
}
inline std::string text_of(const CountReply& m) {
  return std::to_string(m.applied) + " " + std::to_string(m.count);
}
inline std::string text_of(const ShardStateMessage& m) { return std::to_string(m.shard); }
inline std::string text_of(const ShardStateReply& m) { return model::text_of(m.state); }
inline std::string text_of(const OptimizationsMessage& m) { return std::to_string(m.shard); }
inline std::string text_of(const OptimizationsReply& m) { return model::text_of(m.all); }
inline std::string text_of(const AwaitConfigMessage& m) {
  return std::to_string(m.shard) + " " + std::to_string(m.config_version);
}
inline std::string text_of(const EmptyReply&) { return "empty"; }
inline std::string text_of(const VerifyMessage& m) { return std::to_string(m.shard); }
inline std::string text_of(const VerifyReply& m) {
  return std::to_string(m.applied) + " " + std::to_string(m.points) + " " + text_of(m.kept_hash) +
         text_of(m.computed_hash) + m.error;
}
inline std::string text_of(const MetadataCommand& m) { return m.json; }
inline std::string text_of(const MetadataReply& m) {
  return std::to_string(m.index) + (m.changed ? " changed" : " same");
}
inline std::string text_of(const WatchMap& m) { return std::to_string(m.known_version); }
inline std::string text_of(const MapReply& m) { return model::text_of(*m.map); }

}  // namespace rhumb::peer
