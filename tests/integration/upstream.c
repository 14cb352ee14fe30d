/* SPDX-License-Identifier: Apache-2.0 */
/* Upstreams, sessions and runs for tests. */
#include "upstream.h"

#include "base/secret.h"
#include "connector/settings.h"
#include "json/read.h"
#include "schema/decode.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_SKIPPED 77 /* as Meson understands it */
#define CONFIG_HEAD "{\"connectionId\":\"0190a6c0-0000-7000-8000-000000000001\","

static bool is_missing(const char *name)
{
    if (getenv(name))
        return false;
    print_message("skipped: %s is not set; run it under tools/servers\n", name);
    return true;
}

void prepare_process(const char *name)
{
    if (is_missing(name))
        exit(EXIT_SKIPPED);
    (void)signal(SIGPIPE, SIG_IGN);
    secret_init();
}

void need_server(const char *name)
{
    if (is_missing(name))
        skip();
}

void subject_init(struct subject *subject, const struct connector *connector, const char *url,
                  const char *config)
{
    struct error err = { 0 };
    struct connection_config parsed;
    *subject = (struct subject){ .arena = arena_new() };
    struct upstream *upstream = &subject->upstream;
    upstream->connector = connector;
    upstream->application_name = STR("tieline-test");
    subject->egress = egress_new(EGRESS_OPEN, STR(""), &err);
    upstream->egress = subject->egress;
    bool ok = subject->egress &&
              url_parse(str_from(url), &connector->rules, subject->arena, &upstream->url,
                        &subject->password, &err) &&
              schema_decode_text(&connection_config_shape, str_from(config ? config : "{}"),
                                 subject->arena, &parsed, &err) &&
              settings_resolve(&parsed, &upstream->url, &upstream->settings, &err) &&
              (!connector->check || connector->check(&upstream->url, &upstream->settings, &err));
    if (!ok)
        fail_msg("%s", err.message);
    upstream->password = subject->password;
}

void subject_done(struct subject *subject)
{
    secret_free(subject->password);
    egress_free(subject->egress);
    arena_free(subject->arena);
}

struct conn *subject_session(struct subject *subject)
{
    struct error err = { 0 };
    struct conn *conn = subject->upstream.connector->open(
        &subject->upstream, &(struct opening){ .by = deadline_in_ms(10000) }, &err);
    if (!conn)
        fail_msg("%s: %s", error_code_row(err.code)->name, err.message);
    return conn;
}

void refused(const struct connector *connector, const char *url, const char *config,
             struct error *err)
{
    struct subject subject;
    subject_init(&subject, connector, url, config);
    *err = (struct error){ 0 };
    struct conn *conn =
        connector->open(&subject.upstream, &(struct opening){ .by = deadline_in_ms(5000) }, err);
    if (conn) {
        connector->close(conn);
        fail_msg("%s let us in", url);
    }
    subject_done(&subject);
}

void run_how(struct conn *conn, const char *config, struct run_how how, struct outcome *out)
{
    const struct operation *operation = &conn->connector->operations[0];
    AUTO(arena) arena = arena_new();
    *out = (struct outcome){ .result = STEP_FAILED };
    buf_init(&out->output, RUN_OUTPUT_MAX);
    void *decoded = arena_alloc(arena, operation->config->size);
    struct str text = arena_printf(arena, CONFIG_HEAD "%s}", config);
    if (!schema_decode_text(operation->config, text, arena, decoded, &out->err) ||
        (operation->check && !operation->check(decoded, &out->err)))
        return;
    const struct operation_run run = {
        .arena = arena,
        .by = deadline_in_ms(how.ms ? how.ms : 30000),
        .writes_allowed = how.writes_allowed,
        .cancelled = how.cancelled,
        .output = &out->output,
    };
    out->result = operation->run(conn, &run, decoded, &out->err);
}

void outcome_done(struct outcome *outcome)
{
    buf_done(&outcome->output);
}

void borrow(struct conn *conn, const char *config, struct outcome *out)
{
    run_how(conn, config, (struct run_how){ 0 }, out);
    if (out->result == STEP_WRITES) {
        assert_int_equal(out->output.len, 0);
        outcome_done(out);
        run_how(conn, config, (struct run_how){ .writes_allowed = true }, out);
    }
    if (!conn->broken)
        assert_true(conn->connector->reset(conn));
}

void expect(struct conn *conn, const char *config, const char *output)
{
    struct outcome outcome;
    borrow(conn, config, &outcome);
    if (outcome.result != STEP_DONE)
        fail_msg("%s: %s: %s (%s)", config, error_code_row(outcome.err.code)->name,
                 outcome.err.message, outcome.err.detail);
    assert_string_equal(buf_str(&outcome.output).ptr, output);
    outcome_done(&outcome);
}

void expect_error(struct conn *conn, const char *config, enum error_code code, const char *server)
{
    struct outcome outcome;
    borrow(conn, config, &outcome);
    assert_int_equal(outcome.result, STEP_FAILED);
    if (outcome.err.code != code || strcmp(outcome.err.server_code, server) != 0)
        fail_msg("%s: %s %s: %s", config, error_code_row(outcome.err.code)->name,
                 outcome.err.server_code, outcome.err.message);
    outcome_done(&outcome);
}
