/* SPDX-License-Identifier: Apache-2.0 */
/* Retry policies and error classes. */
#include "engine/retry.h"

#include <string.h>

static const char *const strategy_names[] = { NULL,          "none",        "fixed",
                                              "exponential", "keep-trying", NULL };

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

static const struct field retry_config_fields[] = {
    { FIELD_ENUM("strategy", retry_config, strategy, REQUIRED, strategy_names,
                 "How to try again after a failure that may pass."),
      .title = "Strategy" },
    { FIELD("maxAttempts", retry_config, max_attempts, OPTIONAL,
            "How many tries in all, the first one included."),
      .title = "Attempts", .min = 1, .max = 100, .fallback = "3" },
    { FIELD("delayMs", retry_config, delay_ms, OPTIONAL, "Wait before the second try."),
      .title = "Delay", .min = 1, .max = DAY_MS, .look = LOOK_DURATION_MS, .fallback = "1000" },
    { FIELD("maxDelayMs", retry_config, max_delay_ms, OPTIONAL, "Longest wait between two tries."),
      .title = "Longest delay", .min = 1, .max = DAY_MS, .look = LOOK_DURATION_MS,
      .fallback = "30000" },
    { FIELD("deadlineMs", retry_config, deadline_ms, OPTIONAL,
            "Give up when this time has passed since the first try began; cuts a try in flight."),
      .title = "Deadline", .min = 1, .max = 30 * DAY_MS, .look = LOOK_DURATION_MS },
    { 0 },
};
const struct shape retry_config_shape = SHAPE("RetryPolicy", retry_config, retry_config_fields);

/* Which members a strategy knows, beside `strategy` itself. */
struct members {
    bool max_attempts, delay_ms, max_delay_ms, deadline_ms;
};

static struct members members_of(enum retry_strategy strategy)
{
    switch (strategy) {
    case RETRY_STRATEGY_NONE:
        return (struct members){ 0 };
    case RETRY_STRATEGY_FIXED:
        return (struct members){ .max_attempts = true, .delay_ms = true, .deadline_ms = true };
    case RETRY_STRATEGY_EXPONENTIAL:
        return (struct members){ true, true, true, true };
    case RETRY_STRATEGY_KEEP_TRYING:
        return (struct members){ .delay_ms = true, .max_delay_ms = true, .deadline_ms = true };
    }
    return (struct members){ 0 };
}

static bool known(struct opt_int given, bool allowed, const char *member, const char *strategy,
                  struct error *err)
{
    if (!given.set || allowed)
        return true;
    return fail_field(err, ERR_BAD_REQUEST, member, "has no meaning for the strategy \"%s\"",
                      strategy);
}

static int64_t or_default(struct opt_int given, int64_t fallback)
{
    return given.set ? given.value : fallback;
}

bool retry_policy_make(const struct retry_config *config, struct retry_policy *out,
                       struct error *err)
{
    if (!config || config->strategy == RETRY_STRATEGY_NONE || config->strategy == 0) {
        static const struct retry_config none = { .strategy = RETRY_STRATEGY_NONE };
        if (!config)
            config = &none;
    }
    enum retry_strategy strategy = (enum retry_strategy)config->strategy;
    struct members may = members_of(strategy);
    const char *name = strategy_names[strategy];
    if (!known(config->max_attempts, may.max_attempts, "maxAttempts", name, err) ||
        !known(config->delay_ms, may.delay_ms, "delayMs", name, err) ||
        !known(config->max_delay_ms, may.max_delay_ms, "maxDelayMs", name, err) ||
        !known(config->deadline_ms, may.deadline_ms, "deadlineMs", name, err))
        return false;
    struct retry_policy policy = {
        .strategy = strategy,
        .max_attempts = may.max_attempts ? or_default(config->max_attempts, 3) : INT64_MAX,
        .delay_ms = or_default(config->delay_ms, 1000),
        .max_delay_ms = or_default(config->max_delay_ms, 30000),
        .deadline_ms = or_default(config->deadline_ms, 0),
    };
    if (strategy == RETRY_STRATEGY_NONE)
        policy.max_attempts = 1;
    if (may.max_delay_ms && policy.max_delay_ms < policy.delay_ms) {
        if (config->max_delay_ms.set)
            return fail_field(err, ERR_BAD_REQUEST, "maxDelayMs",
                              "must not be less than delayMs, which is %lld",
                              (long long)policy.delay_ms);
        policy.max_delay_ms = policy.delay_ms;
    }
    *out = policy;
    return true;
}

/*
 * What an upstream says of itself that passes by itself: classes 08 (connection) and 53 (out of
 * resources) of SQLSTATE, serialization failures, deadlocks, locks not got, a standby or a server
 * that goes down or comes up, a session that it ended for lying idle; and the Redis words for the same.
 * Source: PostgreSQL's appendix "Error Codes"; Redis' documentation of its error replies.
 */
static bool server_says_later(const char *code)
{
    static const char *const prefixes[] = { "08", "53", NULL };
    static const char *const codes[] = { "25006",      "40001",    "40P01",    "55P03",
                                         "57P01",      "57P02",    "57P03",    "57P05",
                                         "LOADING",    "BUSY",     "TRYAGAIN", "CLUSTERDOWN",
                                         "MASTERDOWN", "READONLY", NULL };
    struct str given = str_from(code);
    if (given.len == 5) {
        for (size_t i = 0; prefixes[i]; i++)
            if (str_starts(given, str_from(prefixes[i])))
                return true;
    }
    for (size_t i = 0; codes[i]; i++)
        if (str_eq(given, str_from(codes[i])))
            return true;
    return false;
}

bool retry_class_allows(const struct error *error, enum effect effect)
{
    bool repeatable = effect != EFFECT_ONCE || !error->maybe_done;
    switch (error_code_row(error->code)->retry) {
    case RETRY_NEVER:
        return false;
    case RETRY_LATER:
    case RETRY_MAYBE:
        return repeatable;
    case RETRY_BY_SERVER:
        return repeatable && server_says_later(error->server_code);
    }
    return false;
}

bool retry_outcome_unknown(const struct error *error, enum effect effect)
{
    return error->maybe_done && effect == EFFECT_ONCE;
}

int64_t retry_delay_ms(const struct retry_policy *policy, int64_t attempts, uint64_t random)
{
    if (policy->strategy == RETRY_STRATEGY_FIXED)
        return policy->delay_ms;
    int64_t limit = policy->delay_ms;
    for (int64_t i = 1; i < attempts && limit < policy->max_delay_ms; i++)
        limit *= 2; /* at most a day before, so it cannot overflow */
    if (limit > policy->max_delay_ms)
        limit = policy->max_delay_ms;
    return (int64_t)(random % (uint64_t)(limit + 1));
}
