#include "log.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "rhumb/cpp/guard.h"

namespace rhumb::wal {
namespace {

const std::string& made(const std::string& dir) {
  if (!std::filesystem::is_directory(dir)) {
    std::filesystem::create_directories(dir);
    const std::string parent = std::filesystem::path(dir).lexically_normal().parent_path().string();
    sync_directory(parent.empty() ? "." : parent);
  }
  return dir;
}

Record record_of(const rhumb_log_entry_t& entry) {
  return {entry.group, entry.index,     entry.term, static_cast<uint16_t>(entry.type),
          0,           view(entry.data)};
}

}  // namespace

Log::Log(const rhumb_host_t* host, std::string dir, Options options)
    : host_(host), dir_(std::move(dir)), options_(options), directory_lock_(made(dir_)) {}

Log::~Log() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
  }
  writer_wake_.notify_all();
  janitor_wake_.notify_all();
  if (janitor_.joinable()) janitor_.join();
  if (writer_.joinable()) writer_.join();
}

void Log::say(uint32_t level, const std::string& text) const {
  if (host_ == nullptr || host_->get_extension == nullptr) return;
  const auto* log =
      static_cast<const rhumb_host_log_t*>(host_->get_extension(host_, RHUMB_HOST_LOG));
  if (log != nullptr && level >= log->level_min) log->log(host_, level, slice(text));
}

void Log::check_usable() const {
  if (!recovered_) throw Error(RHUMB_INVALID, "recover() comes first");
  if (failure_)
    throw Error(RHUMB_IO, std::string("the log has failed: ") + failure_->what(),
                failure_->os_errno());
}

// Returns the batch that takes `bytes` more bytes, with a place in the log. It leaves
// `reserve_bytes` of the segment to records that free space.
Batch& Log::place(uint64_t bytes, uint64_t reserve_bytes) {
  if (!queue_.empty() && !queue_.back()->closed()) {
    Batch& open = *queue_.back();
    const bool fits = open.end().offset + bytes + reserve_bytes <= active_->capacity();
    if (fits && (open.records() == 0 || open.size() + bytes <= kMaxBatchBytes)) return open;
    open.close();
  }
  const auto room = [&](const Segment& segment, uint64_t from) {
    return from + kBatchHeaderBytes + bytes + reserve_bytes <= segment.capacity();
  };
  if (active_ == nullptr || !room(*active_, next_.offset)) {
    if (standby_ == nullptr || !room(*standby_, kSegmentHeaderBytes)) {
      standby_wanted_bytes_ = std::max(
          standby_wanted_bytes_, kSegmentHeaderBytes + kBatchHeaderBytes + bytes + kReserveBytes);
      janitor_due_ = true;
      janitor_wake_.notify_one();
      if (standby_error_)
        throw Error(standby_error_->status(), standby_error_->what(), standby_error_->os_errno());
      throw Error(RHUMB_BUSY, "the next segment is being made");
    }
    if (active_ != nullptr) ends_[active_->number()] = next_.offset;
    active_ = std::move(standby_);
    standby_ = nullptr;
    segments_[active_->number()] = active_;
    next_ = {active_->number(), kSegmentHeaderBytes};
    janitor_due_ = true;
    janitor_wake_.notify_one();
  }
  queue_.push_back(std::make_shared<Batch>(active_, next_.offset));
  queued_bytes_ += kBatchHeaderBytes;
  next_ = queue_.back()->end();
  return *queue_.back();
}

void Log::append(std::span<const rhumb_log_entry_t> records, rhumb_done_t done) {
  if (records.empty()) throw Error(RHUMB_INVALID, "an append without records");
  uint64_t bytes = 0;
  for (const rhumb_log_entry_t& r : records) {
    if (r.data.size > kMaxAppendBytes)
      throw Error(RHUMB_INVALID, "a record of " + std::to_string(r.data.size) + " bytes");
    bytes += record_bytes(r.data.size);
  }
  if (bytes > kMaxAppendBytes)
    throw Error(RHUMB_INVALID, "an append of " + std::to_string(bytes) + " bytes");

  const Lock lock(mutex_);
  check_usable();
  index_.check(records);
  if (queued_bytes_ > 0 && queued_bytes_ + bytes > options_.queue_bytes)
    throw Error(RHUMB_BUSY, "the log's queue is full");
  Batch& batch = place(bytes, kReserveBytes);
  batch.reserve(bytes);
  for (const rhumb_log_entry_t& r : records) {
    const RecordRef ref = batch.add(record_of(r));
    index_.apply(record_of(r), ref, batch.end());
  }
  if (done.fn != nullptr) batch.done.push_back(done);
  queued_bytes_ += bytes;
  next_ = records_to_ = batch.end();
  writer_wake_.notify_one();
}

// Adds a record on the log's own account; no caller waits for it.
void Log::add_own_record(const Record& record) {
  const uint64_t bytes = record_bytes(record.data.size());
  Batch& batch = place(bytes, 0);
  const RecordRef ref = batch.add(record);
  index_.apply(record, ref, batch.end());
  queued_bytes_ += bytes;
  next_ = records_to_ = batch.end();
  janitor_due_ = true;
  writer_wake_.notify_one();
  janitor_wake_.notify_one();
}

