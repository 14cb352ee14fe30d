/* SPDX-License-Identifier: Apache-2.0 */
/* The operation "redis-command": one of six commands on one key. */
#include <inttypes.h>
#include <stdio.h>

#include "connector/base64.h"
#include "connector/redis_wire.h"
#include "json/read.h"
#include "json/write.h"

enum command {
    COMMAND_GET = 1,
    COMMAND_SET,
    COMMAND_DEL,
    COMMAND_EXISTS,
    COMMAND_INCR,
    COMMAND_DECR
};
static const char *const command_names[] = { NULL,     "GET",  "SET",  "DEL",
                                             "EXISTS", "INCR", "DECR", NULL };
enum condition {
    CONDITION_NX = 1,
    CONDITION_XX
};
static const char *const condition_names[] = { NULL, "NX", "XX", NULL };

struct expiry {
    struct opt_int seconds, milliseconds;
};

struct redis_config {
    struct id connection_id;
    int command;
    struct json_text key, value;
    struct expiry *expiry;
    int condition;
    struct opt_int timeout_ms;
    bool repeatable;
};

#define EXPIRY_MAX_MS ((int64_t)100 * 365 * 24 * 3600 * 1000)

static const struct field expiry_fields[] = {
    { FIELD("seconds", expiry, seconds, OPTIONAL, "Expire after so many seconds (EX)."), .min = 1,
      .max = EXPIRY_MAX_MS / 1000, .title = "Seconds" },
    { FIELD("milliseconds", expiry, milliseconds, OPTIONAL,
            "Expire after so many milliseconds (PX)."),
      .min = 1, .max = EXPIRY_MAX_MS, .title = "Milliseconds" },
    { 0 },
};
static const struct shape expiry_shape = SHAPE("RedisExpiry", expiry, expiry_fields);

static const struct field config_fields[] = {
    { FIELD("connectionId", redis_config, connection_id, REQUIRED, "The Redis connection to use."),
      .title = "Connection", .look = LOOK_CONNECTION, .of = "redis" },
    { FIELD_ENUM("command", redis_config, command, REQUIRED, command_names, "What to do."),
      .title = "Command" },
    { FIELD("key", redis_config, key, REQUIRED, "The key."), .title = "Key", .look = LOOK_SCALAR,
      .min = 1, .templates = true },
    { FIELD("value", redis_config, value, OPTIONAL,
            "What to store. Numbers and booleans go as their text, objects and arrays as JSON."),
      .title = "Value", .templates = true, .when = "command=SET" },
    { FIELD_SHAPE("expiry", redis_config, expiry, OPTIONAL, &expiry_shape,
                  "Seconds or milliseconds, not both."),
      .title = "Expiry", .when = "command=SET" },
    { FIELD_ENUM("condition", redis_config, condition, OPTIONAL, condition_names,
                 "NX: only if the key is not there. XX: only if it is."),
      .title = "Condition", .when = "command=SET" },
    { FIELD("timeoutMs", redis_config, timeout_ms, OPTIONAL, "Longest time of one attempt."),
      .title = "Time-out", .min = 1, .max = 3600000, .look = LOOK_DURATION_MS },
    { FIELD("repeatable", redis_config, repeatable, OPTIONAL,
            "It may be repeated when nobody knows whether it was carried out."),
      .title = "May be repeated" },
    { 0 },
};
static const struct shape config_shape = SHAPE("RedisCommandConfig", redis_config, config_fields);

/* --- config --- */

/* A JSON value as Redis stores it. */
static bool text_of(struct json_text json, const char *field, struct arena *arena, struct str *out,
                    struct error *err)
{
    struct json *value = json_read(arena, json.text, JSON_DUPLICATES_LAST, err);
    if (!value)
        return false;
    switch (value->kind) {
    case JSON_NULL:
        return fail_field(err, ERR_INVALID_INPUT, field, "must not be null");
    case JSON_STRING:
        *out = value->text;
        return true;
    case JSON_BOOL:
    case JSON_NUMBER:
    case JSON_ARRAY:
    case JSON_OBJECT:
        *out = value->raw;
        return true;
    }
    return false;
}

static bool check(const void *object, struct error *err)
{
    const struct redis_config *config = object;
    if (str_eq(config->key.text, STR("\"\"")))
        return fail_field(err, ERR_INVALID_INPUT, "key", "must not be empty");
    if (config->command != COMMAND_SET)
        return true;
    if (!str_set(config->value.text))
        return fail_field(err, ERR_INVALID_INPUT, "value", "required for SET");
    if (str_eq(config->value.text, STR("null")))
        return fail_field(err, ERR_INVALID_INPUT, "value", "must not be null");
    const struct expiry *expiry = config->expiry;
    if (expiry && expiry->seconds.set == expiry->milliseconds.set)
        return fail_field(err, ERR_INVALID_INPUT, "expiry",
                          "needs seconds or milliseconds, and only one of them");
    return true;
}

static enum effect effect_of(const void *object)
{
    const struct redis_config *config = object;
    switch ((enum command)config->command) {
    case COMMAND_GET:
    case COMMAND_EXISTS:
        return EFFECT_READS;
    case COMMAND_DEL:
        return EFFECT_IDEMPOTENT;
    case COMMAND_SET:
        /* With a condition the second time finds what the first has done. */
        if (config->condition == 0)
            return EFFECT_IDEMPOTENT;
        break;
    case COMMAND_INCR:
    case COMMAND_DECR:
        break;
    }
    return config->repeatable ? EFFECT_IDEMPOTENT : EFFECT_ONCE;
}

