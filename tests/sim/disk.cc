#include "tests/sim/disk.h"

#include <utility>

#include "host/base/assert.h"

namespace rhumb::sim {

const Entry* Stored::find(uint64_t index) const {
  if (index <= base_index || index > last_index()) return nullptr;
  return &log[index - base_index - 1];
}

uint64_t Stored::term_at(uint64_t index) const {
  if (index == base_index) return base_term;
  const Entry* entry = find(index);
  return entry == nullptr ? 0 : entry->term;
}

Disk::Disk(Stored initial, bool ignore_truncation)
    : ignore_truncation_(ignore_truncation), view_(initial), durable_(std::move(initial)) {}

void Disk::carry_out(Stored& stored, const Write& write, uint64_t entries_max) const {
  stored.term = write.term;
  stored.voted_for = write.voted_for;
  stored.commit = write.commit;
  if (write.install) {
    stored.base_index = write.install->index;
    stored.base_term = write.install->term;
    stored.log.clear();
    stored.checkpoint = *write.install;
  }
  if (write.truncate_from != 0 && !(ignore_truncation_ && &stored == &durable_)) {
    while (stored.last_index() >= write.truncate_from) stored.log.pop_back();
  }
  for (const Entry& entry : write.entries) {
    if (entries_max-- == 0) return;
    if (entry.index <= stored.base_index) continue;
    if (entry.index <= stored.last_index()) {
      RHUMB_ASSERT(ignore_truncation_);
      stored.log[entry.index - stored.base_index - 1] = entry;
      continue;
    }
    RHUMB_ASSERT(entry.index == stored.last_index() + 1);
    stored.log.push_back(entry);
  }
}

void Disk::enqueue(Write write) {
  carry_out(view_, write, UINT64_MAX);
  queue_.push_back(std::move(write));
}

Disk::Flushed Disk::end_flush() {
  Flushed flushed;
  for (; flushing_ > 0; --flushing_) {
    carry_out(durable_, queue_.front(), UINT64_MAX);
    flushed.number = queue_.front().number;
    if (queue_.front().install) flushed.installed = queue_.front().install;
    queue_.pop_front();
  }
  return flushed;
}

void Disk::save_checkpoint(const Image& image) {
  if (image.index < durable_.checkpoint.index) return;
  durable_.checkpoint = image;
  if (image.index > view_.checkpoint.index) view_.checkpoint = image;
}

void Disk::release(uint64_t index) {
  RHUMB_ASSERT(index <= durable_.checkpoint.index);
  for (Stored* stored : {&view_, &durable_}) {
    while (stored->base_index < index && !stored->log.empty()) {
      stored->base_term = stored->log.front().term;
      stored->base_index = stored->log.front().index;
      stored->log.pop_front();
    }
  }
}

uint64_t Disk::power_cut(Random& random) {
  const uint64_t kept = random.below(queue_.size() + 1);
  const uint64_t lost = queue_.size() - kept;
  for (uint64_t i = 0; i < kept; ++i) {
    carry_out(durable_, queue_.front(), UINT64_MAX);
    queue_.pop_front();
  }
  if (!queue_.empty() && !queue_.front().install && random.chance(500)) {
    // The hard state of the next write, and perhaps some of its entries, were written but never
    // acknowledged.
    carry_out(durable_, queue_.front(), random.below(queue_.front().entries.size() + 1));
  }
  queue_.clear();
  flushing_ = 0;
  view_ = durable_;
  return lost;
}

}  // namespace rhumb::sim
