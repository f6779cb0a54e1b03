#include "host/app/doctor/doctor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace rhumb::app::doctor {
namespace {

class DoctorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(home_);
    write("data/lock", "17\n");
  }
  void write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = home_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  const std::string home_ = testing::TempDir() + "/doctor_test";
};

TEST_F(DoctorTest, the_lock_is_seen_without_taking_it) {
  EXPECT_EQ(lock_holder(home_, home_ + "/data"), 0);  // no proc/locks
  struct stat info {};
  ASSERT_EQ(::stat((home_ + "/data/lock").c_str(), &info), 0);
  const std::string inode = std::to_string(info.st_ino);
  write("proc/locks", "1: POSIX  ADVISORY  WRITE 16 fe:01:" + inode + " 0 EOF\n" +
                          "2: FLOCK  ADVISORY  WRITE 17 fe:01:" + inode + " 0 EOF\n");
  EXPECT_EQ(lock_holder(home_, home_ + "/data"), 17);
  write("proc/locks", "2: FLOCK  ADVISORY  WRITE 17 fe:01:" + inode + "1 0 EOF\n");
  EXPECT_EQ(lock_holder(home_, home_ + "/data"), 0);
  EXPECT_EQ(lock_holder(home_, home_ + "/none"), 0);
}

TEST_F(DoctorTest, the_mode_says_what_another_user_may) {
  const std::string file = home_ + "/data/lock";
  const uid_t other = ::geteuid() + 4711;
  ::chmod(file.c_str(), 0640);
  EXPECT_FALSE(may(other, file, R_OK));
  ::chmod(file.c_str(), 0644);
  EXPECT_TRUE(may(other, file, R_OK));
  EXPECT_FALSE(may(other, file, R_OK | W_OK));
  EXPECT_TRUE(may(::geteuid(), file, R_OK | W_OK));
  EXPECT_FALSE(may(other, home_ + "/none", R_OK));
}

TEST_F(DoctorTest, the_worst_finding_is_the_exit_code) {
  Findings findings;
  EXPECT_EQ(findings.worst(), Grade::kOk);
  findings.ok("a", "fine");
  EXPECT_EQ(findings.worst(), Grade::kOk);
  findings.fail("b", "broken\033[2J", "mend it");
  findings.warn("c", "odd", "look");
  EXPECT_EQ(findings.worst(), Grade::kFail);
  EXPECT_EQ(static_cast<int>(findings.worst()), 2);
  const std::string text = to_text(findings);
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_NE(text.find("Remedy: mend it\n"), std::string::npos) << text;
  EXPECT_NE(text.find("1 ok, 1 warnings, 1 failures\n"), std::string::npos) << text;
  const auto json = nlohmann::json::parse(to_json(findings));
  EXPECT_EQ(json["worst"], "FAIL");
  EXPECT_EQ(json["findings"][2]["check"], "c");
  EXPECT_EQ(json["findings"][0]["remedy"], "");
}

TEST_F(DoctorTest, a_configuration_that_cannot_be_read_leaves_the_checks_of_the_machine) {
  const Findings findings = examine({}, base::invalid("x.yaml:3: http.prot: unknown key"));
  EXPECT_EQ(findings.all().front().check, "config");
  EXPECT_EQ(findings.all().front().grade, Grade::kFail);
  for (const Finding& f : findings.all()) EXPECT_NE(f.check, "plugins");
  EXPECT_GT(findings.all().size(), 4u);
}

}  // namespace
}  // namespace rhumb::app::doctor
