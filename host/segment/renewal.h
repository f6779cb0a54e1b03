// A second instance of a graph's engine over the same column, built anew beside the first, which
// goes on being searched and taking rows in (rhumb/index.h, stats: "renew"). graph.h begins one and
// puts it in the first one's place.
//
// Threads: run() once, on any thread; cancel() and ended() any thread; the rest once it has ended,
// on the shard's background strand. It may be left alone at any time: it holds what it reads, and
// ends by itself. Nothing of it survives a crash: the first instance stays good.
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
    uint32_t end = 0;            // the engine's rows below are built
    std::vector<uint64_t> live;  // bits of those that count
    bool complete = false;       // no more will come
  };
  // keep: what `open` and the instance read.
  Renewal(std::shared_ptr<const void> keep, Open open, Rows rows, uint32_t threads);
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

  // told: when it has ended, unless it was cancelled before. Not from cancel()'s thread under its
  // caller's locks.
  void when_ended(std::function<void()> told);
  void run();
  // It ends soon, and tells nobody.
  void cancel();
  bool ended() const { return ended_.load(std::memory_order_acquire); }

  const base::Status& outcome() const { return outcome_; }
  const Rows& rows() const { return rows_; }
  // What it has by now: `rows().end`, and what was inserted since.
  std::shared_ptr<index::IndexInstance> instance() const { return instance_; }
  uint32_t reached() const { return reached_; }
  void reach(uint32_t row) { reached_ = row; }

 private:
  base::Status build();

  const std::shared_ptr<const void> keep_;  // before instance_: goes after it
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
