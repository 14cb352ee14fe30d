/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URL parser. It splits first, by the grammar of RFC 3986 narrowed to where every program agrees,
 * and decodes afterwards, so that an encoded byte never acts as a separator.
 */
#include "connector/url.h"

#include "connector/host.h"
#include "connector/placeholder.h"

#include <stdio.h>

static const char url_field[] = "connectionUrl";

/* Views of the text as typed, still encoded. Absent parts are absent strs. */
struct parts {
    struct str scheme; /* the rules' own text */
    struct str user, password, host, port, database, query;
    bool bracketed; /* the host stood in [ ] */
};

/* Decodes into out[in.len]; false at a "%" without two hex digits. "+" is a plus. */
static bool decode(struct str in, char *out, size_t *len)
{
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] != '%') {
            out[n++] = in.ptr[i];
            continue;
        }
        int byte = str_hex(in, i + 1, 2);
        if (byte < 0)
            return false;
        out[n++] = (char)byte;
        i += 2;
    }
    *len = n;
    return true;
}

static bool fail_percent(const char *what, struct error *err)
{
    return fail_field(err, ERR_BAD_REQUEST, url_field,
                      "%s holds a \"%%\" that no two hex digits follow; write it as %%25", what);
}

/* A part that is text: what it says once decoded must be UTF-8 without control characters. */
static bool decode_text(struct str in, const char *what, struct arena *arena, struct str *out,
                        struct error *err)
{
    char *text = arena_alloc(arena, in.len + 1);
    size_t len = 0;
    if (!decode(in, text, &len))
        return fail_percent(what, err);
    struct str decoded = { text, len };
    bool plain = str_is_utf8(decoded);
    for (size_t i = 0; i < len; i++)
        plain = plain && (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
    if (!plain)
        return fail_field(err, ERR_BAD_REQUEST, url_field,
                          "%s holds bytes that are not text once decoded", what);
    *out = decoded;
    return true;
}

static bool check_bytes(struct str text, struct error *err)
{
    if (text.len == 0)
        return fail_field(err, ERR_BAD_REQUEST, url_field, "must not be empty");
    if (text.len > URL_MAX)
        return fail_field(err, ERR_BAD_REQUEST, url_field, "must be at most %d bytes long",
                          URL_MAX);
    if (str_find(text, STR("\xe2\x80\xa2")) < text.len)
        return fail_field(err, ERR_BAD_REQUEST, url_field,
                          "holds the mask " URL_MASK
                          "; give the URL with its password, or leave it out to keep it");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte < 0x20 || byte == 0x7f)
            return fail_field(err, ERR_BAD_REQUEST, url_field,
                              "holds a line end or another control character");
        if (byte == ' ')
            return fail_field(err, ERR_BAD_REQUEST, url_field, "holds a blank; write it as %%20");
        if (byte > 0x7f)
            return fail_field(err, ERR_BAD_REQUEST, url_field,
                              "holds a character that is not ASCII; percent-encode its UTF-8 bytes "
                              "(in a host name, use the xn-- form)");
    }
    return true;
}

/* A stray "@", "#" or "[" most likely sits in a password: nothing may be shown, help must be. */
static bool check_at_signs(struct str text, struct str authority, struct error *err)
{
    unsigned all = 0, here = 0;
    for (size_t i = 0; i < text.len; i++)
        all += text.ptr[i] == '@';
    for (size_t i = 0; i < authority.len; i++)
        here += authority.ptr[i] == '@';
    if (all > 1)
        return fail_field(err, ERR_BAD_REQUEST, url_field,
                          "holds \"@\" more than once; within user, password and options write it "
                          "as %%40");
    if (all > here)
        return fail_field(
            err, ERR_BAD_REQUEST, url_field,
            "holds \"@\" behind a \"/\" or \"?\"; within user and password write / as "
            "%%2F and ? as %%3F, and @ elsewhere as %%40");
    if (str_find_byte(text, '#') < text.len)
        return fail_field(err, ERR_BAD_REQUEST, url_field, "holds \"#\"; write it as %%23");
    return true;
}

static const char *why_refused(const struct url_refusal *table, struct str name)
{
    for (; table && table->name; table++) {
        if (str_eq_nocase(name, str_from(table->name)))
            return table->why;
    }
    return NULL;
}

/* Of a template or a provider's page: saying which one is left helps more than saying what it broke. */
static bool check_placeholders(struct str text, struct error *err)
{
    struct str left = placeholder_find(text);
    char words[PLACEHOLDER_MAX + 8];
    if (!str_set(left))
        return true;
    placeholder_words(left, words);
    return fail_field(err, ERR_BAD_REQUEST, url_field, "replace " STR_FMT " with %s", STR_ARG(left),
                      words);
}

