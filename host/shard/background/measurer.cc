#include "host/shard/background/measurer.h"

#include <ctime>

#include "host/base/clock.h"
#include "host/base/limits.h"
#include "host/base/log.h"
#include "host/base/memory_guard.h"
#include "host/base/mutex.h"
#include "host/shard/background/measuring_job.h"

namespace rhumb::shard {

namespace limits = base::limits;
using Task = RecallWatch::Task;

namespace {

constexpr uint64_t kRateNs = 10'000'000'000;  // the time over which searches are counted
// Few rows come in if at most this fraction of the rows came between two looks.
constexpr uint64_t kCalmShare = 64;
constexpr uint64_t kSecondNs = 1'000'000'000;

uint64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * kSecondNs + static_cast<uint64_t>(now.tv_nsec);
}

// Rows written plus rows deleted. The sum rises with every change of the vectors.
uint64_t changes_of(const View& view) {
  uint64_t out = 0;
  for (const SegmentView& part : view.segments) out += 2 * uint64_t{part.rows} - part.live_count;
  return out;
}

// True if there are graphs and they hold nearly all rows.
bool graphs_answer(const View& view) {
  uint64_t rows = 0, built = 0;
  for (const SegmentView& part : view.segments) {
    for (size_t c = 0; c < part.segment->vectors().size(); ++c) {
      if (part.segment->column(c).present_count() == 0) continue;
      rows += part.rows;
      built += std::min(part.segment->graph(c).built(), part.rows);
    }
  }
  return rows > 0 && 10 * built >= 9 * rows;
}

}  // namespace

struct Measurer::Gate {
  base::Mutex mutex;
  Measurer* open RHUMB_GUARDED_BY(mutex) = nullptr;
};

Measurer::Measurer(Core& core)
    : core_(core),
      watch_(core.options.shard),
      gate_(std::make_shared<Gate>()),
      own_budget_(
          core.options.recall_budget != nullptr
              ? nullptr
              : std::make_unique<RateBudget>(limits::kRecallCpuShare, limits::kRecallBudgetNs)),
      budget_(own_budget_ ? *own_budget_ : *core.options.recall_budget),
      strand_(*core.options.background) {
  gate_->open = this;
}

Measurer::~Measurer() { stop(); }

void Measurer::stop() {
  {
    const base::MutexLock lock(gate_->mutex);
    gate_->open = nullptr;
  }
  strand_.drain();
  end_job();
}

void Measurer::promise(double recall) {
  watch_.promise(recall);
  if (recall > 0) wake();
}

// A search is measurable if it leaves the breadth to the contract and all of its hits count.
bool Measurer::measurable(const model::SearchRequest& request) const {
  const model::SearchParams& params = request.params;
  return watch_.asked() > 0 && params.ef == 0 && !params.exact && !params.indexed_only &&
         !request.score_threshold && request.limit > 0 &&
         request.limit <= limits::kRecallSampleHits;
}

void Measurer::offer(const model::SearchRequest& request) {
  if (!measurable(request)) return;
  searches_.fetch_add(1, std::memory_order_relaxed);
  const base::MemoryGuard* memory = core_.options.segment.memory;
  if (memory != nullptr && memory->level() != base::MemoryLevel::kNormal) return;
  if (reservoir_.offer(request, watch_.epoch())) watch_.searched();
}

RecallWatch::Supply Measurer::supply() {
  const ViewPtr view = core_.views.current();
  const QueryReservoir::Counts counts = reservoir_.counts(watch_.epoch());
  return {view->points > 0 ? changes_of(*view) : 0,
          graphs_answer(*view),
          calm_,
          counts.held,
          counts.fresh,
          counts.hits};
}

// Notes once a second whether rows come in, and how many searches there are.
void Measurer::look_at_rate(uint64_t now_ns) {
  if (now_ns - seen_ns_ >= limits::kRecallLookMs * 1'000'000) {
    const uint64_t rows = changes_of(*core_.views.current());
    const uint64_t came = rows > seen_rows_ ? rows - seen_rows_ : seen_rows_ - rows;
    calm_ = seen_ns_ > 0 && came * kCalmShare <= rows;
    seen_rows_ = rows;
    seen_ns_ = now_ns;
  }
  const bool known = per_second_.load(std::memory_order_relaxed) > 0;
  // The first searches should count soon.
  if (now_ns - rate_ns_ < (known ? kRateNs : kSecondNs)) return;
  const uint64_t searches = searches_.load(std::memory_order_relaxed);
  if (rate_ns_ > 0)
    per_second_.store(static_cast<double>(searches - rate_searches_) * kSecondNs /
                          static_cast<double>(now_ns - rate_ns_),
                      std::memory_order_relaxed);
  rate_searches_ = searches;
  rate_ns_ = now_ns;
}

void Measurer::wake() {
  if (scheduled_.exchange(true)) return;
  strand_.post([this] { turn(); });
}

