// The exact index: every passing slot is compared. It keeps nothing but which slots it was told of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rhumb/cpp/host.h"
#include "rhumb/cpp/index_engine.h"
#include "rhumb/cpp/indexed_ranges.h"

namespace rhumb::flat {

// One column of one segment. Threads as rhumb/index.h says; no lock is held while vectors are
// compared. Survives a crash: what save() wrote.
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
  const rhumb_kernel_t& kernel_;  // before column_: made after looking whether there is one
  const rhumb_vectors_t& column_;
  IndexedRanges ranges_;
};

}  // namespace rhumb::flat
