#include "host/app/snapshots/allowed_urls.h"

#include <gtest/gtest.h>

namespace rhumb::app {
namespace {

TEST(AllowedUrls, a_url_must_be_below_one_of_the_list) {
  const auto allowed =
      AllowedUrls::parse("https://backups.example.org/rhumb, http://10.0.0.7:9000/,https://a:8443");
  ASSERT_TRUE(allowed.ok()) << allowed.status().to_string();
  for (const char* url :
       {"https://backups.example.org/rhumb", "https://backups.example.org/rhumb/a.snapshot?x=1",
        "HTTPS://BACKUPS.example.org:443/rhumb/b%20c", "http://10.0.0.7:9000/bucket/key",
        "https://a:8443/", "https://a:8443"})
    EXPECT_TRUE(allowed->check(url).ok()) << url << ": " << allowed->check(url).to_string();
  for (const char* url :
       {"http://backups.example.org/rhumb/a", "https://backups.example.org/rhumb2/a",
        "https://backups.example.org/", "https://backups.example.org:8443/rhumb/a",
        "https://backups.example.org.evil.net/rhumb/a", "http://10.0.0.7/a",
        "http://10.0.0.70:9000/", "http://169.254.169.254/latest/meta-data",
        "https://evil/?https://a:8443/"}) {
    EXPECT_EQ(allowed->check(url).code(), base::Code::kForbidden) << url;
    EXPECT_NE(allowed->check(url).message().find("snapshots.allowed_urls"), std::string::npos);
  }
}

TEST(AllowedUrls, what_could_be_read_in_two_ways_is_refused) {
  const auto allowed = AllowedUrls::parse("http://a/kept");
  ASSERT_TRUE(allowed.ok());
  for (const char* url :
       {"http://a/kept/../secret", "http://a/kept/%2e%2e/secret", "http://a/kept/.%2E",
        "http://a@b/kept", "http://b:x@a/kept/1", "http:///kept", "http://", "ftp://a/kept",
        "file:///kept", "a/kept", "http://a/kept/%00", "http://a/kept/%5c..%5csecret",
        "http://a/kept/x\ny", "http://a:0/kept", ""})
    EXPECT_EQ(allowed->check(url).code(), base::Code::kInvalid) << url;
  EXPECT_EQ(allowed->check("http://a/kept/" + std::string(3000, 'x')).code(), base::Code::kInvalid);
}

TEST(AllowedUrls, nothing_is_allowed_by_an_empty_list) {
  const auto none = AllowedUrls::parse("");
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->check("http://a/").code(), base::Code::kForbidden);
  EXPECT_FALSE(AllowedUrls::parse("http://a,b").ok());
  EXPECT_FALSE(AllowedUrls::parse("http://a/../b").ok());
}

}  // namespace
}  // namespace rhumb::app
