#include "tests/archive/archives.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <zstd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>

#include "host/archive/tar_header.h"

namespace rhumb::archive::test {

namespace fs = std::filesystem;

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "rhumb_archive_XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}
TempDir::~TempDir() { fs::remove_all(path_); }

void put(const std::string& path, std::string_view bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream out(path, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.good()) << path;
}

std::string noise(size_t bytes, uint32_t seed) {
  std::mt19937 random(seed);
  std::string out(bytes, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

Files files_below(const std::string& directory) {
  Files out;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    out[fs::relative(entry.path(), directory).string()] =
        std::string(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

std::string pack_all(Packer& packer) {
  std::string out, piece;
  while (true) {
    const auto more = packer.next(piece);
    EXPECT_TRUE(more.ok()) << more.status().message();
    if (!more.ok() || !*more) return out;
    EXPECT_FALSE(piece.empty());
    out += piece;
  }
}

std::string packed(const TempDir& directory, const Files& files) {
  std::vector<PackFile> list;
  for (const auto& [name, content] : files) {
    put(directory / name, content);
    list.push_back({name, directory / name, content.size()});
  }
  Packer packer(std::move(list));
  return pack_all(packer);
}

base::Status unpack(std::string_view archive, const UnpackOptions& options, size_t step,
                    std::string_view checksum) {
  auto unpacker = Unpacker::begin(options);
  RHUMB_TRY(unpacker.ok() ? base::ok() : unpacker.status());
  for (; !archive.empty(); archive.remove_prefix(std::min(step, archive.size())))
    RHUMB_TRY((*unpacker)->feed(archive.substr(0, step)));
  const auto done = (*unpacker)->finish(checksum);
  if (!done.ok()) return done.status();
  (*unpacker)->keep();
  return base::ok();
}

std::string tar_entry(const Entry& entry) {
  std::string block(kTarBlockBytes, '\0');
  const auto field = [&](size_t at, std::string_view text) {
    std::memcpy(block.data() + at, text.data(), text.size());
  };
  std::array<char, 16> octal{};
  field(0, std::string_view(entry.name).substr(0, 100));
  field(100, "0000644");
  field(108, "0000000");
  field(116, "0000000");
  std::snprintf(octal.data(), octal.size(), "%011zo", entry.body.size());
  field(124, entry.size.empty() ? std::string_view(octal.data(), 11) : entry.size);
  field(136, "00000000001");
  field(148, "        ");
  block[156] = entry.type;
  field(157, entry.link);
  field(257, entry.magic);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::snprintf(octal.data(), octal.size(), "%06o", sum);
  field(148, std::string_view(octal.data(), 7));
  std::string out = block + entry.body;
  out.append(tar_padding(entry.body.size()), '\0');
  return out;
}

std::string tar_end() { return std::string(2 * kTarBlockBytes, '\0'); }

std::string pax_record(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) ++length;
  return std::to_string(length) + rest;
}

std::string zstd(std::string_view bytes, int level, int window_log) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  if (window_log != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(bytes.size()) + 1024, '\0');
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer packed{out.data(), out.size(), 0};
  // Streamed, so that the frame does not say how long its content is.
  while (in.pos < in.size) ZSTD_compressStream2(context, &packed, &in, ZSTD_e_continue);
  EXPECT_EQ(ZSTD_compressStream2(context, &packed, &in, ZSTD_e_end), 0u);
  ZSTD_freeCCtx(context);
  out.resize(packed.pos);
  return out;
}

std::string archive_of(const std::vector<std::string>& parts) {
  std::string tar;
  for (const std::string& part : parts) tar += part;
  return zstd(tar + tar_end());
}

std::string run(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string out;
  std::array<char, 4096> buffer{};
  size_t n = 0;
  while ((n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0) out.append(buffer.data(), n);
  EXPECT_EQ(::pclose(pipe), 0) << command << "\n" << out;
  return out;
}

}  // namespace rhumb::archive::test
