#include "host/shard/background/scrubber.h"

#include <algorithm>
#include <utility>

#include "host/base/clock.h"
#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/metrics.h"
#include "host/segment/format.h"

namespace rhumb::shard {

using base::Status;
using segment::kChecksumBlockBytes;

namespace {

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kPieceBytes = base::limits::kMiB;  // of one read
constexpr uint64_t kTurnBytes = 4 * base::limits::kMiB;
// The shortest and the longest time from one turn to the next.
constexpr uint64_t kMinSleepNs = 20'000'000, kMaxSleepNs = 600 * kSecondNs;
constexpr uint64_t kRecordNs = 300 * kSecondNs;  // from one record of a reading to the next
constexpr uint64_t kLooksPerPeriod = 64;         // while nothing is due

uint64_t seconds_now() { return base::wall_ns() / kSecondNs; }

uint64_t bytes_of(const std::vector<segment::Segment::SealedColumn>& columns) {
  uint64_t bytes = 0;
  for (const auto& column : columns) bytes += column.bytes;
  return bytes;
}

}  // namespace

Scrubber::Scrubber(Core& core)
    : core_(core),
      ledger_(core.options.scrub != nullptr && core.options.scrub->period_seconds() > 0
                  ? core.options.scrub
                  : nullptr),
      timer_(core.options.timers, [this] { strand_.post([this] { turn(); }); }),
      strand_(*core.options.background) {}

Scrubber::~Scrubber() { stop(); }

void Scrubber::begin() {
  if (ledger_ == nullptr) return;
  strand_.post([this] { turn(); });
}

void Scrubber::stop() {
  timer_.close();
  strand_.post([this] {
    keep_record();
    reading_.reset();
  });
  strand_.drain();
}

uint64_t Scrubber::oldest_seconds() const {
  const uint64_t oldest = oldest_at_.load(std::memory_order_relaxed), now = seconds_now();
  return oldest == 0 ? 0 : now - std::min(now, oldest);
}

void Scrubber::turn() {
  if (core_.stopping.load() || !core_.serving().ok()) return;
  const uint64_t now = seconds_now(), now_ns = base::monotonic_ns();
  const uint64_t period_ns = ledger_->period_seconds() * kSecondNs;
  const uint64_t look_ns = std::clamp(period_ns / kLooksPerPeriod, kMinSleepNs, kMaxSleepNs);
  if (!look_around(now)) return sleep(look_ns);
  if (!ledger_->budget().left(now_ns)) return sleep(ledger_->budget().wait_ns(kTurnBytes));

  const bool overdue = reading_->intact_at + ledger_->period_seconds() <= now;
  const uint64_t due = earn(now_ns), wanted = std::min(kTurnBytes, reading_->bytes);
  if (!overdue && due < wanted) {
    const double rate = static_cast<double>(sealed_bytes_) / static_cast<double>(period_ns),
                 wait_ns = static_cast<double>(wanted - due) / rate;
    return sleep(std::min(look_ns, static_cast<uint64_t>(wait_ns)));
  }
  const Status read = read_some(wanted);
  if (reading_) reading_->file = {};  // many shards may wait for their next turns
  if (!read.ok()) return failed(read, look_ns);
  credit_ = std::max(0.0, credit_ - static_cast<double>(wanted));
  if (reading_->done())
    end_reading();
  else if (now_ns - recorded_ns_ >= kRecordNs)
    keep_record();
  sleep(kMinSleepNs);
}

void Scrubber::failed(const Status& reason, uint64_t look_ns) {
  if (reason.code() == base::Code::kBusy || reason.code() == base::Code::kMemoryFull)
    return sleep(look_ns);
  const ViewPtr view = core_.views.current();
  const bool gone =
      std::none_of(view->segments.begin(), view->segments.end(),
                   [&](const SegmentView& part) { return part.segment == reading_->segment; });
  reading_.reset();
  looked_ns_ = 0;
  if (gone) return sleep(kMinSleepNs);  // a merge has removed its files
  base::counter("rhumb_scrub_damage_total").add(1);
  (void)core_.watch(reason.code() == base::Code::kNotFound ? base::corrupt(reason.message())
                                                           : reason);
}

void Scrubber::sleep(uint64_t ns) { timer_.at({base::monotonic_ns() + std::max(ns, kMinSleepNs)}); }

bool Scrubber::look_around(uint64_t now) {
  if (reading_ && base::monotonic_ns() - looked_ns_ < kSecondNs) return true;
  looked_ns_ = base::monotonic_ns();
  const ViewPtr view = core_.views.current();
  std::shared_ptr<segment::Segment> oldest;
  uint64_t oldest_at = 0;
  std::map<uint32_t, ScrubRecord> records;
  sealed_bytes_ = 0;
  for (const SegmentView& part : view->segments) {
    if (part.segment->state() != segment::State::kSealed) continue;
    const ScrubRecord record = record_of(*part.segment);
    records[part.segment->id()] = record;
    sealed_bytes_ += bytes_of(part.segment->sealed_columns());
    const uint64_t at = std::min(record.intact_at, now);  // the clock may have been ahead
    if (oldest != nullptr && at >= oldest_at) continue;
    oldest = part.segment;
    oldest_at = at;
  }
  records_.swap(records);
  oldest_at_.store(oldest_at, std::memory_order_relaxed);
  if (reading_ && !records_.contains(reading_->segment->id())) reading_.reset();
  if (oldest != nullptr && !reading_) start_reading(std::move(oldest));
  return reading_.has_value();
}

const ScrubRecord& Scrubber::record_of(const segment::Segment& segment) {
  const auto [it, fresh] = records_.try_emplace(segment.id());
  if (fresh) it->second = read_scrub_record(segment.directory());
  return it->second;
}

void Scrubber::start_reading(std::shared_ptr<segment::Segment> segment) {
  Reading reading;
  reading.columns = segment->sealed_columns();
  reading.bytes = bytes_of(reading.columns);
  const ScrubRecord record = record_of(*segment);
  reading.intact_at = record.intact_at;
  reading.segment = std::move(segment);
  reading_ = std::move(reading);
  recorded_ns_ = base::monotonic_ns();
  uint64_t done = record.blocks;
  while (!reading_->done() && done >= reading_->columns[reading_->column].crcs.size()) {
    done -= reading_->columns[reading_->column].crcs.size();
    next_column();
  }
  reading_->block = done;
}

// Returns the bytes that are due.
uint64_t Scrubber::earn(uint64_t now_ns) {
  const double period_ns =
      static_cast<double>(ledger_->period_seconds()) * static_cast<double>(kSecondNs);
  if (earned_ns_ > 0)
    credit_ +=
        static_cast<double>(sealed_bytes_) * static_cast<double>(now_ns - earned_ns_) / period_ns;
  credit_ = std::min(credit_, static_cast<double>(kTurnBytes));
  earned_ns_ = now_ns;
  return static_cast<uint64_t>(credit_);
}

Status Scrubber::read_some(uint64_t bytes) {
  uint64_t total = 0;
  while (total < bytes && !reading_->done()) {
    uint64_t read = 0;
    RHUMB_TRY(read_piece(std::min(kPieceBytes, bytes - total), &read));
    total += read;
  }
  base::counter("rhumb_scrub_bytes_total").add(static_cast<double>(total));
  ledger_->budget().spend(total);
  return base::ok();
}

Status Scrubber::read_piece(uint64_t bytes, uint64_t* read) {
  Reading& r = *reading_;
  const auto& column = r.columns[r.column];
  if (!r.file.is_open()) {
    RHUMB_ASSIGN(r.file, base::DirectFile::open(column.path, kPieceBytes));
    if (r.block == 0 && ledger_->intact_since(r.file.inode(), r.intact_at)) {
      next_column();
      return base::ok();
    }
  }
  const uint64_t blocks = std::min((bytes + kChecksumBlockBytes - 1) / kChecksumBlockBytes,
                                   column.crcs.size() - r.block);
  const uint64_t offset = r.block * kChecksumBlockBytes;
  RHUMB_ASSIGN(const std::string_view piece,
               r.file.read(offset, std::min(blocks * kChecksumBlockBytes, column.bytes - offset)));
  for (uint64_t i = 0; i < blocks; ++i) {
    const uint64_t at = i * kChecksumBlockBytes,
                   end = std::min(offset + at + kChecksumBlockBytes, column.bytes) - offset;
    if (end > piece.size() || base::crc32c(piece.substr(at, end - at)) != column.crcs[r.block + i])
      return base::corrupt(column.path + " at offset " + std::to_string(offset + at) +
                           ": checksum does not match (found by the scrubber)");
  }
  *read = piece.size();
  r.block += blocks;
  if (r.block < column.crcs.size()) return base::ok();
  ledger_->found_intact(r.file.inode(), seconds_now());
  next_column();
  return base::ok();
}

void Scrubber::next_column() {
  Reading& r = *reading_;
  r.blocks_before += r.columns[r.column].crcs.size();
  r.block = 0;
  r.file = {};
  ++r.column;
}

void Scrubber::end_reading() {
  if (const Status written = write_record({seconds_now(), 0}); !written.ok())
    base::log_warn("shard", "the record of a scrub was not written",
                   {{"shard", core_.options.shard}, {"error", written.to_string()}});
  reading_.reset();
}

// Without this record the next start begins the segment anew.
void Scrubber::keep_record() {
  if (!reading_) return;
  recorded_ns_ = base::monotonic_ns();
  const uint64_t blocks = reading_->blocks_before + reading_->block;
  if (blocks > 0) (void)write_record({reading_->intact_at, blocks});
}

Status Scrubber::write_record(const ScrubRecord& record) {
  records_[reading_->segment->id()] = record;
  return write_scrub_record(reading_->segment->directory(), record);
}

}  // namespace rhumb::shard
