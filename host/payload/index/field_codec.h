// Encodes a column into the sections of its file and decodes it: terms, forward column, lists
// (docs/formats/payload_index.md). Terms are written in the order of their keys if the keys have an
// order, so that after loading a range of values is a range of term numbers.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "host/base/bytes.h"
#include "host/payload/index/index_file.h"
#include "host/payload/index/value_column.h"

namespace rhumb::payload {

template <typename Key>
void encode_key(const Key& key, base::ByteWriter& writer) {
  if constexpr (std::is_same_v<Key, std::string>) {
    writer.blob(key);
  } else {
    writer.fixed(key);
  }
}

template <typename Key>
Key decode_key(base::ByteReader& reader) {
  if constexpr (std::is_same_v<Key, std::string>) {
    return std::string(reader.blob());
  } else {
    return reader.fixed<Key>();
  }
}

// Encodes only the slots below `slots`, because a crash may give later slots to other rows.
template <typename KeyColumn>
void encode_column(const KeyColumn& column, uint32_t slots, IndexFile& file) {
  std::vector<uint32_t> order;
  for (uint32_t term = 0; term < column.terms().size(); ++term) {
    if (!column.posting(term).empty() && column.posting(term).first() < slots)
      order.push_back(term);
  }
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return column.terms().key(a) < column.terms().key(b); });
  std::vector<uint32_t> number(column.terms().size(), kNoTerm);
  base::ByteWriter terms(file.sections[SectionKind::kTerms]);
  terms.u32(static_cast<uint32_t>(order.size()));
  for (uint32_t i = 0; i < order.size(); ++i) {
    number[order[i]] = i;
    encode_key(column.terms().key(order[i]), terms);
  }
  base::ByteWriter forward(file.sections[SectionKind::kForward]);
  std::string lists_body;
  base::ByteWriter lists(lists_body);
  uint32_t list_count = 0;
  const uint32_t end = std::min(slots, column.slots());
  forward.u32(end);
  for (uint32_t slot = 0; slot < end; ++slot) {
    const std::span<const uint32_t> held = column.terms_of(slot);
    if (held.size() <= 1) {
      forward.u32(held.empty() ? kNoTerm : number[held[0]]);
      continue;
    }
    forward.u32(KeyColumn::kListBit | list_count++);
    lists.u32(static_cast<uint32_t>(held.size()));
    for (const uint32_t term : held) lists.u32(number[term]);
  }
  base::ByteWriter counted(file.sections[SectionKind::kLists]);
  counted.u32(list_count);
  counted.raw(lists_body);
}

// Decodes lists of terms, each of which is ascending. Returns false if the section is invalid.
inline bool decode_lists(std::string_view section, uint32_t terms,
                         std::vector<std::vector<uint32_t>>& lists) {
  base::ByteReader reader(section);
  lists.resize(reader.count(3 * sizeof(uint32_t)));
  for (std::vector<uint32_t>& list : lists) {
    list.resize(reader.count(sizeof(uint32_t)));
    for (uint32_t& term : list) term = reader.u32();
    std::sort(list.begin(), list.end());
    if (list.size() < 2 || list.back() >= terms ||
        std::adjacent_find(list.begin(), list.end()) != list.end())
      return false;
  }
  return reader.done();
}

template <typename KeyColumn>
base::Status decode_column(const IndexFile& file, KeyColumn& column) {
  const auto fault = [](std::string_view what) {
    return base::corrupt("payload index: " + std::string(what));
  };
  base::ByteReader reader(file.sections.at(SectionKind::kTerms));
  const uint32_t terms = reader.count(1);
  for (uint32_t i = 0; i < terms; ++i) {
    const auto key = decode_key<typename KeyColumn::Key>(reader);
    // A NaN has no place in an order.
    if (reader.failed() || key != key)
      return fault("the terms are cut short, or a term is not a number");
    if (!column.append_term(key)) return fault("a term occurs twice");
  }
  if (!reader.done()) return fault("there are bytes after the terms");
  std::vector<std::vector<uint32_t>> lists;
  if (!decode_lists(file.sections.at(SectionKind::kLists), terms, lists))
    return fault("the lists of values are invalid");
  base::ByteReader forward(file.sections.at(SectionKind::kForward));
  const uint32_t slots = forward.count(sizeof(uint32_t));
  if (slots > file.slots) return fault("there are more rows than the header says");
  size_t next_list = 0;
  for (uint32_t slot = 0; slot < slots; ++slot) {
    const uint32_t entry = forward.u32();
    if (entry == kNoTerm) continue;
    if ((entry & KeyColumn::kListBit) == 0) {
      if (entry >= terms) return fault("a row has a value that does not exist");
      column.assign(slot, {&entry, 1});
    } else {
      if ((entry & ~KeyColumn::kListBit) != next_list || next_list >= lists.size())
        return fault("the lists are out of order");
      column.assign(slot, lists[next_list++]);
    }
  }
  if (!forward.done() || next_list != lists.size()) return fault("lists or rows are left over");
  if (column.held_terms() != terms) return fault("no row has one of the values");
  return base::ok();
}

}  // namespace rhumb::payload