static int64_t timeout_of(const void *object)
{
    const struct redis_config *config = object;
    return config->timeout_ms.set ? config->timeout_ms.value : 0;
}

/* --- running --- */

static void add_argument(struct redis_command_line *line, struct str text)
{
    line->arguments[line->count++] = text;
}

static bool make_line(const struct redis_config *config, struct arena *arena,
                      struct redis_command_line *line, struct str *key, struct error *err)
{
    struct str value = STR_NULL;
    if (!text_of(config->key, "key", arena, key, err))
        return false;
    add_argument(line, str_from(command_names[config->command]));
    add_argument(line, *key);
    if (config->command != COMMAND_SET)
        return true;
    if (!text_of(config->value, "value", arena, &value, err))
        return false;
    add_argument(line, value);
    if (config->expiry) {
        bool seconds = config->expiry->seconds.set;
        add_argument(line, seconds ? STR("EX") : STR("PX"));
        add_argument(line, arena_printf(arena, "%" PRId64,
                                        seconds ? config->expiry->seconds.value
                                                : config->expiry->milliseconds.value));
    }
    if (config->condition != 0)
        add_argument(line, str_from(condition_names[config->condition]));
    return true;
}

static void write_number(struct json_writer *w, long long number)
{
    char text[24];
    if (number >= -(1LL << 53) && number <= (1LL << 53)) {
        json_int(w, number);
        return;
    }
    (void)snprintf(text, sizeof(text), "%lld", number);
    json_string(w, str_from(text));
}

static void write_result(struct buf *output, const struct redis_reply *reply)
{
    struct json_writer w;
    json_writer_init(&w, output);
    json_begin_object(&w);
    json_key(&w, STR("value"));
    switch (reply->kind) {
    case REDIS_REPLY_NOTHING:
    case REDIS_REPLY_FAILURE:
        json_null(&w);
        break;
    case REDIS_REPLY_NUMBER:
        write_number(&w, reply->number);
        break;
    case REDIS_REPLY_STATUS_LINE:
    case REDIS_REPLY_BULK:
        if (str_is_utf8(reply->text))
            json_string(&w, reply->text);
        else
            base64_write(&w, reply->text);
        break;
    }
    json_end_object(&w);
}

/* Says what the key really holds, which the server's own sentence does not. */
static void explain_wrong_type(struct redis_conn *conn, const struct operation_run *run,
                               const struct redis_config *config, struct str key, struct error *err)
{
    struct redis_reply reply;
    struct error ignored;
    struct redis_command_line line = { { STR("TYPE"), key }, 2 };
    if (!redis_call(conn, &line, run->arena, run->by, run->cancelled, &reply, &ignored) ||
        reply.kind != REDIS_REPLY_STATUS_LINE)
        return;
    char word[sizeof(err->server_code)];
    (void)snprintf(word, sizeof(word), "%s", err->server_code);
    struct str shown = str_cut(key, 80), kind = str_slice(reply.text, 0, 20);
    (void)fail(err, ERR_SERVER_ERROR,
               "WRONGTYPE: key \"" STR_FMT "\" holds a " STR_FMT ", and %s works on strings",
               STR_ARG(shown), STR_ARG(kind), command_names[config->command]);
    (void)snprintf(err->server_code, sizeof(err->server_code), "%s", word);
}

static enum step_result run_command(struct conn *base, const struct operation_run *run,
                                    const void *object, struct error *err)
{
    struct redis_conn *conn = CONTAINER_OF(base, struct redis_conn, conn);
    const struct redis_config *config = object;
    struct redis_command_line line = { .count = 0 };
    struct redis_reply reply;
    struct str key = STR_NULL;
    if (!make_line(config, run->arena, &line, &key, err) ||
        !redis_call(conn, &line, run->arena, run->by, run->cancelled, &reply, err))
        return STEP_FAILED;
    if (reply.kind == REDIS_REPLY_FAILURE) {
        (void)redis_fail(conn, reply.text, run->arena, err);
        if (str_eq(str_from(err->server_code), STR("WRONGTYPE")))
            explain_wrong_type(conn, run, config, key, err);
        return STEP_FAILED;
    }
    write_result(run->output, &reply);
    return STEP_DONE;
}

const struct operation redis_operations[] = {
    {
        .name = "redis-command",
        .title = "Redis Command",
        .doc = "Runs GET, SET, DEL, EXISTS, INCR or DECR on one key of a Redis connection.",
        .example = "{\"config\":{\"connectionId\":\"01890000-0000-7000-8000-000000000002\","
                   "\"command\":\"SET\",\"key\":\"order:{{ trigger.id }}\",\"value\":\"paid\","
                   "\"expiry\":{\"seconds\":3600}},\"input\":{\"id\":7},"
                   "\"output\":{\"value\":\"OK\"}}",
        .config = &config_shape,
        .check = check,
        .effect = effect_of,
        .timeout_ms = timeout_of,
        .run = run_command,
    },
    { 0 },
};
