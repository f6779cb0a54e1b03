#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "file/file.h"
#include "file/file_reader.h"
#include "file/graph_file.h"
#include "rhumb/cpp/slot_filter.h"

namespace rhumb::coded {
namespace {

void require_same(const char* what, uint64_t expected, uint64_t found) {
  if (expected == found) return;
  throw Error(RHUMB_UNSUPPORTED, std::string("graph: ") + what + ": expected " +
                                     std::to_string(expected) + ", found " + std::to_string(found));
}

// Fills an empty graph. The file is read once: each block goes into the arrays while its checksum
// is computed.
class Loader {
 public:
  Loader(const FileReader& reader, const Host& host, const rhumb_vectors_t& column, bool mapped,
         Trained& trained)
      : reader_(reader),
        header_(reader.header()),
        host_(host),
        column_(column),
        mapped_(mapped),
        graph_(trained.graph),
        arrays_(trained.graph) {}

  void run(uint32_t end) {
    end_ = end;
    expect(arrays_.codes(), kCodes, end);
    if (arrays_.has_bits()) expect(arrays_.bits(), kBits, end);
    expect(arrays_.rows(), kRows, end);
    expect(arrays_.upper(), kUpper, header_.upper_rows);
    const uint64_t levels_at = reader_.section(kLevels, end, sizeof(uint8_t));
    levels_.resize(end);
    reader_.each_block(host_, [&](uint64_t offset, const char* bytes, uint64_t n) {
      const auto within = [&](uint64_t begin, uint64_t length, auto take) {
        const uint64_t first = std::max(offset, begin), last = std::min(offset + n, begin + length);
        if (first < last) take(first - begin, bytes + (first - offset), last - first);
      };
      for (const Expected& e : expected_) {
        within(e.offset, e.bytes, [&](uint64_t at, const char* from, uint64_t count) {
          e.array->write(at, from, count);
        });
      }
      within(levels_at, levels_.size(), [&](uint64_t at, const char* from, uint64_t count) {
        std::copy_n(from, count, levels_.begin() + static_cast<ptrdiff_t>(at));
      });
    });
    take_nodes();
    if (end > 0)
      arrays_.adopt(end, header_.nodes, header_.upper_rows,
                    {header_.entry_slot, header_.entry_level});
    constexpr uint64_t kCheckSlots = 4096;
    host_.parallel((end + kCheckSlots - 1) / kCheckSlots, [&](uint64_t i) {
      for (uint64_t slot = i * kCheckSlots; slot < std::min<uint64_t>(end_, (i + 1) * kCheckSlots);
           ++slot)
        check_rows(static_cast<uint32_t>(slot));
    });
  }

 private:
  struct Expected {
    ChunkedArray* array;
    uint64_t offset, bytes;
  };

  void expect(ChunkedArray& array, Section id, uint64_t rows) {
    const uint64_t offset = reader_.section(id, rows, array.stride());
    if (rows == 0) return;
    if (mapped_) return array.map(reader_.fd(), offset, rows);
    array.reserve(rows);
    expected_.push_back({&array, offset, rows * array.stride()});
  }
  void take_nodes() {
    const SlotFilter present(column_, nullptr);
    uint64_t nodes = 0, upper_rows = 0;
    arrays_.levels().reserve(end_);
    for (uint32_t slot = 0; slot < end_; ++slot) {
      if (levels_[slot] == 0) continue;
      const uint32_t level = levels_[slot] - 1u;
      if (level > header_.entry_level || level > kLevelMax) bad("level out of range", slot);
      if (!present.present(slot)) bad("a node without a vector", slot);
      if (upper_rows + level > header_.upper_rows) reader_.corrupt("numbers of nodes differ");
      if (level > 0) arrays_.levels().reach(slot, level, static_cast<uint32_t>(upper_rows));
      arrays_.levels().add(slot);
      upper_rows += level;
      ++nodes;
    }
    if (nodes != header_.nodes || upper_rows != header_.upper_rows)
      reader_.corrupt("numbers of nodes differ");
    const bool sound =
        header_.entry_slot < end_ && levels_[header_.entry_slot] == header_.entry_level + 1;
    if (end_ > 0 && nodes > 0 && !sound) reader_.corrupt("no node at the entry point");
    if (end_ > 0 && nodes == 0) reader_.corrupt("no nodes");
  }
  void check_rows(uint32_t slot) const {
    for (uint32_t level = 0; level < levels_[slot]; ++level) {
      const uint32_t* const row = graph_.row(slot, level);
      for (uint32_t i = 0; i < graph_.row_links(level); ++i) {
        if (row[i] == kNoLink) continue;
        if (row[i] >= end_ || row[i] == slot || levels_[row[i]] <= level)
          bad("a link that leads nowhere", slot);
      }
    }
  }
  [[noreturn]] void bad(const char* what, uint32_t slot) const {
    reader_.corrupt(std::string(what) + ", slot " + std::to_string(slot));
  }

