// Checks the table of members for rows that contradict themselves.
#include "host/http/rest/parse/shapes.h"

#include <gtest/gtest.h>

#include <set>

namespace rhumb::http::rest {
namespace {

constexpr const Shape* kBodies[] = {&kUpsertBody,
                                    &kDeletePointsBody,
                                    &kUpdateVectorsBody,
                                    &kDeleteVectorsBody,
                                    &kSetPayloadBody,
                                    &kDeletePayloadBody,
                                    &kBatchBody,
                                    &kGetBody,
                                    &kScrollBody,
                                    &kCountBody,
                                    &kQueryBody,
                                    &kQueryBatchBody,
                                    &kSearchBody,
                                    &kSearchBatchBody,
                                    &kCreateCollectionBody,
                                    &kUpdateCollectionBody,
                                    &kAliasesBody,
                                    &kCreateIndexBody,
                                    &kRecoverBody,
                                    &kBranchBody,
                                    &kPoint,
                                    &kVectorForm};

void reach(const Shape* shape, std::set<const Shape*>& found) {
  if (!found.insert(shape).second) return;
  for (const Member& m : shape->members) {
    if (m.shape != nullptr) reach(m.shape, found);
  }
}

std::set<const Shape*> all_shapes() {
  std::set<const Shape*> found;
  for (const Shape* body : kBodies) reach(body, found);
  return found;
}

TEST(ShapesTest, every_row_of_the_table_is_consistent) {
  const auto shapes = all_shapes();
  EXPECT_GT(shapes.size(), 60u);
  for (const Shape* shape : shapes) {
    ASSERT_FALSE(shape->members.empty());
    EXPECT_LE(shape->members.size(), kMaxShapeMembers) << "a member is a bit of a word";
    std::set<std::string_view> names;
    for (size_t i = 0; i < shape->members.size(); ++i) {
      const Member& m = shape->members[i];
      EXPECT_TRUE(names.insert(m.name).second) << m.name << " twice in one object";
      EXPECT_EQ(shape->find(m.name), &m);
      EXPECT_EQ(m.shape == nullptr, m.holds == Holds::kAny) << m.name;
      EXPECT_NE(m.forms, Forms{0}) << m.name << " goes together with nothing";
      if (m.same_as_before) {
        ASSERT_GT(i, 0u) << m.name;
        EXPECT_FALSE(shape->members[i - 1].same_as_before) << m.name;
        EXPECT_EQ(m.shape, shape->members[i - 1].shape) << m.name;
        EXPECT_EQ(m.forms, shape->members[i - 1].forms) << m.name;
      }
    }
    EXPECT_EQ(shape->find("no such member"), nullptr);
  }
}

// The members below a filter, a selector, `params` or `query` decide which points are meant, so
// none of them may be ignored.
TEST(ShapesTest, every_object_below_a_filter_is_strict) {
  std::set<const Shape*> below;
  reach(&kFilter, below);
  for (const char* name : {"params", "query", "with_payload"}) {
    const Member* m = kQueryBody.find(name);
    ASSERT_NE(m, nullptr) << name;
    reach(m->shape, below);
  }
  EXPECT_GT(below.size(), 15u);
  for (const Shape* shape : below)
    EXPECT_EQ(shape->unknown, Unknown::kRefused) << shape->members.front().name;
}

}  // namespace
}  // namespace rhumb::http::rest
