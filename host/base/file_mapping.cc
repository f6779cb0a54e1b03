// Read-only mappings and the SIGBUS guard. The signal handler may touch only lock-free state: a
// fixed table of address ranges.
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <vector>

#include "host/base/file.h"
#include "host/base/limits.h"
#include "host/base/mutex.h"

namespace rhumb::base {
namespace {

// A slot is free when end == 0. begin is written before end is published, and it does not change
// until end is 0 again. The faulting thread therefore never combines values of two owners: its own
// mapping cannot disappear during the fault.
struct Range {
  std::atomic<uintptr_t> begin{0}, end{0};
  std::atomic<bool> poisoned{false};
};
Range g_ranges[limits::kMaxMappings];
std::atomic<uint32_t> g_used{0};  // slots from here on were never taken
struct sigaction g_previous;

Mutex g_slots_mutex;
std::vector<int>& free_slots() RHUMB_REQUIRES(g_slots_mutex) {
  static auto* slots = new std::vector<int>;  // outlives every static Mapping
  return *slots;
}

int take_slot(uintptr_t begin, uintptr_t end) {
  const MutexLock lock(g_slots_mutex);
  int slot = -1;
  if (!free_slots().empty()) {
    slot = free_slots().back();
    free_slots().pop_back();
  } else if (g_used.load() < limits::kMaxMappings) {
    slot = static_cast<int>(g_used.load());
  } else {
    return -1;
  }
  Range& range = g_ranges[slot];
  range.poisoned.store(false);
  range.begin.store(begin);
  range.end.store(end);
  if (static_cast<uint32_t>(slot) >= g_used.load()) g_used.store(static_cast<uint32_t>(slot) + 1);
  return slot;
}

void give_slot(int slot) {
  const MutexLock lock(g_slots_mutex);
  free_slots().push_back(slot);
}

void on_sigbus(int signal, siginfo_t* info, void* context) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  const uint32_t used = g_used.load();
  for (uint32_t i = 0; i < used; ++i) {
    Range& range = g_ranges[i];
    const uintptr_t end = range.end.load();
    if (end == 0 || address >= end || address < range.begin.load()) continue;
    const auto page_bytes = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
    void* page = reinterpret_cast<void*>(address & ~(page_bytes - 1));
    const int saved = errno;
    range.poisoned.store(true);
    const void* mapped =
        ::mmap(page, page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    errno = saved;
    if (mapped == MAP_FAILED) break;
    return;
  }
  // The address is not ours: the signal is handled as if the guard were not installed.
  if ((g_previous.sa_flags & SA_SIGINFO) != 0 && g_previous.sa_sigaction != nullptr) {
    g_previous.sa_sigaction(signal, info, context);
    return;
  }
  if (g_previous.sa_handler != SIG_DFL && g_previous.sa_handler != SIG_IGN) {
    g_previous.sa_handler(signal);
    return;
  }
  ::signal(SIGBUS, SIG_DFL);  // The faulting instruction runs again and ends the process.
}

}  // namespace

void install_sigbus_guard() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_sigbus;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    RHUMB_ASSERT(::sigaction(SIGBUS, &action, &g_previous) == 0);
  });
}

Result<Mapping> Mapping::map(const File& file, uint64_t offset, uint64_t length) {
  Mapping mapping;
  if (length == 0) return mapping;
  void* data =
      ::mmap(nullptr, length, PROT_READ, MAP_SHARED, file.fd(), static_cast<off_t>(offset));
  if (data == MAP_FAILED) return io_error("cannot map", file.path(), errno);
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const int slot = take_slot(begin, begin + length);
  if (slot < 0) {
    ::munmap(data, length);
    return Status(Code::kBusy, "cannot map " + file.path() + ": " +
                                   std::to_string(limits::kMaxMappings) + " mappings exist");
  }
  mapping.data_ = static_cast<char*>(data);
  mapping.size_ = length;
  mapping.guard_slot_ = slot;
  return mapping;
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      guard_slot_(std::exchange(other.guard_slot_, -1)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(guard_slot_, other.guard_slot_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ == nullptr) return;
  // The range leaves the table before another mapping can get its addresses.
  g_ranges[guard_slot_].end.store(0);
  ::munmap(data_, size_);
  give_slot(guard_slot_);
}

bool Mapping::poisoned() const { return guard_slot_ >= 0 && g_ranges[guard_slot_].poisoned.load(); }

}  // namespace rhumb::base
