#include "tests/model_check/run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "host/base/log.h"
#include "tests/model_check/comparison.h"

namespace rhumb::model_check {
namespace {

constexpr uint32_t kMaxSteps = 350, kStepsPerLook = 20, kMaxReadsBeforeKill = 6;

// The task of one run of the server, and the state that it begins with.
struct Plan {
  std::string directory;
  uint64_t seed = 0, number = 0;
  uint32_t steps = 0;
  bool kill = false;
  std::string index_engine;     // may differ from the engine that made the existing graphs
  std::optional<Step> pending;  // the step that was under way when the previous run was killed
};

// The report of one run before it ends.
struct Report {
  std::string difference;
  bool pending_happened = false;
  Recall recall;
  uint64_t segments = 0;
};

class Life {
 public:
  Life(const Plan& plan, Model model, Source source)
      : plan_(plan),
        model_(std::move(model)),
        source_(std::move(source)),
        dice_(plan.seed ^ ~plan.number) {}

  Report live() {
    auto opened = Database::open(plan_.directory, plan_.index_engine);
    if (!opened.ok()) return failed("does not open: " + opened.status().to_string());
    database_ = std::move(*opened);
    if (plan_.number == 0) {
      const Answer made = database_->call("PUT", kCollection, collection_body());
      if (made.status != 200) return failed("no collection: " + made.body.dump());
    }
    if (plan_.pending) settle(*plan_.pending);
    Comparison comparison(*database_, model_, plan_.seed * 31 + plan_.number);
    std::string why = comparison.everything();
    for (uint32_t i = 0; i < plan_.steps && why.empty(); ++i) {
      why = take(source_.next(model_));
      if (why.empty() && i % kStepsPerLook == 0) why = comparison.some();
      if (!why.empty()) why = "after request " + std::to_string(i) + " of the life: " + why;
    }
    if (why.empty()) why = comparison.everything();
    report_.recall = comparison.recall();
    report_.segments = database_->call("GET", kCollection).body["result"]["segments_count"];
    return failed(why);
  }

  // Ends this process.
  [[noreturn]] void die() {
    if (!plan_.kill) {
      database_.reset();
      _exit(0);
    }
    const Step last = source_.single_upsert();
    database_->begin(last.method, last.target, last.body);
    for (uint32_t i = dice_.below(kMaxReadsBeforeKill); i > 0; --i)
      database_->call("POST", std::string(kCollection) + "/points/count", {{"exact", true}});
    ::kill(::getpid(), SIGKILL);
    ::abort();
  }

 private:
  Report failed(const std::string& why) {
    report_.difference = why;
    return report_;
  }

  std::string take(const Step& step) {
    const Answer answer = database_->call(step.method, step.target, step.body);
    const bool refused = model_.refuses(step);
    if (answer.status != (refused ? 404 : 200))
      return step.method + " " + step.target + " " + step.body.dump() + ": " + answer.body.dump();
    const std::vector<uint64_t> expected = model_.apply(step);
    if (refused) return "";
    const json results = answer.body["result"].is_array() ? answer.body["result"]
                                                          : json::array({answer.body["result"]});
    for (size_t i = 0; i < expected.size() && i < results.size(); ++i) {
      if (results[i].value("affected", expected[i]) != expected[i] ||
          (results[i]["status"] == "completed") != results[i].contains("affected"))
        return step.method + " " + step.target + " " + step.body.dump() + ": affected " +
               results[i].dump() + ", expected " + std::to_string(expected[i]);
    }
    return "";
  }

  // A request that was cut off has happened or not. Both are right, but nothing in between is.
  void settle(const Step& step) {
    const json id = step.body["points"][0]["id"];
    Model after = model_;
    after.apply(step);
    Comparison as_if_it_had(*database_, after, 0);
    report_.pending_happened = as_if_it_had.is_there(id);
    if (report_.pending_happened) model_ = std::move(after);
  }

  const Plan& plan_;
  Model model_;
  Source source_;
  Source dice_;
  std::unique_ptr<Database> database_;
  Report report_;
};

void tell(int fd, const Report& report) {
  const std::string text = json{
      {"difference", report.difference},
      {"happened", report.pending_happened},
      {"found", report.recall.found},
      {"possible", report.recall.possible},
      {"segments",
       report.segments}}.dump(-1, ' ', false, json::error_handler_t::replace);
  for (size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(fd, text.data() + at, text.size() - at);
    if (n <= 0) _exit(3);
    at += static_cast<size_t>(n);
  }
  ::close(fd);
}

std::string read_all(int fd) {
  std::string text;
  char piece[4096];
  for (ssize_t n; (n = ::read(fd, piece, sizeof(piece))) > 0;)
    text.append(piece, static_cast<size_t>(n));
  ::close(fd);
  return text;
}

Report run_life(const Plan& plan, const Model& model, const Source& source,
                const std::function<void()>& in_child) {
  int ends[2];
  if (::pipe(ends) != 0) return {"pipe failed", false, {}, 0};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    base::log_configure(base::LogLevel::kError, base::LogFormat::kAuto);
    if (in_child) in_child();
    Life life(plan, model, source);
    tell(ends[1], life.live());
    life.die();
  }
  ::close(ends[1]);
  const json told = json::parse(read_all(ends[0]), nullptr, false);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (told.is_discarded())
    return {"the server ended by itself, wait status " + std::to_string(status), false, {}, 0};
  Report report{
      told["difference"], told["happened"], {told["found"], told["possible"]}, told["segments"]};
  const bool ended_well = plan.kill ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                                    : WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (report.difference.empty() && !ended_well)
    report.difference = "the server did not end well, wait status " + std::to_string(status);
  return report;
}

std::string make_directory() {
  // Uses a directory in memory if there is one. A killed process leaves its files as they are, so
  // an fsync would test nothing more.
  const std::filesystem::path memory = "/dev/shm";
  const auto parent =
      std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
  std::string pattern = (parent / "rhumb_model_XXXXXX").string();
  return ::mkdtemp(pattern.data());
}

}  // namespace

RunResult run(const RunOptions& options) {
  RunResult result;
  Model model;
  Source source(options.seed), dice(~options.seed);
  Plan plan{make_directory(), options.seed, 0, 0, false, {}, std::nullopt};
  while (result.operations < options.operations && result.difference.empty()) {
    plan.number = result.lives++;
    plan.steps = 1 + dice.below(kMaxSteps);
    plan.kill = dice.chance(60);
    plan.index_engine = dice.chance(75) ? "rhumb" : "hnsw";
    const Report report = run_life(plan, model, source, options.in_child);
    if (plan.pending && report.pending_happened) {
      model.apply(*plan.pending);
      ++result.cut_off;
    }
    result.found += report.recall.found;
    result.possible += report.recall.possible;
    result.segments = report.segments;
    if (!report.difference.empty())
      result.difference = "seed " + std::to_string(options.seed) + ", life " +
                          std::to_string(plan.number) + ": " + report.difference;
    for (uint32_t i = 0; i < plan.steps; ++i) {
      const Step step = source.next(model);
      model.apply(step);
      result.operations += std::max<size_t>(1, step.operations.size());
    }
    plan.pending.reset();
    if (plan.kill) plan.pending = source.single_upsert();
    result.kills += plan.kill ? 1 : 0;
  }
  std::filesystem::remove_all(plan.directory);
  return result;
}

}  // namespace rhumb::model_check
