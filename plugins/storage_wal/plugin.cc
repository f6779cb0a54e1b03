// The plugin's table of functions. Every entry goes through guard(), so no exception leaves the
// plugin.
#include <string>

#include "log.h"
#include "options.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/draft.h"

struct rhumb_storage {
  rhumb::wal::Log log;
};

namespace rhumb::wal {
namespace {

rhumb_status_t open(const rhumb_host_t* host, const rhumb_open_t* params, rhumb_storage_t** out,
                    rhumb_error_t* error) {
  return guard(error, [&] {
    if (params == nullptr || params->data_dir.size == 0)
      throw Error(RHUMB_INVALID, "data_dir: the log needs a directory");
    *out = new rhumb_storage{
        {host, std::string(view(params->data_dir)), parse_options(view(params->config_json))}};
  });
}

void close(rhumb_storage_t* self) { delete self; }

const void* get_extension(rhumb_storage_t*, const char*) { return nullptr; }

rhumb_status_t append(rhumb_storage_t* self, const rhumb_log_entry_t* entries, uint64_t n,
                      rhumb_error_t* error, rhumb_done_t done) {
  return guard(error, [&] { self->log.append({entries, static_cast<size_t>(n)}, done); });
}

rhumb_status_t read(rhumb_storage_t* self, uint64_t group, uint64_t first, uint64_t last,
                    uint64_t max_bytes, rhumb_log_visit_fn visit, void* ctx, rhumb_error_t* error) {
  return guard(error, [&] { self->log.read(group, first, last, max_bytes, visit, ctx); });
}

rhumb_status_t release(rhumb_storage_t* self, uint64_t group, uint64_t index,
                       rhumb_error_t* error) {
  return guard(error, [&] { self->log.release(group, index); });
}

rhumb_status_t drop_group(rhumb_storage_t* self, uint64_t group, rhumb_error_t* error) {
  return guard(error, [&] { self->log.drop_group(group); });
}

rhumb_status_t recover(rhumb_storage_t* self, rhumb_log_visit_fn visit, void* ctx,
                       rhumb_error_t* error) {
  return guard(error, [&] { self->log.recover(visit, ctx); });
}

rhumb_status_t stats(rhumb_storage_t* self, rhumb_buffer_t* json_out) {
  return guard(nullptr, [&] { *json_out = buffer(self->log.stats()); });
}

constexpr rhumb_log_ops_t kOps = {sizeof(rhumb_log_ops_t),
                                  RHUMB_CAP_OWN_THREADS,
                                  open,
                                  close,
                                  get_extension,
                                  append,
                                  read,
                                  release,
                                  drop_group,
                                  recover,
                                  stats};
constexpr rhumb_factory_t kFactory = {sizeof(rhumb_factory_t), RHUMB_KIND_LOG, "wal", "0.1.0",
                                      &kOps};
constexpr const rhumb_factory_t* kFactories[] = {&kFactory};
constexpr rhumb_plugin_t kPlugin = {RHUMB_PLUGIN_MAGIC,
                                    sizeof(rhumb_plugin_t),
                                    RHUMB_ABI_MAJOR,
                                    0,
                                    RHUMB_ABI_MINOR,
                                    1,
                                    "storage_wal",
                                    "0.1.0",
                                    "Apache-2.0",
                                    RHUMB_DRAFT_HASH,
                                    1,
                                    kFactories};

}  // namespace
}  // namespace rhumb::wal

extern "C" RHUMB_EXPORT_SYMBOL const rhumb_plugin_t* RHUMB_CALL rhumb_plugin_v1(void) {
  return &rhumb::wal::kPlugin;
}
