#include "host/archive/packer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "host/archive/tar_header.h"
#include "host/archive/tar_name.h"
#include "host/base/clock.h"
#include "host/base/limits.h"

namespace rhumb::archive {

namespace limits = base::limits;
using base::Result;
using base::Status;

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

Result<uint64_t> changed_seconds(const base::File& file) {
  struct stat st {};
  if (::fstat(file.fd(), &st) != 0) return base::io_error("cannot stat", file.path(), errno);
  return static_cast<uint64_t>(std::max<time_t>(0, st.st_mtime));
}

}  // namespace

Packer::Packer(std::vector<PackFile> files)
    : files_(std::move(files)), zstd_(limits::kArchiveZstdLevel) {}

Result<bool> Packer::next(std::string& piece) {
  piece.clear();
  while (!ended_ && piece.size() < limits::kArchivePieceBytes) RHUMB_TRY(more(piece));
  sha_.update(piece);
  packed_ += piece.size();
  return !piece.empty();
}

Status Packer::more(std::string& piece) {
  if (inside_) {
    const size_t take = std::min<uint64_t>(left_, limits::kArchivePieceBytes);
    buffer_.resize(take);
    RHUMB_TRY(file_.read_at(at_, buffer_.data(), take));
    at_ += take;
    left_ -= take;
    file_bytes_ += take;
    if (left_ == 0) {
      buffer_.append(tar_padding(at_), '\0');
      file_.close();
      inside_ = false;
    }
    return zstd_.write(buffer_, false, piece);
  }
  if (next_file_ < files_.size()) return begin_file(piece);
  ended_ = true;
  return zstd_.write(std::string(2 * kTarBlockBytes, '\0'), true, piece);
}

Status Packer::begin_file(std::string& piece) {
  const PackFile& file = files_[next_file_++];
  RHUMB_TRY(check_tar_name(file.name));
  if (file.path.empty()) {
    std::string bytes =
        write_tar_header(file.name, file.text.size(), base::wall_ns() / kNsPerSecond);
    bytes += file.text;
    bytes.append(tar_padding(file.text.size()), '\0');
    file_bytes_ += file.text.size();
    return zstd_.write(bytes, false, piece);
  }
  RHUMB_ASSIGN(file_, base::File::open_ro(file.path));
  RHUMB_ASSIGN(const uint64_t changed, changed_seconds(file_));
  at_ = 0;
  left_ = file.length;
  inside_ = left_ > 0;
  if (!inside_) file_.close();
  return zstd_.write(write_tar_header(file.name, file.length, changed), false, piece);
}

Result<Packed> pack_into(base::File& file, std::vector<PackFile> files,
                         const std::function<bool()>& stop) {
  Packer packer(std::move(files));
  std::string piece;
  uint64_t at = 0;
  while (true) {
    if (stop && stop()) return Status(base::Code::kCancelled, "the packing was cancelled");
    RHUMB_ASSIGN(const bool more, packer.next(piece));
    if (!more) break;
    RHUMB_TRY(file.write_at(at, piece));
    at += piece.size();
  }
  RHUMB_TRY(file.sync_data());
  return Packed{at, packer.checksum()};
}

}  // namespace rhumb::archive
