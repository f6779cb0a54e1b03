#include "host/shard/recovery/recover.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "host/base/file.h"
#include "host/base/log.h"

namespace rhumb::shard {

using base::Result;
using base::Status;
using nlohmann::json;
using segment::Segment;

namespace {

constexpr uint64_t kMaxManifestBytes = 64 * base::limits::kKiB;
constexpr char kManifest[] = "/manifest";
constexpr char kBeginsAt[] = "begins_at";

Result<json> read_directory_manifest(const std::string& path) {
  RHUMB_ASSIGN(const std::string text, base::read_file(path, kMaxManifestBytes));
  json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("format") || !document.contains("shard"))
    return base::corrupt(path + " at offset 0: not a shard's manifest");
  return document;
}

Status load_state(Core& core, ApplyState& apply_state) {
  RHUMB_ASSIGN(const auto applied, core.store.get(kState, kAppliedKey));
  if (applied) {
    RHUMB_ASSIGN(apply_state.applied, decode_applied_state(*applied));
  }
  RHUMB_ASSIGN(const auto watermark, core.store.get(kState, kWatermarkKey));
  if (watermark) {
    RHUMB_ASSIGN(apply_state.watermark, decode_watermark(*watermark));
  }
  if (apply_state.watermark.index > apply_state.applied.index) {
    return base::corrupt(
        core.options.directory + "/kv: watermark " + std::to_string(apply_state.watermark.index) +
        " is beyond the applied index " + std::to_string(apply_state.applied.index));
  }
  return base::ok();
}

// Runs the visitor over a table. The visitor's first failure ends the scan and is returned.
Status visit(Core& core, Table table,
             const std::function<Status(std::string_view, std::string_view)>& visit) {
  Status outcome;
  RHUMB_TRY(core.store.visit(table, [&](std::string_view key, std::string_view value) {
    outcome = visit(key, value);
    return outcome.ok();
  }));
  return outcome.ok() ? outcome : outcome.within(core.options.directory + "/kv");
}

Status open_segments(Core& core, ApplyState& apply_state) {
  std::map<uint32_t, segment::Lengths> known;
  RHUMB_TRY(visit(core, kSegments, [&](std::string_view key, std::string_view value) -> Status {
    RHUMB_ASSIGN(const uint32_t id, parse_segment_key(key));
    RHUMB_ASSIGN(known[id], decode_lengths(value));
    return base::ok();
  }));
  const SchemaPtr schema = core.schema();
  for (const auto& [id, durable] : apply_state.watermark.lengths) {
    if (known.count(id) != 0) continue;
    apply_state.garbage.push_back(core.segment_directory(id));
    if (apply_state.watermark.index == apply_state.applied.index) continue;  // nothing is replayed
    RHUMB_ASSIGN(apply_state.retired[id],
                 Segment::open(core.segment_directory(id), id, schema->vectors,
                               core.options.segment, durable));
  }
  for (const auto& [id, lengths] : known) {
    const auto at = apply_state.watermark.lengths.find(id);
    const segment::Lengths durable =
        at == apply_state.watermark.lengths.end() ? segment::Lengths{} : at->second;
    RHUMB_ASSIGN(auto opened, Segment::open(core.segment_directory(id), id, schema->vectors,
                                            core.options.segment, durable));
    RHUMB_TRY(opened->begin_replay(durable, lengths.rows));
    if (opened->state() == segment::State::kGrowing) apply_state.open = id;
    apply_state.segments[id].segment = std::move(opened);
  }
  return base::ok();
}

Status load_forwards(Core& core, const ApplyState& apply_state) {
  Forwards forwards;
  RHUMB_TRY(visit(core, kForwards, [&](std::string_view key, std::string_view value) -> Status {
    RHUMB_ASSIGN(const uint32_t from, parse_segment_key(key));
    Forward forward;
    RHUMB_ASSIGN(forward.to, decode_forward(value));
    if (apply_state.find(forward.to) == nullptr)
      return base::corrupt("segment " + std::to_string(from) + " was merged into segment " +
                           std::to_string(forward.to) + ", which is not there");
    RHUMB_ASSIGN(forward.slots,
                 read_slots(core.segment_directory(forward.to) + "/" + segment::moved_file(from)));
    forwards[from] = std::make_shared<const Forward>(std::move(forward));
    return base::ok();
  }));
  core.store.publish_forwards(std::move(forwards), [] {});
  return base::ok();
}

Status load_live(Core& core, ApplyState& apply_state) {
  return visit(core, kLive, [&](std::string_view key, std::string_view value) -> Status {
    if (key.size() != 2 * sizeof(uint32_t)) return base::corrupt("live bits: damaged key");
    RHUMB_ASSIGN(const uint32_t id, parse_segment_key(key.substr(0, sizeof(uint32_t))));
    RHUMB_ASSIGN(const uint32_t block, parse_segment_key(key.substr(sizeof(uint32_t))));
    const auto it = apply_state.segments.find(id);
    if (it == apply_state.segments.end())
      return base::corrupt("live bits of segment " + std::to_string(id) + ", which is not there");
    return it->second.live.load_block(block, value);
  });
}

Status load_hashes(Core& core, ApplyState& apply_state) {
  return visit(core, kHashes, [&](std::string_view key, std::string_view value) -> Status {
    RHUMB_ASSIGN(const uint32_t group, parse_group_key(key));
    Hash sum{};
    if (group >= HashSums::kGroups || value.size() != sum.size())
      return base::corrupt("damaged content hash");
    std::memcpy(sum.data(), value.data(), sum.size());
    apply_state.hashes.set(group, sum);
    return base::ok();
  });
}

// Checks that there are as many live bits as points, and that each names a slot that exists.
Status check_live(const Core& core, const ApplyState& apply_state) {
  uint64_t live = 0;
  for (const auto& [id, held] : apply_state.segments) {
    live += held.live.count();
    const auto words = held.live.words();
    for (uint32_t slot = held.segment->lengths().rows; slot < words.size() * 64; ++slot) {
      if (held.live.test(slot))
        return base::corrupt(core.options.directory + "/kv: live bit of slot " +
                             std::to_string(slot) + " beyond segment " + std::to_string(id));
    }
  }
  if (live == apply_state.applied.points) return base::ok();
  return base::corrupt(core.options.directory + "/kv: " + std::to_string(live) + " live rows, " +
                       std::to_string(apply_state.applied.points) + " points");
}

// Loads saved payload indexes and adds what changed since they were saved. Indexes that cannot be
// loaded stay unready and are built in the background.
void restore_fields(const Core& core, Segment& segment, const segment::LiveBits& live) {
  const uint32_t rows = segment.lengths().rows;
  if (rows == 0) return segment.fields().make_ready();
  for (const payload::LoadedField& field :
       segment.fields().load_fields(segment.fields_directory())) {
    if (!field.status.ok() && field.status.code() != base::Code::kNotFound) {
      base::log_warn("shard", "payload index is built again",
                     {{"directory", segment.directory()},
                      {"field", field.field},
                      {"reason", field.status.to_string()}});
      const auto& told = core.options.segment.on_derived_damage;
      if (told && field.status.code() == base::Code::kCorrupt) told(field.status);
    }
    if (!field.status.ok()) continue;
    for (uint32_t slot = 0; slot < rows; ++slot) {
      if (live.test(slot) && (slot >= field.slots || segment.version(slot) > field.through_version))
        segment.fields().put(slot, segment.payload(slot));
    }
  }
}

}  // namespace

