// The program rhumbd: a Poco application. server.cc assembles the server.
#include <Poco/Util/Application.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>

#include <pthread.h>

#include "host/app/command_line.h"
#include "host/app/doctor/doctor.h"
#include "host/app/pages.h"
#include "host/app/server.h"
#include "host/app/service_manager.h"
#include "host/app/watchdog.h"
#include "host/base/heap.h"
#include "host/base/json_text.h"
#include "host/base/log.h"
#include "host/base/metric_table.h"
#include "host/base/timer.h"
#include "host/base/version.h"

namespace rhumb::app {
namespace {

constexpr int kLooksInPeriod = 4;  // of the service manager's watchdog
constexpr timespec kReadyLook{.tv_sec = 0, .tv_nsec = 100'000'000};  // between two looks at a start
// SIGTERM ends the process within 30 s in all cases.
constexpr uint64_t kStopDeadlineMs = 28'000;

enum Exit : int { kExitOk = 0, kExitFailed = 1, kExitUsage = 2 };
namespace check_exit {  // exit codes of `rhumbd check`; wrong usage of `doctor` has the last, too
enum : int { kWhole = 0, kDamaged = 1, kDerivedDamage = 2, kCannotCheck = 3 };
}

void configure_log(const settings::Settings& settings) {
  static const std::map<std::string, base::LogLevel> levels = {{"trace", base::LogLevel::kTrace},
                                                               {"debug", base::LogLevel::kDebug},
                                                               {"info", base::LogLevel::kInfo},
                                                               {"warn", base::LogLevel::kWarn},
                                                               {"error", base::LogLevel::kError}};
  static const std::map<std::string, base::LogFormat> formats = {{"auto", base::LogFormat::kAuto},
                                                                 {"json", base::LogFormat::kJson},
                                                                 {"text", base::LogFormat::kText}};
  base::log_configure(levels.at(settings.log.level), formats.at(settings.log.format));
}

// A manager that cannot be told is no reason to stop.
void tell_manager(const std::string& state) {
  if (const base::Status told = notify_service_manager(state); !told.ok())
    base::log_warn("app", "the service manager was not told", {{"error", told.message()}});
}

// Waits for a signal. SIGHUP is carried out here; the other signals end the wait.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&set_, signal);
    // Before any thread exists, so that all inherit it.
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  // Tells the service manager once that the server is ready, and before that what it waits for.
  // From then on it hears that the server makes progress, if it asked for that.
  void wait_for_end(const std::vector<std::string>& words, const Server& server,
                    Watchdog& watchdog) {
    const auto period = watchdog_period();
    const timespec turn = period ? timespec_of(*period / kLooksInPeriod) : kReadyLook;
    std::string told, silent;
    for (bool ready = false;;) {
      const timespec* const wait = !ready ? &kReadyLook : period ? &turn : nullptr;
      const int signal = sigtimedwait(&set_, nullptr, wait);
      if (!ready) ready = tell_progress(server, told);
      if (ready && period) tell_alive(watchdog, silent);
      if (signal <= 0) continue;
      if (signal != SIGHUP) {
        base::log_info("app", "stopping", {{"signal", signal}});
        return;
      }
      if (ready) tell_manager(service_reloading());
      reload(words);
      if (ready) tell_manager(kServiceReady);
    }
  }

 private:
  static bool tell_progress(const Server& server, std::string& told) {
    std::string why;
    const bool ready = server.ready(&why);
    if (ready)
      tell_manager(std::string(kServiceReady) + "\nSTATUS=");
    else if (why != told)
      tell_manager("STATUS=" + base::printable(why));
    told = why;
    return ready;
  }
  static timespec timespec_of(std::chrono::microseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    return {.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(time - seconds).count()};
  }
  // `silent` are the parts that the log has named.
  static void tell_alive(Watchdog& watchdog, std::string& silent) {
    if (watchdog.alive()) {
      silent.clear();
      return tell_manager(kServiceAlive);
    }
    if (std::exchange(silent, watchdog.silent()) != silent && !silent.empty())
      base::log_warn("app", "the server makes no progress", {{"no_answer_from", silent}});
  }
  // Reads the whole configuration again, so that the environment and the command line still win
  // over the file.
  static void reload(const std::vector<std::string>& words) {
    const auto fresh = parse_command_line(words);
    if (!fresh.ok()) {
      base::log_error("app", "the configuration was not read again",
                      {{"error", fresh.status().message()}});
      return;
    }
    configure_log(fresh->settings);
    base::log_info("app", "the log level was read again", {{"level", fresh->settings.log.level}});
  }
  sigset_t set_{};
};

class Application : public Poco::Util::Application {
 protected:
  // command_line.cc reads the options with Poco's OptionProcessor. SIGHUP reads them again, when
  // the application has long processed its words.
  void defineOptions(Poco::Util::OptionSet&) override { stopOptionsProcessing(); }

