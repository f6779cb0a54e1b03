// A bounded pool of read connections, which are opened on demand. A caller that finds all of them
// busy waits for one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "connection.h"
#include "options.h"

namespace rhumb::sqlite {

class Readers {
 public:
  // A connection lent to one caller. It goes back to the pool on destruction.
  class Lease {
   public:
    Lease(Readers& pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    ~Lease() { pool_.give_back(std::move(connection_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Connection& operator*() { return *connection_; }

   private:
    Readers& pool_;
    std::unique_ptr<Connection> connection_;
  };

  Readers(std::string path, const Options& options) : path_(std::move(path)), options_(options) {}
  // Any thread.
  Lease lease() { return {*this, take()}; }

 private:
  std::unique_ptr<Connection> take();
  void give_back(std::unique_ptr<Connection> connection);
  const std::string path_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<Connection>> idle_;
  uint32_t open_ = 0;
};

}  // namespace rhumb::sqlite