  const FileReader& reader_;
  const FileHeader& header_;
  const Host& host_;
  const rhumb_vectors_t& column_;
  const bool mapped_;
  Graph& graph_;
  GraphFile arrays_;
  std::vector<Expected> expected_;
  std::vector<uint8_t> levels_;  // as they are in the file
  uint32_t end_ = 0;
};

}  // namespace

LoadedGraph load_graph(const std::string& dir, uint32_t metric, const rhumb_vectors_t& column,
                       const Options& options, const Kernels& kernels, const Host& host) {
  const FileReader reader(graph_file_in(dir));
  const FileHeader& header = reader.header();
  require_same("metric", metric, header.metric);
  require_same("scalar type", column.scalar, header.scalar);
  require_same("dim", column.dim, header.dim);
  if (header.built_through > column.rows) {
    reader.corrupt("built through slot " + std::to_string(header.built_through) + " of " +
                   std::to_string(column.rows));
  }
  LoadedGraph loaded;
  loaded.built_through = header.built_through;
  if (header.trained == 0) {
    reader.each_block(host, [](uint64_t, const char*, uint64_t) {});
    return loaded;
  }
  // The graph goes on as it was begun. Of the options, only those count that a search or a later
  // insert can follow.
  GraphShape shape = options.shape();
  shape.degree = header.degree;
  shape.upper_degree = header.upper_degree;
  shape.own_links = header.own_links;
  if (!is_possible(shape)) reader.corrupt("numbers of links out of range");
  if (header.one_bit > 1) reader.corrupt("one_bit out of range");
  const CodesHeader& codes = reader.codes();
  CodecParams params{metric,
                     column.scalar,
                     column.dim,
                     header.seed,
                     header.one_bit,
                     header.scale,
                     header.reach,
                     static_cast<Codes>(codes.codes),
                     {},
                     codes.sub,
                     codes.learned};
  std::copy_n(codes.levels, kLevels4, params.levels.begin());
  if (!(params.scale > 0) || !std::isfinite(params.scale) || !std::isfinite(params.reach))
    reader.corrupt("parameters of codes out of range");
  const Codec unknowing = Codec::restore(params, {}, kernels);
  const uint32_t width = unknowing.width();
  std::vector<float> centre(width);
  reader.read_at(reader.section(kCentre, 1, uint64_t{width} * sizeof(float)), centre.data(),
                 centre.size() * sizeof(float));
  std::shared_ptr<const Product> product;
  if (unknowing.products())
    product = std::make_shared<const Product>(reader.book(width), width, params.sub);
  const Form form{params.codes, params.one_bit != 0, codes.asked != 0, static_cast<Why>(codes.why)};
  loaded.trained = std::make_unique<Trained>(
      Codec::restore(params, std::move(centre), kernels, std::move(product)), form, column, shape,
      options.ef_construct, kernels);
  loaded.trained->measured.read(codes);
  loaded.trained->insertion.count_clipped(codes.clipped);
  for (const float recall : header.calibration.recalls) {
    if (!(recall >= 0 && recall <= 1)) reader.corrupt("a recall out of range");
  }
  for (const float reach : header.calibration.reaches) {
    if (!(reach == 0 || (reach >= 1 && reach <= kCalibrationReaches.back())))
      reader.corrupt("a reach out of range");
  }
  loaded.trained->calibration.set(header.calibration);
  loaded.trained->calibration.set_spread(codes.spread);
  const uint64_t end = header.sections[kLevels].rows;
  if (end > header.built_through) reader.corrupt("more rows than slots");
  Loader(reader, host, column, options.mapped, *loaded.trained).run(static_cast<uint32_t>(end));
  return loaded;
}

}  // namespace rhumb::coded
