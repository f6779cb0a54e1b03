/* Rhumb plugin SDK: authentication and authorisation. This header is a DRAFT: see draft.h.
 *
 * An engine only decides: it says who sends a request and whether the request is allowed. It keeps
 * no durable state. */
#ifndef RHUMB_AUTH_H
#define RHUMB_AUTH_H

#include "core.h"
#include "host.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The host maps each REST route to one action. The resource of a request is the name of the
 * collection, or empty if the request concerns the whole server. */
enum {
  RHUMB_ACTION_READ = 1,
  RHUMB_ACTION_WRITE = 2,
  RHUMB_ACTION_MANAGE = 3,
  RHUMB_ACTION_ADMIN = 4
};
enum { RHUMB_VERDICT_DENY = 0, RHUMB_VERDICT_ALLOW = 1 };
/* rhumb_principal.flags. */
enum { RHUMB_PRINCIPAL_READ_ONLY = 1 };
/* rhumb_auth_ops.caps. CHECKS: the engine denies requests without valid credentials. With an engine
 * that does not, the host refuses to listen beyond loopback, unless the operator insists. KEYS:
 * open() takes the members "api_key" and "read_only_api_key" of config_json, which the host sends
 * for the settings `auth.*` that are not empty. An engine without KEYS gets {}. */
enum { RHUMB_CAP_AUTH_CHECKS = 1 << 8, RHUMB_CAP_AUTH_KEYS = 1 << 9 };

typedef struct rhumb_auth rhumb_auth_t;

/* authenticate() fills this struct. `subject` appears in logs, so it must not contain a secret. The
 * host passes `claims_json` back to authorize(). `expires_ns` is a time of the wall clock, after
 * which the host refuses the principal. 0 means never. */
typedef struct rhumb_principal {
  uint32_t struct_size, flags;
  rhumb_buffer_t subject, claims_json;
  uint64_t expires_ns;
} rhumb_principal_t;

/* The verdict on a request. With ALLOW, `mandatory_filter_json` is a filter that every row of the
 * request must pass, and `quota_class` names a class of quotas. This host cannot apply either of
 * them yet: it refuses a request with a mandatory filter (403), and ignores the quota class. */
typedef struct rhumb_decision {
  uint32_t struct_size, verdict;
  rhumb_buffer_t mandatory_filter_json, quota_class;
} rhumb_decision_t;

typedef struct rhumb_auth_ops {
  RHUMB_OPS_HEAD(rhumb_auth_t, rhumb_open_t)
  /* [concurrent] `scheme` is "api-key", "bearer" or "none". With "none" the request has no
   * credentials and the token is empty. The answer RHUMB_DENIED means that the token is unknown. */
  rhumb_status_t(RHUMB_CALL* authenticate)(rhumb_auth_t*, const rhumb_call_t*, rhumb_slice_t scheme,
                                           rhumb_slice_t token, rhumb_principal_t* out,
                                           rhumb_error_t*);
  /* [concurrent] Decides on one action. The answer RHUMB_DENIED counts as the verdict DENY. */
  rhumb_status_t(RHUMB_CALL* authorize)(rhumb_auth_t*, const rhumb_call_t*,
                                        const rhumb_principal_t*, uint32_t action,
                                        rhumb_slice_t resource, rhumb_decision_t* out,
                                        rhumb_error_t*);
} rhumb_auth_ops_t;

#ifdef __cplusplus
}
#endif
#endif
