// A second instance of a graph's engine over the same column. It is built beside the first
// instance, which is still searched and still takes in rows (rhumb/index.h, stats: "renew").
// graph.h begins a renewal and puts it in the first instance's place.
//
// Threads: run() is called once, on any thread; cancel() and ended() on any thread; the other calls
// belong to the shard's background strand after the renewal has ended. Its owner may drop it at any
// time: it holds what it reads, and ends by itself. Nothing of it survives a crash; the first
// instance stays valid.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/index/index_instance.h"

namespace rhumb::segment {

class Renewal {
 public:
  using Open = std::function<base::Result<std::shared_ptr<index::IndexInstance>>()>;
  struct Rows {
    uint32_t end = 0;            // the engine's rows below this one are built
    std::vector<uint64_t> live;  // bits of the rows that count
    bool complete = false;       // no more rows will come
  };
  // `keep` owns what `open` and the instance read.
  Renewal(std::shared_ptr<const void> keep, Open open, Rows rows, uint32_t threads);
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

  // `told` is called when the renewal has ended, unless it was cancelled before. Do not call
  // cancel() while holding a lock that `told` takes.
  void when_ended(std::function<void()> told);
  void run();
  // Ends the renewal soon, without calling `told`.
  void cancel();
  bool ended() const { return ended_.load(std::memory_order_acquire); }

  const base::Status& outcome() const { return outcome_; }
  const Rows& rows() const { return rows_; }
  // instance() holds the rows below `rows().end` and those that were inserted since; reached() is
  // the end of them.
  std::shared_ptr<index::IndexInstance> instance() const { return instance_; }
  uint32_t reached() const { return reached_; }
  void reach(uint32_t row) { reached_ = row; }

 private:
  base::Status build();

  // Declared before instance_, so that it is destroyed after it.
  const std::shared_ptr<const void> keep_;
  const Open open_;
  const Rows rows_;
  const uint32_t threads_;
  std::shared_ptr<index::IndexInstance> instance_;
  base::Status outcome_;
  uint32_t reached_;
  std::atomic<bool> cancelled_{false}, ended_{false};
  base::Mutex mutex_;  // held while told_ is called, too
  std::function<void()> told_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::segment
