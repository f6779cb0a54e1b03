// Makes a segment durable, and seals it.
#include "host/base/file.h"
#include "host/segment/segment.h"

namespace rhumb::segment {

using base::Status;

namespace {
std::string name_of(const Column& file) { return file.path().substr(file.path().rfind('/') + 1); }
}  // namespace

Status Segment::sync() {
  RHUMB_TRY(overrides_.sync());
  if (state() == State::kSealed) return base::ok();
  RHUMB_TRY(ids_.sync());
  RHUMB_TRY(payload_.sync());
  for (const auto& column : columns_) RHUMB_TRY(column->sync());
  return rows_.sync();
}

// The manifest is the last step. A crash before it leaves a growing segment with some surplus
// files.
Status Segment::seal() {
  RHUMB_ASSERT(state() == State::kGrowing && row_count_ > 0);
  RHUMB_TRY(rows_.trim());
  RHUMB_TRY(ids_.trim());
  RHUMB_TRY(payload_.trim());
  for (const auto& column : columns_) RHUMB_TRY(column->seal(row_count_));
  RHUMB_TRY(sync());
  for (const Column* file : files())
    RHUMB_TRY(Checksums::write(*file, directory_ + "/" + checksum_file(name_of(*file))));
  Manifest manifest;
  manifest.segment = id_;
  manifest.uuid = uuid_;
  manifest.capacity_bytes = options_.max_bytes;
  manifest.state = State::kSealed;
  manifest.vectors = specs_;
  // The override file goes on growing.
  manifest.sealed = {row_count_, ids_.length(), payload_.length(), 0};
  RHUMB_TRY(write_manifest(directory_, manifest));
  RHUMB_TRY(load_checksums());
  state_.store(State::kSealed, std::memory_order_release);
  return base::ok();
}

std::vector<std::string> Segment::sealed_files() const {
  std::vector<std::string> names;
  for (const Column* file : files()) {
    names.push_back(name_of(*file));
    names.push_back(checksum_file(names.back()));
  }
  return names;
}

std::vector<Segment::SealedColumn> Segment::sealed_columns() const {
  std::vector<SealedColumn> columns;
  if (state() != State::kSealed) return columns;
  const auto all = files();
  for (size_t i = 0; i < all.size(); ++i)
    columns.push_back({all[i]->path(), checksums_[i]->bytes(), checksums_[i]->crcs()});
  return columns;
}

Status Segment::save_fields(uint32_t rows, uint64_t through_version) {
  RHUMB_TRY(base::make_dirs(fields_directory()));
  return fields_->save(fields_directory(), rows, through_version);
}

Status Segment::load_checksums() {
  checksums_.clear();
  for (const Column* file : files()) {
    RHUMB_ASSIGN(auto sums,
                 Checksums::load(directory_ + "/" + checksum_file(name_of(*file)), file->length()));
    checksums_.push_back(std::move(sums));
  }
  return base::ok();
}

}  // namespace rhumb::segment
