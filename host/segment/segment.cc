// Opens a segment, and has its simple accessors.
#include "host/segment/segment.h"

#include <algorithm>

#include "host/base/file.h"

namespace rhumb::segment {

using base::Result;
using base::Status;

Segment::Segment(std::string directory, uint32_t id, const std::vector<VectorSpec>& vectors,
                 const SegmentOptions& options, const base::Uuid& uuid)
    : directory_(std::move(directory)),
      id_(id),
      uuid_(uuid),
      specs_(vectors),
      options_(options),
      graph_min_rows_(vectors.size()),
      fields_(std::make_unique<payload::IndexSet>()) {
  for (size_t i = 0; i < vectors.size(); ++i)
    graph_min_rows_[i].store(vectors[i].graph_min_rows.value_or(options.graph_min_rows));
}

Segment::~Segment() = default;

namespace {
// A segment that was made by a merge may hold more than one that grew.
SegmentOptions capacity(SegmentOptions options, const Manifest& manifest) {
  options.max_rows = std::max(options.max_rows, manifest.sealed.rows);
  options.max_bytes = std::max(options.max_bytes, manifest.capacity_bytes);
  return options;
}
}  // namespace

Result<std::shared_ptr<Segment>> Segment::create(const std::string& directory, uint32_t id,
                                                 const std::vector<VectorSpec>& vectors,
                                                 const SegmentOptions& options,
                                                 const base::Uuid& uuid) {
  // A crash may have left files of a segment that was never published.
  if (base::exists(directory)) RHUMB_TRY(base::remove_all(directory));
  RHUMB_TRY(base::make_dirs(directory));
  Manifest manifest;
  manifest.segment = id;
  manifest.uuid = uuid;
  auto segment =
      std::shared_ptr<Segment>(new Segment(directory, id, vectors, options, manifest.uuid));
  RHUMB_TRY(segment->open_files({}));
  manifest.vectors = vectors;
  RHUMB_TRY(write_manifest(directory, manifest));  // also makes the column files' names durable
  segment->fields_->make_ready();
  return segment;
}

Result<std::shared_ptr<Segment>> Segment::open(const std::string& directory, uint32_t id,
                                               const std::vector<VectorSpec>& vectors,
                                               const SegmentOptions& options,
                                               const Lengths& lengths) {
  RHUMB_ASSIGN(Manifest manifest, read_manifest(directory, vectors));
  if (manifest.segment != id)
    return base::corrupt(directory + ": the manifest names segment " +
                         std::to_string(manifest.segment));
  if (manifest.state == State::kSealed) {
    const Lengths& s = manifest.sealed;
    if (s.rows != lengths.rows || s.ids != lengths.ids || s.payload != lengths.payload) {
      return base::corrupt(directory + ": sealed with " + std::to_string(s.rows) +
                           " rows, the key-value store knows " + std::to_string(lengths.rows));
    }
  }
  if (manifest.format < kFormat) {
    manifest.uuid = base::random_uuid();
    RHUMB_TRY(write_manifest(directory, manifest));
  }
  auto segment = std::shared_ptr<Segment>(
      new Segment(directory, id, vectors, capacity(options, manifest), manifest.uuid));
  RHUMB_TRY(segment->open_files(lengths));
  segment->state_.store(manifest.state);
  if (manifest.state == State::kSealed) RHUMB_TRY(segment->load_checksums());
  return segment;
}

Status Segment::open_files(const Lengths& lengths) {
  const auto path = [this](const std::string& name) { return directory_ + "/" + name; };
  // A first row that is larger than the segment's limit is still taken.
  const uint64_t blobs = std::max(options_.max_bytes, base::limits::kMaxPayloadBytes);
  RHUMB_ASSIGN(rows_, Column::open(path(kRowsFile), lengths.rows * sizeof(RowRecord),
                                   options_.max_rows * sizeof(RowRecord), options_.extents));
  RHUMB_ASSIGN(
      ids_, Column::open(path(kIdsFile), lengths.ids,
                         std::min<uint64_t>(
                             blobs, options_.max_rows * 1ull * base::limits::kMaxStringIdBytes * 2),
                         options_.extents));
  RHUMB_ASSIGN(payload_,
               Column::open(path(kPayloadFile), lengths.payload, blobs, options_.extents));
  RHUMB_TRY(overrides_.open(path(kOverrideFile), lengths.overrides, blobs, options_.extents));
  for (size_t i = 0; i < specs_.size(); ++i) {
    RHUMB_ASSIGN(auto column,
                 VectorColumn::open(specs_[i], path(vector_file(i)), lengths.rows, options_));
    columns_.push_back(std::move(column));
    graphs_.push_back(std::make_unique<Graph>(*columns_.back(), path(graph_dir(i)), options_));
  }
  row_count_ = durable_rows_ = lengths.rows;
  return base::ok();
}

void Segment::configure_graphs(const std::vector<VectorSpec>& vectors) {
  RHUMB_ASSERT(vectors.size() == graphs_.size());
  for (size_t i = 0; i < graphs_.size(); ++i) {
    graph_min_rows_[i].store(vectors[i].graph_min_rows.value_or(options_.graph_min_rows),
                             std::memory_order_relaxed);
    graphs_[i]->configure(vectors[i].params);
  }
}

bool Segment::has_multivectors() const {
  return std::any_of(specs_.begin(), specs_.end(),
                     [](const VectorSpec& spec) { return spec.params.multivector; });
}

size_t Segment::column_of(std::string_view vector_name) const {
  size_t i = 0;
  while (i < specs_.size() && specs_[i].name != vector_name) ++i;
  return i;
}

Lengths Segment::lengths() const {
  return {row_count_, ids_.length(), payload_.length(), overrides_.length()};
}

template <typename F>
void Segment::each_file(F&& use) const {
  for (const Column* file : {&rows_, &ids_, &payload_}) use(*file);
  for (const auto& column : columns_) use(column->file());
  for (const auto& column : columns_) {
    if (column->table() != nullptr) use(column->table()->file());
  }
}

uint64_t Segment::bytes() const {
  uint64_t bytes = overrides_.length();
  each_file([&](const Column& file) { bytes += file.length(); });
  return bytes;
}

std::string_view Segment::id_key(uint32_t slot) const {
  const RowRecord& r = record(slot);
  return ids_.view(r.id_offset, r.id_bytes);
}

std::string_view Segment::payload(uint32_t slot) const {
  if (const auto changed = overrides_.find(slot)) return overrides_.text(*changed);
  const RowRecord& r = record(slot);
  return payload_.view(r.payload_offset, r.payload_bytes);
}

uint64_t Segment::version(uint32_t slot) const {
  const auto changed = overrides_.find(slot);
  return changed ? changed->version : record(slot).version;
}

std::vector<const Column*> Segment::files() const {
  std::vector<const Column*> files;
  each_file([&](const Column& file) { files.push_back(&file); });
  return files;
}

// This is called for every row that is read, so it does not build a list.
Status Segment::intact() const {
  const Column* poisoned = nullptr;
  each_file([&](const Column& file) { poisoned = file.poisoned() ? &file : poisoned; });
  if (poisoned != nullptr) return base::corrupt(poisoned->path() + ": a page could not be read");
  return overrides_.poisoned()
             ? base::corrupt(directory_ + "/" + kOverrideFile + ": a page could not be read")
             : base::ok();
}

namespace {

// The rows as filters read them. A filter's answer is used only if the segment is intact
// afterwards.
class FilterRows final : public payload::Rows {
 public:
  explicit FilterRows(const Segment& segment) : segment_(segment) {}
  std::string_view payload(uint32_t slot) const override { return segment_.payload(slot); }
  std::string_view id_key(uint32_t slot) const override { return segment_.id_key(slot); }
  uint64_t presence(uint32_t slot) const override { return segment_.presence(slot); }

 private:
  const Segment& segment_;
};

}  // namespace

Result<payload::FilterResult> Segment::filter(const payload::Matcher& matcher, const Bounds& bounds,
                                              const payload::EvaluateOptions& options) const {
  RHUMB_ASSIGN(auto result, payload::evaluate(matcher, *fields_, FilterRows(*this), bounds.live,
                                              bounds.rows, options));
  RHUMB_TRY(intact());
  return result;
}

}  // namespace rhumb::segment
