#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "file.h"
#include "graph_file.h"
#include "rhumb/cpp/slot_filter.h"

namespace rhumb::coded {
namespace {

using block_file_detail::Descriptor;
using block_file_detail::throw_errno;

// A file whose header and checksums are right.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(path, O_RDONLY) {
    struct stat st {};
    if (::fstat(file_.get(), &st) != 0) throw_errno("stat", path_, errno);
    const auto size = static_cast<uint64_t>(st.st_size);
    if (size < kPageBytes) corrupt("shorter than its header");
    read_at(0, &header_, sizeof header_);
    if (std::memcmp(header_.magic, kMagic, sizeof kMagic) != 0) corrupt("magic differs");
    if (header_.header_crc != header_crc_of(header_)) corrupt("checksum of the header differs");
    const uint64_t extra = header_.format == kFileFormatCodes ? sizeof codes_ : 0;
    if ((header_.format != kFileFormat && extra == 0) || header_.header_bytes != sizeof header_ + extra) {
      throw Error(RHUMB_UNSUPPORTED, path_ + ": format " + std::to_string(header_.format) + ", expected " + std::to_string(kFileFormat) + " or " +
                                         std::to_string(kFileFormatCodes));
    }
    if (header_.file_bytes != size || header_.table_offset < kPageBytes || header_.table_offset > size) corrupt("size differs");
    if (extra != 0) read_codes();
    check_header_page(sizeof header_ + extra);
  }
  const FileHeader& header() const { return header_; }
  const CodesHeader& codes() const { return codes_; }
  int fd() const { return file_.get(); }

  // Every byte of the sections, in 64 KiB blocks. The file is read, not mapped: a disk that fails is told, not died of.
  void check_blocks() const {
    const uint64_t bytes = header_.table_offset - kPageBytes, blocks = (bytes + kBlockBytes - 1) / kBlockBytes;
    if (header_.file_bytes - header_.table_offset != blocks * sizeof(uint32_t)) corrupt("size of the checksum table differs");
    std::vector<uint32_t> crcs(blocks);
    read_at(header_.table_offset, crcs.data(), blocks * sizeof(uint32_t));
    if (crc32c({reinterpret_cast<const char*>(crcs.data()), blocks * sizeof(uint32_t)}) != header_.table_crc) {
      corrupt("checksum of the checksums differs");
    }
    std::vector<char> block(kBlockBytes);
    for (uint64_t i = 0; i < blocks; ++i) {
      const uint64_t n = std::min<uint64_t>(kBlockBytes, bytes - i * kBlockBytes);
      read_at(kPageBytes + i * kBlockBytes, block.data(), n);
      if (crc32c({block.data(), n}) != crcs[i]) corrupt("checksum of block " + std::to_string(i) + " differs");
    }
  }
  // A section of exactly so many rows; where it begins.
  uint64_t section(Section id, uint64_t rows, uint64_t stride) const { return section(header_.sections[id], id, rows, stride); }
  std::vector<uint8_t> book(uint32_t width) const {
    std::vector<uint8_t> book(Product::book_bytes(width));
    read_at(section(codes_.book, kSections, 1, book.size()), book.data(), book.size());
    if (std::any_of(book.begin(), book.end(), [](uint8_t c) { return c > kCodeMax; })) corrupt("a centroid out of range");
    return book;
  }
  uint64_t section(const SectionEntry& entry, uint32_t id, uint64_t rows, uint64_t stride) const {
    const bool fits = entry.rows == rows && entry.stride == stride && entry.offset % kPageBytes == 0 && entry.offset >= kPageBytes &&
                      entry.offset <= header_.table_offset && padded_to_page(rows * stride) <= header_.table_offset - entry.offset;
    if (!fits) corrupt("section " + std::to_string(id) + " does not fit");
    return entry.offset;
  }
  void read_at(uint64_t offset, void* out, uint64_t n) const {
    for (char* p = static_cast<char*>(out); n > 0;) {
      const ssize_t got = ::pread(file_.get(), p, n, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw_errno("read", path_, errno);
      if (got == 0) corrupt("ends too early");
      p += got;
      offset += static_cast<uint64_t>(got);
      n -= static_cast<uint64_t>(got);
    }
  }
  [[noreturn]] void corrupt(const std::string& why) const { throw Error(RHUMB_CORRUPT, path_ + ": " + why); }

 private:
  void read_codes() {
    read_at(sizeof header_, &codes_, sizeof codes_);
    if (codes_.crc != codes_crc_of(codes_)) corrupt("checksum of what tells the codes differs");
    const bool nibbles = codes_.codes == static_cast<uint32_t>(Codes::kNibbles), product = codes_.codes == static_cast<uint32_t>(Codes::kProduct);
    if (!nibbles && !product) throw Error(RHUMB_UNSUPPORTED, path_ + ": codes of kind " + std::to_string(codes_.codes));
    // Runs of components are powers of two, so that they fill a line.
    if (product ? codes_.sub == 0 || codes_.sub > kCompressionMax / sizeof(float) || (codes_.sub & (codes_.sub - 1)) != 0 : codes_.sub != 0) corrupt("a run out of range");
    const std::span levels(codes_.levels);
    if (!std::is_sorted(levels.begin(), levels.end()) || levels.back() > kCodeMax) corrupt("levels out of range");
  }
  void check_header_page(uint64_t used) const {
    char rest[kPageBytes];
    read_at(used, rest, kPageBytes - used);
    if (std::any_of(rest, rest + kPageBytes - used, [](char c) { return c != 0; })) corrupt("bytes behind the header");
  }
  const std::string path_;
  const Descriptor file_;
  FileHeader header_{};
  CodesHeader codes_{};
};

void require_same(const char* what, uint64_t expected, uint64_t found) {
  if (expected == found) return;
  throw Error(RHUMB_UNSUPPORTED,
              std::string("graph: ") + what + ": expected " + std::to_string(expected) + ", found " + std::to_string(found));
}

class Loader {
 public:
  Loader(const Reader& reader, const rhumb_vectors_t& column, bool mapped, Trained& trained)
      : reader_(reader), header_(reader.header()), column_(column), mapped_(mapped), graph_(trained.graph), arrays_(trained.graph) {}

