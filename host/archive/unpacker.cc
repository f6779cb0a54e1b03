#include "host/archive/unpacker.h"

#include <sys/stat.h>

#include <cerrno>

#include "host/base/ascii.h"
#include "host/base/log.h"

namespace rhumb::archive {

using base::Result;
using base::Status;

namespace {

constexpr mode_t kTargetMode = 0750;

}  // namespace

Unpacker::Unpacker(UnpackOptions options)
    : options_(std::move(options)),
      tree_(options_.directory, options_.limits, options_.admit),
      tar_(tree_) {}

Result<std::unique_ptr<Unpacker>> Unpacker::begin(UnpackOptions options) {
  const std::string& directory = options.directory;
  if (::mkdir(directory.c_str(), kTargetMode) != 0) {
    if (errno == EEXIST) return Status(base::Code::kExists, directory + " exists already");
    return base::io_error("cannot make the directory", directory, errno);
  }
  return std::unique_ptr<Unpacker>(new Unpacker(std::move(options)));
}

Unpacker::~Unpacker() {
  if (owned_) (void)fail({base::Code::kCancelled, "the unpacking was given up"});
}

Status Unpacker::fail(Status why) {
  if (failure_.ok()) failure_ = std::move(why);
  if (owned_) {
    const Status removed = base::remove_all(options_.directory);
    if (!removed.ok())
      base::log_error("archive", "a directory of an archive that was refused stays",
                      {{"directory", options_.directory}, {"error", removed.message()}});
  }
  owned_ = false;
  return failure_;
}

Status Unpacker::feed(std::string_view bytes) {
  if (!failure_.ok()) return failure_;
  sha_.update(bytes);
  archive_bytes_ += bytes.size();
  Status status = zstd_.feed(bytes, [this](std::string_view block) { return tar_.feed(block); });
  return status.ok() ? status : fail(std::move(status));
}

Status Unpacker::check_end(std::string_view checksum, const std::string& seen) const {
  if (!checksum.empty() && !base::equal_ignoring_case(checksum, seen))
    return base::invalid("the archive has the SHA-256 checksum " + seen + ", not " +
                         std::string(checksum));
  RHUMB_TRY(zstd_.finish());
  RHUMB_TRY(tar_.finish());
  return tree_.sync_directories();
}

Result<Unpacked> Unpacker::finish(std::string_view checksum) {
  if (!failure_.ok()) return failure_;
  Unpacked out{archive_bytes_, tree_.files(), tree_.bytes(), sha_.finish()};
  Status status = check_end(checksum, out.checksum);
  if (!status.ok()) return fail(std::move(status));
  return out;
}

}  // namespace rhumb::archive
