// An engine under measurement: ours through its plugin table, others through their libraries.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rhumb/index.h"
#include "tests/bench/data_set.h"

namespace rhumb::bench {

struct Subset {  // the rows of the base that a filter lets pass
  std::vector<uint64_t> bits;
  uint64_t count = 0;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string name() const = 0;
  // Builds over the whole base on that many threads. Called once.
  virtual void build(uint32_t threads) = 0;
  // Store and load the result of build(). load() returns false if there is nothing.
  virtual void save(const std::string& directory) = 0;
  virtual bool load(const std::string& directory) = 0;
  // Writes the ids of the k nearest to `out` and returns how many there are. One thread calls it.
  // `subset` may be null; peers without filters ignore it.
  virtual uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset* subset,
                          int32_t* out) = 0;
  // Many queries at once on one thread, for peers that are faster that way.
  virtual bool batches() const { return false; }
  virtual void search_batch(const Matrix<float>&, uint32_t, uint32_t, Matrix<int32_t>&) {}
  virtual bool filters() const { return false; }
  virtual std::string stats() const { return "{}"; }  // for our engine: ops.stats
  // Rows that the last search compared, by codes and exactly.
  virtual uint64_t compared() const { return 0; }
  // Instances that were built anew during the build.
  virtual uint32_t renewals() const { return 0; }
};

struct Base {
  const Matrix<float>& rows;
  uint32_t metric;  // as in rhumb/index.h; rows are normalised for RHUMB_COSINE
};
std::unique_ptr<Peer> make_rhumb(const Base& base, const std::string& plugin,
                                 const std::string& config, const std::string& name);
// Our engine, built as a host does while rows come: inserts in slices, and a new instance when
// stats ask for one.
std::unique_ptr<Peer> make_grown(const Base& base, const std::string& plugin,
                                 const std::string& config, const std::string& name);
// Shuffled: rows are added in random order.
std::unique_ptr<Peer> make_hnswlib(const Base& base, bool shuffled = false);
std::unique_ptr<Peer> make_scan(const Base& base);  // answers filtered queries only
// Null if the library was missing when this program was built.
std::unique_ptr<Peer> make_faiss(const Base& base, bool codes);
std::unique_ptr<Peer> make_usearch(const Base& base, bool codes);  // the same as make_faiss

}  // namespace rhumb::bench