  void run(uint32_t end) {
    end_ = end;
    take(arrays_.codes(), kCodes, end);
    if (arrays_.has_bits()) take(arrays_.bits(), kBits, end);
    take(arrays_.rows(), kRows, end);
    take(arrays_.levels(), kLevels, end);
    take(arrays_.upper_at(), kUpperAt, end);
    take(arrays_.upper(), kUpper, header_.upper_rows);
    if (end > 0) arrays_.adopt(end, header_.nodes, header_.upper_rows, {header_.entry_slot, header_.entry_level});
    check_nodes();
    for (uint32_t slot = 0; slot < end_; ++slot) {
      if (!graph_.has(slot)) continue;
      for (uint32_t level = 0; level <= graph_.level(slot); ++level) check_row(slot, level);
    }
  }

 private:
  void take(ChunkedArray& array, Section id, uint64_t rows) {
    const uint64_t offset = reader_.section(id, rows, array.stride());
    if (rows > 0 && mapped_) {
      array.map(reader_.fd(), offset, rows);
      return;
    }
    array.reserve(rows);
    for (uint64_t first = 0; first < rows; first += kChunkMask + 1) {
      const uint64_t n = std::min<uint64_t>(rows - first, kChunkMask + 1);
      reader_.read_at(offset + first * array.stride(), array.at(static_cast<uint32_t>(first)), n * array.stride());
    }
  }
  void check_nodes() const {
    const SlotFilter present(column_, nullptr);
    uint64_t nodes = 0, upper_rows = 0;
    for (uint32_t slot = 0; slot < end_; ++slot) {
      const uint32_t stored = arrays_.stored_level(slot);
      if (stored == 0) continue;
      if (stored - 1 > header_.entry_level || stored - 1 > kLevelMax) bad("level out of range", slot);
      if (!present.present(slot)) bad("a node without a vector", slot);
      if (stored > 1 && arrays_.first_upper_row(slot) != upper_rows) bad("upper rows out of place", slot);
      upper_rows += stored - 1;
      ++nodes;
    }
    if (nodes != header_.nodes || upper_rows != header_.upper_rows) reader_.corrupt("numbers of nodes differ");
    const bool sound = header_.entry_slot < end_ && arrays_.stored_level(header_.entry_slot) == header_.entry_level + 1;
    if (end_ > 0 && nodes > 0 && !sound) reader_.corrupt("no node at the entry point");
    if (end_ > 0 && nodes == 0) reader_.corrupt("no nodes");
  }
  void check_row(uint32_t slot, uint32_t level) const {
    const uint32_t* const row = graph_.row(slot, level);
    for (uint32_t i = 0; i < graph_.row_links(level); ++i) {
      if (row[i] == kNoLink) continue;
      if (row[i] >= end_ || row[i] == slot || arrays_.stored_level(row[i]) <= level) bad("a link that leads nowhere", slot);
    }
  }
  [[noreturn]] void bad(const char* what, uint32_t slot) const { reader_.corrupt(std::string(what) + ", slot " + std::to_string(slot)); }