// There is one timer at a time. Without timers the next promise wakes the strand.
void Measurer::sleep(uint64_t ns) {
  if (core_.options.timers == nullptr || sleeping_.exchange(true)) return;
  core_.options.timers->at({base::monotonic_ns() + ns}, [gate = gate_] {
    const base::MutexLock lock(gate->mutex);
    if (gate->open == nullptr) return;
    gate->open->sleeping_.store(false);
    gate->open->wake();
  });
}

void Measurer::turn() {
  scheduled_.store(false);
  if (core_.stopping.load() || watch_.asked() <= 0) {
    end_job();
    return;
  }
  const uint64_t now_ns = base::monotonic_ns();
  look_at_rate(now_ns);
  if (now_ns < retry_ns_ || !budget_.left(now_ns))
    return sleep(
        std::max(budget_.wait_ns(limits::kRecallTurnNs), limits::kRecallLookMs * 1'000'000 / 100));
  const uint64_t began_ns = thread_cpu_ns();
  bool more = true;
  while (more && !core_.stopping.load() && thread_cpu_ns() - began_ns < limits::kRecallTurnNs)
    more = work();
  // A shard that knows its verdict pays more, so that the others come first.
  const bool known = watch_.known() && !(job_ && job_->task().kind == Task::Kind::kTrial);
  budget_.spend((thread_cpu_ns() - began_ns) * (known ? limits::kRecallKnownDivisor : 1));
  if (!more) return sleep(limits::kRecallLookMs * 1'000'000);
  if (budget_.left(base::monotonic_ns()))
    wake();
  else
    sleep(budget_.wait_ns(limits::kRecallTurnNs));
}

// Takes one step. False means that there is nothing to do now.
bool Measurer::work() {
  if (job_ && job_->task().epoch != watch_.epoch()) end_job();  // its result would not count
  if (!job_) return begin_job();
  const uint64_t began_ns = thread_cpu_ns();
  const auto done = core_.serving().ok() ? job_->step() : base::Result<bool>(core_.serving());
  job_ns_ += thread_cpu_ns() - began_ns;
  if (!done.ok()) {
    if (done.status().code() != base::Code::kCancelled)
      base::log_warn("shard", "recall is not measured",
                     {{"shard", core_.options.shard}, {"reason", done.status().to_string()}});
    end_job();
    retry_ns_ = base::monotonic_ns() + limits::kRecallRetryMs * 1'000'000;
    return false;
  }
  if (!*done) return true;
  const Task& task = job_->task();
  const uint64_t epoch = task.kind == Task::Kind::kTrial
                             ? watch_.tried(task, job_->breadth(), job_->samples())
                             : watch_.sampled(task, job_->samples());
  if (epoch > 0) reservoir_.measured(job_->numbers(), epoch);
  if (job_->queries() > 0)
    sample_ns_.store(job_ns_ / job_->queries() + 1, std::memory_order_relaxed);
  end_job();
  return true;
}

void Measurer::end_job() {
  if (!job_) return;
  job_.reset();
  budget_.users().fetch_sub(1, std::memory_order_relaxed);
}

bool Measurer::begin_job() {
  if (!core_.serving().ok()) return false;
  const Task task = watch_.next(supply());
  if (task.kind == Task::Kind::kNone) return false;
  std::vector<QueryReservoir::Kept> queries;
  if (task.source == RecallWatch::Source::kSearches)
    queries = task.kind == Task::Kind::kTrial ? reservoir_.latest(task.queries)
                                              : reservoir_.fresh(task.queries, task.epoch);
  job_ns_ = 0;
  budget_.users().fetch_add(1, std::memory_order_relaxed);
  job_ = std::make_unique<MeasuringJob>(core_, task, watch_.asked(), std::move(queries),
                                        core_.options.shard + (++jobs_ << 32));
  return true;
}

void Measurer::when_measured(std::function<void()> done) {
  strand_.post([this, done = std::move(done)] {
    calm_ = true;
    while (watch_.asked() > 0 && !core_.stopping.load() && work()) {}
    done();
  });
}

Measurer::State Measurer::state() const {
  State out{watch_.state(), std::nullopt};
  const auto sample_ns = static_cast<double>(sample_ns_.load(std::memory_order_relaxed));
  if (out.missing == 0 || sample_ns <= 0) return out;
  const auto missing = static_cast<double>(out.missing);
  const double share =
      budget_.rate() / std::max(1u, budget_.users().load(std::memory_order_relaxed));
  double seconds = missing * sample_ns / share / static_cast<double>(kSecondNs);
  const auto waiting = static_cast<double>(reservoir_.counts(watch_.epoch()).fresh);
  if (out.searched && missing > waiting) {
    const double per_second = per_second_.load(std::memory_order_relaxed);
    if (per_second <= 0) return out;
    seconds = std::max(seconds, (missing - waiting) / per_second);
  }
  out.seconds_left = static_cast<uint64_t>(seconds) + 1;
  return out;
}

}  // namespace rhumb::shard
