// Fields that filters used without a payload index that could serve them. Such a filter reads the
// payloads, which becomes noticeable only when there are many. They are kept from the shard's
// opening on, for the warnings of its collection. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/base/mutex.h"
#include "host/model/collection.h"
#include "host/payload/filter/compiled_filter.h"

namespace rhumb::shard {

using IndexedFields = std::map<std::string, model::FieldType, std::less<>>;  // by canonical path

class WantedIndexes {
 public:
  void note(const payload::CompiledFilter& filter, const IndexedFields& indexed);
  // The fields that still have no such index, at most kMaxWantedIndexes. Each comes with the types
  // of index that would serve it, such as "integer or float".
  std::vector<std::pair<std::string, std::string>> missing(const IndexedFields& indexed) const;

 private:
  struct Want {
    uint32_t types = 0;  // one bit per FieldType
    std::string_view names;
  };
  static Want want_of(const payload::CompiledCondition& condition);
  static bool served(const Want& want, const std::string& field, const IndexedFields& indexed);
  void note(const std::vector<payload::CompiledCondition>& conditions,
            const IndexedFields& indexed);
  void remember(const std::string& field, const Want& want);

  mutable base::Mutex mutex_;
  std::map<std::string, Want> fields_ RHUMB_GUARDED_BY(mutex_);
};

}  // namespace rhumb::shard
