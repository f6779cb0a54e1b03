#include "codes/chunked_array.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "rhumb/cpp/guard.h"

namespace rhumb::coded {
namespace {

constexpr uint64_t kPage = 4096, kHugePage = 2 << 20;
constexpr uint64_t kChunks = kSlotsMax >> kChunkShift;
constexpr uint64_t kFirstRows = 64;  // made accessible by the first reserve()
// Chunks below this size get no huge pages, because a huge page would be mostly empty.
constexpr uint64_t kHugeFromBytes = 4 << 20;

uint64_t rounded(uint64_t n, uint64_t to) { return (n + to - 1) / to * to; }

void* reserve_addresses(uint64_t bytes, int protection) {
  void* at = ::mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED)
    throw Error(RHUMB_NO_MEMORY,
                "cannot reserve " + std::to_string(bytes) + " bytes of address space", errno);
  return at;
}

}  // namespace

ChunkedArray::ChunkedArray(uint32_t stride)
    : stride_(stride),
      chunk_bytes_(rounded(uint64_t{stride} << kChunkShift, kPage)),
      chunks_(
          static_cast<char**>(reserve_addresses(kChunks * sizeof(char*), PROT_READ | PROT_WRITE))) {
}

ChunkedArray::~ChunkedArray() {
  const uint64_t used = (capacity() + kChunkMask) >> kChunkShift;
  // One more than `used`, because a chunk may be reserved although making it accessible failed.
  for (uint64_t i = 0; i < std::min(kChunks, used + 1); ++i) {
    if (chunks_[i] != nullptr) ::munmap(chunks_[i], chunk_bytes_);
  }
  ::munmap(chunks_, kChunks * sizeof(char*));
}

// The chunk is aligned to huge pages. The surplus address space on both sides is given back.
char* ChunkedArray::chunk(uint64_t index) {
  if (chunks_[index] == nullptr) {
    char* const raw = static_cast<char*>(reserve_addresses(chunk_bytes_ + kHugePage, PROT_NONE));
    char* const aligned =
        reinterpret_cast<char*>(rounded(reinterpret_cast<uint64_t>(raw), kHugePage));
    if (aligned != raw) ::munmap(raw, static_cast<uint64_t>(aligned - raw));
    const uint64_t behind = kHugePage - static_cast<uint64_t>(aligned - raw);
    if (behind != 0) ::munmap(aligned + chunk_bytes_, behind);
    chunks_[index] = aligned;
  }
  return chunks_[index];
}

void ChunkedArray::open_chunk(uint64_t index, uint64_t bytes) {
  char* const at = chunk(index);
  if (::mprotect(at, bytes, PROT_READ | PROT_WRITE) != 0)
    throw Error(RHUMB_NO_MEMORY, "no memory for rows of an index", errno);
  // The result is ignored, because some kernels lack huge pages.
  if (bytes >= kHugeFromBytes) ::madvise(at, bytes, MADV_HUGEPAGE);
}

void ChunkedArray::reserve(uint64_t slots) {
  if (slots <= capacity()) return;
  if (slots > kSlotsMax) throw Error(RHUMB_OVER_LIMIT, "more than 2^31 slots");
  const uint64_t in_chunk = uint64_t{1} << kChunkShift;
  const uint64_t wanted =
      std::min(kSlotsMax, std::max({slots, capacity() + capacity() / 2, kFirstRows}));
  for (uint64_t now = capacity(); now < wanted; now = capacity()) {
    const uint64_t index = now >> kChunkShift;
    const uint64_t rows = std::min(wanted - index * in_chunk, in_chunk);
    const uint64_t bytes = std::min(chunk_bytes_, rounded(rows * stride_, kPage));
    open_chunk(index, bytes);
    capacity_.store(index * in_chunk + std::min(in_chunk, bytes / stride_),
                    std::memory_order_relaxed);
  }
}

void ChunkedArray::map(int fd, uint64_t offset, uint64_t slots) {
  const uint64_t in_chunk = uint64_t{1} << kChunkShift;
  for (uint64_t now = 0; now < slots; now = capacity()) {
    const uint64_t index = now >> kChunkShift;
    const uint64_t rows = std::min(slots - now, in_chunk);
    const uint64_t bytes = rounded(rows * stride_, kPage);
    const void* const at =
        ::mmap(chunk(index), bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
               fd, static_cast<off_t>(offset + index * chunk_bytes_));
    if (at == MAP_FAILED) throw Error(RHUMB_IO, "mmap of an index file", errno);
    capacity_.store(now + rows, std::memory_order_relaxed);
    mapped_bytes_ += rows * stride_;
  }
}

void ChunkedArray::write(uint64_t offset, const char* bytes, uint64_t n) noexcept {
  const uint64_t in_chunk = uint64_t{stride_} << kChunkShift;
  while (n > 0) {
    const uint64_t at = offset % in_chunk, part = std::min(n, in_chunk - at);
    std::memcpy(chunks_[offset / in_chunk] + at, bytes, part);
    offset += part;
    bytes += part;
    n -= part;
  }
}

void ChunkedArray::clear() {
  const uint64_t in_chunk = uint64_t{1} << kChunkShift;
  for (uint64_t first = 0; first < capacity(); first += in_chunk) {
    const uint64_t bytes = rounded(std::min(in_chunk, capacity() - first) * stride_, kPage);
    ::madvise(chunks_[first >> kChunkShift], std::min(chunk_bytes_, bytes), MADV_DONTNEED);
  }
}

}  // namespace rhumb::coded
