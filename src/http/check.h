/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the HTTP library lets through and we do not: requests whose length two readers could see
 * differently, header names that are none, targets that are no paths, Host names that are not ours.
 * Pure functions; they run before a body is read.  Threads: any.
 */
#ifndef HTTP_CHECK_H
#define HTTP_CHECK_H

#include "base/attr.h"
#include "base/str.h"
#include "http/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_HEADERS_MAX 100

/*
 * 0 when the request may be read on, else the status to refuse it with, and *why says so. `version`
 * is the text of the request line ("HTTP/1.1"), `target` the raw target.
 */
int http_check_framing(struct str version, struct str target, const struct http_header *headers,
                       size_t count, const char **why);

/* Which Host values are ours: struct http_config says the rules. */
struct http_hosts {
    struct str address; /* that we listen on: "127.0.0.1", "::1" */
    uint16_t port;
    const struct str *also; /* absent str ends; may be NULL */
};

/* 0, or 400 for none or several Host headers, 421 for a foreign one. */
int http_check_host(const struct http_hosts *hosts, const struct http_header *headers, size_t count,
                    const char **why);

#endif
