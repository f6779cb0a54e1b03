#include "host/payload/index/posting.h"

#include "host/base/assert.h"

namespace rhumb::payload {

uint64_t Posting::count() const {
  if (empty()) return 0;
  if (std::holds_alternative<uint32_t>(slots_)) return 1;
  if (const Array* few = std::get_if<Array>(&slots_)) return (*few)->size();
  return std::get<Bitmap>(slots_).count();
}

uint32_t Posting::first() const {
  RHUMB_DASSERT(!empty());
  if (const uint32_t* one = std::get_if<uint32_t>(&slots_)) return *one;
  if (const Array* few = std::get_if<Array>(&slots_)) return (*few)->front();
  return std::get<Bitmap>(slots_).first();
}

void Posting::add(uint32_t slot) {
  if (empty()) {
    slots_ = slot;
  } else if (const uint32_t* one = std::get_if<uint32_t>(&slots_)) {
    RHUMB_DASSERT(*one != slot);
    slots_ = std::make_unique<std::vector<uint32_t>>(
        std::initializer_list<uint32_t>{std::min(*one, slot), std::max(*one, slot)});
  } else if (Array* few = std::get_if<Array>(&slots_)) {
    std::vector<uint32_t>& array = **few;
    if (array.size() < kArraySlots) {
      array.insert(std::lower_bound(array.begin(), array.end(), slot), slot);
      return;
    }
    Bitmap many;
    for (const uint32_t held : array) many.add(held);
    many.add(slot);
    slots_ = std::move(many);
  } else {
    std::get<Bitmap>(slots_).add(slot);
  }
}

void Posting::remove(uint32_t slot) {
  if (std::holds_alternative<uint32_t>(slots_)) {
    RHUMB_DASSERT(std::get<uint32_t>(slots_) == slot);
    slots_ = std::monostate{};
  } else if (Array* few = std::get_if<Array>(&slots_)) {
    std::vector<uint32_t>& array = **few;
    const auto at = std::lower_bound(array.begin(), array.end(), slot);
    RHUMB_ASSERT(at != array.end() && *at == slot);
    array.erase(at);
    if (array.size() == 1) slots_ = uint32_t{array.front()};
  } else {
    Bitmap& many = std::get<Bitmap>(slots_);
    const bool was_in = many.remove(slot);
    RHUMB_ASSERT(was_in);
    if (many.count() == 0) slots_ = std::monostate{};
  }
}

std::span<const uint64_t> Posting::plain() const {
  const Bitmap* many = std::get_if<Bitmap>(&slots_);
  return many == nullptr ? std::span<const uint64_t>() : many->plain();
}

uint64_t Posting::memory_bytes() const {
  if (const Array* few = std::get_if<Array>(&slots_))
    return sizeof(Posting) + sizeof(std::vector<uint32_t>) + (*few)->capacity() * sizeof(uint32_t);
  if (const Bitmap* many = std::get_if<Bitmap>(&slots_))
    return sizeof(Posting) + many->memory_bytes();
  return sizeof(Posting);
}

}  // namespace rhumb::payload
