/* SPDX-License-Identifier: Apache-2.0 */
/* Random tokens and the digests by which they are kept. */
#include "vault/token.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/id.h"
#include "base/secret.h"

#define PREFIX_LEN ((size_t)11) /* "tl_" and 8 hexadecimal digits */
#define SECRET_BYTES 32
#define SECRET_LEN ((size_t)43) /* of base64url */
#define TOKEN_LEN (PREFIX_LEN + 1 + SECRET_LEN)
#define DIGEST_BYTES ((size_t)32)
#define DIGEST_LEN (DIGEST_BYTES * 2)

static bool is_lower_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_base64url(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
}

static void digest_hex(const uint8_t *digest, char *out)
{
    (void)sodium_bin2hex(out, DIGEST_LEN + 1, digest, DIGEST_BYTES);
}

static void hash_into(struct str text, char *out)
{
    uint8_t digest[DIGEST_BYTES];
    (void)crypto_generichash(digest, sizeof(digest), (const uint8_t *)text.ptr, text.len, NULL, 0);
    digest_hex(digest, out);
}

void token_make(struct arena *arena, struct new_token *out)
{
    uint8_t name[4], bytes[SECRET_BYTES];
    char name_text[sizeof(name) * 2 + 1], secret_text[SECRET_LEN + 1];
    random_bytes(name, sizeof(name));
    random_bytes(bytes, sizeof(bytes));
    (void)sodium_bin2hex(name_text, sizeof(name_text), name, sizeof(name));
    (void)sodium_bin2base64(secret_text, sizeof(secret_text), bytes, sizeof(bytes),
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->text = arena_printf(arena, "tl_%s_%s", name_text, secret_text);
    out->prefix = arena_str(arena, str_slice(out->text, 0, PREFIX_LEN));
    out->hash = token_hash(out->text, arena);
    secret_wipe(bytes, sizeof(bytes));
    secret_wipe(secret_text, sizeof(secret_text));
}

bool token_prefix(struct str text, struct str *out)
{
    if (text.len != TOKEN_LEN || !str_starts(text, STR("tl_")) || text.ptr[PREFIX_LEN] != '_')
        return false;
    for (size_t i = 3; i < PREFIX_LEN; i++)
        if (!is_lower_hex(text.ptr[i]))
            return false;
    for (size_t i = PREFIX_LEN + 1; i < TOKEN_LEN; i++)
        if (!is_base64url(text.ptr[i]))
            return false;
    *out = str_slice(text, 0, PREFIX_LEN);
    return true;
}

struct str token_hash(struct str text, struct arena *arena)
{
    char *hex = arena_alloc(arena, DIGEST_LEN + 1);
    hash_into(text, hex);
    return (struct str){ hex, DIGEST_LEN };
}

bool token_matches(struct str text, struct str hash)
{
    char hex[DIGEST_LEN + 1];
    hash_into(text, hex);
    return hash.len == DIGEST_LEN && sodium_memcmp(hex, hash.ptr, DIGEST_LEN) == 0;
}

struct str digest_texts(const struct str *texts, unsigned count, struct arena *arena)
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    for (unsigned i = 0; i < count; i++) {
        uint8_t length[8];
        for (unsigned byte = 0; byte < sizeof(length); byte++)
            length[byte] = (uint8_t)((uint64_t)texts[i].len >> (8 * byte));
        (void)crypto_generichash_update(&state, length, sizeof(length));
        (void)crypto_generichash_update(&state, (const uint8_t *)texts[i].ptr, texts[i].len);
    }
    uint8_t digest[DIGEST_BYTES];
    (void)crypto_generichash_final(&state, digest, sizeof(digest));
    char *hex = arena_alloc(arena, DIGEST_LEN + 1);
    digest_hex(digest, hex);
    return (struct str){ hex, DIGEST_LEN };
}
