#include "tests/plugins/index_numbers.h"

namespace rhumb::index_test {
namespace {

TEST(HnswNumbers, vectors_of_any_bits_are_answered) { expect_any_numbers("hnsw"); }

}  // namespace
}  // namespace rhumb::index_test
