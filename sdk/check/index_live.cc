// Conformance of index engines: builds that report progress and can be stopped, inserts, and
// searches during inserts.
#include <atomic>
#include <thread>

#include "sdk/check/index_fixture.h"
#include "sdk/check/report.h"

namespace rhumb::check {
namespace {

constexpr uint32_t kRows = 4000, kDim = 24, kHits = 10, kQueries = 20;
constexpr uint32_t kStep = 50;   // the rows of one insert
constexpr uint32_t kAhead = 40;  // the rows that are present but not inserted yet
constexpr double kRecallMin = 0.9;

const auto kAll = [](uint32_t) { return true; };

double mean_recall(const IndexInstance& index, const Column& column, uint32_t end) {
  double sum = 0;
  for (uint32_t i = 0; i < kQueries; ++i) {
    const std::vector<char> query = column.query(i);
    const Answer answer = index.search(std::span(&query, 1), kHits, nullptr);
    require_sound(column, query, answer, 0, kHits, end, kAll);
    sum += recall(answer.hits[0], exact(column, query, kHits, end, kAll));
  }
  return sum / kQueries;
}

void require_recall(const IndexInstance& index, const Column& column, uint32_t end) {
  const double found = mean_recall(index, column, end);
  require(found >= kRecallMin,
          "recall: expected >= " + std::to_string(kRecallMin) + ", found " + std::to_string(found));
}

struct Ticks {
  std::atomic<uint64_t> calls{0}, beyond{0};
  bool go_on = true;
  static uint32_t tick(void* ctx, uint64_t done, uint64_t total) {
    auto& own = *static_cast<Ticks*>(ctx);
    ++own.calls;
    if (done > total) ++own.beyond;
    return own.go_on ? 1 : 0;
  }
};

void progress(const IndexSubject& s) {
  const Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 30);
  IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  Ticks ticks;
  rhumb_progress_t report{sizeof report, 2, &ticks, Ticks::tick};
  rhumb_error_t error{};
  error.struct_size = sizeof error;
  ticks.go_on = false;
  const rhumb_status_t stopped =
      s.ops.build(index.self(), nullptr, kRows, nullptr, &report, &error);
  if (ticks.calls > 0)
    require_status(RHUMB_CANCELLED, stopped, "build, told to stop", &error);
  else
    require_status(RHUMB_OK, stopped, "build", &error);
  ticks.go_on = true;
  IndexInstance fresh(s.ops, s.host, column, {s.config, "", 0});
  require_status(RHUMB_OK, s.ops.build(fresh.self(), nullptr, kRows, nullptr, &report, &error),
                 "build", &error);
  require(ticks.calls > 0, "a build of 4,000 rows never reported progress");
  require_equal(uint64_t{0}, ticks.beyond.load(), "reports of more done than there is");
  require_recall(fresh, column, kRows);
}

void need_insert(const IndexSubject& s) {
  if (s.ops.insert == nullptr || (s.ops.caps & RHUMB_CAP_INDEX_INSERT) == 0)
    throw Skipped("this engine does not insert");
}

void insert_in_steps(const IndexSubject& s) {
  need_insert(s);
  Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 31);
  column.show(0);
  std::vector<uint64_t> present(kRows / 64 + 1, 0);
  column.set_present(present.data());
  IndexInstance index(s.ops, s.host, column, {s.config, "", kRows});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  uint32_t end = 0, appended = 0;
  for (const uint32_t next : {1u, 2u, 64u, 65u, 1000u, kRows}) {
    for (; appended < std::min(next + kAhead, kRows); ++appended) {
      if (appended % 7 != 3) present[appended / 64] |= uint64_t{1} << (appended % 64);
    }
    index.insert(end, next);
    end = next;
    if (end >= kHits) require_recall(index, column, end);
  }
}

void insert_after_build(const IndexSubject& s) {
  need_insert(s);
  const ScratchDir scratch;
  const std::string dir = scratch.make("saved");
  Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 32);
  column.show(kRows / 2);
  {
    IndexInstance index(s.ops, s.host, column, {s.config, "", kRows});
    index.build(kRows / 2);
    index.save(dir);
  }
  IndexInstance index(s.ops, s.host, column, {s.config, dir, kRows});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  index.insert(kRows / 2, kRows);
  require_recall(index, column, kRows);
}

