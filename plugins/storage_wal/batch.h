// Records that go to disk in one write. Records are added under the Log's mutex until the batch is
// closed. After that its record bytes never change, so readers may read them without a lock while
// the writer fills in the header and writes.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "format.h"
#include "index.h"
#include "segment.h"

namespace rhumb::wal {

class Batch {
 public:
  Batch(std::shared_ptr<Segment> segment, uint64_t offset)
      : segment_(std::move(segment)), offset_(offset), bytes_(kBatchHeaderBytes, '\0') {}

  // Reserves memory for records of `bytes` bytes in all, because memory that grows by doubling
  // would stay allocated as long as the batch.
  void reserve(uint64_t bytes) { bytes_.reserve(bytes_.size() + bytes); }
  // Appends a record and returns its place.
  RecordRef add(const Record& record) {
    RecordRef ref{record.term, static_cast<uint32_t>(segment_->number()),
                  static_cast<uint32_t>(offset_ + bytes_.size()),
                  static_cast<uint32_t>(record.data.size()), record.type};
    append_record(bytes_, record);
    ++records_;
    return ref;
  }
  void close() { closed_ = true; }
  // Fills in the header. Called by the writer thread after close().
  void seal(uint64_t sequence, Position synced_to) {
    const std::string header = encode(
        BatchHeader{segment_->stamp(), offset_, bytes_.size(), records_, sequence, synced_to});
    // Readers may be reading the size and the records meanwhile.
    std::memcpy(bytes_.data(), header.data(), header.size());
  }

  bool closed() const { return closed_; }
  uint64_t size() const { return bytes_.size(); }
  uint64_t memory_bytes() const { return bytes_.capacity(); }
  uint64_t records() const { return records_; }
  Segment& segment() const { return *segment_; }
  Position start() const { return {segment_->number(), offset_}; }
  Position end() const { return {segment_->number(), offset_ + bytes_.size()}; }
  std::string_view bytes() const { return bytes_; }
  // Returns the bytes of a record of this batch, with its header.
  std::string_view record(const RecordRef& ref) const {
    return std::string_view(bytes_).substr(ref.offset - offset_, record_bytes(ref.length));
  }
  bool holds(const RecordRef& ref) const {
    return ref.segment == segment_->number() && ref.offset >= offset_ &&
           ref.offset < offset_ + bytes_.size();
  }

  std::vector<rhumb_done_t> done;

 private:
  std::shared_ptr<Segment> segment_;
  const uint64_t offset_;
  std::string bytes_;
  uint64_t records_ = 0;
  bool closed_ = false;
};

}  // namespace rhumb::wal
