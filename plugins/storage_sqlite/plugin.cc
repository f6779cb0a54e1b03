// The plugin's table of functions. Every entry goes through guard(), so no exception leaves the
// plugin.
#include <string>

#include "options.h"
#include "rhumb/cpp/guard.h"
#include "rhumb/draft.h"
#include "store.h"

struct rhumb_storage {
  rhumb::sqlite::Store store;
};

namespace rhumb::sqlite {
namespace {

rhumb_status_t open(const rhumb_host_t* host, const rhumb_open_t* params, rhumb_storage_t** out,
                    rhumb_error_t* error) {
  return guard(error, [&] {
    if (params == nullptr || params->data_dir.size == 0)
      throw Error(RHUMB_INVALID, "data_dir: the store needs a directory");
    *out = new rhumb_storage{
        {host, std::string(view(params->data_dir)), parse_options(view(params->config_json))}};
  });
}

void close(rhumb_storage_t* self) { delete self; }

const void* get_extension(rhumb_storage_t*, const char*) { return nullptr; }

rhumb_status_t write(rhumb_storage_t* self, const rhumb_call_t* call, const rhumb_write_t* writes,
                     uint64_t n, rhumb_error_t* error) {
  return guard(error, [&] { self->store.write(call, {writes, static_cast<size_t>(n)}); });
}

rhumb_status_t flush(rhumb_storage_t* self, rhumb_done_t done) {
  return guard(nullptr, [&] { self->store.flush(done); });
}

rhumb_status_t get(rhumb_storage_t* self, const rhumb_call_t* call, uint32_t table,
                   rhumb_slice_t key, rhumb_buffer_t* out, rhumb_error_t* error) {
  return guard(error, [&]() -> rhumb_status_t {
    auto value = self->store.get(call, table, view(key));
    if (!value) return fail(error, RHUMB_NOT_FOUND, "no such key");
    *out = buffer(std::move(*value));
    return RHUMB_OK;
  });
}

rhumb_status_t scan(rhumb_storage_t* self, const rhumb_call_t* call, uint32_t table,
                    rhumb_slice_t first, rhumb_slice_t last, uint32_t flags, rhumb_visit_fn visit,
                    void* ctx, rhumb_error_t* error) {
  return guard(error,
               [&] { self->store.scan(call, table, view(first), view(last), flags, visit, ctx); });
}

rhumb_status_t checkpoint(rhumb_storage_t* self, rhumb_slice_t dir, rhumb_moment_fn moment,
                          void* ctx, rhumb_error_t* error) {
  return guard(error, [&] { self->store.checkpoint(std::string(view(dir)), moment, ctx); });
}

constexpr rhumb_kv_ops_t kOps = {sizeof(rhumb_kv_ops_t),
                                 RHUMB_CAP_OWN_THREADS,
                                 open,
                                 close,
                                 get_extension,
                                 write,
                                 flush,
                                 get,
                                 scan,
                                 checkpoint};
constexpr rhumb_factory_t kFactory = {sizeof(rhumb_factory_t), RHUMB_KIND_KV, "sqlite", "0.1.0",
                                      &kOps};
constexpr const rhumb_factory_t* kFactories[] = {&kFactory};
constexpr rhumb_plugin_t kPlugin = {RHUMB_PLUGIN_MAGIC,
                                    sizeof(rhumb_plugin_t),
                                    RHUMB_ABI_MAJOR,
                                    0,
                                    RHUMB_ABI_MINOR,
                                    1,
                                    "storage_sqlite",
                                    "0.1.0",
                                    "Apache-2.0",
                                    RHUMB_DRAFT_HASH,
                                    1,
                                    kFactories};

}  // namespace
}  // namespace rhumb::sqlite

extern "C" RHUMB_EXPORT_SYMBOL const rhumb_plugin_t* RHUMB_CALL rhumb_plugin_v1(void) {
  return &rhumb::sqlite::kPlugin;
}
