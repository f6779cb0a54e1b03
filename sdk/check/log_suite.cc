// Conformance of logs: an acknowledged record is durable, for every group.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <map>
#include <memory>
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

struct Record {
  uint64_t group, index, term;
  uint32_t type;
  std::string data;
  bool operator==(const Record&) const = default;
};
std::string shown(const Record& r) {
  return "group " + std::to_string(r.group) + " type " + std::to_string(r.type) + " index " +
         std::to_string(r.index) + " term " + std::to_string(r.term) + ", " +
         std::to_string(r.data.size()) + " bytes";
}
Record data(uint64_t group, uint64_t index, uint64_t term, std::string text) {
  return {group, index, term, RHUMB_LOG_DATA, std::move(text)};
}

class Log {
 public:
  Log(const rhumb_log_ops_t& ops, const CheckHost& host, const std::string& config,
      const std::string& dir)
      : ops_(ops) {
    const rhumb_open_t open{sizeof open, 0, slice(config), slice(dir), nullptr};
    rhumb_error_t error{};
    error.struct_size = sizeof error;
    require_status(RHUMB_OK, ops.open(host.raw(), &open, &self_, &error), "open", &error);
  }
  ~Log() { ops_.close(self_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  std::vector<Record> recover() {
    std::vector<Record> out;
    rhumb_error_t error{};
    error.struct_size = sizeof error;
    require_status(RHUMB_OK, ops_.recover(self_, collect, &out, &error), "recover", &error);
    return out;
  }
  rhumb_status_t submit(const std::vector<Record>& records, Completion& completion) {
    std::vector<rhumb_log_entry_t> raw;
    for (const Record& r : records)
      raw.push_back({r.group, r.index, r.term, r.type, 0, slice(r.data)});
    const rhumb_status_t status =
        ops_.append(self_, raw.data(), raw.size(), nullptr, completion.done());
    completion.submitted();
    return status;
  }
  void append(const std::vector<Record>& records) {
    Completion completion;
    require_status(RHUMB_OK, submit(records, completion), "append");
    require_status(RHUMB_OK, completion.wait(), "append's completion");
  }
  rhumb_status_t try_read(uint64_t group, uint64_t first, uint64_t last, uint64_t max_bytes,
                          std::vector<Record>& out) {
    return ops_.read(self_, group, first, last, max_bytes, collect, &out, nullptr);
  }
  std::vector<Record> read(uint64_t group, uint64_t first, uint64_t last,
                           uint64_t max_bytes = UINT64_MAX) {
    std::vector<Record> out;
    require_status(RHUMB_OK, try_read(group, first, last, max_bytes, out), "read");
    return out;
  }
  void release(uint64_t group, uint64_t index) {
    require_status(RHUMB_OK, ops_.release(self_, group, index, nullptr), "release");
  }
  void drop(uint64_t group) {
    require_status(RHUMB_OK, ops_.drop_group(self_, group, nullptr), "drop_group");
  }
  std::string stats() {
    Buffer json;
    require_status(RHUMB_OK, ops_.stats(self_, json.out()), "stats");
    return std::string(json.view());
  }

 private:
  static uint32_t collect(void* ctx, const rhumb_log_entry_t* e) {
    static_cast<std::vector<Record>*>(ctx)->push_back(
        {e->group, e->index, e->term, e->type, std::string(view(e->data))});
    return 1;
  }
  const rhumb_log_ops_t& ops_;
  rhumb_storage_t* self_ = nullptr;
};

struct LogSubject {
  const rhumb_log_ops_t& ops;
  CheckHost& host;
  std::string config;
  uint64_t seed;
};

void require_same(const std::vector<Record>& expected, const std::vector<Record>& found,
                  const std::string& what) {
  for (size_t i = 0; i < std::min(expected.size(), found.size()); ++i) {
    require(expected[i] == found[i],
            what + ": expected " + shown(expected[i]) + ", found " + shown(found[i]));
  }
  require_equal(expected.size(), found.size(), what + ": records");
}

void round_trip(const LogSubject& s) {
  const ScratchDir dir;
  const std::string binary("\0\xFF\n", 3), large(1 << 20, 'L');
  std::vector<Record> first, second;
  {
    Log log(s.ops, s.host, s.config, dir.path());
    require(log.recover().empty(), "a new log is empty");
    log.append({data(7, 1, 1, "one"),
                data(9, 1, 1, ""),
                data(7, 2, 1, binary),
                {7, 0, 0, RHUMB_LOG_HARD_STATE, "vote"},
                data(9, 2, 3, large)});
    log.append({{7, 3, 2, RHUMB_LOG_MEMBERS, "members"}, {7, 4, 2, RHUMB_LOG_NOOP, ""}});
    first = {data(7, 1, 1, "one"),
             data(7, 2, 1, binary),
             {7, 3, 2, RHUMB_LOG_MEMBERS, "members"},
             {7, 4, 2, RHUMB_LOG_NOOP, ""}};
    second = {data(9, 1, 1, ""), data(9, 2, 3, large)};
    require_same(first, log.read(7, 1, 4), "group 7");
    require_same(second, log.read(9, 1, 2), "group 9");
    require_same({first[1], first[2]}, log.read(7, 2, 3), "a part");
    require_same({second[0]}, log.read(9, 1, 2, 0), "at least one entry, whatever max_bytes says");
    require_json(log.stats(), {"segments", "bytes", "fsyncs"}, "stats");
  }
  Log log(s.ops, s.host, s.config, dir.path());
  std::vector<Record> expected = {{7, 0, 0, RHUMB_LOG_HARD_STATE, "vote"}};
  expected.insert(expected.end(), first.begin(), first.end());
  expected.insert(expected.end(), second.begin(), second.end());
  require_same(expected, log.recover(), "recovery, by group, hard state first");
  require_same(first, log.read(7, 1, 4), "group 7 after a restart");
  log.append({data(7, 5, 2, "goes on")});
  require_same({data(7, 5, 2, "goes on")}, log.read(7, 5, 5), "an append after a restart");
}

void truncation(const LogSubject& s) {
  const ScratchDir dir;
  std::vector<Record> expected;
  {
    Log log(s.ops, s.host, s.config, dir.path());
    log.recover();
    for (uint64_t i = 1; i <= 10; ++i)
      log.append({data(1, i, 1, "old " + std::to_string(i)), data(2, i, 1, "other")});
    log.append({data(1, 6, 2, "new 6"), data(1, 7, 2, "new 7")});
    for (uint64_t i = 1; i <= 5; ++i) expected.push_back(data(1, i, 1, "old " + std::to_string(i)));
    expected.push_back(data(1, 6, 2, "new 6"));
    expected.push_back(data(1, 7, 2, "new 7"));
    require_same(expected, log.read(1, 1, 7), "after a truncation");
    std::vector<Record> gone;
    const rhumb_status_t past = log.try_read(1, 8, 10, UINT64_MAX, gone);
    require(gone.empty() && (past == RHUMB_OK || past == RHUMB_NOT_FOUND || past == RHUMB_INVALID),
            "truncated entries can still be read");
  }
  Log log(s.ops, s.host, s.config, dir.path());
  std::vector<Record> found = log.recover();
  std::erase_if(found, [](const Record& r) { return r.group != 1; });
  require_same(expected, found, "a truncation after a restart");
}

// The newest HARD_STATE counts. BASE and INSTALL give a group a new beginning. release() and
// drop_group() remove records.
void other_records(const LogSubject& s) {
  const ScratchDir dir;
  {
    Log log(s.ops, s.host, s.config, dir.path());
    log.recover();
    for (uint64_t group = 1; group <= 5; ++group) {
      for (uint64_t i = 1; i <= 8; ++i)
        log.append({data(group, i, 1, "g" + std::to_string(group)),
                    {group, 0, 0, RHUMB_LOG_HARD_STATE, std::to_string(i)}});
    }
    log.append({{2, 5, 1, RHUMB_LOG_BASE, ""}});
    log.append({{3, 20, 4, RHUMB_LOG_INSTALL, "manifest"}, data(3, 21, 4, "after")});
    log.append({{4, 0, 0, RHUMB_LOG_DROP, ""}});
    log.drop(5);
    log.append({{2, 0, 0, RHUMB_LOG_HARD_STATE, "newest"}});
    log.release(2, 5);
    require_same({data(2, 6, 1, "g2"), data(2, 7, 1, "g2"), data(2, 8, 1, "g2")}, log.read(2, 6, 8),
                 "entries above a base");
  }
  Log log(s.ops, s.host, s.config, dir.path());
  std::map<uint64_t, std::vector<Record>> groups;
  for (Record& r : log.recover()) groups[r.group].push_back(std::move(r));
  require(!groups.contains(4) && !groups.contains(5), "a dropped group is back");
  require_equal(size_t{9}, groups[1].size(), "records of an untouched group");
  require(groups[1][0] == Record({1, 0, 0, RHUMB_LOG_HARD_STATE, "8"}),
          "the newest hard state: found " + shown(groups[1][0]));
  require_same({{2, 0, 0, RHUMB_LOG_HARD_STATE, "newest"},
                {2, 5, 1, RHUMB_LOG_BASE, ""},
                data(2, 6, 1, "g2"),
                data(2, 7, 1, "g2"),
                data(2, 8, 1, "g2")},
               groups[2], "a group above its base");
  require_same({{3, 0, 0, RHUMB_LOG_HARD_STATE, "8"},
                {3, 20, 4, RHUMB_LOG_INSTALL, "manifest"},
                data(3, 21, 4, "after")},
               groups[3], "a group after an install");
}

// Many appends run at once. Each completes once, in order, and a restart finds all of them.
void many_in_flight(const LogSubject& s) {
  const ScratchDir dir;
  constexpr uint64_t kGroups = 50, kAppends = 2000;
  std::mt19937_64 rng(s.seed);
  std::map<uint64_t, uint64_t> last;
  {
    Log log(s.ops, s.host, s.config, dir.path());
    log.recover();
    std::deque<std::unique_ptr<Completion>> open;
    for (uint64_t i = 0; i < kAppends; ++i) {
      const uint64_t group = 1 + rng() % kGroups, index = ++last[group];
      const std::vector<Record> batch = {
          data(group, index, 1, std::string(rng() % 400, static_cast<char>('a' + index % 26)))};
      open.push_back(std::make_unique<Completion>());
      while (true) {
        const rhumb_status_t status = log.submit(batch, *open.back());
        if (status == RHUMB_OK) break;
        require_status(RHUMB_BUSY, status, "append");
        require(open.size() > 1, "busy with nothing in flight");
        require_status(RHUMB_OK, open.front()->wait(), "completion");  // then there is room
        open.pop_front();
      }
      if (open.back()->fired()) {
        for (const auto& earlier : open) require(earlier->fired(), "completions out of order");
      }
    }
    for (const auto& completion : open) require_status(RHUMB_OK, completion->wait(), "completion");
  }
  Log log(s.ops, s.host, s.config, dir.path());
  std::map<uint64_t, uint64_t> found;
  for (const Record& r : log.recover()) {
    require_equal(found[r.group] + 1, r.index,
                  "the next index of group " + std::to_string(r.group));
    found[r.group] = r.index;
  }
  require(found == last, "entries are missing after a restart");
}

// An append that completed survives SIGKILL.
void killed(const LogSubject& s) {
  const ScratchDir dir;
  int pipe[2];
  require(::pipe(pipe) == 0, "pipe failed");
  const pid_t child = ::fork();
  require(child >= 0, "fork failed");
  if (child == 0) {
    try {
      Log log(s.ops, s.host, s.config, dir.path());
      log.recover();
      for (uint64_t i = 1;; ++i) {
        log.append({data(3, i, 1, "entry " + std::to_string(i)),
                    {3, 0, 0, RHUMB_LOG_HARD_STATE, std::to_string(i)}});
        if (::write(pipe[1], &i, sizeof i) != sizeof i) ::_exit(1);
      }
    } catch (const std::exception&) {
      ::_exit(1);
    }
  }
  ::close(pipe[1]);
  uint64_t acknowledged = 0;
  while (acknowledged < 200) {
    if (::read(pipe[0], &acknowledged, sizeof acknowledged) != sizeof acknowledged) break;
  }
  ::kill(child, SIGKILL);
  for (uint64_t late = 0; ::read(pipe[0], &late, sizeof late) == sizeof late;) acknowledged = late;
  ::close(pipe[0]);
  int status = 0;
  require(::waitpid(child, &status, 0) == child && WIFSIGNALED(status),
          "the child appended until it was killed");
  Log log(s.ops, s.host, s.config, dir.path());
  const std::vector<Record> found = log.recover();
  require(!found.empty() && found[0].type == RHUMB_LOG_HARD_STATE &&
              std::stoull(found[0].data) >= acknowledged,
          "an acknowledged hard state is lost");
  require(found.size() - 1 >= acknowledged,
          "acknowledged entries are lost: " + std::to_string(acknowledged) + " completed, " +
              std::to_string(found.size() - 1) + " are there");
  for (size_t i = 1; i < found.size(); ++i)
    require(found[i] == data(3, i, 1, "entry " + std::to_string(i)),
            "recovered " + shown(found[i]));
}

void read_while_appending(const LogSubject& s) {
  const ScratchDir dir;
  Log log(s.ops, s.host, s.config, dir.path());
  log.recover();
  constexpr uint64_t kEntries = 500;
  std::atomic<uint64_t> written{0};
  std::string fault;
  std::thread reader([&] {
    try {
      for (uint64_t seen = 0; seen < kEntries;) {
        const uint64_t now = written;
        if (now == seen) {
          std::this_thread::yield();
          continue;
        }
        const auto found = log.read(1, 1, now);
        require_equal(now, found.size(), "entries that completed and can be read");
        for (uint64_t i = 0; i < now; ++i)
          require(found[i].data == "entry " + std::to_string(i + 1), "read " + shown(found[i]));
        seen = now;
      }
    } catch (const std::exception& e) {
      fault = e.what();
      written = kEntries;
    }
  });
  std::string append_fault;
  try {
    for (uint64_t i = 1; i <= kEntries; ++i) {
      log.append({data(1, i, 1, "entry " + std::to_string(i))});
      written = std::max<uint64_t>(written, i);
    }
  } catch (const std::exception& e) {
    append_fault = e.what();
    written = kEntries;
  }
  reader.join();
  require(append_fault.empty(), append_fault);
  require(fault.empty(), fault);
}

}  // namespace

int check_log(const Subject& subject) {
  const auto ops = normalise<rhumb_log_ops_t>(subject.factory->ops);
  CheckHost host;
  const LogSubject s{ops, host, subject.config_json, subject.seed};
  Report report(std::string("log/") + subject.factory->id);
  report.run("appends, reads, recovers", [&] { round_trip(s); });
  report.run("truncates a group by a lower index", [&] { truncation(s); });
  report.run("keeps hard states, bases and installs; removes released entries and dropped groups",
             [&] { other_records(s); });
  report.run("completes many appends in order", [&] { many_in_flight(s); });
  report.run("keeps what completed through a kill", [&] { killed(s); });
  report.run("reads while it appends", [&] { read_while_appending(s); });
  return report.failures();
}

}  // namespace rhumb::check
