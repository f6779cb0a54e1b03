/* The slots that are indexed.
 *
 * Several threads insert ranges at once, and the ranges end in any order. So one number is not
 * enough: a range may end before the slots below it are indexed. Any thread may call any function.
 * */
#ifndef RANGES_H
#define RANGES_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The slots [first, end). */
typedef struct range {
  uint32_t first, end;
} range_t;

/* An ascending list of `count` ranges that do not touch. The mutex guards `at` and `count`. */
typedef struct ranges {
  pthread_mutex_t mutex;
  range_t* at;
  uint32_t count;
} ranges_t;

static inline void ranges_open(ranges_t* self) {
  pthread_mutex_init(&self->mutex, NULL);
  self->at = NULL;
  self->count = 0;
}

static inline void ranges_close(ranges_t* self) {
  pthread_mutex_destroy(&self->mutex);
  free(self->at);
}

/* Adds [first, end) and joins the ranges that touch it. Slots may be added again. The answer is 0
 * if there is no memory; the list is then as it was. */
static inline int ranges_add(ranges_t* self, uint32_t first, uint32_t end) {
  range_t* next;
  uint32_t i = 0, n = 0;
  if (first >= end) return 1;
  pthread_mutex_lock(&self->mutex);
  next = malloc((self->count + 1) * sizeof *next);
  if (next != NULL) {
    for (; i < self->count && self->at[i].end < first; ++i) next[n++] = self->at[i];
    for (; i < self->count && self->at[i].first <= end; ++i) {
      if (self->at[i].first < first) first = self->at[i].first;
      if (self->at[i].end > end) end = self->at[i].end;
    }
    next[n].first = first;
    next[n++].end = end;
    for (; i < self->count; ++i) next[n++] = self->at[i];
    free(self->at);
    self->at = next;
    self->count = n;
  }
  pthread_mutex_unlock(&self->mutex);
  return next != NULL;
}

/* Returns a copy of the list, so that a search does not stop inserts. The caller frees the copy.
 * The answer is NULL if there is no memory. */
static inline range_t* ranges_copy(ranges_t* self, uint32_t* count) {
  range_t* copy;
  pthread_mutex_lock(&self->mutex);
  *count = self->count;
  copy = malloc((self->count + 1) * sizeof *copy);
  if (copy != NULL && self->count > 0) memcpy(copy, self->at, self->count * sizeof *copy);
  pthread_mutex_unlock(&self->mutex);
  return copy;
}

/* All slots below the answer are indexed. */
static inline uint32_t ranges_prefix(ranges_t* self) {
  uint32_t prefix;
  pthread_mutex_lock(&self->mutex);
  prefix = self->count > 0 && self->at[0].first == 0 ? self->at[0].end : 0;
  pthread_mutex_unlock(&self->mutex);
  return prefix;
}

/* Whether one of these ranges has the slot. */
static inline int ranges_have(const range_t* ranges, uint32_t count, uint32_t slot) {
  uint32_t i;
  for (i = 0; i < count && ranges[i].first <= slot; ++i) {
    if (slot < ranges[i].end) return 1;
  }
  return 0;
}

#endif
