/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers for people: aligned tables, and the members of one thing below each other. Text that came
 * from elsewhere is cleaned of what would move a terminal's cursor.
 */
#ifndef APP_SHOW_H
#define APP_SHOW_H

#include "app/ask.h"
#include "app/commands.h"
#include "json/value.h"

/* A column, or a line of one thing. */
struct show {
    const char *title;  /* NULL ends a list */
    const char *member; /* of the row; "error.message" for one within another */
};

/* The rows of a JSON array; NULL or another kind counts as none. */
void show_table(const struct json *rows, const struct show *columns, struct arena *arena);
/* Lines "title  value" of one object; absent ones are left out. */
void show_lines(const struct json *object, const struct show *lines, struct arena *arena);
/* The value as it is, and a line end. */
void show_json(const struct json *value);
/* The text of a value as shows print it; "-" when it is absent. */
MUST_USE struct str show_text(const struct json *object, const char *member, struct arena *arena);

/*
 * A whole command that lists: asks, then prints JSON or a table of the list that the question names.
 */
enum exit_code show_list(const struct ask_options *to, const struct question *question,
                         const struct show *columns, struct arena *arena);
/* The same for what belongs to a project: *project, a name or an id, becomes the id first. */
enum exit_code show_of_project(const struct ask_options *to, struct str *project,
                               const struct question *question, const struct show *columns,
                               struct arena *arena);
/*
 * What follows an answer: prints JSON when that is wanted, or that member of the answer, or (NULL)
 * nothing. Without an answer it says why.
 */
enum exit_code show_answer(const struct ask_options *to, const struct json *answer,
                           const char *member, const struct error *err, struct arena *arena);

#endif
