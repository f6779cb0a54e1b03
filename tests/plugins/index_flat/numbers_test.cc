#include "tests/plugins/index_numbers.h"

namespace rhumb::index_test {
namespace {

TEST(FlatNumbers, AnyBitsOfVectorsAreAnswered) { expect_any_numbers("flat"); }

}  // namespace
}  // namespace rhumb::index_test
