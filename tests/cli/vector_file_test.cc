#include "host/cli/vector_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rhumb::cli {
namespace {

template <typename T>
std::string file(const std::string& name, const std::vector<T>& numbers) {
  const std::string path = testing::TempDir() + "/vector_file_test_" + name;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(numbers.data()),
             static_cast<std::streamsize>(numbers.size() * sizeof(T)));
  return path;
}

TEST(VectorFile, rows_of_float32_are_read_in_any_order) {
  auto opened = VectorFile::open(file<float>("rows.f32", {1, 2, 3, 4, 5, 6}));
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  opened->set_dim(2);
  EXPECT_EQ(opened->rows(), 3u);
  EXPECT_EQ(*opened->row(2), (std::vector<float>{5, 6}));
  EXPECT_EQ(*opened->row(0), (std::vector<float>{1, 2}));
}

TEST(VectorFile, every_kind_of_float16_is_read) {
  auto opened = VectorFile::open(file<uint16_t>(
      "kinds.f16", {0x3c00, 0xc000, 0x7bff, 0x0001, 0x83ff, 0x8000, 0x7c00, 0xfe00}));
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  opened->set_dim(8);
  const auto row = opened->row(0);
  ASSERT_TRUE(row.ok()) << row.status().message();
  const std::vector<float> whole(row->begin(), row->begin() + 7);
  EXPECT_EQ(whole, (std::vector<float>{1, -2, 65504, 0x1p-24f, -1023 * 0x1p-24f, 0,
                                       std::numeric_limits<float>::infinity()}));
  EXPECT_TRUE(std::signbit((*row)[5]));
  EXPECT_TRUE(std::isnan((*row)[7]));
}

TEST(VectorFile, errors_name_the_file_and_the_row) {
  const auto told = [](const base::Status& status, const std::string& text) {
    EXPECT_NE(status.message().find(text), std::string::npos) << status.message();
  };
  told(VectorFile::open("rows.npy").status(), "rows.npy: a vector file ends in .f16 or .f32");
  EXPECT_EQ(VectorFile::open("/nowhere/rows.f32").status().code(), base::Code::kNotFound);
  auto opened = VectorFile::open(file<float>("short.f32", {1, 2, 3, 4, 5}));
  ASSERT_TRUE(opened.ok());
  told(opened->row(0).status(), "20 bytes are not a whole number of rows of 0 dimensions");
  opened->set_dim(2);
  told(opened->row(0).status(), "20 bytes are not a whole number of rows of 2 dimensions");
  opened->set_dim(5);
  told(opened->row(1).status(), "row 1 of 1");
}

}  // namespace
}  // namespace rhumb::cli
