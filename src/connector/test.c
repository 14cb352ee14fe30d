/* SPDX-License-Identifier: Apache-2.0 */
/* Testing a connection, and telling how it went. */
#include "connector/test.h"

#include <unistd.h>

static const char *const stage_names[] = { NULL,      "resolve", "connect", "tls",
                                           "sign-in", "query",   NULL };

static const struct field stage_fields[] = {
    { FIELD_ENUM("name", test_stage, name, REQUIRED, stage_names, "Which stage.") },
    { FIELD("ok", test_stage, ok, REQUIRED, "Whether it went well.") },
    { FIELD("ms", test_stage, ms, REQUIRED, "How long it took.") },
    { FIELD("error", test_stage, error, OPTIONAL, "What went wrong.") },
    { 0 },
};
static const struct shape stage_shape = SHAPE("TestStage", test_stage, stage_fields);

static const struct field result_fields[] = {
    { FIELD("success", test_result, success, REQUIRED, "Whether a session could be opened.") },
    { FIELD("message", test_result, message, REQUIRED, "The result in a sentence.") },
    { FIELD("error", test_result, error, OPTIONAL, "Code of the failure.") },
    { FIELD("advice", test_result, advice, OPTIONAL, "What to try.") },
    { FIELD("latencyMs", test_result, latency_ms, REQUIRED, "All stages together.") },
    { FIELD("serverVersion", test_result, server_version, OPTIONAL,
            "What the server says it is.") },
    { FIELD("tls", test_result, tls, OPTIONAL, "verified or unverified; absent when off.") },
    { FIELD("testedFrom", test_result, tested_from, REQUIRED, "The machine that dialled.") },
    { FIELD_LIST("stages", test_result, stages, REQUIRED, &stage_shape,
                 "Stages that were reached, in order.") },
    { 0 },
};
const struct shape test_result_shape = SHAPE("TestResult", test_result, result_fields);

static struct array tell_stages(const struct trial *trial, const struct error *err,
                                struct arena *arena)
{
    struct test_stage *stages = ARENA_ARRAY(arena, test_stage, STAGE_COUNT);
    size_t count = 0;
    for (int i = 0; i < STAGE_COUNT; i++) {
        if (!trial->stages[i].reached)
            continue;
        stages[count] = (struct test_stage){
            .name = i + 1,
            .ok = trial->stages[i].ok,
            .ms = (trial->stages[i].us + 500) / 1000,
        };
        if (!trial->stages[i].ok && err)
            stages[count].error = arena_str(arena, str_from(err->message));
        count++;
    }
    return (struct array){ stages, count };
}

static struct str machine_name(struct arena *arena)
{
    char name[256] = "";
    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0')
        return STR("this server");
    return arena_str(arena, str_from(name));
}

void connection_test(const struct opened_upstream *opened, const struct interrupt *stop,
                     struct arena *arena, struct test_result *out)
{
    const struct connector *connector = opened->upstream.connector;
    struct trial trial = { 0 };
    struct deadline usual = deadline_in_ms(opened->upstream.settings.connect_timeout_ms);
    const struct opening how = {
        .by = deadline_earlier(usual, deadline_in_ms(CONNECTION_TEST_MS)),
        .stop = stop,
        .trial = &trial,
    };
    struct error err = { 0 };
    int64_t began_us = clock_us();
    struct conn *conn = connector->open(&opened->upstream, &how, &err);
    if (conn)
        connector->close(conn);
    *out = (struct test_result){
        .success = conn != NULL,
        .latency_ms = (clock_us() - began_us + 500) / 1000,
        .tested_from = machine_name(arena),
        .stages = tell_stages(&trial, conn ? NULL : &err, arena),
    };
    if (trial.server_version[0])
        out->server_version = arena_str(arena, str_from(trial.server_version));
    if (trial.tls == TLS_STATE_VERIFIED)
        out->tls = STR("verified");
    else if (trial.tls == TLS_STATE_UNVERIFIED)
        out->tls = STR("unverified");
    if (conn) {
        out->message = STR("Connection successful");
        out->advice = str_from(trial.advice);
        return;
    }
    out->message = arena_printf(arena, "Connection failed: %s", err.message);
    out->error = str_from(error_code_row(err.code)->reason);
    /* The general advice is about long statements. */
    out->advice = err.code == ERR_DEADLINE_PASSED
                      ? STR("Something took the connection but did not answer: is the port right, "
                            "and is the server overloaded or paused?")
                      : str_from(connector_advice(connector, &err));
}
