// Measures how much searches find, beside them: keeps some of the real ones, answers them again by
// comparing everything and by the graphs, and steers the breadth of all searches by what comes of
// it (RecallWatch decides). Works in turns of some milliseconds on the background executor, within
// a share of one core for all shards together.
//
// widen(), offer(), state(): any thread. In memory only: a start begins anew.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "host/base/executor.h"
#include "host/base/timer.h"
#include "host/model/query.h"
#include "host/shard/background/cpu_budget.h"
#include "host/shard/background/query_reservoir.h"
#include "host/shard/background/recall_watch.h"
#include "host/shard/state/core.h"

namespace rhumb::shard {

class MeasuringJob;

class Measurer {
 public:
  struct State : RecallWatch::State {
    // until the missing samples are there, at the rate of now; none: they wait for searches, or it
    // is not known
    std::optional<uint64_t> seconds_left;
  };

  explicit Measurer(Core& core);
  ~Measurer();

  // Any thread; another promise begins anew.
  void promise(double recall);
  float widen() const { return watch_.widen(); }
  // A search that was answered just now.
  void offer(const model::SearchRequest& request);
  State state() const;
  // Fires when nothing is left to measure; what it takes until then is not bounded by the share.
  void when_measured(std::function<void()> done);
  // After core.stopping was set. Blocks; idempotent.
  void stop();

 private:
  struct Gate;  // between a timer, which may outlive this, and this
  bool measurable(const model::SearchRequest& request) const;
  RecallWatch::Supply supply();  // [strand], as what follows
  void turn();
  bool work();
  bool begin_job();
  void end_job();
  void look_at_rate(uint64_t now_ns);
  void wake();
  void sleep(uint64_t ns);

  Core& core_;
  RecallWatch watch_;
  QueryReservoir reservoir_;
  std::atomic<uint64_t> searches_{0};   // that were measurable
  std::atomic<bool> scheduled_{false};  // a turn is posted
  std::atomic<bool> sleeping_{false};   // a timer will post one
  std::atomic<double> per_second_{0};   // measurable searches, lately
  std::atomic<uint64_t> sample_ns_{0};  // of a core's time that a sample took lately; 0: not known
  std::shared_ptr<Gate> gate_;

  std::unique_ptr<CpuBudget> own_budget_;  // where there is none for all shards
  CpuBudget& budget_;
  std::unique_ptr<MeasuringJob> job_;  // [strand], as what follows
  uint64_t jobs_ = 0, job_ns_ = 0, retry_ns_ = 0;
  uint64_t seen_rows_ = 0, seen_ns_ = 0;  // at the last look
  bool calm_ = false;
  uint64_t rate_ns_ = 0, rate_searches_ = 0;  // when per_second_ was looked at
  base::Strand strand_;                       // last: its tasks use all of the above
};

}  // namespace rhumb::shard
