// What images do with files: list, link, copy, sum and sync them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace rhumb::shard {

// Checksums are made of blocks of this size, as those of sealed columns.
inline constexpr uint64_t kImageBlockBytes = 64 * 1024;

struct FileSums {
  uint64_t bytes = 0;
  std::vector<uint32_t> crcs;  // CRC-32C of each block; the last one may be shorter
};

// The regular files below the directory as sorted paths relative to it. kInvalid names an entry
// that is neither a file nor a directory; links are never followed.
base::Result<std::vector<std::string>> list_files(const std::string& directory);

// True if a file of a shard's directory or of an image is never written again, so that several
// directories may link it. `path` is relative to the directory.
bool may_be_linked(std::string_view path);

// Makes a hard link. Where the file system refuses one, the file is copied and synced.
base::Status link_file(const std::string& from, const std::string& to);
// Copies and syncs the first `bytes` of the file; kCorrupt if it has fewer.
base::Status copy_file(const std::string& from, const std::string& to, uint64_t bytes);

// Reads the whole file. `stop` is asked between blocks, and true ends it with kCancelled.
base::Result<FileSums> sum_file(const std::string& path, const std::function<bool()>& stop = {});
base::Status sync_file(const std::string& path);
// Syncs the directory and all directories below it.
base::Status sync_directories(const std::string& directory);

}  // namespace rhumb::shard