  int main(const std::vector<std::string>&) override {
    const std::vector<std::string> words(argv().begin() + 1, argv().end());
    if (words.size() == 2 && words[0] == "--write-pages") {
      const base::Status written = base::write_pages(words[1], pages());
      return written.ok() ? static_cast<int>(kExitOk) : refuse(written);
    }
    auto line = parse_command_line(words);
    if (!line.ok()) {
      std::fprintf(stderr, "rhumbd: %s\nTry: rhumbd --help\n", line.status().message().c_str());
      const bool reports =
          !words.empty() && (words.front() == "check" || words.front() == "doctor");
      return reports ? static_cast<int>(check_exit::kCannotCheck) : kExitUsage;
    }
    if (line->help) return say(usage());
    if (line->version)
      return say(std::string("rhumbd ") + base::kRhumbVersion + " (protocol " +
                 base::kProtocolVersion + ")\n");
    if (line->doctor) return examine(*line);
    if (line->print_metrics) return say(base::print_metrics());
    if (line->print_config) return say(settings::print(line->settings));
    if (line->check && !line->check_config) return check(*line);
    if (line->upgrade && !line->check_config) {
      const auto done = upgrade::carry_out(*line->upgrade, line->settings.node.data_dir);
      return done.ok() ? say(*done) : refuse(done.status());
    }
    if (line->check_config) {
      const base::Status exposed = Server(line->settings).check_exposure(line->insecure);
      return exposed.ok() ? say("the configuration is valid\n") : refuse(exposed);
    }
    return serve(*line, words);
  }

 private:
  static int say(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    return kExitOk;
  }
  static int refuse(const base::Status& status) {
    std::fprintf(stderr, "rhumbd: %s\n", base::printable(status.message()).c_str());
    return kExitFailed;
  }

  static int examine(const CommandLine& line) {
    base::log_configure(base::LogLevel::kError, base::LogFormat::kText);
    const doctor::Findings findings = doctor::examine(
        {line.settings, line.config_file, line.insecure, line.system_root}, line.configuration);
    say(line.json ? to_json(findings) : to_text(findings));
    return static_cast<int>(findings.worst());
  }

  static int check(const CommandLine& line) {
    configure_log(line.settings);
    Server server(line.settings);
    const auto report = server.check();
    server.stop();
    if (!report.ok()) {
      std::fprintf(stderr, "rhumbd check: %s\n",
                   base::printable(report.status().message()).c_str());
      return check_exit::kCannotCheck;
    }
    say(line.json ? to_json(*report) : to_text(*report));
    if (report->durable_damage()) return check_exit::kDamaged;
    return report->problems.empty() ? check_exit::kWhole : check_exit::kDerivedDamage;
  }

  static int serve(const CommandLine& line, const std::vector<std::string>& words) {
    configure_log(line.settings);
    Signals signals;
    Server server(line.settings);
    if (const base::Status exposed = server.check_exposure(line.insecure); !exposed.ok())
      return refuse(exposed);
    if (const base::Status status = server.start(); !status.ok()) {
      base::log_error("app", "cannot start", {{"error", status.message()}});
      return refuse(status);
    }
    Watchdog watchdog(server.watched_parts());
    signals.wait_for_end(words, server, watchdog);
    tell_manager(kServiceStopping);
    base::TimerQueue deadline;
    deadline.at(base::Deadline::after_ms(kStopDeadlineMs), [] {
      base::log_error(
          "app",
          "the server did not stop in time and ends at once; acknowledged writes are in the log");
      std::_Exit(kExitFailed);
    });
    server.stop();
    base::log_info("app", "stopped");
    return kExitOk;
  }
};

}  // namespace
}  // namespace rhumb::app

int main(int argc, char** argv) {
  rhumb::base::bound_heap_tops();
  rhumb::app::Application application;
  application.init(argc, argv);
  return application.run();
}