void Log::release(uint64_t group, uint64_t index) {
  const Lock lock(mutex_);
  check_usable();
  const Group* found = index_.find(group);
  if (found == nullptr)
    throw Error(RHUMB_NOT_FOUND, "group " + std::to_string(group) + " is not in the log");
  if (index <= found->base_index) return;
  if (index > found->last()) {
    throw Error(RHUMB_INVALID, "group " + std::to_string(group) + " ends at " +
                                   std::to_string(found->last()) + ", before " +
                                   std::to_string(index));
  }
  add_own_record({group, index, found->at(index).term, RHUMB_LOG_BASE, 0, {}});
}

void Log::drop_group(uint64_t group) {
  const Lock lock(mutex_);
  check_usable();
  if (index_.find(group) == nullptr) return;
  add_own_record({group, 0, 0, RHUMB_LOG_DROP, 0, {}});
}

Log::Found Log::locate(const RecordRef& ref, uint64_t index) const {
  Found found{ref, index, nullptr, nullptr, {}};
  const Position at{ref.segment, ref.offset};
  const auto in = [&](const auto& batches) -> std::shared_ptr<const Batch> {
    auto it = std::upper_bound(batches.begin(), batches.end(), at,
                               [](const Position& p, const auto& b) { return p < b->start(); });
    if (it == batches.begin() || !(*--it)->holds(ref)) return nullptr;
    return *it;
  };
  if (at >= written_to_) {
    found.batch = in(queue_);
    if (found.batch != nullptr && !found.batch->closed()) {
      found.copy = found.batch->record(ref);
      found.batch = nullptr;
    }
  } else {
    found.batch = in(recent_);
    if (found.batch == nullptr) found.segment = segments_.at(ref.segment);
  }
  return found;
}

std::string_view Log::bytes_of(const Found& found, std::string& buffer, uint64_t group) {
  std::string_view bytes = found.copy;
  if (found.batch != nullptr) bytes = found.batch->record(found.ref);
  if (found.segment != nullptr) {
    buffer.resize(record_bytes(found.ref.length));
    found.segment->read(found.ref.offset, buffer.data(), buffer.size());
    bytes = buffer;
  }
  const auto record = decode_record(bytes);
  if (!record || record->group != group || record->type != found.ref.type ||
      record->data.size() != found.ref.length) {
    const std::string where = found.segment != nullptr
                                  ? found.segment->path()
                                  : "the queue of segment " + std::to_string(found.ref.segment);
    throw Error(RHUMB_CORRUPT, where + " at offset " + std::to_string(found.ref.offset) +
                                   ": damaged record of group " + std::to_string(group));
  }
  return bytes.substr(kRecordHeaderBytes, found.ref.length);
}

void Log::read(uint64_t group, uint64_t first, uint64_t last, uint64_t max_bytes,
               rhumb_log_visit_fn visit, void* ctx) {
  std::vector<Found> found;
  {
    const Lock lock(mutex_);
    check_usable();
    const Group* g = index_.find(group);
    if (g == nullptr || g->empty() || first < g->first() || last > g->last() || first > last) {
      const std::string held = g == nullptr || g->empty() ? "none"
                                                          : std::to_string(g->first()) + " to " +
                                                                std::to_string(g->last());
      throw Error(RHUMB_NOT_FOUND, "group " + std::to_string(group) + ": entries " +
                                       std::to_string(first) + " to " + std::to_string(last) +
                                       " wanted, held: " + held);
    }
    uint64_t bytes = 0;
    for (uint64_t i = first; i <= last; ++i) {
      const RecordRef& ref = g->at(i);
      bytes += ref.length;
      if (i > first && bytes > max_bytes) break;
      found.push_back(locate(ref, i));
    }
  }
  std::string buffer;
  for (const Found& f : found) {
    const std::string_view data = bytes_of(f, buffer, group);
    const rhumb_log_entry_t entry{group, f.index, f.ref.term, f.ref.type, 0, slice(data)};
    if (visit(ctx, &entry) == 0) return;
  }
}

std::string Log::stats() const {
  const Lock lock(mutex_);
  const auto oldest = segments_.empty() ? 0 : segments_.begin()->first;
  std::string out = "{";
  const auto field = [&out](const char* key, uint64_t value) {
    out += (out.size() > 1 ? ",\"" : "\"") + std::string(key) + "\":" + std::to_string(value);
  };
  field("segments", segments_.size());
  field("bytes", total_bytes());
  field("live_bytes", index_.live_bytes());
  field("queued_bytes", queued_bytes_);
  field("batches", batches_);
  field("written_records", written_records_);
  field("synced_records", synced_records_);
  field("fsyncs", fsyncs_);
  field("moved_records", moved_records_);
  field("freed_segments", freed_segments_);
  field("oldest_group", index_.heaviest_group(oldest));
  if (failure_) {
    using json = nlohmann::json;  // a path in the text need not be UTF-8
    out += ",\"failure\":" +
           json(failure_->what()).dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return out + "}";
}

}  // namespace rhumb::wal
