/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON and parameters. The text is read; what was read is written and read again, and is the same.
 * As parameters of a query it must arrive as it is or be refused; as a value that a server sends,
 * of any type, it must become JSON.
 */
#include "fuzz.h"

#include "base/arena.h"
#include "connector/postgresql_internal.h"
#include "connector/settings.h"
#include "json/beginning.h"
#include "json/path.h"
#include "json/read.h"
#include "schema/decode.h"
#include "schema/encode.h"

enum {
    BOOL = 16,
    BYTEA = 17,
    INT8 = 20,
    TEXT = 25,
    JSON = 114,
    FLOAT8 = 701,
    BYTEAS = 1001,
    INT4S = 1007,
    TEXTS = 1009,
    TIMESTAMPTZ = 1184,
    TIMETZ = 1266,
    JSONB = 3802,
    JSONBS = 3807,
};

#define OUTPUT_MAX ((size_t)64 << 20)

static void check_same(const struct json *a, const struct json *b)
{
    HOLDS(a->kind == b->kind && a->count == b->count && a->boolean == b->boolean);
    HOLDS(str_eq(a->text, b->text));
    for (size_t i = 0; i < a->count; i++) {
        if (a->kind == JSON_ARRAY) {
            check_same(&a->items[i], &b->items[i]);
        } else {
            HOLDS(str_eq(a->members[i].name, b->members[i].name));
            check_same(&a->members[i].value, &b->members[i].value);
        }
    }
}

/* Part by part, not json_value(), which copies the text. */
static void write(struct json_writer *w, const struct json *value)
{
    switch (value->kind) {
    case JSON_NULL:
        json_null(w);
        break;
    case JSON_BOOL:
        json_bool(w, value->boolean);
        break;
    case JSON_NUMBER:
        json_raw(w, value->text);
        break;
    case JSON_STRING:
        json_string(w, value->text);
        break;
    case JSON_ARRAY:
        json_begin_array(w);
        for (size_t i = 0; i < value->count; i++)
            write(w, &value->items[i]);
        json_end_array(w);
        break;
    case JSON_OBJECT:
        json_begin_object(w);
        for (size_t i = 0; i < value->count; i++) {
            json_key(w, value->members[i].name);
            write(w, &value->members[i].value);
        }
        json_end_object(w);
        break;
    }
}

static struct json *read_again(struct arena *arena, struct str text)
{
    struct error err;
    struct json *value = json_read(arena, text, JSON_DUPLICATES_REFUSED, &err);

    if (!value)
        fprintf(stderr, "%s\n" STR_FMT "\n", err.message, STR_ARG(text));
    HOLDS(value);
    return value;
}

static void check_value(struct arena *arena, struct str text, const struct json *value,
                        unsigned depth)
{
    int64_t integer;
    double number;

    HOLDS(depth <= JSON_DEPTH_MAX);
    HOLDS(value->raw.ptr >= text.ptr && value->raw.ptr + value->raw.len <= text.ptr + text.len);
    HOLDS(str_is_utf8(value->text));
    if (json_to_int64(value, &integer))
        HOLDS(value->kind == JSON_NUMBER);
    if (json_to_double(value, &number))
        HOLDS(number - number == 0);
    for (size_t i = 0; i < value->count; i++) {
        if (value->kind == JSON_ARRAY) {
            check_value(arena, text, &value->items[i], depth + 1);
            continue;
        }
        const struct json_member *member = &value->members[i];
        HOLDS(str_is_utf8(member->name));
        HOLDS(json_member(value, member->name) == &member->value || value->count > 64);
        check_value(arena, text, &member->value, depth + 1);
    }
}

