// The machine: memory, limits of processes, processor, kernel, clock.
#include <sys/timex.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host/app/doctor/check.h"
#include "host/app/server.h"
#include "host/base/memory_measure.h"
#include "rhumb/kernels.h"

namespace rhumb::app::doctor {
namespace {

constexpr uint64_t kUnlimited = UINT64_MAX;
constexpr uint64_t kFewFiles = 1024;                     // a collection alone may need more
constexpr uint64_t kFilesBesideSockets = 4096;           // columns, logs, stores
constexpr uint64_t kMinMapCount = 65530;                 // the kernel's default
constexpr int kMinKernelMajor = 5, kMinKernelMinor = 4;  // MADV_COLD

// The soft limit from a line of proc/PID/limits: "Max open files   1024   524288   files".
uint64_t soft_limit(const std::string& limits, const std::string& name) {
  const size_t at = limits.find(name + " ");
  if (at == std::string::npos) return kUnlimited;
  const char* text = limits.c_str() + at + name.size();
  while (*text == ' ') ++text;
  return *text == 'u' ? kUnlimited : std::strtoull(text, nullptr, 10);
}

std::string whose(const Subject& subject) {
  return subject.server == 0 ? "of this shell" : "of process " + std::to_string(subject.server);
}

void check_open_files(const Subject& subject, const std::string& limits, Findings& findings) {
  const uint64_t files = soft_limit(limits, "Max open files");
  const uint64_t wanted = subject.settings.http.max_connections + kFilesBesideSockets;
  const std::string found =
      "the limit of open files " + whose(subject) + " is " +
      (files == kUnlimited ? std::string("unlimited") : std::to_string(files));
  const std::string remedy =
      "Set LimitNOFILE=65536 in the unit (systemctl edit rhumb), or ulimit -n 65536 before the "
      "start";
  if (files < kFewFiles)
    findings.fail("open files", found + ": writes fail when it is reached", remedy);
  else if (files < wanted)
    findings.warn(
        "open files",
        found + ", and http.max_connections and the data may need " + std::to_string(wanted),
        remedy);
  else
    findings.ok("open files", found);
}

void check_map_count(const Subject& subject, Findings& findings) {
  const std::string text = read_text(subject.root + "/proc/sys/vm/max_map_count");
  if (text.empty()) return;
  const uint64_t limit = std::strtoull(text.c_str(), nullptr, 10);
  const std::string maps = read_text(subject.process() + "/maps");
  const auto used = subject.server == 0
                        ? uint64_t{0}
                        : static_cast<uint64_t>(std::count(maps.begin(), maps.end(), '\n'));
  const std::string found = "vm.max_map_count is " + std::to_string(limit) +
                            (used == 0 ? "" : ", and the server uses " + std::to_string(used));
  if (limit < kMinMapCount || used > limit / 4 * 3)
    findings.warn("mappings", found,
                  "sysctl -w vm.max_map_count=262144, and the same in /etc/sysctl.d/rhumb.conf");
  else
    findings.ok("mappings", found);
}

// A relative pattern puts the core into the working directory, which is the data directory.
void check_core(const Subject& subject, const std::string& limits, Findings& findings) {
  const uint64_t core = soft_limit(limits, "Max core file size");
  const std::string pattern = read_text(subject.root + "/proc/sys/kernel/core_pattern");
  if (core == 0 || pattern.starts_with("|") || pattern.starts_with("/"))
    findings.ok("core dumps", core == 0
                                  ? "core dumps are off"
                                  : "core dumps go to " + pattern.substr(0, pattern.find('\n')));
  else
    findings.warn("core dumps",
                  "a crash would write the whole memory of the server into its working directory",
                  "Set LimitCORE=0 in the unit, or kernel.core_pattern to a path on another disk");
}

void check_huge_pages(const Subject& subject, Findings& findings) {
  const std::string directory = subject.root + "/sys/kernel/mm/transparent_hugepage/";
  const std::string enabled = read_text(directory + "enabled"),
                    defrag = read_text(directory + "defrag");
  if (enabled.find("[never]") != std::string::npos || enabled.empty())
    findings.warn("huge pages",
                  "transparent huge pages are off: searches in large codes miss the TLB more often",
                  "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled (kernel parameter: "
                  "transparent_hugepage=madvise)");
  else if (enabled.find("[always]") != std::string::npos &&
           defrag.find("[always]") != std::string::npos)
    findings.warn("huge pages",
                  "transparent huge pages are always made, at once: requests wait while the kernel "
                  "moves memory",
                  "echo madvise > /sys/kernel/mm/transparent_hugepage/defrag");
  else
    findings.ok("huge pages", "transparent huge pages can be used");
}

void check_cpu(Findings& findings) {
  const rhumb_status_t chosen = rhumb_kernels_select_from_environment();
  const char* const wanted = std::getenv("RHUMB_KERNELS");
  const std::string best = rhumb_kernels_available(0), used = rhumb_kernels_name();
  if (chosen != RHUMB_OK)
    findings.warn("processor",
                  std::string("RHUMB_KERNELS names ") + (wanted == nullptr ? "" : wanted) +
                      ", which this machine cannot run; " + used + " is used",
                  "Remove RHUMB_KERNELS from the environment");
  else if (used != best)
    findings.warn("processor",
                  "the distance kernels run as " + used + ", and this machine can run " + best,
                  "Remove RHUMB_KERNELS from the environment");
  else if (used.find("scalar") != std::string::npos)
    findings.warn("processor",
                  "this processor has no AVX2, AVX-512 or NEON: searches take several times longer",
                  "Use another machine, or let the hypervisor pass the processor's features on "
                  "(CPU type host)");
  else
    findings.ok("processor", "the distance kernels run as " + used);
}

void check_kernel(const Subject& subject, Findings& findings) {
  const std::string text = read_text(subject.root + "/proc/sys/kernel/osrelease");
  const std::string release = text.substr(0, text.find('\n'));
  int major = 0, minor = 0;
  if (std::sscanf(release.c_str(), "%d.%d", &major, &minor) != 2) return;
  if (major < kMinKernelMajor || (major == kMinKernelMajor && minor < kMinKernelMinor))
    findings.warn("kernel",
                  "Linux " + release +
                      " cannot be told which memory is cold, so files crowd out "
                      "what is searched",
                  "Use Linux 5.4 or newer");
  else
    findings.ok("kernel", "Linux " + release);
}

void check_clock(Findings& findings) {
  timex state{};
  const int answer = ::adjtimex(&state);  // modes is 0: it reads only
  if (answer < 0)
    findings.ok("clock", std::string("cannot be examined here: ") + std::strerror(errno));
  else if (answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
    findings.warn("clock",
                  "the clock is not synchronised: times in logs are wrong, and repeated requests "
                  "may be forgotten too early or late",
                  "apt install systemd-timesyncd, or let the host synchronise the machine");
  else
    findings.ok("clock", "the clock is synchronised");
}

}  // namespace

void check_memory(const Subject& subject, Findings& findings) {
  const std::string process = subject.server == 0 ? "self" : std::to_string(subject.server);
  const uint64_t there = base::memory_there(subject.root, process);
  const std::string& set = subject.settings.memory.limit_bytes;
  const uint64_t limit = set == "auto" ? there / 100 * 80 : memory_limit(set);
  const std::string found = std::string("memory.limit_bytes is ") +
                            (set == "auto" ? "auto: " : "") + size_text(limit) +
                            ", and the machine or control group has " + size_text(there);
  const std::string remedy = "Set memory.limit_bytes to auto, or MemoryMax of the unit higher";
  if (there == 0)
    findings.ok("memory", "the system reports no limit");
  else if (limit == 0)
    findings.warn("memory",
                  "memory.limit_bytes is 0: the kernel ends the server when it takes more than " +
                      size_text(there),
                  "Set memory.limit_bytes to auto");
  else if (limit > there)
    findings.fail("memory", found + ": the kernel ends the server before it refuses writes",
                  remedy);
  else if (limit > there / 100 * 90)
    findings.warn("memory", found + ", so nothing is left for the pages of files", remedy);
  else
    findings.ok("memory", found);
}

void check_limits(const Subject& subject, Findings& findings) {
  const std::string limits = read_text(subject.process() + "/limits");
  check_open_files(subject, limits, findings);
  check_map_count(subject, findings);
  check_core(subject, limits, findings);
}

void check_machine(const Subject& subject, Findings& findings) {
  check_huge_pages(subject, findings);
  check_cpu(findings);
  check_kernel(subject, findings);
  check_clock(findings);
}

}  // namespace rhumb::app::doctor