Result<uint64_t> open_directory(const ShardOptions& options) {
  const std::string path = options.directory + kManifest;
  if (!base::exists(path)) {
    RHUMB_TRY(base::make_dirs(options.directory));
    RHUMB_TRY(write_directory_manifest(options.directory, options.shard, 0));
    return uint64_t{0};
  }
  RHUMB_ASSIGN(const json document, read_directory_manifest(path));
  if (document["format"] != kDirectoryFormat && document["format"] != kOldestDirectoryFormat)
    return base::unsupported(path + ": format " + document["format"].dump() +
                             ", this release reads " + std::to_string(kOldestDirectoryFormat) +
                             " and " + std::to_string(kDirectoryFormat));
  if (document["shard"] != options.shard)
    return base::corrupt(path + ": the manifest is of shard " + document["shard"].dump());
  const json begins_at = document.value(kBeginsAt, json(uint64_t{0}));
  if (!begins_at.is_number_unsigned())
    return base::corrupt(path + ": " + kBeginsAt + " is no index");
  if (document["format"] != kDirectoryFormat)
    RHUMB_TRY(write_directory_manifest(options.directory, options.shard, begins_at));
  return begins_at.get<uint64_t>();
}

Status write_directory_manifest(const std::string& directory, uint64_t shard, uint64_t begins_at) {
  const std::string path = directory + kManifest;
  json document = json::object();
  if (base::exists(path)) {
    RHUMB_ASSIGN(document, read_directory_manifest(path));
  }
  document["format"] = kDirectoryFormat;
  document["shard"] = shard;
  document.erase(kBeginsAt);
  if (begins_at > 0) document[kBeginsAt] = begins_at;
  return base::write_file_atomic(path, document.dump(1) + "\n");
}

