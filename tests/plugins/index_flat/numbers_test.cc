#include "tests/plugins/index_numbers.h"

namespace rhumb::index_test {
namespace {

TEST(FlatNumbers, vectors_of_any_bits_are_answered) { expect_any_numbers("flat"); }

}  // namespace
}  // namespace rhumb::index_test
