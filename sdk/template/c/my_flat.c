/* The smallest index engine that does everything a host may ask for. It compares a query with every
 * vector, so its answers are exact. Start here, and replace the scan by something faster.
 * rhumb/index.h says what each function must do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ranges.h"
#include "rhumb/draft.h"
#include "rhumb/index.h"
#include "rhumb/kernels.h"

#define FILE_NAME "my_flat.built"
#define BLOCK 64u /* The scan scores 64 slots at once. It looks at the deadline before each. */

struct rhumb_index {
  const rhumb_vectors_t* vectors; /* The host's column stays until close(). */
  const rhumb_kernel_t* kernel;
  const rhumb_host_t* host;
  const rhumb_host_clock_t* clock; /* If it is NULL, deadlines are ignored. */
  ranges_t indexed;                /* The slots that a search may find. */
};

static rhumb_status_t fail(rhumb_error_t* error, rhumb_status_t status, const char* text,
                           int os_errno) {
  if (error != NULL) {
    snprintf(error->text, sizeof error->text, "%.*s", (int)sizeof error->text - 1, text);
    error->os_errno = os_errno;
  }
  return status;
}

/* ---- Opening and closing ---- */

static int path_in(rhumb_slice_t dir, char* out, size_t size) {
  const int n = snprintf(out, size, "%.*s/" FILE_NAME, (int)dir.size, (const char*)dir.data);
  return n > 0 && (size_t)n < size;
}

static rhumb_status_t load(rhumb_index_t* self, rhumb_slice_t dir, rhumb_error_t* error) {
  char path[4096];
  unsigned built = 0;
  char end = 0;
  FILE* file;
  int fields;
  if (!path_in(dir, path, sizeof path)) return fail(error, RHUMB_INVALID, "path too long", 0);
  file = fopen(path, "r");
  if (file == NULL) return fail(error, errno == ENOENT ? RHUMB_CORRUPT : RHUMB_IO, path, errno);
  fields = fscanf(file, "%u%c", &built, &end);
  fclose(file);
  if (fields != 2 || end != '\n' || built > self->vectors->rows) {
    return fail(error, RHUMB_CORRUPT, path, 0);
  }
  return ranges_add(&self->indexed, 0, built) ? RHUMB_OK : RHUMB_NO_MEMORY;
}

/* This engine has no parameters. It takes no text, or an empty object. */
static int is_blank(rhumb_slice_t json) {
  const char *expected = "{}", *text = json.data;
  uint64_t i;
  for (i = 0; i < json.size; ++i) {
    if (text[i] != '\0' && strchr(" \t\r\n", text[i]) != NULL) continue;
    if (*expected == '\0' || text[i] != *expected++) return 0;
  }
  return json.size == 0 || *expected == '\0';
}

static void flat_close(rhumb_index_t* self) {
  ranges_close(&self->indexed);
  free(self);
}

static rhumb_status_t flat_open(const rhumb_host_t* host, const rhumb_index_open_t* open,
                                rhumb_index_t** out, rhumb_error_t* error) {
  rhumb_status_t status = RHUMB_OK;
  const rhumb_kernel_t* kernel = rhumb_kernel_for(open->metric, open->vectors->scalar);
  rhumb_index_t* self;
  if (kernel == NULL) {
    return fail(error, RHUMB_UNSUPPORTED, "no kernel for this metric and scalar type", 0);
  }
  if (open->base != NULL && !is_blank(open->base->config_json)) {
    return fail(error, RHUMB_INVALID, "my_flat has no parameters", 0);
  }
  self = calloc(1, sizeof *self);
  if (self == NULL) return fail(error, RHUMB_NO_MEMORY, "out of memory", 0);
  ranges_open(&self->indexed);
  self->vectors = open->vectors;
  self->kernel = kernel;
  self->host = host;
  self->clock = host->get_extension(host, RHUMB_HOST_CLOCK);
  if (open->base != NULL && open->base->data_dir.size > 0) {
    status = load(self, open->base->data_dir, error);
  }
  if (status != RHUMB_OK) {
    flat_close(self);
    return status;
  }
  *out = self;
  return RHUMB_OK;
}

static const void* flat_extension(rhumb_index_t* self, const char* id) {
  (void)self, (void)id;
  return NULL;
}

/* The text is static, so there is nothing to free. */
static void keep(rhumb_buffer_t* buffer) { buffer->release = NULL; }

static rhumb_status_t flat_describe(const rhumb_host_t* host, rhumb_buffer_t* out) {
  static char json[] =
      "{\"metrics\":[\"cosine\",\"dot\",\"euclid\",\"manhattan\"],"
      "\"scalars\":[\"f32\",\"f16\",\"u8\"],"
      "\"parameters\":{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}}";
  (void)host;
  out->data = json;
  out->size = sizeof json - 1;
  out->owner = NULL;
  out->release = keep;
  return RHUMB_OK;
}

