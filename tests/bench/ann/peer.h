// An engine under measurement: ours through its plugin table, others through their libraries.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rhumb/index.h"
#include "tests/bench/data_set.h"

namespace rhumb::bench {

struct Subset {  // of the base that a filter lets pass
  std::vector<uint64_t> bits;
  uint64_t count = 0;
};

class Peer {
 public:
  virtual ~Peer() = default;
  virtual std::string name() const = 0;
  // Of the whole base, on so many threads. Once.
  virtual void build(uint32_t threads) = 0;
  // Keeps and takes back what build() made; false if there is nothing.
  virtual void save(const std::string& directory) = 0;
  virtual bool load(const std::string& directory) = 0;
  // The k nearest, ids to out; returns how many. One thread. subset: may be null; peers that cannot
  // filter ignore it.
  virtual uint32_t search(const float* query, uint32_t k, uint32_t ef, const Subset* subset,
                          int32_t* out) = 0;
  // Many at once on one thread, for peers that gain by it.
  virtual bool batches() const { return false; }
  virtual void search_batch(const Matrix<float>&, uint32_t, uint32_t, Matrix<int32_t>&) {}
  virtual bool filters() const { return false; }
  virtual std::string stats() const { return "{}"; }  // of ours: what ops.stats says
  // rows that the last search compared, by codes and exactly
  virtual uint64_t compared() const { return 0; }
  virtual uint32_t renewals() const { return 0; }  // instances made anew while it was built
};

struct Base {
  const Matrix<float>& rows;
  uint32_t metric;  // of rhumb/index.h; rows are normalised for RHUMB_COSINE
};
std::unique_ptr<Peer> make_rhumb(const Base& base, const std::string& plugin,
                                 const std::string& config, const std::string& name);
// The same engine, built as a host does while rows come: inserts in slices, and a new instance
// where stats ask for one.
std::unique_ptr<Peer> make_grown(const Base& base, const std::string& plugin,
                                 const std::string& config, const std::string& name);
// shuffled: rows are added in random order
std::unique_ptr<Peer> make_hnswlib(const Base& base, bool shuffled = false);
std::unique_ptr<Peer> make_scan(const Base& base);  // answers filtered queries only
// null if it was not there when this was built
std::unique_ptr<Peer> make_faiss(const Base& base, bool codes);
std::unique_ptr<Peer> make_usearch(const Base& base, bool codes);  // the same

}  // namespace rhumb::bench
