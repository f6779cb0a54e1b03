// The distinct values of a field, numbered. The owner knows which numbers are dead (held by no
// slot). Dead numbers stay until there are many of them, and a number is reused only after
// compact(). HashedTerms finds values; OrderedTerms also finds ranges of values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/base/assert.h"

namespace rhumb::payload {

inline constexpr uint32_t kNoTerm = 0xffffffff;
// The top bit marks lists of values in the forward column.
inline constexpr uint32_t kMaxTerms = 0x7fffffff;
inline constexpr uint32_t kMinDeadTerms = 4096;  // fewer dead terms are not worth a compaction
// OrderedTerms merges its pending terms when there are this many.
inline constexpr uint32_t kMaxPendingTerms = 4096;

// Stores keys by number and keeps the free numbers.
template <typename Key>
class TermKeys {
 public:
  const Key& at(uint32_t term) const { return keys_[term]; }
  // All numbers in use are below this one.
  uint32_t size() const { return static_cast<uint32_t>(keys_.size()); }
  uint32_t take(Key key) {
    if (!free_.empty()) {
      const uint32_t term = free_.back();
      free_.pop_back();
      keys_[term] = std::move(key);
      return term;
    }
    RHUMB_ASSERT(keys_.size() < kMaxTerms);
    keys_.push_back(std::move(key));
    return static_cast<uint32_t>(keys_.size() - 1);
  }
  uint64_t memory_bytes() const {
    uint64_t bytes = keys_.capacity() * sizeof(Key) + free_.capacity() * sizeof(uint32_t);
    if constexpr (std::is_same_v<Key, std::string>) {
      // A longer string does not fit in the object itself.
      for (const Key& key : keys_) bytes += key.capacity() > 15 ? key.capacity() : 0;
    }
    return bytes;
  }
  void give_back(uint32_t term) {
    keys_[term] = Key{};
    free_.push_back(term);
  }

 private:
  std::vector<Key> keys_;
  std::vector<uint32_t> free_;
};

template <typename Key, typename Hash>
class HashedTerms {
 public:
  template <typename Lookup>
  uint32_t find(const Lookup& key) const {
    if (table_.empty()) return kNoTerm;
    for (size_t i = Hash{}(key)&mask();; i = (i + 1) & mask()) {
      if (table_[i] == kNoTerm || keys_.at(table_[i]) == key) return table_[i];
    }
  }
  // Returns the number of a key and whether the key is new.
  std::pair<uint32_t, bool> intern(const Key& key) {
    const uint32_t found = find(key);
    if (found != kNoTerm) return {found, false};
    if ((used_ + 1) * 4 > table_.size() * 3) grow();
    const uint32_t term = keys_.take(key);
    place(term);
    ++used_;
    return {term, true};
  }
  const Key& key(uint32_t term) const { return keys_.at(term); }
  uint32_t size() const { return keys_.size(); }
  uint32_t in_use() const { return static_cast<uint32_t>(used_); }
  uint64_t memory_bytes() const {
    return keys_.memory_bytes() + table_.capacity() * sizeof(uint32_t);
  }

  template <typename Dead>
  void compact(Dead dead) {
    std::vector<uint32_t> old(table_.size(), kNoTerm);
    old.swap(table_);
    used_ = 0;
    for (const uint32_t term : old) {
      if (term == kNoTerm) continue;
      if (dead(term)) {
        keys_.give_back(term);
      } else {
        place(term);
        ++used_;
      }
    }
  }

 private:
  size_t mask() const { return table_.size() - 1; }
  void place(uint32_t term) {
    size_t i = Hash{}(keys_.at(term)) & mask();
    while (table_[i] != kNoTerm) i = (i + 1) & mask();
    table_[i] = term;
  }
  void grow() {
    std::vector<uint32_t> old(table_.empty() ? 16 : table_.size() * 2, kNoTerm);
    old.swap(table_);
    for (const uint32_t term : old) {
      if (term != kNoTerm) place(term);
    }
  }

  TermKeys<Key> keys_;
  std::vector<uint32_t> table_;  // open addressing; the size is a power of two; at most 3/4 full
  size_t used_ = 0;
};

// Terms in the order of their keys: a large sorted run, and a small run to which new keys are
// added.
template <typename Key>
class OrderedTerms {
 public:
  uint32_t find(const Key& key) const {
    for (const auto* run : {&sorted_, &pending_}) {
      const auto at = lower_bound(*run, key);
      if (at != run->end() && keys_.at(*at) == key) return *at;
    }
    return kNoTerm;
  }
  std::pair<uint32_t, bool> intern(const Key& key) {
    const uint32_t found = find(key);
    if (found != kNoTerm) return {found, false};
    const uint32_t term = keys_.take(key);
    // The key is larger than all others, as it is for fields that only grow, such as times.
    if (pending_.empty() && (sorted_.empty() || keys_.at(sorted_.back()) < key)) {
      sorted_.push_back(term);
      return {term, true};
    }
    pending_.insert(lower_bound(pending_, key), term);
    if (pending_.size() >= kMaxPendingTerms) merge();
    return {term, true};
  }
  const Key& key(uint32_t term) const { return keys_.at(term); }
  uint32_t size() const { return keys_.size(); }
  uint32_t in_use() const { return static_cast<uint32_t>(sorted_.size() + pending_.size()); }
  uint64_t memory_bytes() const {
    return keys_.memory_bytes() + (sorted_.capacity() + pending_.capacity()) * sizeof(uint32_t);
  }

  template <typename Dead>
  void compact(Dead dead) {
    merge();
    std::erase_if(sorted_, [&](uint32_t term) {
      const bool gone = dead(term);
      if (gone) keys_.give_back(term);
      return gone;
    });
  }

  // The terms whose key is neither `below` nor `above` the range. The predicates are true for a
  // prefix and a suffix of the keys.
  using Run = std::pair<const uint32_t*, const uint32_t*>;
  template <typename Below, typename Above>
  std::pair<Run, Run> range(Below below, Above above) const {
    return {cut(sorted_, below, above), cut(pending_, below, above)};
  }

 private:
  template <typename Below, typename Above>
  Run cut(const std::vector<uint32_t>& run, Below below, Above above) const {
    const uint32_t* begin = run.data();
    const uint32_t* end = begin + run.size();
    const uint32_t* from =
        std::partition_point(begin, end, [&](uint32_t term) { return below(keys_.at(term)); });
    const uint32_t* to =
        std::partition_point(from, end, [&](uint32_t term) { return !above(keys_.at(term)); });
    return {from, to};
  }
  std::vector<uint32_t>::const_iterator lower_bound(const std::vector<uint32_t>& run,
                                                    const Key& key) const {
    return std::lower_bound(run.begin(), run.end(), key,
                            [this](uint32_t term, const Key& k) { return keys_.at(term) < k; });
  }
  void merge() {
    const auto middle = static_cast<std::ptrdiff_t>(sorted_.size());
    sorted_.insert(sorted_.end(), pending_.begin(), pending_.end());
    std::inplace_merge(sorted_.begin(), sorted_.begin() + middle, sorted_.end(),
                       [this](uint32_t a, uint32_t b) { return keys_.at(a) < keys_.at(b); });
    pending_.clear();
  }

  TermKeys<Key> keys_;
  std::vector<uint32_t> sorted_, pending_;
};

}  // namespace rhumb::payload