static bool split_scheme(struct str text, const struct url_rules *rules, struct parts *parts,
                         struct str *rest, struct error *err)
{
    size_t end = str_find(text, STR("://"));
    struct str scheme = str_slice(text, 0, end);
    char wanted[128] = "";
    size_t used = 0;
    for (const char *const *known = rules->schemes; *known; known++) {
        if (end < text.len && str_eq_nocase(scheme, str_from(*known))) {
            parts->scheme = str_from(*known);
            *rest = str_slice(text, end + 3, text.len);
            return true;
        }
        int n =
            snprintf(wanted + used, sizeof(wanted) - used, "%s%s://", used ? " or " : "", *known);
        if (n > 0 && (size_t)n < sizeof(wanted) - used)
            used += (size_t)n;
    }
    const char *why = end < text.len ? why_refused(rules->refused_schemes, scheme) : NULL;
    if (why)
        return fail_field(err, ERR_BAD_REQUEST, url_field, "must start with %s: %s", wanted, why);
    return fail_field(err, ERR_BAD_REQUEST, url_field, "must start with %s", wanted);
}

/* host, host:port, [address], [address]:port */
static bool split_host(struct str text, struct parts *parts, struct error *err)
{
    if (str_find_byte(text, ',') < text.len)
        return fail_field(err, ERR_INVALID_HOST, url_field,
                          "names several hosts; give one, which each dial resolves anew");
    if (text.len > 0 && text.ptr[0] == '[') {
        size_t end = str_find_byte(text, ']');
        if (end == text.len)
            return fail_field(err, ERR_INVALID_HOST, url_field,
                              "the \"[\" of the host has no \"]\"");
        parts->bracketed = true;
        parts->host = str_slice(text, 1, end);
        text = str_slice(text, end + 1, text.len);
        if (text.len > 0 && text.ptr[0] != ':')
            return fail_field(err, ERR_INVALID_HOST, url_field,
                              "after the \"]\" of the host only a port may follow");
    } else {
        size_t end = str_find_byte(text, ':');
        parts->host = str_slice(text, 0, end);
        text = str_slice(text, end, text.len);
    }
    parts->port = str_slice(text, 1, text.len);
    if (str_find_byte(parts->port, ':') < parts->port.len)
        return fail_field(err, ERR_INVALID_HOST, url_field,
                          "an IPv6 address stands in brackets, such as [2001:db8::1]");
    return true;
}

static bool split_user(struct str text, struct parts *parts, struct error *err)
{
    if (str_find_byte(text, '[') < text.len || str_find_byte(text, ']') < text.len)
        return fail_field(err, ERR_BAD_REQUEST, url_field,
                          "holds brackets in user or password: replace a placeholder such as "
                          "[YOUR-PASSWORD], or write them as %%5B and %%5D");
    size_t colon = str_find_byte(text, ':');
    if (colon > 0)
        parts->user = str_slice(text, 0, colon);
    if (colon + 1 < text.len)
        parts->password = str_slice(text, colon + 1, text.len);
    return true;
}

static bool split(struct str text, const struct url_rules *rules, struct parts *parts,
                  struct error *err)
{
    struct str rest = STR_NULL;
    if (!split_scheme(text, rules, parts, &rest, err))
        return false;
    size_t question = str_find_byte(rest, '?');
    struct str before = str_slice(rest, 0, question);
    size_t slash = str_find_byte(before, '/');
    struct str authority = str_slice(before, 0, slash);
    if (!check_at_signs(text, authority, err) || !check_placeholders(before, err))
        return false;

    parts->query = str_slice(rest, question + 1, rest.len);
    parts->database = str_slice(before, slash + 1, before.len);
    size_t at = str_find_byte(authority, '@');
    if (at == authority.len)
        return split_host(authority, parts, err);
    return split_user(str_slice(authority, 0, at), parts, err) &&
           split_host(str_slice(authority, at + 1, authority.len), parts, err);
}

static bool take_host(const struct parts *parts, struct arena *arena, struct url *url,
                      struct error *err)
{
    struct str host = parts->host;
    if (host.len == 0)
        return fail_field(err, ERR_INVALID_HOST, url_field,
                          "has no host; there is none by default, and sockets are not dialled");
    if (!parts->bracketed && str_find_byte(host, '%') < host.len)
        return fail_field(
            err, ERR_INVALID_HOST, url_field,
            "the host is percent-encoded; give a host name or address (a socket's path "
            "is not taken)");
    if (parts->bracketed && str_find_byte(host, ':') == host.len)
        return fail_field(err, ERR_INVALID_HOST, url_field,
                          "only an IPv6 address may stand in brackets");
    if (!host_check(host, err)) {
        error_in_field(err, url_field);
        return false;
    }
    char *lower = arena_c(arena, host);
    for (size_t i = 0; i < host.len; i++) {
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] - 'A' + 'a');
    }
    url->host = (struct str){ lower, host.len };
    return true;
}

