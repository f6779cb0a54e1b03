#include "host/http/loop.h"

#include <pthread.h>
#include <signal.h>

#include "host/base/log.h"
#include "host/http/connection.h"

namespace rhumb::http {
namespace {

base::Status uv_failure(const char* what, int rc) {
  return {base::Code::kIo, std::string(what) + ": " + uv_strerror(rc)};
}

thread_local const Loop* t_current = nullptr;

Loop& loop_of(void* data) { return *static_cast<Loop*>(data); }

// The main thread handles signals. Signals of faults stay unblocked, because the SIGBUS guard of
// mappings needs a fault to reach the thread that caused it.
void block_signals() {
  sigset_t set;
  sigfillset(&set);
  for (const int own : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) sigdelset(&set, own);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace

base::Result<std::shared_ptr<Loop>> Loop::start(std::string name,
                                                std::shared_ptr<ServerContext> context) {
  std::shared_ptr<Loop> loop(new Loop(std::move(name), std::move(context)));
  if (const int rc = uv_loop_init(&loop->loop_); rc != 0)
    return uv_failure("cannot make an event loop", rc);
  loop->loop_.data = loop.get();
  const int rc = uv_async_init(&loop->loop_, &loop->wake_,
                               [](uv_async_t* handle) { loop_of(handle->loop->data).run_tasks(); });
  if (rc != 0) {
    uv_loop_close(&loop->loop_);
    return uv_failure("cannot make an event loop", rc);
  }
  uv_prepare_init(&loop->loop_, &loop->turn_);
  uv_prepare_start(&loop->turn_,
                   [](uv_prepare_t* handle) { loop_of(handle->loop->data).spent_ns_ = 0; });
  uv_timer_init(&loop->loop_, &loop->tick_);
  uv_timer_init(&loop->loop_, &loop->drain_);
  loop->thread_ = std::thread([self = loop.get()] { self->thread_main(); });
  return loop;
}

Loop::Loop(std::string name, std::shared_ptr<ServerContext> context)
    : name_(std::move(name)), context_(std::move(context)) {}

Loop::~Loop() {
  // The last owner may be an exchange on any thread. By then the server has joined a started loop.
  RHUMB_ASSERT(!thread_.joinable());
}

void Loop::thread_main() {
  pthread_setname_np(pthread_self(), name_.c_str());
  block_signals();
  t_current = this;
  uv_run(&loop_, UV_RUN_DEFAULT);
  RHUMB_ASSERT(connections_.empty());
  RHUMB_ASSERT(uv_loop_close(&loop_) == 0);
}

bool Loop::on_loop_thread() const { return t_current == this; }

void Loop::run(Task task) {
  if (on_loop_thread())
    task();
  else
    post(std::move(task));
}

void Loop::post(Task task) {
  const base::MutexLock lock(mutex_);
  if (closed_) return;
  tasks_.push_back(std::move(task));
  uv_async_send(&wake_);
}

void Loop::process_later(const Connection* connection) {
  post([this, connection] {
    const auto found = connections_.find(const_cast<Connection*>(connection));
    if (found != connections_.end()) (*found)->process();
  });
}

void Loop::run_tasks() {
  std::vector<Task> tasks;
  {
    const base::MutexLock lock(mutex_);
    tasks.swap(tasks_);
  }
  for (Task& task : tasks) task();
}

void Loop::set_deadline(TimerWheel::Node& node, uint64_t after_ms) {
  uv_update_time(&loop_);  // A handler may have taken long since the turn began.
  if (wheel_.empty()) {
    wheel_.restart(now_ms());
    uv_timer_start(
        &tick_, [](uv_timer_t* timer) { loop_of(timer->loop->data).on_tick(); },
        TimerWheel::kTickMs, TimerWheel::kTickMs);
  }
  wheel_.set(node, now_ms() + after_ms);
}

void Loop::on_tick() {
  wheel_.advance(now_ms(), [](TimerWheel::Node& node) { Connection::of(node).on_deadline(); });
  if (wheel_.empty()) uv_timer_stop(&tick_);  // An idle server sleeps.
}

void Loop::adopt(Admission admission) {
  uv_update_time(&loop_);
  auto* connection = new Connection(*this);
  connections_.insert(connection);
  connection->start(std::move(admission));
  if (closing_) connection->drain();
}

void Loop::forget(Connection& connection) {
  connections_.erase(&connection);
  if (closing_ && connections_.empty()) finish_close();
}

void Loop::close(uint32_t drain_ms) {
  run([this, drain_ms] { begin_close(drain_ms); });
}

void Loop::begin_close(uint32_t drain_ms) {
  if (closing_) return;
  closing_ = true;
  const std::vector<Connection*> open(connections_.begin(), connections_.end());
  for (Connection* connection : open) connection->drain();
  if (connections_.empty()) {
    finish_close();
    return;
  }
  uv_update_time(&loop_);
  uv_timer_start(
      &drain_,
      [](uv_timer_t* timer) {
        Loop& loop = loop_of(timer->loop->data);
        const std::vector<Connection*> left(loop.connections_.begin(), loop.connections_.end());
        base::log_warn("http", "closing connections that did not finish in time",
                       {{"count", left.size()}});
        for (Connection* connection : left) connection->abort();
      },
      drain_ms, 0);
}

// After its last handle has closed, uv_run() returns.
void Loop::finish_close() {
  if (uv_is_closing(reinterpret_cast<uv_handle_t*>(&wake_)) != 0) return;
  std::vector<Task> dropped;
  {
    const base::MutexLock lock(mutex_);
    closed_ = true;  // No thread touches wake_ after this.
    dropped.swap(tasks_);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&wake_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&turn_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&tick_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&drain_), nullptr);
}

void Loop::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace rhumb::http
