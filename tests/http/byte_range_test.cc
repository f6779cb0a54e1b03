#include "host/http/byte_range.h"

#include <gtest/gtest.h>

namespace rhumb::http {
namespace {

void expect(std::string_view header, uint64_t size, int status, uint64_t first, uint64_t length) {
  const ByteRange got = byte_range(header, size);
  EXPECT_EQ(got.status, status) << header << " of " << size;
  EXPECT_EQ(got.first, first) << header << " of " << size;
  EXPECT_EQ(got.length, length) << header << " of " << size;
}

TEST(ByteRange, one_range_is_a_part) {
  expect("bytes=0-0", 10, 206, 0, 1);
  expect("bytes=2-5", 10, 206, 2, 4);
  expect("bytes=5-", 10, 206, 5, 5);
  expect("bytes=0-", 10, 206, 0, 10);
  expect("bytes=5-99", 10, 206, 5, 5);
  expect("bytes=5-99999999999999999999999", 10, 206, 5, 5);
  expect("bytes=-3", 10, 206, 7, 3);
  expect("bytes=-30", 10, 206, 0, 10);
  expect("Bytes=1-2", 10, 206, 1, 2);
}

TEST(ByteRange, a_range_beyond_the_end_is_not_satisfiable) {
  expect("bytes=10-", 10, 416, 0, 0);
  expect("bytes=10-20", 10, 416, 0, 0);
  expect("bytes=99999999999999999999999-", 10, 416, 0, 0);
  expect("bytes=-0", 10, 416, 0, 0);
  expect("bytes=0-", 0, 416, 0, 0);
  expect("bytes=-5", 0, 416, 0, 0);
}

TEST(ByteRange, what_is_no_single_range_of_bytes_is_passed_over) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=5", "bytes=5-2", "bytes=a-b",
                             "bytes=1-b", "bytes=0-1,3-4", "bytes=-1-2", "bytes= 0-1", "bytes=0-1 ",
                             "items=0-1", "bytes=+1-2", "bytes=0x1-2", "bytes=--1"})
    expect(header, 10, 200, 0, 10);
}

}  // namespace
}  // namespace rhumb::http
