#include "host/shard/background/scrub_ledger.h"

namespace rhumb::shard {
namespace {

constexpr uint64_t kSavedNs = 1'000'000'000;  // what a second gives may be saved up
constexpr double kNsPerSecond = 1e9;

}  // namespace

ScrubLedger::ScrubLedger(uint64_t period_seconds, uint64_t bytes_per_second)
    : period_seconds_(period_seconds),
      budget_(static_cast<double>(bytes_per_second) / kNsPerSecond, kSavedNs) {}

void ScrubLedger::found_intact(const base::DirectFile::Inode& inode, uint64_t now) {
  if (inode.links < 2) return;
  const base::MutexLock lock(mutex_);
  intact_[{inode.device, inode.number}] = now;
  if (now < swept_ + period_seconds_) return;
  std::erase_if(intact_, [&](const auto& entry) { return entry.second + period_seconds_ < now; });
  swept_ = now;
}

bool ScrubLedger::intact_since(const base::DirectFile::Inode& inode, uint64_t since) const {
  const base::MutexLock lock(mutex_);
  const auto it = intact_.find({inode.device, inode.number});
  return it != intact_.end() && it->second > since;
}

}  // namespace rhumb::shard
