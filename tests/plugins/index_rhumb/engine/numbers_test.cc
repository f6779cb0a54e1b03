#include "tests/plugins/index_numbers.h"

namespace rhumb::index_test {
namespace {

TEST(RhumbNumbers, AnyBitsOfVectorsAreAnswered) { expect_any_numbers("rhumb"); }

}  // namespace
}  // namespace rhumb::index_test
