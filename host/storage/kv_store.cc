#include "host/storage/kv_store.h"

#include "host/base/mutex.h"
#include "host/plugin/status.h"
#include "host/storage/pending.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::storage {

struct KvStore::Impl {
  explicit Impl(plugin::Engine<rhumb_kv_ops_t> engine_in) : engine(engine_in) {}
  ~Impl() {
    pending.wait();
    if (self != nullptr) engine.ops->close(self);
  }
  const plugin::Engine<rhumb_kv_ops_t> engine;
  rhumb_storage_t* self = nullptr;
  Pending pending;
};

void KvBatch::put(uint32_t table, std::string key, std::string value) {
  writes_.push_back({RHUMB_PUT, table, std::move(key), std::move(value)});
}

void KvBatch::erase(uint32_t table, std::string key) {
  writes_.push_back({RHUMB_DELETE, table, std::move(key), {}});
}

void KvBatch::erase_range(uint32_t table, std::string first, std::string last) {
  writes_.push_back({RHUMB_DELETE_RANGE, table, std::move(first), std::move(last)});
}

KvStore::~KvStore() = default;

base::Result<std::unique_ptr<KvStore>> KvStore::open(const plugin::PluginRegistry& plugins,
                                                     const std::string& id,
                                                     const std::string& directory,
                                                     const std::string& config_json) {
  RHUMB_ASSIGN(const auto engine, plugins.find<rhumb_kv_ops_t>(id));
  std::unique_ptr<KvStore> store(new KvStore);
  store->impl_ = std::make_unique<Impl>(engine);
  const rhumb_open_t params{sizeof(rhumb_open_t), 0, slice(config_json), slice(directory), nullptr};
  plugin::ErrorSlot error;
  const rhumb_status_t rc =
      engine.ops->open(engine.host, &params, &store->impl_->self, error.out());
  RHUMB_TRY(error.status(rc, "store " + directory));
  return store;
}

base::Status KvStore::write(const KvBatch& batch) {
  if (batch.empty()) return base::ok();
  std::vector<rhumb_write_t> raw;
  raw.reserve(batch.writes_.size());
  for (const auto& w : batch.writes_) raw.push_back({w.op, w.table, slice(w.key), slice(w.value)});
  plugin::ErrorSlot error;
  return error.status(
      impl_->engine.ops->write(impl_->self, nullptr, raw.data(), raw.size(), error.out()),
      "store: write");
}

base::Result<std::optional<std::string>> KvStore::get(uint32_t table, std::string_view key) const {
  Buffer out;
  plugin::ErrorSlot error;
  const rhumb_status_t rc =
      impl_->engine.ops->get(impl_->self, nullptr, table, slice(key), out.out(), error.out());
  if (rc == RHUMB_NOT_FOUND) return std::optional<std::string>();
  RHUMB_TRY(error.status(rc, "store: get"));
  return std::optional<std::string>(out.view());
}

base::Status KvStore::visit_range(uint32_t table, std::string_view first, std::string_view last,
                                  const Visit& visit, bool reverse) const {
  struct Context {
    const Visit* visit;
  } context{&visit};
  plugin::ErrorSlot error;
  const rhumb_status_t rc = impl_->engine.ops->scan(
      impl_->self, nullptr, table, slice(first), slice(last), reverse ? RHUMB_SCAN_REVERSE : 0,
      [](void* ctx, rhumb_slice_t key, rhumb_slice_t value) -> uint32_t {
        return (*static_cast<Context*>(ctx)->visit)(view(key), view(value)) ? 1 : 0;
      },
      &context, error.out());
  return error.status(rc, "store: scan");
}

base::Status KvStore::flush() {
  struct Waiter {
    base::Mutex mutex;
    base::CondVar wake;
    std::optional<base::Status> status RHUMB_GUARDED_BY(mutex);
  };
  const auto waiter = std::make_shared<Waiter>();
  const rhumb_done_t completion = impl_->pending.accept(
      [waiter](base::Status status) {
        const base::MutexLock lock(waiter->mutex);
        waiter->status = std::move(status);
        waiter->wake.notify_all();
      },
      "store: flush");
  const rhumb_status_t rc = impl_->engine.ops->flush(impl_->self, completion);
  if (rc != RHUMB_OK) {
    impl_->pending.refused(completion);
    return plugin::to_status(rc, nullptr, "store: flush");
  }
  const base::MutexLock lock(waiter->mutex);
  while (!waiter->status.has_value()) waiter->wake.wait(waiter->mutex);
  return *waiter->status;
}

base::Status KvStore::checkpoint(const std::string& directory, const Moments& moments) {
  plugin::ErrorSlot error;
  const rhumb_status_t rc = impl_->engine.ops->checkpoint(
      impl_->self, slice(directory),
      [](void* ctx, uint32_t moment) {
        const auto& told = *static_cast<const Moments*>(ctx);
        const auto& call = moment == RHUMB_CHECKPOINT_BEGINS ? told.begins : told.fixed;
        if (call) call();
      },
      const_cast<Moments*>(&moments), error.out());
  return error.status(rc, "store: checkpoint");
}

}  // namespace rhumb::storage