/* ---- Building and inserting ---- */

/* There is nothing to compute: the index is the host's column itself. */
static rhumb_status_t flat_build(rhumb_index_t* self, const rhumb_call_t* call, uint32_t slot_end,
                                 const uint64_t* live, const rhumb_progress_t* progress,
                                 rhumb_error_t* error) {
  (void)call, (void)live;
  if (progress != NULL && progress->tick != NULL &&
      progress->tick(progress->ctx, slot_end, slot_end) == 0) {
    return fail(error, RHUMB_CANCELLED, "cancelled", 0);
  }
  if (!ranges_add(&self->indexed, 0, slot_end)) {
    return fail(error, RHUMB_NO_MEMORY, "out of memory", 0);
  }
  return RHUMB_OK;
}

static rhumb_status_t flat_insert(rhumb_index_t* self, const rhumb_call_t* call,
                                  uint32_t slot_first, uint32_t slot_end, rhumb_error_t* error) {
  (void)call;
  if (!ranges_add(&self->indexed, slot_first, slot_end)) {
    return fail(error, RHUMB_NO_MEMORY, "out of memory", 0);
  }
  return RHUMB_OK;
}

/* ---- Searching ---- */

static int bit(const uint64_t* bits, uint32_t i) { return (int)(bits[i / 64] >> (i % 64) & 1); }

/* The host may set bits of later slots in the same word meanwhile, so the read is atomic. */
static int present(const rhumb_vectors_t* vectors, uint32_t slot) {
  if (vectors->present == NULL) return 1;
  return (int)(__atomic_load_n(&vectors->present[slot / 64], __ATOMIC_RELAXED) >> (slot % 64) & 1);
}

static int passes(const rhumb_index_t* self, const rhumb_filter_t* filter, uint32_t slot) {
  if (!present(self->vectors, slot)) return 0;
  if (filter == NULL || filter->kind == RHUMB_FILTER_SLOTS) return 1;
  if (filter->kind == RHUMB_FILTER_BITS) {
    return slot < filter->bit_count && bit(filter->bits, slot);
  }
  return filter->live == NULL || (slot < filter->bit_count && bit(filter->live, slot));
}

static rhumb_status_t must_stop(const rhumb_index_t* self, const rhumb_call_t* call) {
  if (call == NULL) return RHUMB_OK;
  if (call->cancelled != NULL && call->cancelled(call->cancel_ctx) != 0) return RHUMB_CANCELLED;
  if (call->deadline_ns != 0 && self->clock != NULL &&
      self->clock->monotonic_ns(self->host) >= call->deadline_ns) {
    return RHUMB_TIMEOUT;
  }
  return RHUMB_OK;
}

/* One query, and the part of the caller's arrays that takes its hits. */
typedef struct task {
  rhumb_index_t* self;
  const rhumb_call_t* call;
  const rhumb_filter_t* filter;
  const void* vector;
  uint32_t k, *slots, *count;
  float* distances;
  uint64_t compared;
  uint32_t block[BLOCK], filled;
} task_t;

/* Keeps the k closest hits in order, in the caller's arrays. */
static void offer(task_t* t, uint32_t slot, float distance) {
  uint32_t at = *t->count;
  if (at == t->k && !(distance < t->distances[t->k - 1])) return;
  if (at < t->k)
    *t->count = at + 1;
  else
    at = t->k - 1;
  for (; at > 0 && distance < t->distances[at - 1]; --at) {
    t->distances[at] = t->distances[at - 1];
    t->slots[at] = t->slots[at - 1];
  }
  t->distances[at] = distance;
  t->slots[at] = slot;
}

static rhumb_status_t score_block(task_t* t) {
  float distances[BLOCK];
  uint32_t i;
  const rhumb_status_t status = must_stop(t->self, t->call);
  if (status != RHUMB_OK) return status;
  t->self->kernel->slots(t->vector, t->self->vectors, t->block, t->filled, distances);
  for (i = 0; i < t->filled; ++i) offer(t, t->block[i], distances[i]);
  t->compared += t->filled;
  t->filled = 0;
  return RHUMB_OK;
}

static rhumb_status_t take(task_t* t, uint32_t slot) {
  if (!passes(t->self, t->filter, slot)) return RHUMB_OK;
  t->block[t->filled++] = slot;
  return t->filled == BLOCK ? score_block(t) : RHUMB_OK;
}

