// A JSON number in a payload or as the bound of a filter: a signed or unsigned 64-bit integer, or a
// double. Numbers are compared by their exact values and never after a lossy conversion: 2^53 + 1
// is greater than 2^53, whichever of the forms the two numbers have.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>

namespace rhumb::model {

class Number {
 public:
  // Messages contain these values, too.
  enum class Kind : uint8_t { kDouble = 0, kSigned = 1, kUnsigned = 2 };

  Number() = default;
  Number(double value)
      : kind_(Kind::kDouble), double_(value) {}  // NOLINT(google-explicit-constructor)
  template <std::signed_integral T>
  Number(T value) : kind_(Kind::kSigned), signed_(value) {}  // NOLINT(google-explicit-constructor)
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Number(T value)
      : kind_(Kind::kUnsigned), unsigned_(value) {}  // NOLINT(google-explicit-constructor)

  Kind kind() const { return kind_; }
  // Only the function that kind() names is valid.
  double double_value() const { return double_; }
  int64_t signed_value() const { return signed_; }
  uint64_t unsigned_value() const { return unsigned_; }

  // The nearest double. Rounding keeps the order: the smaller of two numbers never rounds to the
  // larger double.
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

  // Compares by value. A NaN is unordered, so no comparison with it holds.
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
