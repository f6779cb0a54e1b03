#include "tests/plugins/index_numbers.h"

namespace rhumb::index_test {
namespace {

TEST(HnswNumbers, AnyBitsOfVectorsAreAnswered) { expect_any_numbers("hnsw"); }

}  // namespace
}  // namespace rhumb::index_test
