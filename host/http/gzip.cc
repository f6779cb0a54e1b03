#include "host/http/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "host/base/ascii.h"
#include "host/base/assert.h"
#include "host/base/limits.h"

namespace rhumb::http {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib's value for gzip and nothing else
constexpr int kLevel = 1;
constexpr size_t kSliceBytes = 64 * 1024;

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

Bytef* bytes(const char* p) { return reinterpret_cast<Bytef*>(const_cast<char*>(p)); }

// For parameters such as ";q=0.5": whether the weight leaves gzip acceptable.
bool weight_allows(std::string_view parameters) {
  const size_t at = parameters.find("q=");
  if (at == std::string_view::npos) return true;
  const std::string_view weight = trim(parameters.substr(at + 2));
  return weight.find_first_not_of("0.") != std::string_view::npos;
}

}  // namespace

struct Gunzip::State {
  z_stream z{};
  ~State() { inflateEnd(&z); }
};

Gunzip::Gunzip() : state_(std::make_unique<State>()) {
  RHUMB_ASSERT(inflateInit2(&state_->z, kGzipWindow) == Z_OK);
}
Gunzip::~Gunzip() = default;

base::Result<size_t> Gunzip::step(std::string_view in, std::string& out, size_t out_max) {
  pending_ = false;
  if (finished_) {
    if (in.empty()) return size_t{0};
    return base::invalid("bytes after the end of the gzip body");
  }
  z_stream& z = state_->z;
  z.next_in = bytes(in.data());
  z.avail_in = static_cast<uInt>(std::min<size_t>(in.size(), UINT32_MAX));
  const size_t given = z.avail_in;
  size_t produced = 0;
  while (produced < out_max) {
    const size_t room = std::min(kSliceBytes, out_max - produced);
    const size_t before = out.size();
    out.resize(before + room);
    z.next_out = bytes(out.data() + before);
    z.avail_out = static_cast<uInt>(room);
    const int rc = inflate(&z, Z_NO_FLUSH);
    out.resize(before + room - z.avail_out);
    produced += room - z.avail_out;
    if (rc == Z_STREAM_END) {
      finished_ = true;
      return given - z.avail_in;
    }
    if (rc != Z_OK && rc != Z_BUF_ERROR) {
      return base::invalid(std::string("not a valid gzip body: ") +
                           (z.msg != nullptr ? z.msg : "damaged"));
    }
    if (z.avail_out != 0) return given - z.avail_in;  // inflate() took all of its input.
  }
  pending_ = true;
  return given - z.avail_in;
}

struct Gzip::State {
  z_stream z{};
  ~State() { deflateEnd(&z); }
};

Gzip::Gzip() : state_(std::make_unique<State>()) {
  RHUMB_ASSERT(deflateInit2(&state_->z, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) ==
               Z_OK);
}
Gzip::~Gzip() = default;

void Gzip::reset() { RHUMB_ASSERT(deflateReset(&state_->z) == Z_OK); }

std::string Gzip::pack(std::string_view in, bool last) {
  RHUMB_ASSERT(in.size() <= UINT32_MAX);
  z_stream& z = state_->z;
  z.next_in = bytes(in.data());
  z.avail_in = static_cast<uInt>(in.size());
  std::string out;
  size_t made = 0;
  while (true) {
    out.resize(made + std::max<size_t>(4096, in.size() / 4));
    z.next_out = bytes(out.data() + made);
    z.avail_out = static_cast<uInt>(out.size() - made);
    const int rc = deflate(&z, last ? Z_FINISH : Z_SYNC_FLUSH);
    RHUMB_ASSERT(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
    made = out.size() - z.avail_out;
    if (last ? rc == Z_STREAM_END : z.avail_out != 0) break;
  }
  out.resize(made);
  return out;
}

std::string gzip_body(std::string_view body) {
  thread_local Gzip packer;
  packer.reset();
  return packer.pack(body, true);
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool star = false;
  while (!accept_encoding.empty()) {
    const size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view item = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    const size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view coding = trim(item.substr(0, semicolon));
    if (base::equal_ignoring_case(coding, "gzip") || base::equal_ignoring_case(coding, "x-gzip"))
      return weight_allows(item.substr(semicolon));
    if (coding == "*") star = weight_allows(item.substr(semicolon));
  }
  return star;
}

}  // namespace rhumb::http
