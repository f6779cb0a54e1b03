#include "background.h"

#include "options.h"

namespace rhumb::sqlite {

std::shared_ptr<Background> Background::shared() {
  static std::mutex mutex;
  static std::weak_ptr<Background> current;
  const std::lock_guard lock(mutex);
  std::shared_ptr<Background> background = current.lock();
  if (background == nullptr) {
    background.reset(new Background);
    current = background;
  }
  return background;
}

Background::Background() {
  for (uint32_t i = 0; i < kBackgroundThreads; ++i) threads_.emplace_back([this] { run(); });
}

Background::~Background() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Background::post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void Background::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const Task task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

}  // namespace rhumb::sqlite
