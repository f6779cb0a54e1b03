// The state that tests and the engine "ageing" (ageing_index.cc) share. There is one per process,
// which the engine's file exports.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace rhumb::shard::test {

struct Ageing {
  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  // Set by tests. `wishes`: whether an instance that grew asks to be renewed; one that was built
  // does not.
  bool wishes = true;
  bool insatiable = false;  // whether an instance that was built asks, too
  bool hold = false;        // builds wait
  bool fails = false;       // builds fail
  // Set by the engine: the numbers of builds that are under way, completed, and told to stop.
  uint32_t building = 0, built = 0, cancelled = 0;
  uint32_t open = 0;      // number of open instances
  uint32_t grown_to = 0;  // highest number of rows that inserts have reached
  uint32_t stats = 0;     // number of calls

  void tell(const std::function<void()>& change) {
    {
      const std::lock_guard lock(mutex);
      change();
    }
    changed.notify_all();
  }
  void await(const std::function<bool()>& reached) {
    std::unique_lock lock(mutex);
    changed.wait(lock, reached);
  }
};

}  // namespace rhumb::shard::test

extern "C" rhumb::shard::test::Ageing* ageing();
