/* SPDX-License-Identifier: Apache-2.0 */
/* A request from text that looks like one, without the HTTP library: for targets behind it. */
#ifndef TESTS_FUZZ_REQUEST_H
#define TESTS_FUZZ_REQUEST_H

#include "base/arena.h"
#include "base/str.h"
#include "http/server.h"

/* Over what http/check.c lets through, so that its cap is met too. */
#define FUZZ_HEADERS_MAX 110

struct fuzz_request {
    struct http_request http;
    struct http_header headers[FUZZ_HEADERS_MAX];
    struct str target, version;
};

/*
 * METHOD TARGET VERSION, lines of NAME: VALUE, an empty line, the body. Lines end with a line feed;
 * what is missing is empty, and a body over `body_max` is too large. Texts point into `text`.
 */
void fuzz_request_read(struct str text, size_t body_max, struct fuzz_request *out);

#endif
