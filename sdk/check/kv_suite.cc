// Conformance of key-value stores. A map in memory has the expected content.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "rhumb/cpp/guard.h"
#include "rhumb/cpp/negotiate.h"
#include "rhumb/storage.h"
#include "sdk/check/check_host.h"
#include "sdk/check/report.h"
#include "sdk/check/suites.h"

namespace rhumb::check {
namespace {

using Model = std::map<std::pair<uint32_t, std::string>, std::string>;
struct Write {
  uint32_t op, table;
  std::string key, value;
};

class Store {
 public:
  Store(const rhumb_kv_ops_t& ops, const CheckHost& host, const std::string& config,
        const std::string& dir)
      : ops_(ops) {
    const rhumb_open_t open{sizeof open, 0, slice(config), slice(dir), nullptr};
    rhumb_error_t error{};
    error.struct_size = sizeof error;
    require_status(RHUMB_OK, ops.open(host.raw(), &open, &self_, &error), "open", &error);
  }
  ~Store() { ops_.close(self_); }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  rhumb_status_t try_write(const std::vector<Write>& writes) {
    std::vector<rhumb_write_t> raw;
    for (const Write& w : writes) raw.push_back({w.op, w.table, slice(w.key), slice(w.value)});
    return ops_.write(self_, nullptr, raw.data(), raw.size(), nullptr);
  }
  void write(const std::vector<Write>& writes) {
    require_status(RHUMB_OK, try_write(writes), "write");
  }
  // Returns the value, or nothing if the key is absent.
  std::optional<std::string> get(uint32_t table, const std::string& key) {
    Buffer out;
    const rhumb_status_t status = ops_.get(self_, nullptr, table, slice(key), out.out(), nullptr);
    if (status == RHUMB_NOT_FOUND) return std::nullopt;
    require_status(RHUMB_OK, status, "get");
    return std::string(out.view());
  }
  std::vector<std::pair<std::string, std::string>> scan(uint32_t table, const std::string& first,
                                                        const std::string& last, uint32_t flags = 0,
                                                        size_t stop_after = SIZE_MAX) {
    struct Visit {
      std::vector<std::pair<std::string, std::string>> seen;
      size_t stop_after;
    } visit{{}, stop_after};
    const auto fn = [](void* ctx, rhumb_slice_t key, rhumb_slice_t value) -> uint32_t {
      auto& v = *static_cast<Visit*>(ctx);
      v.seen.emplace_back(view(key), view(value));
      return v.seen.size() < v.stop_after ? 1 : 0;
    };
    require_status(
        RHUMB_OK,
        ops_.scan(self_, nullptr, table, slice(first), slice(last), flags, fn, &visit, nullptr),
        "scan");
    return visit.seen;
  }
  void flush() {
    Completion completion;
    require_status(RHUMB_OK, ops_.flush(self_, completion.done()), "flush");
    require_status(RHUMB_OK, completion.wait(), "flush's completion");
  }
  void checkpoint(const std::string& dir) {
    require_status(RHUMB_OK, ops_.checkpoint(self_, slice(dir), nullptr, nullptr, nullptr),
                   "checkpoint");
  }
  void require_holds(const Model& model, uint32_t tables) {
    for (uint32_t table = 0; table < tables; ++table) {
      const auto seen = scan(table, "", "");
      auto at = model.lower_bound({table, ""});
      for (const auto& [key, value] : seen) {
        require(at != model.end() && at->first.first == table && at->first.second == key &&
                    at->second == value,
                "table " + std::to_string(table) + " holds something else than was written");
        ++at;
      }
      require(at == model.end() || at->first.first != table,
              "table " + std::to_string(table) + " has lost entries");
    }
  }