// Two threads insert disjoint ranges while two search. A search finds inserted slots and no others.
// Presence bits are set meanwhile, in words that searches read.
void insert_while_searching(const IndexSubject& s) {
  need_insert(s);
  Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 33);
  column.show(0);
  std::vector<uint64_t> present(kRows / 64 + 1, 0);
  column.set_present(present.data());
  IndexInstance index(s.ops, s.host, column, {s.config, "", kRows});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  std::atomic<uint32_t> next{0}, done{0};
  std::atomic<bool> finished{false};
  std::string faults[4];
  const auto guarded = [&](int thread, auto body) {
    return std::thread([&, thread, body] {
      try {
        body();
      } catch (const std::exception& e) {
        faults[thread] = e.what();
      }
      if (thread < 2 && ++done == 2) finished = true;
    });
  };
  const auto inserter = [&] {
    for (uint32_t first = next.fetch_add(kStep); first < kRows; first = next.fetch_add(kStep)) {
      // as a host does, during searches
      for (uint32_t slot = first; slot < first + kStep; ++slot) {
        std::atomic_ref(present[slot / 64]).fetch_or(uint64_t{1} << (slot % 64));
      }
      index.insert(first, first + kStep);
    }
  };
  const auto searcher = [&] {
    for (uint32_t i = 0; !finished; ++i) {
      const uint32_t begun = next;  // inserts go on, so the upper bound is read after the search
      const std::vector<char> query = column.query(i);
      const Answer answer = index.search(std::span(&query, 1), kHits, nullptr);
      require_status(RHUMB_OK, answer.status, "search");
      const uint32_t ceiling = std::min(kRows, next + kStep);
      for (const Hit& hit : answer.hits[0])
        require(hit.slot < ceiling, "found a slot that nobody inserted");
      const uint32_t surely = begun > 4 * kStep ? begun - 4 * kStep : 0;
      require(answer.hits[0].size() == kHits || surely < kHits,
              "fewer than k although more were inserted");
    }
  };
  std::thread threads[] = {guarded(0, inserter), guarded(1, inserter), guarded(2, searcher),
                           guarded(3, searcher)};
  for (std::thread& thread : threads) thread.join();
  for (const std::string& fault : faults) require(fault.empty(), fault);
  require_recall(index, column, kRows);
}

// Ranges end in any order, and a host names slots again that are indexed already.
void insert_in_any_order(const IndexSubject& s) {
  need_insert(s);
  Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 35);
  column.show(0);
  IndexInstance index(s.ops, s.host, column, {s.config, "", kRows});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  const std::vector<char> query = column.query(2);
  const auto finds = [&](uint32_t end, auto inserted, const char* after) {
    uint32_t built = 0;
    while (built < end && inserted(built)) ++built;
    require_equal(uint64_t{built}, index.built_through(),
                  std::string("built_through after ") + after);
    const Answer answer = index.search(std::span(&query, 1), end, nullptr);
    require_sound(column, query, answer, 0, end, end, inserted);
  };
  index.insert(64, 128);
  finds(
      128, [](uint32_t slot) { return slot >= 64; }, "a range whose predecessor is missing");
  index.insert(192, 256);
  finds(
      256, [](uint32_t slot) { return slot / 64 % 2 == 1; }, "two ranges with gaps before them");
  index.insert(0, 64);
  finds(
      256, [](uint32_t slot) { return slot / 64 != 2; }, "the first range");
  index.insert(100, 220);
  finds(256, kAll, "a range of old and new slots");
  index.insert(0, 256);
  finds(256, kAll, "slots that are all indexed already");
  index.insert(256, kRows);
  require_recall(index, column, kRows);
}

// An insert may stop midway. The host then names the whole range again.
void insert_again_after_a_stop(const IndexSubject& s) {
  need_insert(s);
  Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 36);
  column.show(0);
  IndexInstance index(s.ops, s.host, column, {s.config, "", kRows});
  require_status(RHUMB_OK, index.status(), "open", &index.error());
  index.insert(0, kRows / 4);
  for (uint32_t polls = 0; polls < 4; ++polls) {
    std::atomic<uint32_t> left{polls};
    rhumb_call_t call{};
    call.struct_size = sizeof call;
    call.cancel_ctx = &left;
    call.cancelled = [](void* ctx) -> uint32_t {
      auto& rest = *static_cast<std::atomic<uint32_t>*>(ctx);
      return rest.load() == 0 || rest.fetch_sub(1) == 0 ? 1 : 0;
    };
    const uint32_t end = kRows / 4 * (polls + 1);
    const rhumb_status_t stopped = s.ops.insert(index.self(), &call, 0, end, nullptr);
    require(stopped == RHUMB_CANCELLED || stopped == RHUMB_OK,
            "an insert that was cancelled: status " + std::to_string(stopped));
    index.insert(0, end);
    require_equal(uint64_t{end}, index.built_through(), "built_through after the second try");
    require_recall(index, column, end);
  }
}

void search_in_parallel(const IndexSubject& s) {
  const Column column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 34);
  IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
  index.build(kRows);
  const std::vector<char> query = column.query(1);
  const Answer expected = index.search(std::span(&query, 1), kHits, nullptr);
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i)
        different +=
            index.search(std::span(&query, 1), kHits, nullptr).hits == expected.hits ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  require_equal(0, different.load(), "answers that differ from the same search alone");
}

}  // namespace

void check_index_live(Report& report, const IndexSubject& s) {
  report.run("reports the progress of a build and stops when it is asked to", [&] { progress(s); });
  report.run("inserts in steps of any size, without the rows after them",
             [&] { insert_in_steps(s); });
  report.run("inserts into what it built, saved and loaded", [&] { insert_after_build(s); });
  report.run("inserts ranges that end in any order, and slots again",
             [&] { insert_in_any_order(s); });
  report.run("inserts a range again after it was stopped", [&] { insert_again_after_a_stop(s); });
  report.run("inserts while searches run", [&] { insert_while_searching(s); });
  report.run("gives many threads the same answers", [&] { search_in_parallel(s); });
}

}  // namespace rhumb::check
