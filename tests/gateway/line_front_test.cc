// The line protocol over a whole node: what a query by id, an offset, equal ids and a wrong vector
// mean is known without a line of host/http.
#include "tests/gateway/line_front.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "host/app/node.h"
#include "tests/places.h"

namespace rhumb::gateway {
namespace {

class LineFrontTest : public testing::Test {
 protected:
  LineFrontTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "rhumb-line-front-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    app::NodeOptions options;
    options.data_directory = directory_;
    options.plugin_directory = places::plugins();
    options.tick_ms = 10;
    node_ = std::make_unique<app::Node>(options);
    const base::Status started = node_->start();
    EXPECT_TRUE(started.ok()) << started.message();
  }
  ~LineFrontTest() override {
    node_->stop();
    std::filesystem::remove_all(directory_);
  }
  std::string ask(const std::string& line) { return LineFront(node_->gateway()).ask(line); }

 private:
  std::string directory_;
  std::unique_ptr<app::Node> node_;
};

TEST_F(LineFrontTest, a_protocol_of_its_own_serves_a_collection) {
  ASSERT_EQ(ask("create towns 2 Euclid"), "ok");
  EXPECT_EQ(ask("upsert towns 1 0 0, 2 3 4, 3 6 8, 4 9 12"), "ok 4");
  EXPECT_EQ(ask("near towns 2 0 0 0"), "ok 1:0 2:5");
  EXPECT_EQ(ask("near towns 2 1 0 0"), "ok 2:5 3:10");
  EXPECT_EQ(ask("near towns 2 9 0 0"), "ok");
  EXPECT_EQ(ask("like towns 3 0 1"), "ok 2:5 3:10 4:15") << "The point itself is left out.";
  EXPECT_EQ(ask("like towns 1 2 1"), "ok 4:15");
  EXPECT_EQ(ask("order towns 2 1"), "ok 2:1 3:1");
  EXPECT_EQ(ask("upsert towns 5 1 1, 5 30 40"), "ok 1") << "The last one counts.";
  EXPECT_EQ(ask("near towns 1 0 30 40"), "ok 5:0");
  EXPECT_EQ(ask("verify towns"), "ok 5");
}

TEST_F(LineFrontTest, vectors_have_the_length_that_the_distance_needs) {
  ASSERT_EQ(ask("create words 2 Cosine"), "ok");
  EXPECT_EQ(ask("upsert words 1 0 7, 2 100 0"), "ok 2");
  EXPECT_EQ(ask("near words 2 0 0 0.5"), "ok 1:1 2:0");
}

TEST_F(LineFrontTest, failures_come_with_their_code_field_and_limit) {
  EXPECT_EQ(ask("verify towns"), "error not found  0 Collection `towns` doesn't exist!");
  ASSERT_EQ(ask("create towns 2 Euclid"), "ok");
  EXPECT_EQ(ask("upsert towns 1 0 0, 2 1 2 3"),
            "error invalid vector 2 Vector dimension error: expected dim: 2, got 3 (vector)");
  EXPECT_EQ(ask("near towns 0 0 1 1"), "error unprocessable limit 1 limit: 0, at least 1");
  EXPECT_EQ(ask("like towns 1 0 77"), "error not found  0 Point with id 77 does not exists!");
  EXPECT_EQ(ask("verify towns"), "ok 0") << "The refused upsert has changed nothing.";
}

}  // namespace
}  // namespace rhumb::gateway
