/* The smallest index engine that does everything a host may ask of one: it looks at every vector, so its answers are
 * exact. Start here, and replace the scan by something faster. What each function owes its caller is said in rhumb/index.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rhumb/draft.h"
#include "rhumb/index.h"
#include "rhumb/kernels.h"

#define FILE_NAME "my_flat.built"
#define BLOCK 64u /* slots scored at once; the deadline is looked at between blocks */

struct rhumb_index {
  const rhumb_vectors_t *vectors; /* the host's: pinned until close */
  const rhumb_kernel_t *kernel;
  const rhumb_host_t *host;
  const rhumb_host_clock_t *clock;      /* may be NULL: then deadlines are not seen */
  _Atomic uint32_t built_through;       /* slots below may be found */
};

static rhumb_status_t fail(rhumb_error_t *error, rhumb_status_t status, const char *text, int os_errno) {
  if (error != NULL) {
    snprintf(error->text, sizeof error->text, "%s", text);
    error->os_errno = os_errno;
  }
  return status;
}

static int path_in(rhumb_slice_t dir, char *out, size_t size) {
  const int n = snprintf(out, size, "%.*s/" FILE_NAME, (int)dir.size, (const char *)dir.data);
  return n > 0 && (size_t)n < size;
}

static rhumb_status_t load(rhumb_index_t *self, rhumb_slice_t dir, rhumb_error_t *error) {
  char path[4096];
  unsigned built = 0;
  char end = 0;
  FILE *file;
  int fields;
  if (!path_in(dir, path, sizeof path)) return fail(error, RHUMB_INVALID, "path too long", 0);
  file = fopen(path, "r");
  if (file == NULL) return fail(error, errno == ENOENT ? RHUMB_CORRUPT : RHUMB_IO, path, errno);
  fields = fscanf(file, "%u%c", &built, &end);
  fclose(file);
  if (fields != 2 || end != '\n' || built > self->vectors->rows) return fail(error, RHUMB_CORRUPT, path, 0);
  atomic_store(&self->built_through, built);
  return RHUMB_OK;
}

/* No parameters: nothing, or an object with nothing in it. */
static int is_blank(rhumb_slice_t json) {
  const char *expected = "{}", *text = json.data;
  uint64_t i;
  for (i = 0; i < json.size; ++i) {
    if (text[i] != '\0' && strchr(" \t\r\n", text[i]) != NULL) continue;
    if (*expected == '\0' || text[i] != *expected++) return 0;
  }
  return json.size == 0 || *expected == '\0';
}

static rhumb_status_t flat_open(const rhumb_host_t *host, const rhumb_index_open_t *open, rhumb_index_t **out,
                                rhumb_error_t *error) {
  rhumb_status_t status = RHUMB_OK;
  const rhumb_kernel_t *kernel = rhumb_kernel_for(open->metric, open->vectors->scalar);
  rhumb_index_t *self;
  if (kernel == NULL) return fail(error, RHUMB_UNSUPPORTED, "this metric does not go with this scalar type", 0);
  if (open->base != NULL && !is_blank(open->base->config_json))
    return fail(error, RHUMB_INVALID, "my_flat has no parameters", 0);
  self = calloc(1, sizeof *self);
  if (self == NULL) return fail(error, RHUMB_NO_MEMORY, "out of memory", 0);
  self->vectors = open->vectors;
  self->kernel = kernel;
  self->host = host;
  self->clock = host->get_extension(host, RHUMB_HOST_CLOCK);
  if (open->base != NULL && open->base->data_dir.size > 0) status = load(self, open->base->data_dir, error);
  if (status != RHUMB_OK) {
    free(self);
    return status;
  }
  *out = self;
  return RHUMB_OK;
}

static void flat_close(rhumb_index_t *self) { free(self); }

static const void *flat_extension(rhumb_index_t *self, const char *id) {
  (void)self, (void)id;
  return NULL;
}

static void keep(rhumb_buffer_t *buffer) { buffer->release = NULL; } /* static text: nothing to free */

