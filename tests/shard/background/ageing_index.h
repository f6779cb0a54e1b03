// What tests tell the engine "ageing" (ageing_index.cc), and what it tells them. One for the
// process: the engine's file exports it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace rhumb::shard::test {

struct Ageing {
  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  // Told by tests.
  // an instance that grew wishes to be renewed; one that was built does not
  bool wishes = true;
  bool insatiable = false;  // one that was built does, too
  bool hold = false;        // builds wait
  bool fails = false;       // builds fail
  // Told by the engine.
  // builds under way; ended well; that were told to stop
  uint32_t building = 0, built = 0, cancelled = 0;
  uint32_t open = 0;      // instances
  uint32_t grown_to = 0;  // rows that inserts have reached
  uint32_t stats = 0;     // calls

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
