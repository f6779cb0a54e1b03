#include "host/base/overdue.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>

#include "host/base/log.h"
#include "host/base/metrics.h"
#include "host/base/mutex.h"

namespace rhumb::base {
namespace {

Mutex g_slots_mutex;  // guards the list; its holder keeps the list's threads from ending

// Each thread has one slot. Only that thread writes it; the reporting thread reads it.
struct Slot {
  std::atomic<const char*> what{nullptr};  // null: nothing is watched
  // `number` identifies the work, so that it is reported once.
  std::atomic<uint64_t> deadline_ns{0}, number{0};
  uint64_t reported RHUMB_GUARDED_BY(g_slots_mutex) = 0;
  pthread_t thread{};
  int tid = 0;
};

std::list<Slot>& slots() RHUMB_REQUIRES(g_slots_mutex) {
  static auto* all = new std::list<Slot>;  // outlives every thread
  return *all;
}

// A signal makes a thread write its own stack here. Only one stack is taken at a time.
enum Stage : int { kIdle, kAsked, kWriting, kWritten };
std::atomic<int> g_stage{kIdle}, g_asked_tid{0};
void* g_frames[kMaxStackFrames];
int g_frame_count = 0;
Mutex g_stack_mutex;  // one stack is asked for at a time
int stack_signal() { return SIGRTMIN + 7; }

// Does only what a signal handler may do. install_handler() has called backtrace() once, so that
// its library is loaded.
void write_stack(int) {
  const int saved = errno;
  int asked = kAsked;
  // A thread that was asked earlier and answers late must not write.
  const bool me = g_asked_tid.load() == static_cast<int>(::syscall(SYS_gettid));
  if (me && g_stage.compare_exchange_strong(asked, kWriting)) {
    g_frame_count = ::backtrace(g_frames, kMaxStackFrames);
    g_stage.store(kWritten);
  }
  errno = saved;
}

void install_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    void* frames[2];
    (void)::backtrace(frames, 2);
    struct sigaction action = {};
    action.sa_handler = write_stack;
    action.sa_flags = SA_RESTART;
    ::sigaction(stack_signal(), &action, nullptr);
  });
}

// The threads of the HTTP front block all signals, so this one must be unblocked.
void hear_stack_signal() {
  install_handler();
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, stack_signal());
  ::pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
}

class ThreadSlot {
 public:
  ThreadSlot() {
    hear_stack_signal();
    const MutexLock lock(g_slots_mutex);
    slot_ = slots().emplace(slots().end());
    slot_->thread = pthread_self();
    slot_->tid = static_cast<int>(::syscall(SYS_gettid));
  }
  ~ThreadSlot() {
    const MutexLock lock(g_slots_mutex);
    slots().erase(slot_);
  }
  ThreadSlot(const ThreadSlot&) = delete;
  ThreadSlot& operator=(const ThreadSlot&) = delete;
  static Slot& of_this_thread() {
    static thread_local ThreadSlot own;
    return *own.slot_;
  }

 private:
  std::list<Slot>::iterator slot_;
};

void append_hex(std::string& out, uint64_t value) {
  char text[20];
  out += "0x";
  out.append(text, std::to_chars(text, text + sizeof text, value, 16).ptr);
}

void append_frame(std::string& out, void* address) {
  Dl_info info{};
  const auto at = reinterpret_cast<uintptr_t>(address);
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return append_hex(out, at);
  const std::string_view path(info.dli_fname);
  out += path.substr(path.rfind('/') + 1);
  out += '+';
  append_hex(out, at - reinterpret_cast<uintptr_t>(info.dli_fbase));
  if (info.dli_sname == nullptr) return;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status), std::free);
  out += " (";
  out += name != nullptr ? name.get() : info.dli_sname;
  out += ')';
}

std::string text_of_frames() {
  std::string out, one;
  for (int i = 1; i < g_frame_count; ++i) {  // the first frame is the handler
    one.clear();
    append_frame(one, g_frames[i]);
    if (out.size() + one.size() + 3 > kMaxStackBytes) break;
    if (!out.empty()) out += " < ";
    out += one;
  }
  return out;
}

