// What the parts of a shard share. Each part says which thread it is on; this is what they may
// touch from theirs.
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

// The collection's configuration, ready for use. Immutable; a change is a new one.
struct Schema {
  model::CollectionConfig config;
  uint64_t version = 0;
  std::vector<segment::VectorSpec> vectors;
  payload::FilterSchema filter;
  IndexedFields indexed;
  model::Contract contract;
  // vectors.size(): there is none of that name.
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
  mutable ViewKeeper views;      // const readers take views too
  mutable WantedIndexes wanted;  // they tell what they would have liked to have, too
  OutcomeBoard outcomes;
  std::atomic<bool> stopping{false};  // background work ends soon
  std::atomic<bool> ready{false};     // replay is done: the state is whole

  SchemaPtr schema() const;
  void set_schema(SchemaPtr schema);

  // Damage of durable truth, or a disk that fails: the shard answers nothing any more but this.
  void fence(const base::Status& reason);
  base::Status fenced() const;   // ok, or why
  base::Status serving() const;  // ok if reads may be answered
  // Passes the status on; one that tells of damage fences.
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
