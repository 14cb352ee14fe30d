/* SPDX-License-Identifier: Apache-2.0 */
/* Errors on the wire: `{"message", "code", "data": {…}}`.  Threads: any. */
#ifndef RPC_STATUS_H
#define RPC_STATUS_H

#include "base/error.h"
#include "base/id.h"
#include "base/str.h"
#include "json/write.h"

struct error_datum;

int status_http(const struct error *err);
/* Seconds for Retry-After, 0 for none. */
int status_retry_after_s(const struct error *err);
/*
 * Writes the error object. `path` absent: an error of the whole request. Texts of unexpected
 * failures stay with us: the client gets the request's id, by which the log can be searched.
 */
void status_write(const struct error *err, struct str path, struct id request_id,
                  const struct error_datum *extra, struct json_writer *w);

#endif
