/* SPDX-License-Identifier: Apache-2.0 */
/* A client made of bytes: says exactly what a test wants to have said, and reads what comes back. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

struct wire {
    int socket;
    struct buf got;  /* everything read and not yet taken */
    struct buf last; /* the answer taken last: head and body, chunks joined */
};

/* How long a test waits for what must come. Reaching it is a failure. */
#define WIRE_PATIENCE_MS 10000

void wire_open(struct wire *wire, struct str address);
void wire_close(struct wire *wire);
void wire_send(struct wire *wire, const char *text);
void wire_send_str(struct wire *wire, struct str text);
/* Says that nothing more will be sent. */
void wire_half_close(struct wire *wire);
/* Reads until the text was seen, and forgets all up to its end. */
void wire_expect(struct wire *wire, const char *text);
/* Takes one whole answer; returns its status. Without an answer the test fails. */
int wire_answer(struct wire *wire);
struct str wire_body(const struct wire *wire);
/* Value of a header of the last answer (lower-case name), or the absent str. */
struct str wire_header(const struct wire *wire, const char *name);
/* True when the other side has closed and sent nothing more. */
bool wire_closed(struct wire *wire);

/* One request on a connection of its own: what is sent, the status that comes back, its body. */
int wire_once(struct str address, const char *request, struct buf *body);

#endif
