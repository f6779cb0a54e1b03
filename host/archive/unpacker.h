// Unpacks an archive that comes in pieces, for example from an upload.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "host/archive/sha256.h"
#include "host/archive/tar_reader.h"
#include "host/archive/unpack_tree.h"
#include "host/archive/zstd_stream.h"
#include "host/base/status.h"

namespace rhumb::archive {

struct UnpackOptions {
  std::string directory;  // is made; kExists when there is anything of that name
  UnpackLimits limits = {};
  UnpackTree::Admit admit = {};
};

struct Unpacked {
  uint64_t archive_bytes = 0, files = 0, file_bytes = 0;
  std::string checksum;  // SHA-256 of the archive
};

// Owns the directory until it is kept. A failure removes the directory at once, and so does the
// destructor. Used by one thread at a time; each call may write to the disk. Its memory is bounded
// by kMaxArchiveMemoryBytes. A crash leaves the directory: whoever gives the name removes it at
// start.
class Unpacker {
 public:
  static base::Result<std::unique_ptr<Unpacker>> begin(UnpackOptions options);
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  ~Unpacker();

  // After a failure further calls return the same failure.
  base::Status feed(std::string_view bytes);
  // The archive has come. Fails if it is not whole, or if `checksum` is not empty and not the
  // archive's. After success all is synced.
  base::Result<Unpacked> finish(std::string_view checksum = {});
  // After finish(): the directory stays.
  void keep() { owned_ = false; }
  const std::string& directory() const { return options_.directory; }

 private:
  explicit Unpacker(UnpackOptions options);
  base::Status fail(base::Status why);
  base::Status check_end(std::string_view checksum, const std::string& seen) const;

  const UnpackOptions options_;
  UnpackTree tree_;
  TarReader tar_;
  ZstdReader zstd_;
  Sha256 sha_;
  base::Status failure_;
  uint64_t archive_bytes_ = 0;
  bool owned_ = true;
};

}  // namespace rhumb::archive
