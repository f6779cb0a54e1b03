#include "rhumb/cpp/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "host/base/file.h"

namespace rhumb::base {
namespace {

TEST(Crc32c, checksums_agree_with_known_answers) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Crc32c, a_checksum_continues_from_a_seed_and_the_portable_form_agrees_with_the_machine) {
  constexpr uint64_t kSeed = 20240611;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kSeed));
  std::mt19937_64 random(kSeed);
  for (size_t n = 0; n < 300; ++n) {
    std::string bytes(n, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const size_t cut = n == 0 ? 0 : random() % n;
    const std::string_view all(bytes);
    EXPECT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all));
    EXPECT_EQ(~::rhumb::crc32c_detail::extend_portable(~0u, bytes.data(), n), crc32c(all));
  }
}

}  // namespace
}  // namespace rhumb::base
