/* SPDX-License-Identifier: Apache-2.0 */
/* Answers for people: see show.h. */
#include "app/show.h"

#include <stdio.h>

#include "app/find.h"
#include "base/buf.h"

#define COLUMNS_MAX 12
#define CELL_MAX ((size_t)200)
#define GAP 2

static const struct json *find_member(const struct json *object, const char *member)
{
    struct str rest = str_from(member), part;

    while (object && str_split(&rest, '.', &part))
        object = json_member(object, part);
    return object;
}

/* Controls (also those of C1) and marks that turn the direction of text become "?". */
static struct str clean(struct str text, struct arena *arena)
{
    struct buf buf;

    buf_init(&buf, CELL_MAX * 4);
    for (size_t i = 0; i < text.len && buf.len < CELL_MAX;) {
        const unsigned char *at = (const unsigned char *)text.ptr + i;
        size_t length = str_utf8_sequence(text.ptr + i, text.len - i);
        bool odd =
            length == 0 || at[0] < 0x20 || at[0] == 0x7f ||
            (length == 2 && at[0] == 0xC2 && at[1] < 0xA0) ||
            (length == 3 && at[0] == 0xE2 && at[1] == 0x80 &&
             (at[2] == 0x8E || at[2] == 0x8F || (at[2] >= 0xA8 && at[2] <= 0xAE))) ||
            (length == 3 && at[0] == 0xE2 && at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9);
        if (odd)
            buf_add_byte(&buf, '?');
        else
            buf_add(&buf, str_slice(text, i, i + length));
        i += length ? length : 1;
    }
    struct str cleaned = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return cleaned;
}

struct str show_text(const struct json *object, const char *member, struct arena *arena)
{
    const struct json *value = find_member(object, member);

    if (!value)
        return STR("-");
    switch (value->kind) {
    case JSON_NULL:
        return STR("-");
    case JSON_BOOL:
        return value->boolean ? STR("yes") : STR("no");
    case JSON_NUMBER:
    case JSON_STRING:
        return clean(value->text, arena);
    case JSON_ARRAY:
    case JSON_OBJECT:
        return clean(value->raw, arena);
    }
    return STR("-");
}

static void print_cell(struct str text, size_t width, bool last)
{
    (void)printf(STR_FMT, STR_ARG(text));
    for (size_t i = str_utf8_count(text); !last && i < width + GAP; i++)
        (void)putchar(' ');
}

void show_table(const struct json *rows, const struct show *columns, struct arena *arena)
{
    size_t count = rows && rows->kind == JSON_ARRAY ? rows->count : 0;
    size_t width[COLUMNS_MAX] = { 0 }, used = 0;

    for (; columns[used].title && used < COLUMNS_MAX; used++)
        width[used] = strlen(columns[used].title);
    struct str *cells = ARENA_ITEMS(arena, struct str, count * used + 1);
    for (size_t i = 0; i < count * used; i++) {
        cells[i] = show_text(&rows->items[i / used], columns[i % used].member, arena);
        size_t wide = str_utf8_count(cells[i]);
        width[i % used] = wide > width[i % used] ? wide : width[i % used];
    }
    for (size_t i = 0; i < used; i++)
        print_cell(str_from(columns[i].title), width[i], i + 1 == used);
    (void)putchar('\n');
    for (size_t i = 0; i < count * used; i++) {
        bool last = (i + 1) % used == 0;
        print_cell(cells[i], width[i % used], last);
        if (last)
            (void)putchar('\n');
    }
}

void show_lines(const struct json *object, const struct show *lines, struct arena *arena)
{
    size_t width = 0;

    for (const struct show *line = lines; line->title; line++)
        width = strlen(line->title) > width ? strlen(line->title) : width;
    for (const struct show *line = lines; line->title; line++) {
        if (!find_member(object, line->member))
            continue;
        print_cell(str_from(line->title), width, false);
        print_cell(show_text(object, line->member, arena), 0, true);
        (void)putchar('\n');
    }
}

void show_json(const struct json *value)
{
    (void)fwrite(value->raw.ptr, 1, value->raw.len, stdout);
    (void)putchar('\n');
}

enum exit_code show_answer(const struct ask_options *to, const struct json *answer,
                           const char *member, const struct error *err, struct arena *arena)
{
    if (!answer)
        return command_failed(err);
    if (to->json)
        show_json(answer);
    else if (member)
        (void)printf(STR_FMT "\n", STR_ARG(show_text(answer, member, arena)));
    return EXIT_DONE;
}

/* Lists may end with a place to go on from. */
static void show_rows(const struct json *answer, const char *list, const struct show *columns,
                      struct arena *arena)
{
    const struct json *next = json_member(answer, STR("nextCursor"));

    show_table(json_member(answer, str_from(list)), columns, arena);
    if (next && next->kind == JSON_STRING)
        (void)fprintf(stderr, "There are more: --cursor " STR_FMT "\n", STR_ARG(next->text));
}

static enum exit_code list(const struct ask_options *to, struct str *project,
                           const struct question *question, const struct show *columns,
                           struct arena *arena)
{
    struct error err = { 0 };

    AUTO(ask) server = ask_open(&to->at, ASK_STORE, arena, &err);
    bool found = server && (!project || find_project(server, *project, project, &err));
    const struct json *answer = found ? ask(server, question, &err) : NULL;
    if (answer && !to->json)
        show_rows(answer, question->list, columns, arena);
    return show_answer(to, answer, NULL, &err, arena);
}

enum exit_code show_list(const struct ask_options *to, const struct question *question,
                         const struct show *columns, struct arena *arena)
{
    return list(to, NULL, question, columns, arena);
}

enum exit_code show_of_project(const struct ask_options *to, struct str *project,
                               const struct question *question, const struct show *columns,
                               struct arena *arena)
{
    return list(to, project, question, columns, arena);
}
