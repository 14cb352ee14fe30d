/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection URLs: parse strictly, say what is wrong in words, redact.
 *
 *     scheme://user:password@host:port/database?option=value
 *
 * Refused: anything we do not know for sure. Reserved characters in user and password must be
 * percent-encoded; a raw "@" gets a message that says how to write it, and a placeholder that was
 * left (connector/placeholder.h) one that names it. Host texts are canonical
 * addresses or plain ASCII names. Options are allow-listed by name for each connector; a duplicate,
 * or one that says again what stands before the "?", is refused by name, with the reason where the
 * connector has one.
 * Source: RFC 3986; the connection URI sections of libpq's and Redis' documentation.
 */
#ifndef CONNECTOR_URL_H
#define CONNECTOR_URL_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define URL_MAX 4096
#define URL_OPTIONS_MAX 16

/* What an option stands for. */
enum url_part {
    URL_PART_OPTION, /* itself */
    URL_PART_USER,   /* a part of the URL that is not given in its own place */
    URL_PART_PORT,
    URL_PART_DATABASE,
    URL_PART_PASSWORD,
};

struct url_option {
    const char *name;                /* NULL ends a table */
    const char *const *values;       /* allowed words, NULL at the end; NULL: `pattern` decides */
    bool (*valid)(struct str value); /* or NULL */
    enum url_part part;
    const char *means, *means_value; /* another option's name and value, or NULL */
};

/* Something known, and not taken. */
struct url_refusal {
    const char *name; /* of an option or a scheme; NULL ends a table */
    const char *why;  /* "files are not read" */
};

struct url_rules {
    const char *const *schemes; /* "postgresql", "postgres"; NULL ends */
    int64_t default_port;
    const struct url_option *options;
    const struct url_refusal *refused_options, *refused_schemes; /* or NULL */
    /* A lone word before "@" is some programs' way to write a password: refuse it, never show it. */
    bool user_needs_password;
    /* Checks the database (for Redis it must be a number); not asked when absent. May be NULL. */
    bool (*database)(struct str decoded, struct error *err);
};

struct url {
    struct str scheme;   /* as in the rules, lower case */
    struct str host;     /* without brackets; lower case */
    int64_t port;        /* default filled in */
    struct str user;     /* decoded; absent when not given, or empty */
    struct str database; /* decoded; absent when not given, or empty */
    struct {
        struct str name, value; /* decoded */
    } options[URL_OPTIONS_MAX];
    unsigned option_count;
    struct str redacted; /* as typed, the password replaced by •••• */
};

/*
 * Parses `text`. Everything in *out lives in the arena, which is set to be wiped.
 *
 *   password  gets a new secret (NULL when the URL has none, or an empty one); the caller frees it.
 *             It may hold any byte, also NUL.
 *   Fails     BAD_REQUEST, OPTION_NOT_ALLOWED or INVALID_HOST, with field "connectionUrl"; the
 *             message never holds any part of user, password or an option's value
 */
MUST_USE bool url_parse(struct str text, const struct url_rules *rules, struct arena *arena,
                        struct url *out, struct secret **password, struct error *err);

/* Value of an option, or the absent str. */
struct str url_option_find(const struct url *url, struct str name);

/* The mask that stands for a password. */
#define URL_MASK "••••"

#endif
