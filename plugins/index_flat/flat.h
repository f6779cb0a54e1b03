// The exact index: a search compares the query with every slot that passes the filter. The index
// keeps nothing but the ranges of slots that were inserted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/indexed_ranges.h"

namespace rhumb::flat {

// The index of one column of one segment. rhumb/index.h says which calls may run at the same time;
// no lock is held while vectors are compared. After a crash the index has what save() wrote.
class Flat {
 public:
  static constexpr const char* kId = "flat";
  static constexpr const char* kVersion = "0.1.0";

  Flat(const rhumb_host_t* host, const rhumb_index_open_t& open);
  static std::string describe();
  void build(const rhumb_call_t* call, uint32_t slot_end, const uint64_t* live,
             const rhumb_progress_t* progress);
  void insert(const rhumb_call_t* call, uint32_t slot_first, uint32_t slot_end);
  void search(const rhumb_call_t* call, const rhumb_query_t& query, rhumb_hits_t& out);
  void save(std::string_view dir) const;
  std::string stats() const;

 private:
  void load(const std::string& dir);

  const Host host_;
  // Declared before column_, because its initializer checks that there is a column.
  const rhumb_kernel_t& kernel_;
  const rhumb_vectors_t& column_;
  IndexedRanges ranges_;
};

}  // namespace rhumb::flat
