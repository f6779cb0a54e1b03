// Conformance of index engines: saving, loading, and files that were damaged between the two.
#include <filesystem>
#include <fstream>

#include "sdk/check/index_fixture.h"
#include "sdk/check/report.h"

namespace rhumb::check {
namespace {

namespace fs = std::filesystem;
constexpr uint32_t kRows = 2500, kDim = 24, kHits = 10, kQueries = 20;
constexpr int kDamages = 60;  // the number of places where a file is damaged

const auto kAll = [](uint32_t) { return true; };

std::vector<std::vector<char>> queries_of(const Column& column) {
  std::vector<std::vector<char>> out;
  for (uint32_t i = 0; i < kQueries; ++i) out.push_back(column.query(i));
  return out;
}

std::vector<std::string> files_in(const std::string& dir) {
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    if (entry.is_regular_file()) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

bool rebuilds(rhumb_status_t status) {
  return status == RHUMB_CORRUPT || status == RHUMB_UNSUPPORTED;
}

struct Saved {
  Saved(const IndexSubject& s, const ScratchDir& scratch)
      : column(s.metrics[0], s.scalars[0], kDim, kRows, s.seed + 20), dir(scratch.make("saved")) {
    IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
    require_status(RHUMB_OK, index.status(), "open", &index.error());
    index.build(kRows);
    before = index.search(queries_of(column), kHits, nullptr);
    require_status(RHUMB_OK, before.status, "search");
    index.save(dir);
    require_equal(uint64_t{kRows}, index.built_through(), "built_through");
  }
  Column column;
  std::string dir;
  Answer before;
};

// Either open() answers so that the host builds again, or the loaded instance works. It must
// neither crash nor give wrong answers.
void require_refused_or_sound(const IndexSubject& s, const Column& column, const std::string& dir,
                              const std::string& what) {
  IndexInstance index(s.ops, s.host, column, {s.config, dir, 0});
  if (index.status() != RHUMB_OK) {
    require(rebuilds(index.status()), what + ": open answered " + std::to_string(index.status()) +
                                          ", which does not make a host rebuild");
    return;
  }
  const uint64_t through = index.built_through();
  require(through <= column.rows(), what + ": loaded slots that the column does not have");
  const auto queries = queries_of(column);
  const Answer answer = index.search(queries, kHits, nullptr);
  for (size_t i = 0; i < queries.size(); ++i)
    require_sound(column, queries[i], answer, i, kHits, static_cast<uint32_t>(through), kAll);
}

void damage(const IndexSubject& s, bool cut) {
  const ScratchDir scratch;
  const Saved saved(s, scratch);
  std::mt19937_64 rng(s.seed);
  for (const std::string& file : files_in(saved.dir)) {
    const uint64_t size = fs::file_size(file);
    for (int i = 0; i < kDamages; ++i) {
      const uint64_t at = size * static_cast<uint64_t>(i) / kDamages +
                          (size >= kDamages ? rng() % (size / kDamages) : 0);
      if (at >= size) continue;
      const std::string copy = scratch.make("copy");
      fs::copy(saved.dir, copy, fs::copy_options::recursive);
      const std::string target = copy + file.substr(saved.dir.size());
      if (cut) {
        fs::resize_file(target, at);
      } else {
        std::fstream stream(target, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekg(static_cast<std::streamoff>(at));
        const auto byte = static_cast<char>(stream.get() ^ static_cast<char>(1 << (rng() % 8)));
        stream.seekp(static_cast<std::streamoff>(at));
        stream.put(byte);
      }
      require_refused_or_sound(s, saved.column, copy,
                               (cut ? "cut at " : "bit flipped at ") + std::to_string(at) + " of " +
                                   std::to_string(size));
      fs::remove_all(copy);
    }
  }
}

}  // namespace

void check_index_files(Report& report, const IndexSubject& s) {
  report.run("answers the same after saving and loading", [&] {
    const ScratchDir scratch;
    const Saved saved(s, scratch);
    for (int round = 0; round < 2; ++round) {  // the same files load twice
      IndexInstance index(s.ops, s.host, saved.column, {s.config, saved.dir, 0});
      require_status(RHUMB_OK, index.status(), "open", &index.error());
      const Answer after = index.search(queries_of(saved.column), kHits, nullptr);
      require(after.hits == saved.before.hits, "the loaded instance answers differently");
      require_equal(uint64_t{kRows}, index.built_through(), "built_through");
    }
  });
  report.run("saves what it loaded", [&] {
    const ScratchDir scratch;
    const Saved saved(s, scratch);
    const std::string again = scratch.make("again");
    {
      IndexInstance index(s.ops, s.host, saved.column, {s.config, saved.dir, 0});
      index.save(again);
    }
    fs::remove_all(saved.dir);
    IndexInstance index(s.ops, s.host, saved.column, {s.config, again, 0});
    require_status(RHUMB_OK, index.status(), "open", &index.error());
    require(index.search(queries_of(saved.column), kHits, nullptr).hits == saved.before.hits,
            "the second copy answers differently");
  });
  report.run("saves an empty index", [&] {
    const ScratchDir scratch;
    const std::string dir = scratch.make("empty");
    const Column column(s.metrics[0], s.scalars[0], kDim, 0, s.seed);
    {
      IndexInstance index(s.ops, s.host, column, {s.config, "", 0});
      index.build(0);
      index.save(dir);
    }
    IndexInstance index(s.ops, s.host, column, {s.config, dir, 0});
    require_status(RHUMB_OK, index.status(), "open", &index.error());
    require_equal(uint64_t{0}, index.built_through(), "built_through");
  });
  report.run("does not load slots that the column has lost", [&] {
    const ScratchDir scratch;
    Saved saved(s, scratch);
    saved.column.show(kRows / 2);
    require_refused_or_sound(s, saved.column, saved.dir, "a shorter column");
  });
  report.run(
      "refuses files of another metric, scalar type or dimension, and a directory without any",
      [&] {
        const ScratchDir scratch;
        const Saved saved(s, scratch);
        const Column other_dim(s.metrics[0], s.scalars[0], kDim + 8, kRows, s.seed);
        require_refused_or_sound(s, other_dim, saved.dir, "another dimension");
        if (s.metrics.size() > 1) {
          const Column other(s.metrics[1], s.scalars[0], kDim, kRows, s.seed);
          require_refused_or_sound(s, other, saved.dir, "another metric");
        }
        const IndexInstance nothing(s.ops, s.host, saved.column,
                                    {s.config, scratch.make("nothing"), 0});
        require(rebuilds(nothing.status()),
                "an empty directory: open answered " + std::to_string(nothing.status()));
      });
  report.run("survives a flipped bit anywhere in its files", [&] { damage(s, false); });
  report.run("survives files that are cut short", [&] { damage(s, true); });
}

}  // namespace rhumb::check
