// A number as JSON has it, in a payload or as a bound of a filter: a whole number of 64 bits with
// or without a sign, or a double. Numbers are compared by their values, never by what a conversion
// makes of them: 2^53 + 1 is greater than 2^53 in whatever form the two come.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>

namespace rhumb::model {

class Number {
 public:
  enum class Kind : uint8_t { kDouble = 0, kSigned = 1, kUnsigned = 2 };  // in messages too

  Number() = default;
  Number(double value)
      : kind_(Kind::kDouble), double_(value) {}  // NOLINT(google-explicit-constructor)
  template <std::signed_integral T>
  Number(T value) : kind_(Kind::kSigned), signed_(value) {}  // NOLINT(google-explicit-constructor)
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Number(T value)
      : kind_(Kind::kUnsigned), unsigned_(value) {}  // NOLINT(google-explicit-constructor)

  Kind kind() const { return kind_; }
  // Of these, the one that kind() names.
  double double_value() const { return double_; }
  int64_t signed_value() const { return signed_; }
  uint64_t unsigned_value() const { return unsigned_; }

  // The nearest double. Rounding keeps the order: of two numbers the smaller one's double is not
  // the larger.
  double rounded() const {
    switch (kind_) {
      case Kind::kSigned:
        return static_cast<double>(signed_);
      case Kind::kUnsigned:
        return static_cast<double>(unsigned_);
      case Kind::kDouble:
        break;
    }
    return double_;
  }

  // By value; a NaN is unordered, so that no comparison with it holds.
  friend std::partial_ordering operator<=>(const Number& a, const Number& b);
  friend bool operator==(const Number& a, const Number& b) { return (a <=> b) == 0; }

 private:
  Kind kind_ = Kind::kSigned;
  union {
    double double_;
    int64_t signed_ = 0;
    uint64_t unsigned_;
  };
};

}  // namespace rhumb::model
