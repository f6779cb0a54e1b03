#include "recovery.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "rhumb/cpp/guard.h"

namespace rhumb::wal {
namespace {

Error damage(const Segment& segment, uint64_t offset, const std::string& what) {
  return Error(RHUMB_CORRUPT,
               segment.path() + " at offset " + std::to_string(offset) + ": " + what);
}

// Zeros that take no memory until they are written.
class Zeros {
 public:
  explicit Zeros(uint64_t n) : size_(n) {
    if (n == 0) return;
    void* const at = ::mmap(nullptr, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    ::madvise(at, n, MADV_HUGEPAGE);  // one fault for 2 MiB; a kernel may refuse
    data_ = static_cast<char*>(at);
  }
  ~Zeros() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }
  Zeros(Zeros&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Zeros& operator=(Zeros&&) = delete;
  char* data() const { return data_; }
  std::string_view view() const { return {data_, size_}; }

 private:
  char* data_ = nullptr;
  uint64_t size_ = 0;
};

// A segment's bytes, and a walk over its batches. Most of a preallocated file was never written, so
// only the written ranges are read and searched.
class Scan {
 public:
  explicit Scan(std::shared_ptr<Segment> segment)
      : segment_(std::move(segment)),
        written_(segment_->written_ranges()),
        memory_(segment_->file_bytes()),
        bytes_(memory_.view()) {
    for (const Segment::Range& range : written_)
      segment_->read(range.begin, memory_.data() + range.begin, range.end - range.begin);
  }

  // Returns the batch at end() if all of it is valid.
  std::optional<BatchHeader> next(uint64_t expected_sequence) const {
    const auto header = header_at(end_);
    if (!header || header->bytes < kBatchHeaderBytes || header->bytes % 8 != 0 ||
        header->bytes > bytes_.size() - end_)
      return std::nullopt;
    if (expected_sequence != 0 && header->sequence != expected_sequence) return std::nullopt;
    std::string_view rest = body(*header);
    for (uint64_t i = 0; i < header->records; ++i) {
      const auto record = decode_record(rest);
      if (!record) return std::nullopt;
      rest.remove_prefix(record_bytes(record->data.size()));
    }
    return rest.empty() ? header : std::nullopt;
  }
  void replay(const BatchHeader& header, LogIndex& index) {
    const Position behind{segment_->number(), header.offset + header.bytes};
    std::string_view rest = body(header);
    uint64_t offset = header.offset + kBatchHeaderBytes;
    for (uint64_t i = 0; i < header.records; ++i) {
      const Record record = *decode_record(rest);
      const uint64_t bytes = record_bytes(record.data.size());
      index.apply(
          record,
          {record.term, static_cast<uint32_t>(segment_->number()), static_cast<uint32_t>(offset),
           static_cast<uint32_t>(record.data.size()), record.type},
          behind);
      rest.remove_prefix(bytes);
      offset += bytes;
    }
    end_ = behind.offset;
  }
  // Returns the highest synced_to of all batch headers after end(), whether they can be reached or
  // not.
  Position proof_behind() const {
    Position proof;
    for (const Segment::Range& range : written_) {
      // A header may begin in the last bytes before a range, if those are zeros.
      const uint64_t before = range.begin - std::min(range.begin, kBatchHeaderBytes);
      for (uint64_t offset = std::max(end_, before / 8 * 8); offset < range.end; offset += 8) {
        if (offset + kBatchHeaderBytes > bytes_.size()) break;
        uint32_t magic = 0;
        std::memcpy(&magic, bytes_.data() + offset + 4, sizeof(magic));
        if (magic != kBatchMagic) continue;
        if (const auto header = header_at(offset)) proof = std::max(proof, header->synced_to);
      }
    }
    return proof;
  }
  uint64_t garbage_behind() const {
    for (size_t i = written_.size(); i-- > 0;) {
      const std::string_view range = bytes_.substr(0, written_[i].end).substr(written_[i].begin);
      const size_t last = range.find_last_not_of('\0');
      if (last == std::string_view::npos) continue;
      return written_[i].begin + last < end_ ? 0 : written_[i].begin + last + 1 - end_;
    }
    return 0;
  }
  uint64_t end() const { return end_; }
  uint64_t file_bytes() const { return bytes_.size(); }
  const Segment& segment() const { return *segment_; }