 private:
  const rhumb_kv_ops_t& ops_;
  rhumb_storage_t* self_ = nullptr;
};

void apply(Model& model, const Write& w) {
  if (w.op == RHUMB_PUT)
    model[{w.table, w.key}] = w.value;
  else if (w.op == RHUMB_DELETE)
    model.erase({w.table, w.key});
  else if (w.value.empty())
    model.erase(model.lower_bound({w.table, w.key}), model.lower_bound({w.table + 1, ""}));
  else if (w.key < w.value)
    model.erase(model.lower_bound({w.table, w.key}), model.lower_bound({w.table, w.value}));
}

struct KvSubject {
  const rhumb_kv_ops_t& ops;
  CheckHost& host;
  std::string config;
  uint64_t seed;
};

void basics(const KvSubject& s) {
  const ScratchDir dir;
  Store store(s.ops, s.host, s.config, dir.path());
  const std::string binary("\0\xFF\x80 a", 5);
  store.write({{RHUMB_PUT, 0, "a", "1"},
               {RHUMB_PUT, 1, "a", "other table"},
               {RHUMB_PUT, 0, "empty", ""},
               {RHUMB_PUT, 0, binary, binary}});
  require(store.get(0, "a") == "1" && store.get(1, "a") == "other table", "tables are separate");
  require(store.get(0, "empty") == "", "an empty value is a value");
  require(store.get(0, binary) == binary, "keys and values are bytes");
  require(!store.get(0, "absent") && !store.get(7, "a"),
          "what is absent is not found, in a table never written too");
  store.write({{RHUMB_DELETE, 0, "absent", ""}, {RHUMB_DELETE, 0, "a", ""}});
  require(!store.get(0, "a") && store.get(1, "a").has_value(), "a deletion is of one table");
  store.write(
      {{RHUMB_PUT, 0, "x", "first"}, {RHUMB_DELETE, 0, "x", ""}, {RHUMB_PUT, 0, "x", "last"}});
  require(store.get(0, "x") == "last", "of one batch the later write wins");
  store.write({});
  const std::string large(3 << 20, 'L');
  store.write({{RHUMB_PUT, 2, "large", large}});
  require(store.get(2, "large") == large, "a value of 3 MiB");
}

void scans(const KvSubject& s) {
  const ScratchDir dir;
  Store store(s.ops, s.host, s.config, dir.path());
  const std::string top(1, '\xFF');
  std::vector<Write> writes;
  for (const std::string& key :
       {std::string("a"), std::string("a\0", 2), std::string("aa"), std::string("b"),
        std::string("\x7F"), std::string("\x80"), top, top + top}) {
    writes.push_back({RHUMB_PUT, 3, key, "v" + key});
  }
  store.write(writes);
  const auto keys = [&](const std::string& first, const std::string& last, uint32_t flags,
                        size_t stop = SIZE_MAX) {
    std::string out;
    for (const auto& [key, value] : store.scan(3, first, last, flags, stop)) {
      require(value == "v" + key, "a scan pairs keys with their values");
      out += key + "|";
    }
    return out;
  };
  const std::string all =
      std::string("a|") + std::string("a\0|", 3) + "aa|b|\x7F|\x80|" + top + "|" + top + top + "|";
  require(keys("", "", 0) == all, "keys come in order of unsigned bytes");
  require(keys("a", "b", 0) == std::string("a|") + std::string("a\0|", 3) + "aa|",
          "a range holds its first key and not its last");
  require(keys("\x80", "", 0) == "\x80|" + top + "|" + top + top + "|",
          "an empty last key is the table's end");
  require(keys("a", "b", RHUMB_SCAN_REVERSE) == "aa|" + std::string("a\0|", 3) + "a|",
          "a reverse scan is of the same range");
  require(keys("", "", RHUMB_SCAN_REVERSE, 2) == top + top + "|" + top + "|",
          "a reverse scan begins at the end");
  require(keys("", "", 0, 1) == "a|", "a scan stops when told to");
  require(keys("b", "a", 0).empty() && keys("aa", "aa", 0).empty(),
          "a range turned around, or empty, holds nothing");
}

void model_run(const KvSubject& s) {
  const ScratchDir dir;
  std::mt19937_64 rng(s.seed);
  Model model;
  constexpr uint32_t kTables = 3;
  const auto key = [&] {
    return std::string(1 + rng() % 3, static_cast<char>('a' + rng() % 5)) +
           std::to_string(rng() % 40);
  };
  for (int round = 0; round < 6; ++round) {
    Store store(s.ops, s.host, s.config, dir.path());
    store.require_holds(model, kTables);
    for (int batch = 0; batch < 60; ++batch) {
      std::vector<Write> writes;
      for (uint64_t i = rng() % 12; i > 0; --i) {
        const uint64_t dice = rng() % 20;
        const auto table = static_cast<uint32_t>(rng() % kTables);
        if (dice < 13)
          writes.push_back(
              {RHUMB_PUT, table, key(), std::string(rng() % 300, static_cast<char>(rng()))});
        else if (dice < 18)
          writes.push_back({RHUMB_DELETE, table, key(), ""});
        else
          writes.push_back(
              {RHUMB_DELETE_RANGE, table, key(), dice == 18 ? key() : std::string("zz")});
      }
      if (batch == 30 && round == 3) writes.push_back({RHUMB_DELETE_RANGE, 1, "b", ""});
      store.write(writes);
      for (const Write& w : writes) apply(model, w);
    }
    if (round % 2 == 0) store.flush();
    store.require_holds(model, kTables);
  }
}

// A write that returned survives SIGKILL, also without a flush.
void killed(const KvSubject& s) {
  const ScratchDir dir;
  const pid_t child = ::fork();
  require(child >= 0, "fork failed");
  if (child == 0) {
    try {
      Store store(s.ops, s.host, s.config, dir.path());
      for (int i = 0; i < 100; ++i)
        store.write({{RHUMB_PUT, 0, "k" + std::to_string(i), std::to_string(i)},
                     {RHUMB_PUT, 1, "last", std::to_string(i)}});
      ::raise(SIGKILL);
    } catch (const std::exception&) {
      ::_exit(1);
    }
  }
  int status = 0;
  require(::waitpid(child, &status, 0) == child && WIFSIGNALED(status),
          "the child wrote and was killed");
  Store store(s.ops, s.host, s.config, dir.path());
  for (int i = 0; i < 100; ++i)
    require(store.get(0, "k" + std::to_string(i)) == std::to_string(i),
            "a returned write is lost by a kill: k" + std::to_string(i));
  require(store.get(1, "last") == "99", "the last batch is whole");
}

void refused(const KvSubject& s) {
  const ScratchDir dir;
  Store store(s.ops, s.host, s.config, dir.path());
  store.write({{RHUMB_PUT, 0, "kept", "1"}});
  require_status(
      RHUMB_INVALID,
      store.try_write({{RHUMB_PUT, 0, "kept", "2"}, {RHUMB_PUT, 0, "new", "2"}, {99, 0, "x", ""}}),
      "an unknown operation");
  require(store.get(0, "kept") == "1" && !store.get(0, "new"),
          "a refused batch leaves nothing behind");
}

void checkpoints(const KvSubject& s) {
  const ScratchDir dir;
  const std::string live = dir.make("live"), copy = dir.make("copy");
  Model model;
  {
    Store store(s.ops, s.host, s.config, live);
    for (int i = 0; i < 500; ++i) {
      const Write w{RHUMB_PUT, static_cast<uint32_t>(i % 2), "k" + std::to_string(i),
                    std::string(200, static_cast<char>('a' + i % 20))};
      store.write({w});
      apply(model, w);
    }
    store.checkpoint(copy);
    store.write({{RHUMB_PUT, 0, "after", "the copy was made"}, {RHUMB_DELETE, 0, "k0", ""}});
    store.flush();
  }
  std::filesystem::remove_all(live);
  Store store(s.ops, s.host, s.config, copy);
  store.require_holds(model, 2);
}

// A reader sees a whole batch or nothing of it.
void concurrent(const KvSubject& s) {
  const ScratchDir dir;
  Store store(s.ops, s.host, s.config, dir.path());
  store.write({{RHUMB_PUT, 0, "a", "0"}, {RHUMB_PUT, 0, "b", "0"}});
  std::atomic<bool> finished{false};
  std::string faults[3];
  std::vector<std::thread> readers;
  for (std::string& fault : faults) {
    readers.emplace_back([&] {
      try {
        while (!finished) {
          const auto seen = store.scan(0, "a", "c");
          require(seen.size() == 2 && seen[0].second == seen[1].second, "a scan saw half a batch");
          const int before = std::stoi(*store.get(0, "a")), after = std::stoi(*store.get(0, "b"));
          require(before <= after, "reads went back in time");
        }
      } catch (const std::exception& e) {
        fault = e.what();
      }
    });
  }
  std::string fault;
  try {
    for (int i = 1; i <= 500; ++i)
      store.write({{RHUMB_PUT, 0, "a", std::to_string(i)}, {RHUMB_PUT, 0, "b", std::to_string(i)}});
    store.flush();
  } catch (const std::exception& e) {
    fault = e.what();
  }
  finished = true;
  for (std::thread& reader : readers) reader.join();
  require(fault.empty(), fault);
  for (const std::string& f : faults) require(f.empty(), f);
}

}  // namespace

int check_kv(const Subject& subject) {
  const auto ops = normalise<rhumb_kv_ops_t>(subject.factory->ops);
  CheckHost host;
  const KvSubject s{ops, host, subject.config_json, subject.seed};
  Report report(std::string("kv/") + subject.factory->id);
  report.run("puts, gets, deletes", [&] { basics(s); });
  report.run("scans ranges in both directions", [&] { scans(s); });
  report.run("keeps returned writes through a kill", [&] { killed(s); });
  report.run("behaves as a map over batches and restarts", [&] { model_run(s); });
  report.run("takes a batch whole or not at all", [&] { refused(s); });
  report.run("makes a consistent copy", [&] { checkpoints(s); });
  report.run("shows whole batches to readers", [&] { concurrent(s); });
  return report.failures();
}

}  // namespace rhumb::check
