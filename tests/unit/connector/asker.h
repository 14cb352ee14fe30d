/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks a pool for slots, and notes what it is told. */
#ifndef TESTS_UNIT_CONNECTOR_ASKER_H
#define TESTS_UNIT_CONNECTOR_ASKER_H

#include "fake_connector.h"

struct asker {
    struct pool_waiter waiter;
    int granted, expired;
    enum error_code code;
    int *order, turn; /* *order counts grants; turn = this one's place */
};

static inline void on_granted(struct pool_waiter *waiter)
{
    struct asker *asker = CONTAINER_OF(waiter, struct asker, waiter);
    look_at_pool();
    asker->granted++;
    if (asker->order)
        asker->turn = ++*asker->order;
}

static inline void on_expired(struct pool_waiter *waiter, const struct error *err)
{
    struct asker *asker = CONTAINER_OF(waiter, struct asker, waiter);
    look_at_pool();
    asker->expired++;
    asker->code = err->code;
}

static inline struct asker new_asker(void)
{
    return (struct asker){ .waiter = { .granted = on_granted, .expired = on_expired } };
}

static inline void take_slot(struct pool *pool)
{
    struct asker asker = new_asker();
    assert_true(pool_ask(pool, &asker.waiter, DEADLINE_NEVER));
}

#endif
