/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host texts, as URLs hold them (without brackets): a canonical address or a plain ASCII name.
 * Anything that two programs could read differently is refused.  Threads: any.
 */
#ifndef CONNECTOR_HOST_H
#define CONNECTOR_HOST_H

#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

#define HOST_MAX 253

/*
 * True for a canonical address, or a name of letters, digits, hyphens, underscores and dots whose
 * last label cannot be taken for a number.  Fails: INVALID_HOST.
 */
MUST_USE bool host_check(struct str host, struct error *err);

/*
 * Does the text alone say that the host is on this machine or network: localhost, loopback and
 * private literals, single labels, *.local, *.internal? What DNS would answer is never asked.
 */
bool host_is_near(struct str host);

#endif
