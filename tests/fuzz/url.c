/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection URLs. The text is a URL, parsed as each connector parses it. What is shown of an
 * accepted one must not depend on its password, and what is said of a refused one must not repeat
 * what stands before its last "@".
 */
#include "fuzz.h"

#include "base/arena.h"
#include "connector/connector.h"
#include "connector/settings.h"

/* The dictionary has it: a word that stands nowhere in a message by itself. */
#define CANARY STR("h6sh")

static bool equals(struct str plain, void *context)
{
    return str_eq(plain, *(const struct str *)context);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c - 'A' + 10;
}

static struct str decode(struct arena *arena, struct str in)
{
    char *out = arena_alloc(arena, in.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] == '%') {
            HOLDS(i + 2 < in.len);
            out[len++] = (char)(hex(in.ptr[i + 1]) * 16 + hex(in.ptr[i + 2]));
            i += 2;
        } else {
            out[len++] = in.ptr[i];
        }
    }
    return (struct str){ out, len };
}

static void check_same_parts(const struct url *a, const struct url *b)
{
    HOLDS(str_eq(a->scheme, b->scheme) && str_eq(a->host, b->host) && a->port == b->port);
    HOLDS(str_set(a->user) == str_set(b->user) && str_eq(a->user, b->user));
    HOLDS(str_set(a->database) == str_set(b->database) && str_eq(a->database, b->database));
    HOLDS(a->option_count == b->option_count);
    for (unsigned i = 0; i < a->option_count; i++)
        HOLDS(str_eq(a->options[i].name, b->options[i].name) &&
              str_eq(a->options[i].value, b->options[i].value));
}

/* With another password in place of the mask it is the same URL, and shown the same. */
static void check_masked(const struct url_rules *rules, struct str text, const struct url *url,
                         const struct secret *password, struct arena *arena)
{
    struct str shown = url->redacted, mask = STR(URL_MASK), plain = STR("0ther");
    struct secret *again = NULL;
    struct url other;
    struct error err;

    if (!password) {
        HOLDS(str_eq(shown, text) || str_find(shown, mask) < shown.len);
        if (str_eq(shown, text))
            return;
    }
    size_t at = str_find(shown, mask), end = shown.len - at - mask.len;
    HOLDS(at < shown.len && text.len >= at + end);
    HOLDS(str_eq(str_slice(shown, 0, at), str_slice(text, 0, at)));
    HOLDS(str_eq(str_slice(shown, at + mask.len, shown.len),
                 str_slice(text, text.len - end, text.len)));
    struct str typed = decode(arena, str_slice(text, at, text.len - end));
    HOLDS(password ? secret_use(password, equals, &typed) : typed.len == 0);
    HOLDS(!url_parse(shown, rules, arena, &other, &again, &err));

    struct str longer =
        arena_printf(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(str_slice(shown, 0, at)),
                     STR_ARG(plain), STR_ARG(str_slice(shown, at + mask.len, shown.len)));
    if (longer.len > URL_MAX)
        return;
    HOLDS(url_parse(longer, rules, arena, &other, &again, &err));
    HOLDS(again && secret_use(again, equals, &plain));
    check_same_parts(url, &other);
    HOLDS(str_eq(other.redacted, shown));
    secret_free(again);
}

static void check_parts(const struct url_rules *rules, const struct url *url)
{
    bool known = false;

    for (size_t i = 0; rules->schemes[i]; i++)
        known = known || str_eq(url->scheme, str_from(rules->schemes[i]));
    HOLDS(known && url->host.len > 0 && url->port >= 1 && url->port <= 65535);
    HOLDS(url->option_count <= URL_OPTIONS_MAX);
    for (size_t i = 0; i < url->host.len; i++) {
        char c = url->host.ptr[i];
        HOLDS((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
              c == '_' || c == ':');
    }
    HOLDS(str_is_utf8(url->user) && str_is_utf8(url->database) && str_is_utf8(url->redacted));
}

static void check_refusal(struct str text, const struct error *err)
{
    size_t at = text.len;

    HOLDS(err->message[0] != '\0' && str_is_utf8(str_from(err->message)));
    HOLDS(str_eq(str_from(err->field), STR("connectionUrl")));
    while (at > 0 && text.ptr[at - 1] != '@')
        at--;
    if (fuzz_contains(str_slice(text, 0, at), CANARY) &&
        !fuzz_contains(str_slice(text, at, text.len), CANARY))
        HOLDS(!fuzz_contains(str_from(err->message), CANARY));
}

static void parse(const struct connector *connector, struct str text)
{
    AUTO(arena) arena = arena_new();
    struct secret *password = NULL;
    struct connection_settings settings;
    struct error err = { 0 };
    struct url url = { 0 };

    if (!url_parse(text, &connector->rules, arena, &url, &password, &err)) {
        HOLDS(!password);
        check_refusal(text, &err);
        return;
    }
    check_parts(&connector->rules, &url);
    check_masked(&connector->rules, text, &url, password, arena);
    if (settings_resolve(NULL, &url, &settings, &err)) {
        HOLDS(settings.tls_mode != TLS_MODE_NONE && settings.connect_timeout_ms > 0);
        if (connector->check)
            (void)connector->check(&url, &settings, &err);
    }
    secret_free(password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;

    if (!ready)
        secret_init();
    ready = true;
    for (size_t i = 0; connector_registry[i]; i++)
        parse(connector_registry[i], fuzz_text(data, size));
    return 0;
}
