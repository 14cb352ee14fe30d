/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What seals are bound to has grown with time. At start, before anything is dialled, those of earlier
 * builds are opened once more by the rules of their time and made anew by those of today, so that
 * nothing else in the program has to know the old ones. May be killed at any point and begun again.
 */
#ifndef CONNECTOR_RESEAL_H
#define CONNECTOR_RESEAL_H

#include "base/attr.h"
#include "base/error.h"

struct keyring;
struct store;

/*
 * Rows that cannot be opened stay as they are, and are logged; their connection asks for its URL
 * again. Fails only when the store does.
 *   Blocks  on the store: one commit for CONNECTION_RESEAL_MAX rows.
 */
MUST_USE bool connections_reseal(struct store *store, const struct keyring *keyring,
                                 struct error *err);

#endif
