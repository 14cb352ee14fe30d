/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retry policies: whether an attempt that failed may be followed by another, and when.
 *
 * The error's class decides first (base/error_codes.h, and here SQLSTATEs and Redis error words);
 * a policy can only retry what its class allows. An attempt whose outcome nobody knows is repeated
 * only when its step may be repeated.  No I/O, no clock.  Threads: any.
 */
#ifndef ENGINE_RETRY_H
#define ENGINE_RETRY_H

#include "base/attr.h"
#include "base/error.h"
#include "connector/connector.h"
#include "schema/field.h"

#include <stdbool.h>
#include <stdint.h>

enum retry_strategy {
    RETRY_STRATEGY_NONE = 1,
    RETRY_STRATEGY_FIXED,
    RETRY_STRATEGY_EXPONENTIAL,
    RETRY_STRATEGY_KEEP_TRYING,
};

/* A node's `retry`, as written. */
struct retry_config {
    int strategy; /* enum retry_strategy */
    struct opt_int max_attempts, delay_ms, max_delay_ms, deadline_ms;
};
extern const struct shape retry_config_shape; /* "RetryPolicy" */

/* A policy with its defaults filled in. */
struct retry_policy {
    enum retry_strategy strategy;
    int64_t max_attempts; /* every try counts; INT64_MAX = no limit */
    int64_t delay_ms, max_delay_ms;
    int64_t deadline_ms; /* from the first attempt's start; 0 = none */
};

/* NULL means no retries. BAD_REQUEST naming a member that is foreign to the strategy. */
MUST_USE bool retry_policy_make(const struct retry_config *config, struct retry_policy *out,
                                struct error *err);

/* Does the error's class allow another attempt of a step with this effect? */
bool retry_class_allows(const struct error *error, enum effect effect);
/* The outcome of the attempt is unknown, and the step may not be repeated to find out. */
bool retry_outcome_unknown(const struct error *error, enum effect effect);

/*
 * Milliseconds to wait after `attempts` tries. Exponential delays are drawn from 0 to their limit
 * ("full jitter"); `random` is any number, evenly spread.
 */
int64_t retry_delay_ms(const struct retry_policy *policy, int64_t attempts, uint64_t random);

#endif