 private:
  std::optional<BatchHeader> header_at(uint64_t offset) const {
    if (offset > bytes_.size()) return std::nullopt;
    const auto header = decode_batch_header(bytes_.substr(offset));
    return header && header->stamp == segment_->stamp() && header->offset == offset ? header
                                                                                    : std::nullopt;
  }
  std::string_view body(const BatchHeader& header) const {
    return bytes_.substr(end_ + kBatchHeaderBytes, header.bytes - kBatchHeaderBytes);
  }
  std::shared_ptr<Segment> segment_;
  std::vector<Segment::Range> written_;
  Zeros memory_;
  std::string_view bytes_;
  uint64_t end_ = kSegmentHeaderBytes;
};

std::vector<std::shared_ptr<Segment>> open_segments(const std::string& dir) {
  std::vector<std::shared_ptr<Segment>> segments;
  for (const uint64_t number : list_segments(dir)) {
    if (!segments.empty() && number != segments.back()->number() + 1) {
      throw Error(RHUMB_CORRUPT, "a segment is missing after " + segments.back()->path() +
                                     ": the next one is number " + std::to_string(number));
    }
    segments.push_back(Segment::open(dir, number));
  }
  return segments;
}

// From the newest segment with data on, a file must have its full size. The unused rest of a file
// is cut off only when a later batch states that the segment's end is durable.
void check_full_size(const Scan& scan) {
  if (scan.file_bytes() >= scan.segment().capacity()) return;
  throw damage(scan.segment(), scan.file_bytes(),
               "the file was cut, it had " + std::to_string(scan.segment().capacity()) + " bytes");
}

// The end of the log was found in `scan`. Everything that a later header states to be durable must
// lie before that end.
void check_tail(const Scan& scan, const std::vector<std::shared_ptr<Segment>>& segments,
                size_t next, Recovered& out) {
  Position proof = scan.proof_behind();
  out.dropped_bytes = scan.garbage_behind();
  for (size_t i = next; i < segments.size(); ++i) {
    const Scan later(segments[i]);
    check_full_size(later);
    proof = std::max(proof, later.proof_behind());
    out.dropped_bytes += later.garbage_behind();
  }
  const Position end{scan.segment().number(), scan.end()};
  if (proof > end) {
    throw damage(scan.segment(), scan.end(),
                 "damaged, although the log was durable up to segment " +
                     std::to_string(proof.segment) + ", offset " + std::to_string(proof.offset));
  }
  check_full_size(scan);
}

}  // namespace

Recovered read_log(const std::string& dir) {
  Recovered out;
  out.segments = open_segments(dir);
  out.ends.assign(out.segments.size(), kSegmentHeaderBytes);
  uint64_t expected_sequence = 0;  // 0: the oldest batch sets the number
  std::optional<Scan> last;        // the newest segment with a valid batch, or the very first one
  for (size_t i = 0; i < out.segments.size(); ++i) {
    Scan scan(out.segments[i]);
    const auto first = scan.next(expected_sequence);
    if (!first && last) break;  // check_tail judges what lies here
    if (first && last && first->synced_to != Position{last->segment().number(), last->end()}) {
      throw damage(last->segment(), last->end(),
                   "batches are missing: the next segment tells of an end at " +
                       std::to_string(first->synced_to.offset));
    }
    for (auto header = first; header; header = scan.next(expected_sequence)) {
      scan.replay(*header, out.index);
      expected_sequence = header->sequence + 1;
      out.end = {scan.segment().number(), scan.end()};
    }
    out.ends[i] = scan.end();
    last.emplace(std::move(scan));
  }
  if (last) {
    const size_t next =
        static_cast<size_t>(last->segment().number() - out.segments.front()->number()) + 1;
    check_tail(*last, out.segments, next, out);
  }
  out.index.finish_replay();
  out.next_sequence = std::max<uint64_t>(expected_sequence, 1);
  return out;
}

}  // namespace rhumb::wal
