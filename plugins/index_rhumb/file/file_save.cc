#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "file/file.h"
#include "file/graph_file.h"

namespace rhumb::coded {
namespace {

using block_file_detail::Descriptor;
using block_file_detail::throw_errno;

// Writes from front to end, a block at a time, and keeps the blocks' checksums.
class Writer {
 public:
  explicit Writer(const std::string& path)
      : path_(path), file_(path, O_CREAT | O_EXCL | O_WRONLY, 0640) {
    block_.reserve(kBlockBytes);
  }
  uint64_t offset() const { return flushed_ + block_.size(); }
  void bytes(const void* data, uint64_t n) {
    for (const char* p = static_cast<const char*>(data); n > 0;) {
      const uint64_t part = std::min<uint64_t>(n, kBlockBytes - block_.size());
      block_.append(p, part);
      p += part;
      n -= part;
      if (block_.size() == kBlockBytes) end_block();
    }
  }
  void pad() {
    static constexpr char kZeros[kPageBytes] = {};
    bytes(kZeros, padded_to_page(offset()) - offset());
  }
  void finish(FileHeader& header, const CodesHeader& codes) {
    if (!block_.empty()) end_block();
    const std::string_view table(reinterpret_cast<const char*>(crcs_.data()),
                                 crcs_.size() * sizeof(uint32_t));
    header.table_offset = flushed_;
    header.table_crc = crc32c(table);
    header.file_bytes = flushed_ + table.size();
    header.header_crc = header_crc_of(header);
    write_at(flushed_, table);
    std::string page(kPageBytes, '\0');
    std::memcpy(page.data(), &header, sizeof header);
    std::memcpy(page.data() + sizeof header, &codes, sizeof codes);
    write_at(0, page);
    if (::fsync(file_.get()) != 0) throw_errno("fsync", path_, errno);
  }

 private:
  void end_block() {
    crcs_.push_back(crc32c(block_));
    write_at(flushed_, block_);
    flushed_ += block_.size();
    block_.clear();
  }
  void write_at(uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n =
          ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) throw_errno("write", path_, errno);
      offset += static_cast<uint64_t>(n);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  const std::string path_;
  const Descriptor file_;
  uint64_t flushed_ = kPageBytes;  // the header's page is written last
  std::string block_;
  std::vector<uint32_t> crcs_;
};

class Saver {
 public:
  Saver(Writer& writer, const Trained& trained, uint32_t end, FileHeader& header)
      : writer_(writer),
        graph_(trained.graph),
        arrays_(const_cast<Graph&>(trained.graph)),
        codec_(trained.codec),
        end_(end),
        header_(header) {}

  void run() {
    find_entry();
    const std::vector<float>& centre = codec_.centre();
    section(kCentre, 1, static_cast<uint32_t>(centre.size() * sizeof(float)),
            [&](uint32_t) { return centre.data(); });
    plain(kCodes, arrays_.codes());
    if (arrays_.has_bits()) plain(kBits, arrays_.bits());
    std::vector<uint32_t> links(graph_.shape().degree);
    section(kRows, end_, graph_.shape().degree * sizeof(uint32_t), [&](uint32_t slot) {
      kept_links(slot, 0, links);
      return links.data();
    });
    section(kLevels, end_, sizeof(uint8_t), [&, stored = uint8_t{0}](uint32_t slot) mutable {
      stored = graph_.has(slot) ? static_cast<uint8_t>(graph_.level(slot) + 1) : 0;
      return &stored;
    });
    upper();
  }
  SectionEntry book() {
    const std::vector<uint8_t>& book = codec_.product()->book();
    writer_.pad();
    const SectionEntry entry{writer_.offset(), 1, static_cast<uint32_t>(book.size()), 0};
    writer_.bytes(book.data(), book.size());
    writer_.pad();
    return entry;
  }