static void check_round_trip(struct arena *arena, struct str text, const struct json *value)
{
    struct json_writer w;
    struct buf out;
    struct error err;
    struct str written, compact = json_compact(arena, value->raw);

    buf_init(&out, OUTPUT_MAX);
    json_writer_init(&w, &out);
    write(&w, value);
    HOLDS(buf_finish(&out, &written, &err));
    check_same(value, read_again(arena, written));
    check_same(value, read_again(arena, value->raw));
    check_same(value, read_again(arena, compact));
    HOLDS(str_eq(json_compact(arena, compact), compact) && compact.len <= text.len);
    HOLDS(json_read(arena, text, JSON_DUPLICATES_LAST, &err));
    buf_done(&out);
}

/* Wherever it is cut, what is left is JSON; what fits is not cut. */
static void check_beginning(struct arena *arena, struct str text)
{
    const size_t rooms[] = { 1, 7, 16, text.len / 2 + 1, text.len };

    for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
        struct buf out;
        buf_init(&out, OUTPUT_MAX);
        bool cut = json_beginning(text, rooms[i], &out);
        (void)read_again(arena, buf_str(&out));
        HOLDS(cut || out.len <= text.len);
        HOLDS(rooms[i] < text.len || (!cut && str_eq(buf_str(&out), text)));
        buf_done(&out);
    }
}

/* --- as parameters --- */

static const Oid oids[] = { BOOL,  BYTEA, INT8,        TEXT,   JSON,  FLOAT8, BYTEAS,
                            INT4S, TEXTS, TIMESTAMPTZ, TIMETZ, JSONB, JSONBS };

/* Strings and nulls in an array literal and back. */
static void check_texts(struct arena *arena, const struct pg *pg, const struct json *array)
{
    const struct pg_type *texts = pg_type_of(pg, TEXTS);
    struct json_writer w;
    struct buf literal, back;
    struct error err;

    for (size_t i = 0; i < array->count; i++)
        if (array->items[i].kind != JSON_STRING && array->items[i].kind != JSON_NULL)
            return;
    buf_init(&literal, OUTPUT_MAX);
    buf_init(&back, OUTPUT_MAX);
    if (pg_array_literal(pg, texts, array, "parameters[0]", &literal, &err)) {
        json_writer_init(&w, &back);
        HOLDS(pg_write_array(&w, pg, texts, buf_str(&literal)));
        check_same(array, read_again(arena, buf_str(&back)));
    }
    buf_done(&literal);
    buf_done(&back);
}

static void check_bound(const struct json *item, const struct pg_binds *binds, size_t at)
{
    struct str text = str_from(binds->values[at]);

    HOLDS((item->kind == JSON_NULL) == !str_set(text));
    if (item->kind == JSON_NUMBER || item->kind == JSON_STRING)
        HOLDS(str_eq(text, item->text));
}

static void check_parameters(struct arena *arena, const struct json *value)
{
    struct pg pg = { 0 };
    struct pg_binds binds;
    struct error err;

    list_init(&pg.types);
    if (value->kind != JSON_ARRAY || value->count > 100)
        return;
    check_texts(arena, &pg, value);
    Oid *params = ARENA_ITEMS(arena, Oid, value->count + 1);
    /* Which parameter meets which type changes with the text. */
    for (size_t i = 0; i < value->count; i++)
        params[i] = oids[(i + value->raw.len) % ARRAY_LEN(oids)];
    struct pg_statement statement = { .param_count = value->count, .params = params };
    if (!pg_bind(&pg, &statement, value, arena, &binds, &err)) {
        HOLDS(err.code == ERR_PARAM_NOT_EXACT || err.code == ERR_RESULT_TOO_LARGE);
        HOLDS(str_starts(str_from(err.field), STR("parameters[")));
        return;
    }
    for (size_t i = 0; i < value->count; i++)
        check_bound(&value->items[i], &binds, i);
}

/* --- as a value that a server sends --- */

