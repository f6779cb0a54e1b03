// The state that the parts of a shard share. Each part says which thread it runs on, and all may
// use what is here from their thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "host/base/mutex.h"
#include "host/base/status.h"
#include "host/model/contract.h"
#include "host/payload/filter/matcher.h"
#include "host/segment/segment.h"
#include "host/shard/options.h"
#include "host/shard/state/store.h"
#include "host/shard/state/view.h"
#include "host/shard/state/wanted_indexes.h"
#include "host/shard/write/outcome_board.h"

namespace rhumb::shard {

// The collection's configuration, ready for use. It is immutable: a change makes a new one.
struct Schema {
  model::CollectionConfig config;
  uint64_t version = 0;
  std::vector<segment::VectorSpec> vectors;
  payload::FilterSchema filter;
  IndexedFields indexed;
  model::Contract contract;
  // Returns vectors.size() if there is no vector of that name.
  size_t column_of(const std::string& name) const;
  payload::FieldConfigs fields() const { return config.payload_indexes; }
};
using SchemaPtr = std::shared_ptr<const Schema>;
SchemaPtr make_schema(const model::CollectionConfig& config, uint64_t version);

class Core {
 public:
  explicit Core(ShardOptions shard_options);

  const ShardOptions options;
  Store store;
  mutable ViewKeeper views;      // mutable, because const readers take views
  mutable WantedIndexes wanted;  // and note missing indexes
  OutcomeBoard outcomes;
  std::atomic<bool> stopping{false};  // background work should end soon
  std::atomic<bool> ready{false};     // replay is done, so the state is complete

  SchemaPtr schema() const;
  void set_schema(SchemaPtr schema);

  // Durable data is damaged, or the disk fails. From now on the shard answers only with this
  // reason.
  void fence(const base::Status& reason);
  base::Status fenced() const;   // ok, or the reason
  base::Status serving() const;  // ok if reads may be answered
  // Returns the status. A status that reports damage fences the shard first.
  base::Status watch(base::Status status);

  std::string segment_directory(uint32_t id) const {
    return options.directory + "/segments/" + std::to_string(id);
  }

 private:
  mutable base::Mutex mutex_;
  SchemaPtr schema_ RHUMB_GUARDED_BY(mutex_);
  base::Status fence_ RHUMB_GUARDED_BY(mutex_);
  std::atomic<bool> is_fenced_{false};
};

}  // namespace rhumb::shard
