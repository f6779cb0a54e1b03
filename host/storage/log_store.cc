#include "host/storage/log_store.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "host/plugin/status.h"
#include "host/storage/pending.h"
#include "rhumb/cpp/guard.h"

namespace rhumb::storage {

struct LogStore::Impl {
  explicit Impl(plugin::Engine<rhumb_log_ops_t> engine_in) : engine(engine_in) {}
  ~Impl() {
    pending.wait();
    if (self != nullptr) engine.ops->close(self);
  }
  const plugin::Engine<rhumb_log_ops_t> engine;
  rhumb_storage_t* self = nullptr;
  Pending pending{&base::histogram("rhumb_log_append_seconds")};
};

namespace {

struct VisitContext {
  const LogStore::Visit* visit;
};

uint32_t RHUMB_CALL visit_entry(void* ctx, const rhumb_log_entry_t* entry) {
  const LogRecord record{entry->group, entry->index, entry->term,
                         static_cast<RecordType>(entry->type), view(entry->data)};
  return (*static_cast<const VisitContext*>(ctx)->visit)(record) ? 1 : 0;
}

}  // namespace

LogStore::~LogStore() = default;

base::Result<std::unique_ptr<LogStore>> LogStore::open(const plugin::PluginRegistry& plugins,
                                                       const std::string& id,
                                                       const std::string& directory,
                                                       const std::string& config_json) {
  RHUMB_ASSIGN(const auto engine, plugins.find<rhumb_log_ops_t>(id));
  std::unique_ptr<LogStore> store(new LogStore);
  store->impl_ = std::make_unique<Impl>(engine);
  const rhumb_open_t params{sizeof(rhumb_open_t), 0, slice(config_json), slice(directory), nullptr};
  plugin::ErrorSlot error;
  const rhumb_status_t rc =
      engine.ops->open(engine.host, &params, &store->impl_->self, error.out());
  RHUMB_TRY(error.status(rc, "log " + directory));
  return store;
}

base::Status LogStore::recover(const Visit& visit) {
  VisitContext context{&visit};
  plugin::ErrorSlot error;
  return error.status(impl_->engine.ops->recover(impl_->self, visit_entry, &context, error.out()),
                      "log: recover");
}

base::Status LogStore::append(std::span<const LogRecord> records, Done done) {
  std::vector<rhumb_log_entry_t> raw;
  raw.reserve(records.size());
  for (const LogRecord& r : records)
    raw.push_back({r.group, r.index, r.term, static_cast<uint32_t>(r.type), 0, slice(r.data)});
  plugin::ErrorSlot error;
  const rhumb_done_t completion = impl_->pending.accept(std::move(done), "log: append");
  const rhumb_status_t rc =
      impl_->engine.ops->append(impl_->self, raw.data(), raw.size(), error.out(), completion);
  if (rc != RHUMB_OK) impl_->pending.refused(completion);
  return error.status(rc, "log: append");
}

base::Status LogStore::read(uint64_t group, uint64_t first, uint64_t last, uint64_t max_bytes,
                            const Visit& visit) const {
  VisitContext context{&visit};
  plugin::ErrorSlot error;
  return error.status(impl_->engine.ops->read(impl_->self, group, first, last, max_bytes,
                                              visit_entry, &context, error.out()),
                      "log: read");
}

base::Status LogStore::release(uint64_t group, uint64_t index) {
  plugin::ErrorSlot error;
  return error.status(impl_->engine.ops->release(impl_->self, group, index, error.out()),
                      "log: release");
}

base::Status LogStore::drop_group(uint64_t group) {
  plugin::ErrorSlot error;
  return error.status(impl_->engine.ops->drop_group(impl_->self, group, error.out()), "log: drop");
}

base::Result<std::string> LogStore::stats_json() const {
  Buffer out;
  RHUMB_TRY(
      plugin::to_status(impl_->engine.ops->stats(impl_->self, out.out()), nullptr, "log: stats"));
  return std::string(out.view());
}

base::Result<LogUse> LogStore::use() const {
  RHUMB_ASSIGN(const std::string text, stats_json());
  const auto stats = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto number = [&](const char* key) {
    return stats.is_object() && stats.contains(key) && stats[key].is_number_unsigned();
  };
  if (!number("bytes") || !number("oldest_group"))
    return base::internal("log: the stats lack bytes or oldest_group: " + text);
  LogUse use{stats["bytes"].get<uint64_t>(), stats["oldest_group"].get<uint64_t>()};
  if (const auto at = stats.find("failure"); at != stats.end() && at->is_string())
    use.failure = at->get<std::string>();
  return use;
}

}  // namespace rhumb::storage
