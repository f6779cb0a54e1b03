#include "tests/plugins/index_numbers.h"

namespace rhumb::index_test {
namespace {

TEST(RhumbNumbers, vectors_of_any_bits_are_answered) { expect_any_numbers("rhumb"); }

}  // namespace
}  // namespace rhumb::index_test
