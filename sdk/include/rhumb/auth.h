/* Rhumb plugin SDK: authentication and authorisation. Pure decisions; durable state lives in the replicated metadata.  DRAFT (see draft.h). */
#ifndef RHUMB_AUTH_H
#define RHUMB_AUTH_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a request wants to do. The host maps each route to one action; resource = collection name, or empty for the whole server. */
enum { RHUMB_ACTION_READ = 1, RHUMB_ACTION_WRITE = 2, RHUMB_ACTION_MANAGE = 3, RHUMB_ACTION_ADMIN = 4 };
enum { RHUMB_VERDICT_DENY = 0, RHUMB_VERDICT_ALLOW = 1 };
enum { RHUMB_PRINCIPAL_READ_ONLY = 1 }; /* principal flags */

typedef struct rhumb_auth rhumb_auth_t;

/* Filled by authenticate. subject: shown in logs, never a secret. expires_ns: wall clock, 0 = never. */
typedef struct rhumb_principal {
  uint32_t struct_size, flags;
  rhumb_buffer_t subject, claims_json;
  uint64_t expires_ns;
} rhumb_principal_t;

/* verdict ALLOW may carry a filter that the host ANDs to every read and write (row-level tenants), and a quota class. */
typedef struct rhumb_decision {
  uint32_t struct_size, verdict;
  rhumb_buffer_t mandatory_filter_json, quota_class;
} rhumb_decision_t;

typedef struct rhumb_auth_ops {
  RHUMB_OPS_HEAD(rhumb_auth_t, rhumb_open_t)
  /* [concurrent] scheme: "api-key", "bearer" or "none" (no credentials given, token empty). RHUMB_DENIED: not known. */
  rhumb_status_t(RHUMB_CALL *authenticate)(rhumb_auth_t *, const rhumb_call_t *, rhumb_slice_t scheme, rhumb_slice_t token, rhumb_principal_t *out,
                                           rhumb_error_t *);
  /* [concurrent] */
  rhumb_status_t(RHUMB_CALL *authorize)(rhumb_auth_t *, const rhumb_call_t *, const rhumb_principal_t *, uint32_t action, rhumb_slice_t resource,
                                        rhumb_decision_t *out, rhumb_error_t *);
} rhumb_auth_ops_t;

#ifdef __cplusplus
}
#endif
#endif