static rhumb_status_t flat_describe(const rhumb_host_t *host, rhumb_buffer_t *out) {
  static char json[] =
      "{\"metrics\":[\"cosine\",\"dot\",\"euclid\",\"manhattan\"],\"scalars\":[\"f32\",\"f16\",\"u8\"],"
      "\"parameters\":{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}}";
  (void)host;
  out->data = json;
  out->size = sizeof json - 1;
  out->owner = NULL;
  out->release = keep;
  return RHUMB_OK;
}

/* Nothing to build: the host's vectors are the index. */
static rhumb_status_t flat_build(rhumb_index_t *self, const rhumb_call_t *call, uint32_t slot_end, const uint64_t *live,
                                 const rhumb_progress_t *progress, rhumb_error_t *error) {
  (void)call, (void)live;
  if (progress != NULL && progress->tick != NULL && progress->tick(progress->ctx, slot_end, slot_end) == 0) {
    return fail(error, RHUMB_CANCELLED, "cancelled", 0);
  }
  atomic_store(&self->built_through, slot_end);
  return RHUMB_OK;
}

static rhumb_status_t flat_insert(rhumb_index_t *self, const rhumb_call_t *call, uint32_t slot_first, uint32_t slot_end,
                                  rhumb_error_t *error) {
  uint32_t now = atomic_load(&self->built_through);
  (void)call, (void)slot_first, (void)error;
  while (now < slot_end && !atomic_compare_exchange_weak(&self->built_through, &now, slot_end)) {
  }
  return RHUMB_OK;
}

static int bit(const uint64_t *bits, uint32_t i) { return (int)(bits[i / 64] >> (i % 64) & 1); }

static int passes(const rhumb_index_t *self, const rhumb_filter_t *filter, uint32_t slot) {
  if (self->vectors->present != NULL && !bit(self->vectors->present, slot)) return 0;
  if (filter == NULL || filter->kind == RHUMB_FILTER_SLOTS) return 1;
  if (filter->kind == RHUMB_FILTER_BITS) return slot < filter->bit_count && bit(filter->bits, slot);
  return filter->live == NULL || (slot < filter->bit_count && bit(filter->live, slot));
}

static rhumb_status_t must_stop(const rhumb_index_t *self, const rhumb_call_t *call) {
  if (call == NULL) return RHUMB_OK;
  if (call->cancelled != NULL && call->cancelled(call->cancel_ctx) != 0) return RHUMB_CANCELLED;
  if (call->deadline_ns != 0 && self->clock != NULL && self->clock->monotonic_ns(self->host) >= call->deadline_ns)
    return RHUMB_TIMEOUT;
  return RHUMB_OK;
}

/* Keeps the k closest in order; the caller's arrays are the queue. */
static void offer(uint32_t slot, float distance, uint32_t k, uint32_t *slots, float *distances, uint32_t *count) {
  uint32_t at = *count;
  if (at == k && !(distance < distances[k - 1])) return;
  if (at < k) *count = at + 1;
  else at = k - 1;
  for (; at > 0 && distance < distances[at - 1]; --at) {
    distances[at] = distances[at - 1];
    slots[at] = slots[at - 1];
  }
  distances[at] = distance;
  slots[at] = slot;
}

static rhumb_status_t scan(rhumb_index_t *self, const rhumb_call_t *call, const rhumb_query_t *query, uint64_t q,
                           rhumb_hits_t *out) {
  const rhumb_filter_t *filter = query->filter;
  const char *vector = (const char *)query->vectors.data + q * query->vectors.stride;
  const int listed = filter != NULL && filter->kind == RHUMB_FILTER_SLOTS;
  const uint32_t end = atomic_load(&self->built_through);
  const uint64_t n = listed ? filter->pass_count : end;
  uint32_t block[BLOCK], filled = 0, i;
  float distances[BLOCK];
  uint64_t next = 0;
  out->counts[q] = 0;
  while (next < n && query->k > 0) {
    const rhumb_status_t status = must_stop(self, call);
    if (status != RHUMB_OK) return status;
    for (filled = 0; next < n && filled < BLOCK; ++next) {
      const uint32_t slot = listed ? filter->slots[next] : (uint32_t)next;
      if (slot < end && passes(self, filter, slot)) block[filled++] = slot;
    }
    self->kernel->slots(vector, self->vectors, block, filled, distances);
    for (i = 0; i < filled; ++i) {
      offer(block[i], distances[i], query->k, out->slots + q * query->k, out->distances + q * query->k,
            &out->counts[q]);
    }
    out->exact_distances += filled;
  }
  return RHUMB_OK;
}

