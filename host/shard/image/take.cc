#include "host/shard/image/take.h"

#include <future>
#include <utility>

#include "host/base/file.h"
#include "host/base/log.h"
#include "host/segment/columns/checksums.h"
#include "host/shard/image/image_files.h"
#include "host/shard/image/unfinished.h"

namespace rhumb::shard {

using base::Code;
using base::Result;
using base::Status;

namespace {

std::string segment_home(const std::string& directory, uint32_t id) {
  return directory + "/segments/" + std::to_string(id) + "/";
}

// The checksums of a sealed column were written when it was sealed, so its bytes are not read
// again. A damaged block is found when the image is verified.
Result<FileSums> sums_of(const std::string& path, const std::function<bool()>& stop) {
  const std::string checksums = segment::checksum_file(path);
  if (!path.ends_with(".dat") || !base::exists(checksums)) return sum_file(path, stop);
  FileSums sums;
  {
    RHUMB_ASSIGN(const base::File file, base::File::open_ro(path));
    RHUMB_ASSIGN(sums.bytes, file.size());
  }
  RHUMB_ASSIGN(const auto known, segment::Checksums::load(checksums, sums.bytes));
  sums.crcs = known->crcs();
  return sums;
}
static_assert(kImageBlockBytes == segment::kChecksumBlockBytes);

}  // namespace

// While it lives, the shard is not closed and no garbage is removed.
class ImageTaker::Running {
 public:
  explicit Running(ImageTaker& taker) : taker_(taker) {
    {
      const base::MutexLock lock(taker_.mutex_);
      ++taker_.running_;
    }
    taker_.apply_.post([&state = taker_.apply_state_] { ++state.images; });
  }
  ~Running() {
    taker_.apply_.post([&taker = taker_] {
      --taker.apply_state_.images;
      if (taker.apply_state_.may_remove_garbage() && !taker.core_.stopping.load())
        taker.maintenance_.checkpoint([](const Status&) {});
      const base::MutexLock lock(taker.mutex_);
      --taker.running_;
      taker.idle_.notify_all();
    });
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  ImageTaker& taker_;
};

void ImageTaker::wait_idle() {
  const base::MutexLock lock(mutex_);
  while (running_ > 0) idle_.wait(mutex_);
}

Result<TakenImage> ImageTaker::take(const std::string& directory) {
  const Running running(*this);
  if (core_.stopping.load()) return Status(Code::kUnavailable, "the shard is being closed");
  RHUMB_TRY(core_.serving());
  RHUMB_TRY(begin_directory(directory).status());
  auto taken = make(directory);
  if (!taken.ok()) {
    abandon_directory(directory);
    return taken.status().within("the image " + directory);
  }
  base::log_info("shard", "image taken",
                 {{"shard", core_.options.shard},
                  {"directory", directory},
                  {"applied", taken->manifest.applied_index},
                  {"bytes", taken->manifest.bytes()},
                  {"paused_us", taken->paused_ns / 1000}});
  return taken;
}

Result<TakenImage> ImageTaker::make(const std::string& directory) {
  const std::string home = directory + kUnfinishedSuffix;
  RHUMB_ASSIGN(const PinnedState pinned, pin_state(core_, apply_state_, apply_, indexing_, home));
  RHUMB_TRY(seal(pinned));
  RHUMB_TRY(link_segments(pinned, home));
  RHUMB_TRY(settle_store(pinned, home));
  RHUMB_ASSIGN(ImageManifest manifest, describe(pinned, home));
  RHUMB_TRY(write_image_manifest(home, manifest));
  RHUMB_TRY(sync_directories(home));
  RHUMB_TRY(finish_directory(directory));
  return TakenImage{std::move(manifest), pinned.paused_ns};
}

// A checkpoint that begins now seals the segment that was closed.
Status ImageTaker::seal(const PinnedState& pinned) {
  std::promise<Status> done;
  maintenance_.checkpoint([&done](const Status& outcome) { done.set_value(outcome); });
  RHUMB_TRY(done.get_future().get());
  for (const auto& [id, held] : pinned.segments) {
    if (held.segment->state() != segment::State::kSealed)
      return base::internal("segment " + std::to_string(id) + " was not sealed");
  }
  return base::ok();
}

Status ImageTaker::link_segments(const PinnedState& pinned, const std::string& directory) {
  for (const auto& [id, held] : pinned.segments) {
    const std::string from = held.segment->directory() + "/", to = segment_home(directory, id);
    for (const std::string& name : held.segment->sealed_files())
      RHUMB_TRY(link_file(from + name, to + name));
    if (held.lengths.overrides > 0)
      RHUMB_TRY(copy_file(from + segment::kOverrideFile, to + segment::kOverrideFile,
                          held.lengths.overrides));
    RHUMB_ASSIGN(
        const std::string manifest,
        base::read_file(from + segment::kManifestFile, base::limits::kMaxSegmentManifestBytes));
    RHUMB_TRY(base::write_file_atomic(to + segment::kManifestFile, manifest));
  }
  for (const auto& [from, to] : pinned.forwards) {
    const std::string name = segment::moved_file(from);
    RHUMB_TRY(link_file(pinned.segments.at(to).segment->directory() + "/" + name,
                        segment_home(directory, to) + name));
  }
  return base::ok();
}

// The store becomes that of a shard that made its last checkpoint at the image's index.
Status ImageTaker::settle_store(const PinnedState& pinned, const std::string& directory) {
  const std::string home = directory + "/kv";
  storage::KvBatch batch;
  batch.put(kState, kWatermarkKey, encode(pinned.watermark()));
  batch.put(kState, kAppliedKey, encode(pinned.applied));
  batch.erase_range(kUndo, {}, {});
  Status outcome;
  {
    RHUMB_ASSIGN(const auto store, core_.options.kv->open(home));
    outcome = store->write(batch);
    if (outcome.ok()) outcome = store->flush();
  }
  core_.options.kv->close(home);
  return outcome;
}

Result<ImageManifest> ImageTaker::describe(const PinnedState& pinned,
                                           const std::string& directory) {
  ImageManifest manifest;
  manifest.uuid = base::random_uuid();
  manifest.shard = core_.options.shard;
  manifest.applied_index = pinned.applied.index;
  manifest.points = pinned.applied.points;
  manifest.content_hash = pinned.content_hash;
  manifest.config_version = pinned.schema->version;
  manifest.vectors = pinned.schema->vectors;
  RHUMB_ASSIGN(const auto paths, list_files(directory));
  for (const std::string& path : paths) {
    const std::string full = directory + "/" + path;
    ImageFile file{path, {}, manifest.uuid, 0};
    for (const auto& [id, held] : pinned.segments) {
      if (full.starts_with(segment_home(directory, id))) file.lineage = held.segment->uuid();
    }
    RHUMB_ASSIGN(file.sums, sums_of(full, [this] { return core_.stopping.load(); }));
    RHUMB_TRY(sync_file(full));
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

}  // namespace rhumb::shard
