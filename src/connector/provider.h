/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates of connections: how a URL reads at the providers that people use, and what one has to
 * know there. All of it is data, in providers.json: a new provider, or a fact that changed, is a
 * change of that file alone, with the address of where the provider says so.
 *
 * A pattern is a URL with placeholders (connector/placeholder.h). url_parse() refuses it until the
 * last of them is replaced; tests/unit/connector/test_provider.c holds both for every pattern.
 */
#ifndef CONNECTOR_PROVIDER_H
#define CONNECTOR_PROVIDER_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/error.h"
#include "base/str.h"
#include "schema/field.h"

struct connection_config;

struct provider_placeholder {
    struct str name;    /* without brackets: "PROJECT-REF" */
    struct str means;   /* "the project's reference" */
    struct str example; /* what could stand there, as it would be written in a URL */
};

enum provider_subject {
    PROVIDER_NOTHING,
    PROVIDER_FIND,    /* where the provider shows the values */
    PROVIDER_URL,     /* how the URL is written */
    PROVIDER_NETWORK, /* from where the host is reached */
    PROVIDER_TLS,
    PROVIDER_CA,     /* which authority must be given for the server to be checked */
    PROVIDER_LIMIT,  /* how many connections there may be */
    PROVIDER_POOLER, /* what works behind a pooler, and what does not */
};

/* What a provider says, in our words. */
struct provider_fact {
    int about; /* enum provider_subject */
    struct str text;
    struct str source;  /* address of the page that says so */
    struct str seen_on; /* the day when it said so: "2026-11-26" */
};

struct connection_template {
    struct str name;            /* "supabase-direct": never renamed */
    struct str title;           /* what people read */
    struct str connection_type; /* a connector's name */
    struct str url_pattern;
    struct array placeholders;        /* struct provider_placeholder, in the pattern's order */
    struct connection_config *config; /* advised settings; NULL: the defaults are fine */
    struct array facts;               /* struct provider_fact */
};

struct template_list {
    struct array templates; /* struct connection_template, in the order of the file */
};
extern const struct shape template_list_shape; /* of the file, and of who hands it on */

/*
 * Reads the templates, into the arena; what they say lives as long as the program does. The file is
 * our own: that it fails is for its test to see.
 *
 *   Threads  any.
 */
MUST_USE bool connection_templates(struct arena *arena, struct template_list *out,
                                   struct error *err);

#endif