static rhumb_status_t scan(task_t* t, const range_t* ranges, uint32_t count) {
  rhumb_status_t status = RHUMB_OK;
  uint64_t i;
  uint32_t slot;
  if (t->filter != NULL && t->filter->kind == RHUMB_FILTER_SLOTS) {
    for (i = 0; i < t->filter->pass_count && status == RHUMB_OK; ++i) {
      slot = t->filter->slots[i];
      if (ranges_have(ranges, count, slot)) status = take(t, slot);
    }
  } else {
    for (i = 0; i < count; ++i) {
      for (slot = ranges[i].first; slot < ranges[i].end && status == RHUMB_OK; ++slot) {
        status = take(t, slot);
      }
    }
  }
  return status == RHUMB_OK ? score_block(t) : status;
}

static rhumb_status_t flat_search(rhumb_index_t* self, const rhumb_call_t* call,
                                  const rhumb_query_t* query, rhumb_hits_t* out,
                                  rhumb_error_t* error) {
  const rhumb_ext_t* ext;
  range_t* ranges;
  uint32_t count;
  rhumb_status_t status = RHUMB_OK;
  uint64_t q;
  for (ext = query->ext; ext != NULL; ext = ext->next) {
    if (ext->required != 0) return fail(error, RHUMB_UNSUPPORTED, ext->id, 0);
  }
  if (query->vectors.dim != self->vectors->dim || query->vectors.scalar != self->vectors->scalar) {
    return fail(error, RHUMB_INVALID, "the query has another dimension or scalar type", 0);
  }
  ranges = ranges_copy(&self->indexed, &count);
  if (ranges == NULL) return fail(error, RHUMB_NO_MEMORY, "out of memory", 0);
  for (q = 0; q < query->query_count && status == RHUMB_OK; ++q) {
    task_t task = {.self = self, .call = call, .filter = query->filter, .k = query->k};
    task.vector = (const char*)query->vectors.data + q * query->vectors.stride;
    task.slots = out->slots + q * query->k;
    task.distances = out->distances + q * query->k;
    task.count = &out->counts[q];
    *task.count = 0;
    if (query->k > 0) status = scan(&task, ranges, count);
    out->exact_distances += task.compared;
  }
  free(ranges);
  return status == RHUMB_OK ? RHUMB_OK : fail(error, status, "the search was stopped", 0);
}

/* ---- Saving and reporting ---- */

static rhumb_status_t flat_save(rhumb_index_t* self, rhumb_slice_t dir, rhumb_error_t* error) {
  char path[4096], text[16];
  int n = snprintf(text, sizeof text, "%u\n", ranges_prefix(&self->indexed));
  int fd, ok, saved;
  if (!path_in(dir, path, sizeof path)) return fail(error, RHUMB_INVALID, "path too long", 0);
  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  if (fd < 0) return fail(error, RHUMB_IO, path, errno);
  ok = write(fd, text, (size_t)n) == n && fsync(fd) == 0;
  saved = errno;
  if (close(fd) != 0 && ok) ok = 0, saved = errno;
  path[strlen(path) - strlen("/" FILE_NAME)] = '\0';
  fd = ok ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (ok && (fd < 0 || fsync(fd) != 0)) ok = 0, saved = errno;
  if (fd >= 0) close(fd);
  return ok ? RHUMB_OK : fail(error, saved == ENOSPC ? RHUMB_NO_SPACE : RHUMB_IO, path, saved);
}

static void free_owned(rhumb_buffer_t* buffer) {
  free(buffer->owner);
  memset(buffer, 0, sizeof *buffer);
}

static rhumb_status_t flat_stats(rhumb_index_t* self, rhumb_buffer_t* out) {
  const size_t size = 160;
  uint32_t i, slot, count, rows = 0;
  range_t* ranges = ranges_copy(&self->indexed, &count);
  char* json = malloc(size);
  if (json == NULL || ranges == NULL) {
    free(json);
    free(ranges);
    return RHUMB_NO_MEMORY;
  }
  for (i = 0; i < count; ++i) {
    for (slot = ranges[i].first; slot < ranges[i].end; ++slot) {
      rows += (uint32_t)present(self->vectors, slot);
    }
  }
  free(ranges);
  out->size = (uint64_t)snprintf(
      json, size, "{\"rows\":%u,\"built_through\":%u,\"bytes_resident\":%zu,\"bytes_mapped\":0}",
      rows, ranges_prefix(&self->indexed), sizeof *self + count * sizeof *ranges);
  out->data = out->owner = json;
  out->release = free_owned;
  return RHUMB_OK;
}

/* ---- The manifest ---- */

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
static const rhumb_factory_t factory = {.struct_size = sizeof(rhumb_factory_t),
                                        .kind = RHUMB_KIND_INDEX,
                                        .id = "my_flat",
                                        .version = "1.0.0",
                                        .ops = &ops};
static const rhumb_factory_t* const factories[] = {&factory};
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

RHUMB_EXPORT const rhumb_plugin_t* rhumb_plugin_v1(void) { return &plugin; }
