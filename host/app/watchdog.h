// Tells whether the server makes progress: parts of it are asked, and have to answer.
//
// What hangs is work that waits for other work or for a disk. So the pool of requests answers on
// one of its own threads, every shard behind the entries that it applies, and the timer that ends
// requests at their deadlines on its thread. An answer waits behind the tasks that were there
// before it. These are bounded by their deadlines, so a server that has much to do answers later,
// but within the service manager's period. Background work may take longer and is not asked.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rhumb::app {

class Watchdog {
 public:
  struct Part {
    std::string name;
    // Runs the function on a thread of the part, and does not block.
    std::function<void(std::function<void()>)> ask;
  };
  explicit Watchdog(std::vector<Part> parts);

  // Call it on one thread, a few times in each period. Returns true if all parts have answered
  // since it last returned true; then they are asked again.
  bool alive();
  // The parts that have not answered: "requests, application".
  std::string silent() const;

 private:
  const std::vector<Part> parts_;
  // One for each part. A part may answer after this object has gone.
  std::vector<std::shared_ptr<std::atomic<bool>>> answered_;
};

}  // namespace rhumb::app
