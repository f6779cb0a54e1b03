/* Rhumb plugin SDK: merging indexes, an extension of index engines ("rhumb.index.merge/1"). This
 * header is a DRAFT: see draft.h.
 *
 * A merge of segments copies the live rows into the columns of a new segment. An engine with this
 * extension starts the new index from the indexes of the old segments, so that the work depends on
 * the rows that are new to it. The host does not merge segments yet, so it never calls merge(). */
#ifndef RHUMB_INDEX_MERGE_H
#define RHUMB_INDEX_MERGE_H

#include "index.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RHUMB_INDEX_MERGE "rhumb.index.merge/1"
#define RHUMB_NO_SLOT 0xFFFFFFFFu

/* One input of a merge, BORROWED for the call. `index` is an instance of the same engine, metric,
 * scalar type and dimension. For s < slot_count, slot_map[s] is the slot of the new column that
 * holds the vector of the input's slot s, or RHUMB_NO_SLOT if the vector was dropped. The vectors
 * of slots from slot_count on were dropped. No slot of the new column occurs twice, over all
 * inputs. */
typedef struct rhumb_index_input {
  rhumb_index_t* index;
  const uint32_t* slot_map;
  uint64_t slot_count;
} rhumb_index_input_t;

/* ops.get_extension(instance, RHUMB_INDEX_MERGE) returns this table. */
typedef struct rhumb_index_merge {
  uint32_t struct_size, reserved;
  /* [control] The host calls merge in place of build, on an instance that is still empty. It
   * indexes all slots below slot_end that are present and live, whether an input has them or not. A
   * `live` of NULL means that all are live. Searches on the inputs may run meanwhile; builds and
   * inserts do not. After a merge that failed the caller only closes the instance. */
  rhumb_status_t(RHUMB_CALL* merge)(rhumb_index_t*, const rhumb_call_t*,
                                    const rhumb_index_input_t* inputs, uint64_t input_count,
                                    uint32_t slot_end, const uint64_t* live,
                                    const rhumb_progress_t*, rhumb_error_t*);
} rhumb_index_merge_t;

#ifdef __cplusplus
}
#endif
#endif
