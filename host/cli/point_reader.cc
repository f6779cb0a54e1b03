#include "host/cli/point_reader.h"

#include <zstd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

namespace rhumb::cli {
namespace {
constexpr size_t kChunkBytes = 256 * 1024;
constexpr size_t kMaxLineBytes = 64 * 1024 * 1024;
}  // namespace

struct LineReader::Impl {
  std::string path;
  std::FILE* file = nullptr;
  ZSTD_DStream* zstd = nullptr;
  std::vector<char> raw = std::vector<char>(kChunkBytes), plain = std::vector<char>(kChunkBytes);
  ZSTD_inBuffer in{nullptr, 0, 0};
  std::string pending;
  size_t at = 0;
  uint64_t lines = 0, bytes_read = 0, bytes_total = 0;
  bool ended = false;
  size_t frame_left = 0;  // zstd's hint; 0 between two frames

  ~Impl() {
    if (zstd != nullptr) ZSTD_freeDStream(zstd);
    if (file != nullptr && file != stdin) std::fclose(file);
  }

  base::Result<size_t> read_raw() {
    const size_t n = std::fread(raw.data(), 1, raw.size(), file);
    if (n == 0 && std::ferror(file) != 0)
      return base::Status(base::Code::kIo, path + ": " + std::strerror(errno));
    bytes_read += n;
    return n;
  }

  // Appends some plain text to `pending` and sets `ended` when there is no more.
  base::Status fill() {
    if (zstd == nullptr) {
      RHUMB_ASSIGN(const size_t n, read_raw());
      if (n == 0) ended = true;
      pending.append(raw.data(), n);
      return base::ok();
    }
    if (in.pos == in.size) {
      RHUMB_ASSIGN(const size_t n, read_raw());
      if (n == 0) {
        ended = true;
        return frame_left == 0 ? base::ok()
                               : base::corrupt(path + ": the compressed file is cut short");
      }
      in = {raw.data(), n, 0};
    }
    ZSTD_outBuffer out{plain.data(), plain.size(), 0};
    frame_left = ZSTD_decompressStream(zstd, &out, &in);
    if (ZSTD_isError(frame_left) != 0)
      return base::corrupt(path + ": " + ZSTD_getErrorName(frame_left));
    pending.append(plain.data(), out.pos);
    return base::ok();
  }
};

LineReader::~LineReader() = default;
uint64_t LineReader::line_number() const { return impl_->lines; }
double LineReader::part_read() const {
  return impl_->bytes_total == 0
             ? 0
             : static_cast<double>(impl_->bytes_read) / static_cast<double>(impl_->bytes_total);
}

base::Result<std::unique_ptr<LineReader>> LineReader::open(const std::string& path) {
  std::unique_ptr<LineReader> reader(new LineReader);
  reader->impl_ = std::make_unique<Impl>();
  Impl& impl = *reader->impl_;
  impl.path = path;
  impl.file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (impl.file == nullptr) return base::not_found(path + ": " + std::strerror(errno));
  if (path != "-" && std::fseek(impl.file, 0, SEEK_END) == 0) {
    impl.bytes_total = static_cast<uint64_t>(std::ftell(impl.file));
    std::rewind(impl.file);
  }
  if (path.ends_with(".zst")) {
    impl.zstd = ZSTD_createDStream();
    if (impl.zstd == nullptr) return base::internal("zstd: no memory");
  }
  return reader;
}

base::Result<bool> LineReader::next(std::string& line) {
  Impl& impl = *impl_;
  for (;;) {
    const size_t newline = impl.pending.find('\n', impl.at);
    if (newline != std::string::npos || (impl.ended && impl.at < impl.pending.size())) {
      const size_t end = newline == std::string::npos ? impl.pending.size() : newline;
      line.assign(impl.pending, impl.at, end - impl.at);
      impl.at = newline == std::string::npos ? end : newline + 1;
      ++impl.lines;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      return true;
    }
    if (impl.ended) return false;
    impl.pending.erase(0, impl.at);
    impl.at = 0;
    if (impl.pending.size() > kMaxLineBytes)
      return base::invalid(impl.path + ": line " + std::to_string(impl.lines + 1) +
                           " is longer than 64 MiB");
    RHUMB_TRY(impl.fill());
  }
}

}  // namespace rhumb::cli