static bool take_port(const struct parts *parts, const struct url_rules *rules, struct url *url,
                      struct error *err)
{
    struct str port = parts->port;
    url->port = rules->default_port;
    if (port.len == 0)
        return true;
    /* What stands here may be a password whose "@host" was forgotten: it is not repeated. */
    if (port.len > 5 || port.ptr[0] == '-' || !str_to_int64(port, &url->port) || url->port < 1 ||
        url->port > UINT16_MAX)
        return fail_field(err, ERR_BAD_REQUEST, url_field,
                          "the port must be a number between 1 and 65535");
    return true;
}

static bool take_database(const struct parts *parts, const struct url_rules *rules,
                          struct arena *arena, struct url *url, struct error *err)
{
    if (parts->database.len == 0)
        return true;
    if (str_find_byte(parts->database, '/') < parts->database.len)
        return fail_field(
            err, ERR_BAD_REQUEST, url_field,
            "holds more than one \"/\" after the host; within a database name write it "
            "as %%2F");
    if (!decode_text(parts->database, "the database name", arena, &url->database, err))
        return false;
    if (rules->database && !rules->database(url->database, err)) {
        if (!str_eq(str_from(err->field), str_from(url_field)))
            error_in_field(err, url_field);
        return false;
    }
    return true;
}

static bool take_authority(const struct parts *parts, const struct url_rules *rules,
                           struct arena *arena, struct url *url, struct error *err)
{
    url->scheme = parts->scheme;
    if (str_set(parts->user) && !decode_text(parts->user, "the user", arena, &url->user, err))
        return false;
    if (!take_host(parts, arena, url, err) || !take_port(parts, rules, url, err))
        return false;
    return take_database(parts, rules, arena, url, err);
}

/* Names are shown only when they look like names: they come from outside. */
static struct str shown_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_' || c == '-' || c == '.';
        if (!plain)
            return STR("?");
    }
    return str_slice(name, 0, 64);
}

static bool fail_option_name(struct str name, const struct url_rules *rules, struct error *err)
{
    static const char *const authority[] = { "host", "hostaddr", "port", "user", "dbname", "db" };
    struct str shown = shown_name(name);
    const char *why = why_refused(rules->refused_options, name);
    if (why)
        return fail_field(err, ERR_OPTION_NOT_ALLOWED, url_field,
                          "the option \"" STR_FMT "\" is not allowed: %s", STR_ARG(shown), why);
    for (size_t i = 0; i < ARRAY_LEN(authority); i++) {
        if (str_eq(name, str_from(authority[i])))
            return fail_field(err, ERR_OPTION_NOT_ALLOWED, url_field,
                              "the option \"" STR_FMT
                              "\" is not allowed: its place is before the \"?\"",
                              STR_ARG(shown));
    }
    return fail_field(err, ERR_OPTION_NOT_ALLOWED, url_field,
                      "the option \"" STR_FMT "\" is not allowed", STR_ARG(shown));
}

static bool check_value(const struct url_option *rule, struct str value, struct error *err)
{
    if (rule->valid && !rule->valid(value))
        return fail_field(err, ERR_BAD_REQUEST, url_field,
                          "the option \"%s\" has a value that is not allowed", rule->name);
    if (!rule->values)
        return true;
    char words[160] = "";
    size_t used = 0;
    for (const char *const *word = rule->values; *word; word++) {
        if (str_eq(value, str_from(*word)))
            return true;
        int n = snprintf(words + used, sizeof(words) - used, "%s%s", used ? ", " : "", *word);
        if (n > 0 && (size_t)n < sizeof(words) - used)
            used += (size_t)n;
    }
    return fail_field(err, ERR_BAD_REQUEST, url_field, "the option \"%s\" must be one of: %s",
                      rule->name, words);
}

static const struct url_option *find_rule(const struct url_rules *rules, struct str name)
{
    for (const struct url_option *rule = rules->options; rule && rule->name; rule++) {
        if (str_eq(name, str_from(rule->name)))
            return rule;
    }
    return NULL;
}

