#include "host/archive/tar_reader.h"

#include <algorithm>

#include "host/archive/tar_name.h"
#include "host/base/assert.h"
#include "host/base/limits.h"

namespace rhumb::archive {

namespace limits = base::limits;
using base::Status;

namespace {

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

Status TarReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    switch (state_) {
      case State::kHeader: {
        const size_t take = std::min(bytes.size(), kTarBlockBytes - gathered_.size());
        gathered_.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        if (gathered_.size() == kTarBlockBytes) RHUMB_TRY(block_came());
        break;
      }
      case State::kExtension: {
        const size_t take = std::min<uint64_t>(bytes.size(), left_);
        gathered_.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        left_ -= take;
        if (left_ == 0) RHUMB_TRY(extension_came());
        break;
      }
      case State::kBody:
        RHUMB_TRY(body(bytes));
        break;
      case State::kPadding:
        RHUMB_TRY(zeros(bytes));
        break;
      case State::kEnd:
        return after_end(bytes);
    }
  }
  return base::ok();
}

Status TarReader::finish() const {
  if (state_ == State::kEnd) return base::ok();
  return base::invalid("the archive is cut short");
}

Status TarReader::block_came() {
  const std::string block = std::move(gathered_);
  gathered_.clear();
  if (all_zero(block)) {
    if (extended_) return base::invalid("the archive ends after an extended header");
    if (zero_block_) state_ = State::kEnd;
    zero_block_ = true;
    return base::ok();
  }
  if (zero_block_) return base::invalid("the archive goes on after its end");
  RHUMB_ASSIGN(TarHeader header, read_tar_header(block));
  if (header.kind != TarKind::kExtended) return begin_entry(std::move(header));
  if (extended_) return base::invalid("the archive has two extended headers for one entry");
  if (header.size == 0 || header.size > limits::kMaxArchiveHeaderBytes)
    return base::invalid("an extended header of the archive has " + std::to_string(header.size) +
                         " bytes; the limit is " + std::to_string(limits::kMaxArchiveHeaderBytes));
  state_ = State::kExtension;
  left_ = header.size;
  return base::ok();
}

Status TarReader::extension_came() {
  RHUMB_ASSIGN(extension_, read_tar_extension(gathered_));
  extended_ = true;
  left_ = tar_padding(gathered_.size());
  gathered_.clear();
  state_ = left_ == 0 ? State::kHeader : State::kPadding;
  return base::ok();
}

Status TarReader::begin_entry(TarHeader header) {
  if (extension_.name) header.name = std::move(*extension_.name);
  if (extension_.size) header.size = *extension_.size;
  extension_ = {};
  extended_ = false;
  // `tar -C directory .` puts "./" in front of all names, and slashes after directories.
  std::string name = std::move(header.name);
  const bool directory = header.kind == TarKind::kDirectory;
  if (directory && name.size() > 1 && name.ends_with('/')) name.pop_back();
  if (name.starts_with("./")) name.erase(0, 2);
  if (directory && header.size != 0) return base::invalid("a directory of the archive has a size");
  if (directory && name == ".") return base::ok();
  RHUMB_TRY(check_tar_name(name));
  if (directory) return sink_.directory(name);
  // A larger size would overflow the sums below; the sink has the limit that counts.
  if (header.size > limits::kMaxArchiveFileBytes)
    return base::invalid("'" + shown_name(name) + "' in the archive has " +
                         std::to_string(header.size) + " bytes, over the limit of " +
                         std::to_string(limits::kMaxArchiveFileBytes));
  RHUMB_TRY(sink_.file(name, header.size));
  left_ = header.size;
  padding_ = tar_padding(header.size);
  state_ = State::kBody;
  return left_ == 0 ? body_end() : base::ok();
}

Status TarReader::body(std::string_view& bytes) {
  const size_t take = std::min<uint64_t>(bytes.size(), left_);
  RHUMB_TRY(sink_.data(bytes.substr(0, take)));
  bytes.remove_prefix(take);
  left_ -= take;
  return left_ == 0 ? body_end() : base::ok();
}

Status TarReader::body_end() {
  left_ = padding_;
  state_ = left_ == 0 ? State::kHeader : State::kPadding;
  return sink_.file_end();
}

Status TarReader::zeros(std::string_view& bytes) {
  const size_t take = std::min<uint64_t>(bytes.size(), left_);
  if (!all_zero(bytes.substr(0, take)))
    return base::invalid("the archive has bytes between two entries");
  bytes.remove_prefix(take);
  left_ -= take;
  if (left_ == 0) state_ = State::kHeader;
  return base::ok();
}

Status TarReader::after_end(std::string_view bytes) {
  end_bytes_ += bytes.size();
  if (!all_zero(bytes)) return base::invalid("the archive goes on after its end");
  if (end_bytes_ > limits::kMaxArchivePaddingBytes)
    return base::invalid("more than " + std::to_string(limits::kMaxArchivePaddingBytes) +
                         " zero bytes follow the end of the archive");
  return base::ok();
}

}  // namespace rhumb::archive
