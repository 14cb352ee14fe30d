/* SPDX-License-Identifier: Apache-2.0 */
/* The stage clock of a connection test. A stage that was begun counts as failed until it ended well. */
#include "connector/connector.h"

void trial_begin(struct trial *trial, enum stage stage)
{
    if (!trial)
        return;
    trial->stages[stage].reached = true;
    trial->stages[stage].ok = false;
    trial->stages[stage].us = clock_us();
}

void trial_end(struct trial *trial, enum stage stage, bool ok)
{
    if (!trial || !trial->stages[stage].reached)
        return;
    trial->stages[stage].ok = ok;
    trial->stages[stage].us = clock_us() - trial->stages[stage].us;
}