/* An option that stands for a part, which stays encoded. */
static bool take_part(const struct url_option *rule, struct str value, struct parts *parts,
                      struct error *err)
{
    struct str *part = rule->part == URL_PART_USER       ? &parts->user
                       : rule->part == URL_PART_PORT     ? &parts->port
                       : rule->part == URL_PART_DATABASE ? &parts->database
                                                         : &parts->password;
    if (part->len > 0)
        return fail_field(err, ERR_OPTION_NOT_ALLOWED, url_field,
                          "the option \"%s\" is not allowed: the URL says it already", rule->name);
    if (value.len > 0)
        *part = value;
    return true;
}

/* One name=value. */
static bool take_option(struct str text, const struct url_rules *rules, struct arena *arena,
                        struct parts *parts, struct url *url, struct error *err)
{
    size_t equals = str_find_byte(text, '=');
    struct str name = STR_NULL, value = str_slice(text, equals + 1, text.len);
    if (!decode_text(str_slice(text, 0, equals), "the name of an option", arena, &name, err))
        return false;
    if (name.len == 0)
        return fail_field(err, ERR_BAD_REQUEST, url_field, "has an option without a name");
    const struct url_option *rule = find_rule(rules, name);
    if (!rule)
        return fail_option_name(name, rules, err);
    if (equals == text.len)
        return fail_field(err, ERR_BAD_REQUEST, url_field, "the option \"%s\" has no value",
                          rule->name);
    if (rule->part != URL_PART_OPTION)
        return take_part(rule, value, parts, err);
    if (str_set(url_option_find(url, str_from(rule->means ? rule->means : rule->name))))
        return fail_field(err, ERR_OPTION_NOT_ALLOWED, url_field,
                          "the option \"%s\" is given twice", rule->name);
    if (!decode_text(value, "the value of an option", arena, &value, err) ||
        !check_value(rule, value, err))
        return false;
    if (url->option_count == URL_OPTIONS_MAX)
        return fail_field(err, ERR_OPTION_NOT_ALLOWED, url_field, "has more than %d options",
                          URL_OPTIONS_MAX);
    url->options[url->option_count].name = str_from(rule->means ? rule->means : rule->name);
    url->options[url->option_count++].value = rule->means ? str_from(rule->means_value) : value;
    return true;
}

static bool take_options(const struct url_rules *rules, struct arena *arena, struct parts *parts,
                         struct url *url, struct error *err)
{
    struct str rest = parts->query.len > 0 ? parts->query : STR_NULL, option;
    while (str_split(&rest, '&', &option)) {
        if (!take_option(option, rules, arena, parts, url, err))
            return false;
    }
    return true;
}

static struct str redact(struct str text, struct str password, struct arena *arena)
{
    if (!str_set(password))
        return arena_str(arena, text);
    size_t start = (size_t)(password.ptr - text.ptr);
    struct str head = str_slice(text, 0, start);
    struct str tail = str_slice(text, start + password.len, text.len);
    return arena_printf(arena, STR_FMT URL_MASK STR_FMT, STR_ARG(head), STR_ARG(tail));
}

/* NULL with *err when it cannot be decoded. Any byte may be in a password. */
static struct secret *keep_password(struct str encoded, struct error *err)
{
    char plain[URL_MAX];
    size_t len = 0;
    if (!decode(encoded, plain, &len)) {
        secret_wipe(plain, sizeof(plain));
        (void)fail_percent("the password", err);
        return NULL;
    }
    struct secret *secret = secret_new((struct str){ plain, len });
    secret_wipe(plain, sizeof(plain));
    return secret;
}

bool url_parse(struct str text, const struct url_rules *rules, struct arena *arena, struct url *out,
               struct secret **password, struct error *err)
{
    arena_wipe_on_reset(arena);
    struct parts parts = { 0 };
    struct url url = { 0 };
    if (!check_bytes(text, err) || !split(text, rules, &parts, err) ||
        !take_options(rules, arena, &parts, &url, err) ||
        !take_authority(&parts, rules, arena, &url, err))
        return false;
    if (rules->user_needs_password && str_set(url.user) && !str_set(parts.password))
        return fail_field(err, ERR_BAD_REQUEST, url_field,
                          "has a user without a password; a password alone is written " STR_FMT
                          "://:password@host",
                          STR_ARG(url.scheme));
    struct secret *secret = NULL;
    if (str_set(parts.password)) {
        secret = keep_password(parts.password, err);
        if (!secret)
            return false;
    }
    url.redacted = redact(text, parts.password, arena);
    *out = url;
    *password = secret;
    return true;
}

struct str url_option_find(const struct url *url, struct str name)
{
    for (unsigned i = 0; i < url->option_count; i++) {
        if (str_eq(url->options[i].name, name))
            return url->options[i].value;
    }
    return STR_NULL;
}
