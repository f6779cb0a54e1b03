// Twenty thousand random commands are compared with a map, with filters, searches, checkpoints and
// restarts in between.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "tests/shard/model.h"

namespace rhumb::shard::test {
namespace {

constexpr uint64_t kSeed = 20240611;
constexpr int kCommands = 20'000;

// For a multivector: the sum, over the rows of x, of the smallest distance to any row of y.
float distance(const std::string& name, const std::string& x, const std::string& y) {
  if (name == "c") {
    constexpr size_t kRow = kRowDim * sizeof(float);
    float sum = 0;
    for (size_t i = 0; i < x.size(); i += kRow) {
      float best = std::numeric_limits<float>::infinity();
      for (size_t j = 0; j < y.size(); j += kRow) {
        float dot = 0;
        for (size_t d = 0; d < kRow; d += sizeof(float)) {
          float a, b;
          std::memcpy(&a, x.data() + i + d, sizeof(a));
          std::memcpy(&b, y.data() + j + d, sizeof(b));
          dot += a * b;
        }
        best = std::min(best, -dot);
      }
      sum += best;
    }
    return sum;
  }
  const uint32_t metric = name == "a" ? RHUMB_COSINE : RHUMB_EUCLID;
  const rhumb_kernel_t* const found = rhumb_kernel_for(metric, RHUMB_F32);
  return found->one(x.data(), y.data(), name == "a" ? kDim : 8);
}

bool is_colour(const ModelPoint& point, const std::string& colour) {
  return point.payload.contains("colour") && point.payload["colour"] == colour;
}

void check_filters(Harness& h, const Model& model, CommandSource& source) {
  const std::string colour = source.draw(2) == 0 ? "red" : "blue";
  model::CountRequest count;
  count.filter = match("colour", colour);
  const auto counted = h->count(count, {});
  ASSERT_TRUE(counted.ok()) << counted.status().to_string();
  std::vector<uint64_t> expected;
  for (const auto& [id, point] : model.points()) {
    if (is_colour(point, colour)) expected.push_back(id);
  }
  EXPECT_EQ(*counted, expected.size());
  model::ScrollRequest scroll;
  scroll.filter = match("colour", colour);
  scroll.limit = 20;
  scroll.offset = model::PointId::number(source.draw(400));
  const auto page = h->scroll(scroll, {});
  ASSERT_TRUE(page.ok());
  auto it = std::lower_bound(expected.begin(), expected.end(), scroll.offset->as_number());
  for (const model::Record& record : *page) {
    ASSERT_NE(it, expected.end());
    EXPECT_EQ(record.id.as_number(), *it++);
  }
  EXPECT_TRUE(page->size() == 20 || it == expected.end());
}

// An exact search finds the model's nearest points. A search through graphs and codes returns only
// points of the model, with the right scores.
void check_search(Harness& h, const Model& model, CommandSource& source, uint64_t* hits,
                  uint64_t* possible) {
  const std::string name = std::array{"a", "b", "c"}[source.draw(3)];
  model::SearchRequest request;
  request.vector_name = name;
  request.vector = source.vector(name);
  request.limit = 10;
  const bool filtered = source.draw(2) == 0;
  if (filtered) request.filter = match("colour", std::string("green"));
  std::vector<std::pair<float, uint64_t>> expected;
  for (const auto& [id, point] : model.points()) {
    const auto v = point.vectors.find(name);
    if (v != point.vectors.end() && (!filtered || is_colour(point, "green")))
      expected.emplace_back(distance(name, request.vector, v->second), id);
  }
  std::sort(expected.begin(), expected.end());
  const size_t n = std::min<size_t>(10, expected.size());

  model::SearchRequest exact_request;
  exact_request.vector_name = name;
  exact_request.vector = request.vector;
  exact_request.limit = 10;
  if (filtered) exact_request.filter = match("colour", std::string("green"));
  exact_request.params.exact = true;
  const auto exact = h->search(exact_request, {});
  ASSERT_TRUE(exact.ok()) << exact.status().to_string();
  ASSERT_EQ(exact->points.size(), n);
  for (size_t i = 0; i < n; ++i) {
    const float score = name == "a"   ? 1.0f - expected[i].first
                        : name == "b" ? std::sqrt(expected[i].first)
                                      : -expected[i].first;
    EXPECT_NEAR(exact->points[i].score, score, 1e-4f);
  }
  const auto found = h->search(request, {});
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  ASSERT_EQ(found->points.size(), n);
  for (const model::Record& record : found->points) {
    const auto known = std::find_if(expected.begin(), expected.end(), [&](const auto& e) {
      return e.second == record.id.as_number();
    });
    ASSERT_NE(known, expected.end());
    *hits += static_cast<size_t>(known - expected.begin()) < n ? 1 : 0;
  }
  *possible += n;
}

TEST(ModelTest, random_commands_with_restarts_agree_with_the_model) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  Harness h(all_vectors());
  shrink(h.options);
  h.open();
  Model model;
  CommandSource source(kSeed);
  uint64_t hits = 0, possible = 0;
  for (int i = 0; i < kCommands && !::testing::Test::HasFatalFailure(); ++i) {
    const model::Command command = source.next(model);
    model.apply(command, h.propose(command));
    if (source.draw(12) == 0) {
      const base::Status applied = h.apply();
      ASSERT_TRUE(applied.ok()) << applied.to_string();
    }
    const uint64_t dice = source.draw(1000);
    if (dice < 20) {
      ASSERT_TRUE(h.apply().ok());
      check_filters(h, model, source);
      check_search(h, model, source, &hits, &possible);
    } else if (dice < 24) {
      ASSERT_TRUE(h.checkpoint().ok());
    } else if (dice < 25) {
      h.close();
      h.open();
      expect_equal(h, model, "after a clean stop at command " + std::to_string(i));
    } else if (dice < 27) {
      h.abandon();
      h.open();
      expect_equal(h, model, "after a kill at command " + std::to_string(i));
    }
  }
  ASSERT_TRUE(h.apply().ok());
  h.wait_indexed();
  expect_equal(h, model, "at the end");
  const auto state = h->state();
  EXPECT_TRUE(state.warning.empty()) << state.warning;
  EXPECT_GT(state.segments, 3u);
  EXPECT_GT(state.indexed_vectors, 0u);
  EXPECT_GE(static_cast<double>(hits), 0.95 * static_cast<double>(possible));
  std::printf("recall over %llu neighbours: %.4f, %llu segments\n",
              static_cast<unsigned long long>(possible),
              static_cast<double>(hits) / static_cast<double>(possible),
              static_cast<unsigned long long>(state.segments));
}

}  // namespace
}  // namespace rhumb::shard::test
