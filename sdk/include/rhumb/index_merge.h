/* Rhumb plugin SDK: merging indexes, an extension of index engines ("rhumb.index.merge/1").  DRAFT (see draft.h).
 *
 * The host merges segments by copying what lives into the columns of a new segment; an engine that offers this starts the new index from
 * those of the old segments, so that the cost follows what is new. Without it the host builds anew. */
#ifndef RHUMB_INDEX_MERGE_H
#define RHUMB_INDEX_MERGE_H

#include "index.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RHUMB_INDEX_MERGE "rhumb.index.merge/1"
#define RHUMB_NO_SLOT 0xFFFFFFFFu

/* One input: an instance of the same engine, metric, scalar type and dimension. slot_map[s] for s < slot_count is the slot that holds the
 * vector of the input's slot s in the new instance's column, RHUMB_NO_SLOT if it was dropped; slots from slot_count on were dropped. No new
 * slot is named twice, over all inputs. BORROWED for the call. */
typedef struct rhumb_index_input {
  rhumb_index_t *index;
  const uint32_t *slot_map;
  uint64_t slot_count;
} rhumb_index_input_t;

/* From ops.get_extension(instance, RHUMB_INDEX_MERGE). */
typedef struct rhumb_index_merge {
  uint32_t struct_size, reserved;
  /* [control] In place of build, on an instance that is still empty: indexes all present slots < slot_end that are live (live NULL = all),
   * whether an input has them or not. The inputs may be searched meanwhile, not built or inserted into. A failed merge leaves an instance
   * that is good for closing only. */
  rhumb_status_t(RHUMB_CALL *merge)(rhumb_index_t *, const rhumb_call_t *, const rhumb_index_input_t *inputs, uint64_t input_count,
                                    uint32_t slot_end, const uint64_t *live, const rhumb_progress_t *, rhumb_error_t *);
} rhumb_index_merge_t;

#ifdef __cplusplus
}
#endif
#endif
