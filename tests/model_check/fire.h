// For tests that do many things to one collection at the same time: the database, a random source
// for each thread, and calls that must succeed.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "host/base/log.h"
#include "tests/model_check/database.h"

namespace rhumb::model_check {

inline constexpr uint32_t kFireDim = 8;

// The random source of one thread.
class Fire {
 public:
  explicit Fire(uint64_t seed) : random_(seed) {}
  uint32_t below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(random_); }
  bool chance(uint32_t percent) { return below(100) < percent; }
  json vector() {  // near one of a few centres
    std::normal_distribution<double> noise(0, 0.2);
    const uint32_t centre = below(6);
    json out = json::array();
    for (uint32_t d = 0; d < kFireDim; ++d)
      out.push_back((d % 6 == centre ? 1.0 : 0.1 * ((centre * d) % 5)) + noise(random_));
    return out;
  }

 private:
  std::mt19937_64 random_;
};

class FireTest : public ::testing::Test {
 protected:
  void SetUp() override {
    base::log_configure(base::LogLevel::kError, base::LogFormat::kAuto);
    const std::filesystem::path memory = "/dev/shm";
    const auto parent =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "rhumb_fire_XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(directory_);
  }
  static bool soak() { return std::getenv("RHUMB_SOAK") != nullptr; }
  static bool failed() { return HasFailure(); }

  void open(const json& collection) {
    reopen();
    ASSERT_EQ(database_->call("PUT", "/collections/fire", collection).status, 200);
  }
  void reopen() {
    database_.reset();
    auto opened = Database::open(directory_);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    database_ = std::move(*opened);
  }
  // Returns the answer's `result`. Any thread.
  json expect_ok(const std::string& method, const std::string& below_collection, const json& body) {
    const Answer answer = database_->call(method, "/collections/fire" + below_collection, body);
    EXPECT_EQ(answer.status, 200) << method << " " << below_collection << ": "
                                  << answer.body.dump();
    return answer.status == 200
               ? answer.body["result"]
               : json::object({{"points", json::array()}, {"next_page_offset", nullptr}});
  }

  // The highest number of a segment: merged segments leave the directory, but numbers are not used
  // again.
  uint32_t segments_begun() const {
    uint32_t highest = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.is_directory() && entry.path().parent_path().filename() == "segments")
        highest =
            std::max(highest, static_cast<uint32_t>(std::stoul(entry.path().filename().string())));
    }
    return highest;
  }

  std::string directory_;
  std::unique_ptr<Database> database_;
};

}  // namespace rhumb::model_check