 private:
  // A walk of the loaded graph begins where a walk of this graph begins, unless that node is not in
  // the file. Several nodes can be on the highest level.
  void find_entry() {
    const std::optional<EntryPoint> entry = graph_.entry();
    for (uint32_t slot = 0; slot < end_; ++slot) {
      if (!graph_.has(slot)) continue;
      if (header_.nodes++ == 0 || graph_.level(slot) > header_.entry_level) {
        header_.entry_slot = slot;
        header_.entry_level = graph_.level(slot);
      }
      header_.upper_rows += graph_.level(slot);
    }
    if (header_.nodes > 0 && entry && entry->slot < end_ && entry->level == header_.entry_level)
      header_.entry_slot = entry->slot;
  }
  template <typename RowOf>
  void section(Section id, uint64_t rows, uint32_t stride, RowOf row_of_slot) {
    writer_.pad();
    header_.sections[id] = {writer_.offset(), rows, stride, 0};
    for (uint64_t slot = 0; slot < rows; ++slot)
      writer_.bytes(row_of_slot(static_cast<uint32_t>(slot)), stride);
    writer_.pad();
  }
  void plain(Section id, const ChunkedArray& array) {
    section(id, end_, array.stride(), [&](uint32_t slot) { return array.at(slot); });
  }
  // Removes links to nodes that are not in the file.
  void kept_links(uint32_t slot, uint32_t level, std::vector<uint32_t>& links) const {
    const auto begin = links.begin();
    auto at = begin;
    if (graph_.has(slot)) {
      const uint32_t* const row = graph_.row(slot, level);
      for (uint32_t i = 0; i < graph_.row_links(level); ++i) {
        const uint32_t link = __atomic_load_n(row + i, __ATOMIC_RELAXED);
        if (link < end_) *at++ = link;
      }
    }
    std::fill(at, links.end(), kNoLink);
  }
  void upper() {
    writer_.pad();
    const uint32_t stride = graph_.shape().upper_degree * sizeof(uint32_t);
    header_.sections[kUpper] = {writer_.offset(), header_.upper_rows, stride, 0};
    std::vector<uint32_t> links(graph_.shape().upper_degree);
    for (uint32_t slot = 0; slot < end_; ++slot) {
      if (!graph_.has(slot)) continue;
      for (uint32_t level = 1; level <= graph_.level(slot); ++level) {
        kept_links(slot, level, links);
        writer_.bytes(links.data(), stride);
      }
    }
    writer_.pad();
  }

  Writer& writer_;
  const Graph& graph_;
  GraphFile arrays_;
  const Codec& codec_;
  const uint32_t end_;
  FileHeader& header_;
};

}  // namespace

void save_graph(const std::string& dir, uint32_t metric, const rhumb_vectors_t& column,
                const Trained* trained, uint32_t built_through) {
  FileHeader header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.format = kFileFormat;
  header.header_bytes = sizeof header + sizeof(CodesHeader);
  header.metric = metric;
  header.scalar = column.scalar;
  header.dim = column.dim;
  header.built_through = built_through;
  CodesHeader codes{};
  codes.spread = 1;
  Writer writer(graph_file_in(dir));
  if (trained != nullptr) {
    const CodecParams& params = trained->codec.params();
    const GraphShape& shape = trained->graph.shape();
    header.trained = 1;
    header.seed = params.seed;
    header.one_bit = params.one_bit;
    header.scale = params.scale;
    header.reach = params.reach;
    header.slack = shape.slack;
    header.degree = shape.degree;
    header.upper_degree = shape.upper_degree;
    header.own_links = shape.own_links;
    header.calibration = trained->calibration.table();
    codes.codes = static_cast<uint32_t>(params.codes);
    std::copy(params.levels.begin(), params.levels.end(), codes.levels);
    codes.sub = params.sub;
    codes.learned = params.learned;
    trained->measured.write(codes);
    codes.asked = trained->form.asked ? 1 : 0;
    codes.why = static_cast<uint32_t>(trained->form.why);
    codes.spread = trained->calibration.spread();
    codes.clipped = trained->insertion.clipped();
    Saver saver(writer, *trained, std::min(built_through, trained->graph.end()), header);
    saver.run();
    if (trained->codec.products()) codes.book = saver.book();
  }
  codes.crc = codes_crc_of(codes);
  writer.finish(header, codes);
  sync_directory(dir);
}

}  // namespace rhumb::coded
