#include "host/shard/image/pin.h"

#include <optional>
#include <utility>

#include "host/base/clock.h"
#include "host/base/file.h"
#include "host/shard/image/image_files.h"
#include "host/shard/image/strand_hold.h"

namespace rhumb::shard {

using base::Result;
using base::Status;

namespace {

// [apply] Between two batches, so nothing is half done.
Status capture(Core& core, ApplyState& apply_state, PinnedState& pinned) {
  RHUMB_TRY(core.serving());
  if (core.stopping.load()) return {base::Code::kUnavailable, "the shard is being closed"};
  apply_state.open.reset();
  pinned.applied = apply_state.applied;
  pinned.applied.index = core.views.applied();
  pinned.content_hash = apply_state.hashes.total();
  pinned.schema = core.schema();
  pinned.has_store = core.store.exists();
  for (const auto& [id, held] : apply_state.segments)
    pinned.segments[id] = {held.segment, held.segment->lengths()};
  for (const auto& [from, forward] : core.store.forwards())
    pinned.forwards.emplace_back(from, forward->to);
  return base::ok();
}

// [indexing] A graph or the payload indexes of a segment, as they are now.
Status link_directory(const std::string& from, const std::string& to) {
  if (!base::exists(from)) return base::ok();
  RHUMB_TRY(base::make_dirs(to));
  RHUMB_ASSIGN(const auto names, list_files(from));
  for (const std::string& name : names) {
    const size_t slash = name.rfind('/');
    if (slash != std::string::npos) RHUMB_TRY(base::make_dirs(to + "/" + name.substr(0, slash)));
    RHUMB_TRY(link_file(from + "/" + name, to + "/" + name));
  }
  return base::ok();
}

Status link_derived(const PinnedState& pinned, const std::string& directory) {
  for (const auto& [id, held] : pinned.segments) {
    const std::string from = held.segment->directory() + "/",
                      to = directory + "/segments/" + std::to_string(id) + "/";
    RHUMB_TRY(base::make_dirs(to));
    RHUMB_TRY(link_directory(from + segment::kPayloadIndexDir, to + segment::kPayloadIndexDir));
    for (size_t i = 0; i < held.segment->vectors().size(); ++i)
      RHUMB_TRY(link_directory(from + segment::graph_dir(i), to + segment::graph_dir(i)));
  }
  return base::ok();
}

}  // namespace

Watermark PinnedState::watermark() const {
  Watermark watermark;
  watermark.index = applied.index;
  for (const auto& [id, held] : segments) watermark.lengths[id] = held.lengths;
  return watermark;
}

Result<PinnedState> pin_state(Core& core, ApplyState& apply_state, base::Strand& apply,
                              base::Strand& indexing, const std::string& directory) {
  PinnedState pinned;
  Status outcome;
  StrandHold graphs(indexing);
  std::optional<StrandHold> writes;
  uint64_t held_at = 0;
  storage::KvStore::Moments moments;
  moments.begins = [&] {
    writes.emplace(apply, [&] {
      held_at = base::monotonic_ns();
      outcome = capture(core, apply_state, pinned);
    });
  };
  moments.fixed = [&] {
    writes.reset();
    pinned.paused_ns = base::monotonic_ns() - held_at;
    if (outcome.ok()) outcome = link_derived(pinned, directory);
    graphs.release();
  };
  if (core.store.exists()) {
    RHUMB_TRY(core.store.copy(directory + "/kv", moments));
  } else {
    moments.begins();
    moments.fixed();
    if (outcome.ok() && pinned.has_store)
      outcome = {base::Code::kBusy, "the shard got its first point at this moment, try again"};
  }
  RHUMB_TRY(outcome);
  return pinned;
}

}  // namespace rhumb::shard