// The list's mutex keeps the thread from ending.
void report(Slot& slot, std::string_view message, uint64_t now_ns) RHUMB_REQUIRES(g_slots_mutex) {
  static Counter& reported = counter("rhumb_overdue_requests_total");
  const char* const what = slot.what.load();
  if (what == nullptr) return;  // the work has just ended
  const uint64_t deadline = slot.deadline_ns.load();
  char name[16] = "";
  (void)::pthread_getname_np(slot.thread, name, sizeof name);
  reported.add();
  log_error("base", message,
            {{"what", what},
             {"over_ms",
              deadline == 0 || now_ns < deadline ? uint64_t{0} : (now_ns - deadline) / 1'000'000},
             {"thread", name},
             {"tid", slot.tid},
             {"stack", stack_of(slot.tid)}});
}

}  // namespace

Watched::Watched(const char* what, Deadline deadline)
    : outer_what_(ThreadSlot::of_this_thread().what.load(std::memory_order_relaxed)),
      outer_deadline_ns_(ThreadSlot::of_this_thread().deadline_ns.load(std::memory_order_relaxed)) {
  Slot& slot = ThreadSlot::of_this_thread();
  slot.number.store(slot.number.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  slot.deadline_ns.store(deadline.at_ns, std::memory_order_relaxed);
  slot.what.store(what, std::memory_order_release);
}

Watched::~Watched() {
  Slot& slot = ThreadSlot::of_this_thread();
  slot.deadline_ns.store(outer_deadline_ns_, std::memory_order_relaxed);
  slot.what.store(outer_what_, std::memory_order_release);
}

uint32_t watched_count() {
  const MutexLock lock(g_slots_mutex);
  uint32_t n = 0;
  for (const Slot& slot : slots())
    n += slot.what.load(std::memory_order_relaxed) != nullptr ? 1 : 0;
  return n;
}

uint32_t report_overdue(uint64_t now_ns) {
  const MutexLock lock(g_slots_mutex);
  uint32_t n = 0;
  for (Slot& slot : slots()) {
    if (n == kMaxReportsAtOnce) break;
    if (slot.what.load(std::memory_order_acquire) == nullptr) continue;
    const uint64_t deadline = slot.deadline_ns.load(std::memory_order_relaxed),
                   number = slot.number.load(std::memory_order_relaxed);
    if (deadline == 0 || now_ns < deadline + kOverdueMs * 1'000'000 || slot.reported == number)
      continue;
    slot.reported = number;
    report(slot, "a thread still works on a request far beyond its deadline", now_ns);
    ++n;
  }
  return n;
}

uint32_t report_watched(std::string_view why) {
  const MutexLock lock(g_slots_mutex);
  uint32_t n = 0;
  for (Slot& slot : slots()) {
    if (slot.what.load(std::memory_order_acquire) == nullptr) continue;
    report(slot, why, monotonic_ns());
    ++n;
  }
  return n;
}

std::string stack_of(int tid) {
  install_handler();
  const MutexLock lock(g_stack_mutex);
  g_asked_tid.store(tid);
  g_stage.store(kAsked);
  if (::syscall(SYS_tgkill, ::getpid(), tid, stack_signal()) != 0) {
    g_stage.store(kIdle);
    return "there is no such thread";
  }
  for (uint32_t waited = 0; g_stage.load() != kWritten && waited < kStackWaitMs; ++waited) {
    const timespec millisecond{0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
  int asked = kAsked;
  // A signal that arrives later finds nothing to do.
  if (g_stage.compare_exchange_strong(asked, kIdle)) return "the thread did not answer";
  while (g_stage.load() != kWritten) ::sched_yield();  // the thread is still writing
  std::string out = text_of_frames();
  g_stage.store(kIdle);
  return out;
}

}  // namespace rhumb::base