  const Reader& reader_;
  const FileHeader& header_;
  const rhumb_vectors_t& column_;
  const bool mapped_;
  Graph& graph_;
  GraphFile arrays_;
  uint32_t end_ = 0;
};

}  // namespace

LoadedGraph load_graph(const std::string& dir, uint32_t metric, const rhumb_vectors_t& column, const Options& options, const Kernels& kernels) {
  const Reader reader(graph_file_in(dir));
  const FileHeader& header = reader.header();
  require_same("metric", metric, header.metric);
  require_same("scalar type", column.scalar, header.scalar);
  require_same("dim", column.dim, header.dim);
  if (header.built_through > column.rows) {
    reader.corrupt("built through slot " + std::to_string(header.built_through) + " of " + std::to_string(column.rows));
  }
  LoadedGraph loaded;
  loaded.built_through = header.built_through;
  reader.check_blocks();
  if (header.trained == 0) return loaded;
  // The graph goes on as it was begun: of the options count those that a search or a later insert can follow.
  GraphShape shape = options.shape();
  shape.degree = header.degree;
  shape.upper_degree = header.upper_degree;
  shape.own_links = header.own_links;
  if (!is_possible(shape)) reader.corrupt("numbers of links out of range");
  if (header.one_bit > 1) reader.corrupt("one_bit out of range");
  const CodesHeader& codes = reader.codes();
  CodecParams params{metric,       column.scalar, column.dim,                      header.seed, header.one_bit,
                     header.scale, header.reach,  static_cast<Codes>(codes.codes), {},          codes.sub, codes.learned};
  std::copy_n(codes.levels, kLevels4, params.levels.begin());
  if (!(params.scale > 0) || !std::isfinite(params.scale) || !std::isfinite(params.reach)) reader.corrupt("parameters of codes out of range");
  const Codec unknowing = Codec::restore(params, {}, kernels);
  const uint32_t width = unknowing.width();
  std::vector<float> centre(width);
  reader.read_at(reader.section(kCentre, 1, uint64_t{width} * sizeof(float)), centre.data(), centre.size() * sizeof(float));
  std::shared_ptr<const Product> product;
  if (unknowing.products()) product = std::make_shared<const Product>(reader.book(width), width, params.sub);
  loaded.trained = std::make_unique<Trained>(Codec::restore(params, std::move(centre), kernels, std::move(product)), column, shape, options.ef_construct, kernels);
  for (const float recall : header.calibration.recalls) {
    if (!(recall >= 0 && recall <= 1)) reader.corrupt("a recall out of range");
  }
  for (const float reach : header.calibration.reaches) {
    if (!(reach == 0 || (reach >= 1 && reach <= kCalibrationReaches.back()))) reader.corrupt("a reach out of range");
  }
  loaded.trained->calibration.set(header.calibration);
  const uint64_t end = header.sections[kLevels].rows;
  if (end > header.built_through) reader.corrupt("more rows than slots");
  Loader(reader, column, options.mapped, *loaded.trained).run(static_cast<uint32_t>(end));
  return loaded;
}

}  // namespace rhumb::coded
