// The plugin's own threads: a fixed number for the whole process, whatever the number of open
// stores. They run while at least one store is open.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace rhumb::sqlite {

class Background {
 public:
  using Task = std::function<void()>;  // must not throw
  static std::shared_ptr<Background> shared();
  ~Background();  // runs the queued tasks, then joins the threads
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // The queue needs no limit of its own: each store has at most one flush and one checkpoint in it.
  void post(Task task);

 private:
  Background();
  void run();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace rhumb::sqlite
