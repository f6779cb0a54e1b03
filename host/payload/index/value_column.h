// The values of one field by row and by value: dictionary, postings and the forward column (from
// slot to values), which are kept consistent. There is no lock here; the owner has one. A row's
// values are a set, so a duplicate is held once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "host/base/assert.h"
#include "host/payload/index/bitmap.h"
#include "host/payload/index/posting.h"
#include "host/payload/index/terms.h"

namespace rhumb::payload {

template <typename KeyType, typename TermsType>
class ValueColumn {
 public:
  using Key = KeyType;
  // A forward entry with this bit names a list of terms. kNoTerm means no value.
  static constexpr uint32_t kListBit = 0x80000000;

  const TermsType& terms() const { return terms_; }
  const Posting& posting(uint32_t term) const { return postings_[term]; }
  const Bitmap& valued() const { return valued_; }  // slots with at least one value
  uint64_t entries() const { return entries_; }     // (slot, value) pairs
  uint32_t slots() const { return static_cast<uint32_t>(forward_.size()); }

  // The terms of a slot, in ascending order of their numbers.
  std::span<const uint32_t> terms_of(uint32_t slot) const {
    if (slot >= forward_.size() || forward_[slot] == kNoTerm) return {};
    const uint32_t& entry = forward_[slot];
    return (entry & kListBit) == 0 ? std::span<const uint32_t>(&entry, 1)
                                   : std::span<const uint32_t>(lists_[entry & ~kListBit]);
  }

  // Replaces the slot's values by `keys`, which may be in any order.
  void replace(uint32_t slot, std::span<const Key> keys) {
    release(slot);
    std::vector<uint32_t> terms;
    terms.reserve(keys.size());
    for (const Key& key : keys) {
      const auto [term, fresh] = terms_.intern(key);
      if (fresh) grow_postings(term);
      terms.push_back(term);
    }
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    assign(slot, terms);
    const uint64_t dead = terms_.in_use() - held_terms_;
    if (dead > kMinDeadTerms && dead > terms_.in_use() / 4) {
      terms_.compact([this](uint32_t term) { return postings_[term].empty(); });
    }
  }

  // For loading: adds a value that is not in the column yet. Values are numbered in the order of
  // these calls. Returns false if the value was already in the column.
  bool append_term(const Key& key) {
    const auto [term, fresh] = terms_.intern(key);
    if (fresh) grow_postings(term);
    return fresh;
  }
  // Sets the slot's values. `terms` are numbers of existing terms in ascending order. The slot must
  // not have values yet.
  void assign(uint32_t slot, std::span<const uint32_t> terms) {
    if (terms.empty()) return;
    if (slot >= forward_.size()) forward_.resize(size_t{slot} + 1, kNoTerm);
    RHUMB_ASSERT(forward_[slot] == kNoTerm);
    for (const uint32_t term : terms) {
      if (postings_[term].empty()) ++held_terms_;
      postings_[term].add(slot);
    }
    forward_[slot] = terms.size() == 1 ? terms[0] : new_list(terms);
    valued_.add(slot);
    entries_ += terms.size();
  }
  uint32_t held_terms() const { return held_terms_; }  // terms that at least one slot holds

  uint64_t memory_bytes() const {
    uint64_t bytes =
        terms_.memory_bytes() + forward_.capacity() * sizeof(uint32_t) + valued_.memory_bytes();
    for (const Posting& posting : postings_) bytes += posting.memory_bytes();
    for (const auto& list : lists_)
      bytes += sizeof(std::vector<uint32_t>) + list.capacity() * sizeof(uint32_t);
    return bytes;
  }

 private:
  void grow_postings(uint32_t term) {
    if (term >= postings_.size()) postings_.resize(size_t{term} + 1);
  }

  void release(uint32_t slot) {
    const std::span<const uint32_t> terms = terms_of(slot);
    if (terms.empty()) return;
    for (const uint32_t term : terms) {
      postings_[term].remove(slot);
      if (postings_[term].empty()) --held_terms_;
    }
    entries_ -= terms.size();
    const uint32_t entry = forward_[slot];
    if ((entry & kListBit) != 0) {
      lists_[entry & ~kListBit] = {};
      free_lists_.push_back(entry & ~kListBit);
    }
    forward_[slot] = kNoTerm;
    valued_.remove(slot);
  }

  uint32_t new_list(std::span<const uint32_t> terms) {
    uint32_t list = static_cast<uint32_t>(lists_.size());
    if (free_lists_.empty()) {
      lists_.emplace_back();
    } else {
      list = free_lists_.back();
      free_lists_.pop_back();
    }
    lists_[list].assign(terms.begin(), terms.end());
    return list | kListBit;
  }

  TermsType terms_;
  std::vector<Posting> postings_;  // by term
  std::vector<uint32_t> forward_;  // by slot
  std::vector<std::vector<uint32_t>> lists_;
  std::vector<uint32_t> free_lists_;
  Bitmap valued_;
  uint64_t entries_ = 0;
  uint32_t held_terms_ = 0;
};

}  // namespace rhumb::payload
