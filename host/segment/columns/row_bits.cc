#include "host/segment/columns/row_bits.h"

#include <bit>

namespace rhumb::segment {

namespace {

// Calls fn(slot) for the slots below `slots` that have the vector and whose bit in `pass` is
// `wanted`.
template <typename Fn>
void for_slots(const VectorColumn& column, std::span<const uint64_t> pass, uint32_t slots,
               bool wanted, Fn&& fn) {
  for (size_t w = 0; w < words_for(slots); ++w) {
    const uint64_t passing = w < pass.size() ? pass[w] : 0;
    uint64_t word = (wanted ? passing : ~passing) & column.present_word(w);
    if (w == slots / 64) word &= (1ull << (slots % 64)) - 1;
    for (; word != 0; word &= word - 1)
      fn(static_cast<uint32_t>(w * 64) + static_cast<uint32_t>(std::countr_zero(word)));
  }
}

// Calls fn(word, mask) for the words that the range touches.
template <typename Fn>
void for_words(RowRange range, Fn&& fn) {
  for (uint64_t at = range.first, end = uint64_t{range.first} + range.count; at < end;) {
    const uint64_t word = at / 64, next = std::min(end, (word + 1) * 64), bits = next - at;
    const uint64_t mask = (bits == 64 ? ~0ull : (1ull << bits) - 1) << (at % 64);
    fn(word, mask);
    at = next;
  }
}

RowBits counted(RowBits bits) {
  for (const uint64_t word : bits.words) bits.count += static_cast<uint64_t>(std::popcount(word));
  return bits;
}

// Bits beyond the last row stay unset.
RowRange within(RowRange range, uint32_t rows) {
  if (range.first >= rows) return {};
  return {range.first, std::min(range.count, rows - range.first)};
}

RowBits of_size(const VectorColumn& column, uint32_t slots, bool set) {
  RowBits bits;
  bits.rows = column.rows_end(slots);
  bits.words.assign(words_for(bits.rows), set ? ~0ull : 0);
  if (set && bits.rows % 64 != 0) bits.words.back() = (1ull << (bits.rows % 64)) - 1;
  return bits;
}

}  // namespace

RowBits rows_of_few(const VectorColumn& column, std::span<const uint64_t> pass, uint32_t slots) {
  RowBits bits = of_size(column, slots, false);
  for_slots(column, pass, slots, true, [&](uint32_t slot) {
    for_words(within(column.rows(slot), bits.rows),
              [&](uint64_t word, uint64_t mask) { bits.words[word] |= mask; });
  });
  return counted(std::move(bits));
}

RowBits rows_of_most(const VectorColumn& column, std::span<const uint64_t> pass, uint32_t slots) {
  RowBits bits = of_size(column, slots, true);
  const auto clear = [&](RowRange range) {
    for_words(within(range, bits.rows),
              [&](uint64_t word, uint64_t mask) { bits.words[word] &= ~mask; });
  };
  for_slots(column, pass, slots, false, [&](uint32_t slot) { clear(column.rows(slot)); });
  for (const RowRange& range : column.table()->unowned()) clear(range);
  return counted(std::move(bits));
}

std::shared_ptr<const RowBits> LiveRows::of(const VectorColumn& column,
                                            std::span<const uint64_t> live, uint32_t slots) {
  const base::MutexLock lock(mutex_);
  auto& made = made_[&column];
  if (!made) made = std::make_shared<const RowBits>(rows_of_most(column, live, slots));
  return made;
}

}  // namespace rhumb::segment