Status load_apply_state(Core& core, ApplyState& apply_state) {
  RHUMB_TRY(load_state(core, apply_state));
  RHUMB_TRY(open_segments(core, apply_state));
  RHUMB_TRY(load_forwards(core, apply_state));
  RHUMB_TRY(load_live(core, apply_state));
  RHUMB_TRY(check_live(core, apply_state));
  RHUMB_TRY(load_hashes(core, apply_state));
  apply_state.commands.begin_replay(apply_state.applied.log_time_ms,
                                    apply_state.applied.requests_forgotten);
  RHUMB_TRY(visit(core, kCommands, [&](std::string_view, std::string_view value) {
    return apply_state.commands.load_level_1(value);
  }));
  return visit(core, kRequests, [&](std::string_view, std::string_view value) {
    return apply_state.commands.load_batch(value);
  });
}

namespace {

// Removes the files of slots that no forward needs.
Status remove_unneeded_slots(const std::string& directory, const Forwards& forwards) {
  RHUMB_ASSIGN(const auto names, base::list_dir(directory));
  for (const std::string& name : names) {
    if (name.rfind(segment::kMovedPrefix, 0) != 0) continue;
    const bool needed = std::any_of(forwards.begin(), forwards.end(), [&](const auto& forward) {
      return segment::moved_file(forward.first) == name;
    });
    if (!needed) RHUMB_TRY(base::remove_all(directory + "/" + name));
  }
  return base::ok();
}

}  // namespace

Status remove_unreferenced_files(const Core& core, const ApplyState& apply_state) {
  const std::string parent = core.options.directory + "/segments";
  if (!base::exists(parent)) return base::ok();
  const Forwards forwards = core.store.forwards();
  // The watermark may name segments that an edit removed and that a replay would still read.
  std::set<std::string> known;
  for (const auto& [id, lengths] : apply_state.watermark.lengths) known.insert(std::to_string(id));
  if (apply_state.making) known.insert(std::to_string(*apply_state.making));
  for (const auto& [id, held] : apply_state.segments) {
    known.insert(std::to_string(id));
    RHUMB_TRY(remove_unneeded_slots(held.segment->directory(), forwards));
  }
  RHUMB_ASSIGN(const auto names, base::list_dir(parent));
  for (const std::string& name : names) {
    if (known.count(name) != 0) continue;
    base::log_info("shard", "removing a segment that was never committed",
                   {{"shard", core.options.shard}, {"segment", name}});
    RHUMB_TRY(base::remove_all(parent + "/" + name));
  }
  return base::ok();
}

Status finish_recovery(Core& core, ApplyState& apply_state) {
  apply_state.commands.end_replay();
  apply_state.retired.clear();
  storage::KvBatch batch;
  for (auto& [id, held] : apply_state.segments) {
    RHUMB_TRY(held.segment->finish_recovery(held.live.words()));
    // This must follow the replay, which would otherwise write to the indexes.
    RHUMB_TRY(held.segment->fields().configure(core.schema()->fields()));
    restore_fields(core, *held.segment, held.live);
    batch.put(kSegments, segment_key(id), encode(held.segment->lengths()));
  }
  if (apply_state.watermark.index < apply_state.applied.index)
    RHUMB_TRY(core.store.commit(batch, {}));
  core.views.load(apply_state.applied.index, apply_state.applied.points, apply_state.hashes.total(),
                  apply_state.views());
  core.ready.store(true, std::memory_order_release);
  core.views.notify(apply_state.applied.index);
  return base::ok();
}

}  // namespace rhumb::shard
