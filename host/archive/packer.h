// Packs files into one archive: tar, compressed with zstd.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/archive/sha256.h"
#include "host/archive/zstd_stream.h"
#include "host/base/file.h"
#include "host/base/status.h"

namespace rhumb::archive {

// One file of the archive: the first `length` bytes of the file at `path`, which may be longer. If
// `path` is empty, the bytes in `text`.
struct PackFile {
  std::string name;  // in the archive
  std::string path;
  uint64_t length = 0;
  std::string text = {};
};

// Makes the archive piece by piece, so that its memory is bounded by kMaxArchiveMemoryBytes (and by
// the list of files). Used by one thread at a time; each call reads from the disk. Two packings of
// the same files are equal byte by byte if the files' times are.
class Packer {
 public:
  explicit Packer(std::vector<PackFile> files);
  // Replaces `piece` by the next bytes of the archive: at least one, and kArchivePieceBytes or a
  // little more. Returns false and no bytes after the end. kCorrupt when a file is shorter than its
  // length. After a failure the packer must not be used any more.
  base::Result<bool> next(std::string& piece);

  uint64_t packed_bytes() const { return packed_; }    // so far
  uint64_t file_bytes() const { return file_bytes_; }  // of the files, so far
  std::string checksum() { return sha_.finish(); }     // SHA-256; after the end, once

 private:
  base::Status begin_file(std::string& piece);
  base::Status more(std::string& piece);

  const std::vector<PackFile> files_;
  ZstdWriter zstd_;
  Sha256 sha_;
  base::File file_;
  std::string buffer_;
  size_t next_file_ = 0;
  uint64_t at_ = 0, left_ = 0;  // of the file that is being packed
  uint64_t packed_ = 0, file_bytes_ = 0;
  bool inside_ = false, ended_ = false;
};

struct Packed {
  uint64_t bytes = 0;    // of the archive
  std::string checksum;  // SHA-256 of the archive
};
// Packs into a new file and syncs it. The caller removes the file after a failure. `stop` is asked
// between pieces, and true ends the packing with kCancelled.
base::Result<Packed> pack_into(base::File& file, std::vector<PackFile> files,
                               const std::function<bool()>& stop = {});

}  // namespace rhumb::archive
