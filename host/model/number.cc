#include "host/model/number.h"

#include <cmath>

namespace rhumb::model {
namespace {

constexpr double kTwoTo63 = 9223372036854775808.0, kTwoTo64 = 18446744073709551616.0;

// Compares an integer with a double whose integral part fits in the integer's type.
template <typename Integer>
std::partial_ordering beside(Integer a, double b) {
  const auto whole = static_cast<Integer>(b);  // rounds towards zero
  if (a != whole) return a < whole ? std::partial_ordering::less : std::partial_ordering::greater;
  const double rest = b - std::trunc(b);
  return 0.0 <=> rest;
}

std::partial_ordering compare(int64_t a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kTwoTo63) return std::partial_ordering::less;
  if (b < -kTwoTo63) return std::partial_ordering::greater;
  return beside(a, b);
}

std::partial_ordering compare(uint64_t a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  if (b >= kTwoTo64) return std::partial_ordering::less;
  if (b < 0) return std::partial_ordering::greater;
  return beside(a, b);
}

std::partial_ordering compare(int64_t a, uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<uint64_t>(a) <=> b;
}

std::partial_ordering compare(double a, double b) { return a <=> b; }
std::partial_ordering compare(int64_t a, int64_t b) { return a <=> b; }
std::partial_ordering compare(uint64_t a, uint64_t b) { return a <=> b; }

template <typename A, typename B>
std::partial_ordering compare(A a, B b) {  // with the operands swapped
  const std::partial_ordering order = compare(b, a);
  return 0 <=> order;
}

template <typename A>
std::partial_ordering with(A a, const Number& b) {
  switch (b.kind()) {
    case Number::Kind::kSigned:
      return compare(a, b.signed_value());
    case Number::Kind::kUnsigned:
      return compare(a, b.unsigned_value());
    case Number::Kind::kDouble:
      break;
  }
  return compare(a, b.double_value());
}

}  // namespace

std::partial_ordering operator<=>(const Number& a, const Number& b) {
  switch (a.kind()) {
    case Number::Kind::kSigned:
      return with(a.signed_value(), b);
    case Number::Kind::kUnsigned:
      return with(a.unsigned_value(), b);
    case Number::Kind::kDouble:
      break;
  }
  return with(a.double_value(), b);
}

}  // namespace rhumb::model