static rhumb_status_t flat_search(rhumb_index_t *self, const rhumb_call_t *call, const rhumb_query_t *query,
                                  rhumb_hits_t *out, rhumb_error_t *error) {
  const rhumb_ext_t *ext;
  uint64_t q;
  for (ext = query->ext; ext != NULL; ext = ext->next) {
    if (ext->required != 0) return fail(error, RHUMB_UNSUPPORTED, ext->id, 0);
  }
  if (query->vectors.dim != self->vectors->dim || query->vectors.scalar != self->vectors->scalar) {
    return fail(error, RHUMB_INVALID, "the query's dimension or scalar type is not the stored vectors'", 0);
  }
  for (q = 0; q < query->query_count; ++q) {
    const rhumb_status_t status = scan(self, call, query, q, out);
    if (status != RHUMB_OK) return fail(error, status, "search stopped", 0);
  }
  return RHUMB_OK;
}

static rhumb_status_t flat_save(rhumb_index_t *self, rhumb_slice_t dir, rhumb_error_t *error) {
  char path[4096], text[16];
  int n = snprintf(text, sizeof text, "%u\n", atomic_load(&self->built_through));
  int fd, ok, saved;
  if (!path_in(dir, path, sizeof path)) return fail(error, RHUMB_INVALID, "path too long", 0);
  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return fail(error, RHUMB_IO, path, errno);
  ok = write(fd, text, (size_t)n) == n && fsync(fd) == 0;
  saved = errno;
  if (close(fd) != 0 && ok) ok = 0, saved = errno;
  return ok ? RHUMB_OK : fail(error, saved == ENOSPC ? RHUMB_NO_SPACE : RHUMB_IO, path, saved);
}

static void free_owned(rhumb_buffer_t *buffer) {
  free(buffer->owner);
  memset(buffer, 0, sizeof *buffer);
}

static rhumb_status_t flat_stats(rhumb_index_t *self, rhumb_buffer_t *out) {
  const unsigned built = atomic_load(&self->built_through);
  char *json = malloc(128);
  if (json == NULL) return RHUMB_NO_MEMORY;
  out->size =
      (uint64_t)snprintf(json, 128, "{\"rows\":%u,\"built_through\":%u,\"bytes_resident\":%zu,\"bytes_mapped\":0}",
                         built, built, sizeof *self);
  out->data = out->owner = json;
  out->release = free_owned;
  return RHUMB_OK;
}

static const rhumb_index_ops_t ops = {
    .struct_size = sizeof(rhumb_index_ops_t),
    .caps = RHUMB_CAP_INDEX_INSERT,
    .open = flat_open,
    .close = flat_close,
    .get_extension = flat_extension,
    .describe = flat_describe,
    .build = flat_build,
    .insert = flat_insert,
    .search = flat_search,
    .save = flat_save,
    .stats = flat_stats,
};
static const rhumb_factory_t factory = {
    .struct_size = sizeof(rhumb_factory_t), .kind = RHUMB_KIND_INDEX, .id = "my_flat", .version = "1.0.0", .ops = &ops};
static const rhumb_factory_t *const factories[] = {&factory};
static const rhumb_plugin_t plugin = {.magic = RHUMB_PLUGIN_MAGIC,
                                      .struct_size = sizeof(rhumb_plugin_t),
                                      .abi_major = RHUMB_ABI_MAJOR,
                                      .abi_minor_min = 0,
                                      .abi_minor_built = RHUMB_ABI_MINOR,
                                      .draft = 1,
                                      .id = "my_flat",
                                      .version = "1.0.0",
                                      .license = "Apache-2.0",
                                      .draft_hash = RHUMB_DRAFT_HASH,
                                      .factory_count = 1,
                                      .factories = factories};

RHUMB_EXPORT const rhumb_plugin_t *rhumb_plugin_v1(void) { return &plugin; }
