/* SPDX-License-Identifier: Apache-2.0 */
/* Where the parts of a JSON text end. */
#include "json/skip.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t json_skip_blanks(struct str text, size_t at)
{
    while (at < text.len && is_blank(text.ptr[at]))
        at++;
    return at;
}

size_t json_skip_string(struct str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"';)
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at < text.len ? at + 1 : text.len;
}

size_t json_skip_word(struct str text, size_t at)
{
    while (at < text.len && !is_blank(text.ptr[at]) && text.ptr[at] != ',' && text.ptr[at] != '}' &&
           text.ptr[at] != ']')
        at++;
    return at;
}

size_t json_skip_value(struct str text, size_t at)
{
    size_t depth = 0;
    if (at < text.len && text.ptr[at] != '"' && text.ptr[at] != '{' && text.ptr[at] != '[')
        return json_skip_word(text, at);
    while (at < text.len) {
        char c = text.ptr[at];
        if (c == '"') {
            at = json_skip_string(text, at);
        } else {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
            at++;
        }
        if (depth == 0)
            break;
    }
    return at;
}

struct json_parts json_parts(struct str whole)
{
    return (struct json_parts){ .whole = whole, .at = 1 };
}

bool json_next_part(struct json_parts *parts)
{
    struct str whole = parts->whole;
    size_t at = json_skip_blanks(whole, parts->at);
    if (at < whole.len && whole.ptr[at] == ',')
        at = json_skip_blanks(whole, at + 1);
    if (at >= whole.len || whole.ptr[at] == '}' || whole.ptr[at] == ']')
        return false;
    parts->name = STR_NULL;
    if (whole.ptr[0] == '{') {
        size_t end = json_skip_string(whole, at);
        parts->name = str_slice(whole, at, end);
        at = json_skip_blanks(whole, json_skip_blanks(whole, end) + 1);
        if (at >= whole.len)
            return false;
    }
    size_t end = json_skip_value(whole, at);
    parts->value = str_slice(whole, at, end);
    parts->at = end;
    return end > at;
}