static void check_server_value(struct arena *arena, struct str text)
{
    struct pg pg = { 0 };
    /* libpq hands out C strings, which it has checked to be nothing else. */
    struct str sent = arena_str(arena, str_slice(text, 0, str_find_byte(text, '\0')));

    list_init(&pg.types);
    for (size_t i = 0; i < ARRAY_LEN(oids); i++) {
        struct json_writer w;
        struct buf out;
        struct error err;

        buf_init(&out, OUTPUT_MAX);
        json_writer_init(&w, &out);
        pg_write_value(&w, &pg, pg_type_of(&pg, oids[i]), sent);
        HOLDS(!out.failed);
        /* Own depth and duplicates are the server's affair; a syntax that is none would be ours. */
        if (!json_read(arena, buf_str(&out), JSON_DUPLICATES_LAST, &err) &&
            !fuzz_contains(str_from(err.message), STR("nested deeper"))) {
            fprintf(stderr, "type %u: %s\n" STR_FMT "\n", (unsigned)oids[i], err.message,
                    STR_ARG(buf_str(&out)));
            HOLDS(false);
        }
        buf_done(&out);
    }
}

/* --- as a connection's config, the shape with the most kinds of fields --- */

static void check_config(struct arena *arena, const struct json *value)
{
    struct connection_config config;
    struct error err = { 0 };

    if (!schema_decode(&connection_config_shape, value, arena, &config, &err)) {
        HOLDS(err.message[0] != '\0' && str_is_utf8(str_from(err.message)));
        return;
    }
    struct str once = schema_encode_text(&connection_config_shape, &config, arena);
    HOLDS(schema_decode_text(&connection_config_shape, once, arena, &config, &err));
    HOLDS(str_eq(once, schema_encode_text(&connection_config_shape, &config, arena)));
}

/* --- following paths through the text leads where it does in the tree --- */

#define PLACES_MAX 200

struct places {
    struct arena *arena;
    struct json_finder finder;
    size_t left;
};

static void check_place(struct places *places, const struct json *value,
                        const struct json_path_step *steps, size_t count)
{
    struct json_path_step longer[JSON_PATH_STEPS_MAX];
    struct json_path *path = arena_alloc(places->arena, sizeof(*path));
    struct str found;
    size_t stopped;

    *path = (struct json_path){ arena_copy(places->arena, steps, count * sizeof(*steps)), count };
    HOLDS(json_find(&places->finder, path, &found, &stopped) && stopped == count);
    HOLDS(str_eq(found, value->raw) && json_kind_of(found) == value->kind);
    for (size_t i = 0; i < value->count && places->left > 0 && count < JSON_PATH_STEPS_MAX; i++) {
        places->left--;
        memcpy(longer, steps, count * sizeof(*steps));
        longer[count] = (struct json_path_step){ .index = i };
        if (value->kind == JSON_OBJECT)
            longer[count].name = value->members[i].name;
        check_place(places,
                    value->kind == JSON_OBJECT ? &value->members[i].value : &value->items[i],
                    longer, count + 1);
    }
}

static void check_places(struct arena *arena, struct str text)
{
    struct error err;
    struct places places = { .arena = arena, .left = PLACES_MAX };
    struct json_path_step none[1] = { { .index = 0 } };
    const struct json *value = json_read(arena, text, JSON_DUPLICATES_LAST, &err);

    /* Of any text at all it stays within it, and ends. */
    json_finder_init(&places.finder, text);
    HOLDS(json_count(text) <= text.len);
    if (value)
        check_place(&places, value, none, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) arena = arena_new();
    struct str text = fuzz_text(data, size);
    struct error err = { 0 };
    struct error path_err = { 0 };
    struct json_path path;
    struct json *value = json_read(arena, text, JSON_DUPLICATES_REFUSED, &err);

    check_server_value(arena, text);
    check_places(arena, text);
    if (json_path_parse(text, arena, &path, &path_err))
        HOLDS(path.count >= 1 && path.count <= JSON_PATH_STEPS_MAX);
    if (!value) {
        HOLDS(err.message[0] != '\0' && str_is_utf8(str_from(err.message)));
        return 0;
    }
    check_value(arena, text, value, 0);
    check_round_trip(arena, text, value);
    check_beginning(arena, value->raw);
    check_parameters(arena, value);
    check_config(arena, value);
    return 0;
}
