/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes: the one place that encrypts. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/id.h"
#include "base/mem.h"
#include "base/secret.h"
#include "vault/internal.h"

#define VERSION 1
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_BYTES (1 + NONCE_BYTES)
#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "size of a key");

void bond_add(struct buf *bond, struct str part)
{
    uint8_t length[8];
    for (unsigned i = 0; i < sizeof(length); i++)
        length[i] = (uint8_t)((uint64_t)part.len >> (8 * i));
    buf_add(bond, (struct str){ (const char *)length, sizeof(length) });
    buf_add(bond, part);
}

void bond_add_int(struct buf *bond, int64_t part)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((uint64_t)part >> (8 * i));
    bond_add(bond, (struct str){ (const char *)bytes, sizeof(bytes) });
}

struct str box_close(const uint8_t *key, struct str bond, struct str plain, struct arena *arena)
{
    size_t size = HEAD_BYTES + plain.len + TAG_BYTES;
    uint8_t *bytes = arena_alloc(arena, size);
    bytes[0] = VERSION;
    random_bytes(bytes + 1, NONCE_BYTES);
    unsigned long long sealed;
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes + HEAD_BYTES, &sealed, (const uint8_t *)plain.ptr, plain.len,
        (const uint8_t *)bond.ptr, bond.len, NULL, bytes + 1, key);
    assert(HEAD_BYTES + sealed == size);
    size_t text_size = sodium_base64_encoded_len(size, VARIANT);
    char *text = arena_alloc(arena, text_size);
    (void)sodium_bin2base64(text, text_size, bytes, size, VARIANT);
    return (struct str){ text, text_size - 1 };
}

size_t box_plain_max(struct str box)
{
    return box.len;
}

/* libsodium reads some bytes over 127 as others: only what it would have written is taken. */
static bool is_plain_text(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] > 127)
            return false;
    return true;
}

/* Decodes into bytes[box.len]. */
static bool decode(struct str box, uint8_t *bytes, size_t *size)
{
    const char *end;
    return is_plain_text(box) &&
           sodium_base642bin(bytes, box.len, box.ptr, box.len, NULL, size, &end, VARIANT) == 0 &&
           end == box.ptr + box.len && *size >= HEAD_BYTES + TAG_BYTES && bytes[0] == VERSION;
}

bool box_open(const uint8_t *key, struct str bond, struct str box, uint8_t *plain,
              size_t *plain_len)
{
    uint8_t *bytes = xmalloc(box.len + 1);
    size_t size;
    unsigned long long opened = 0;
    bool ok = decode(box, bytes, &size) &&
              crypto_aead_xchacha20poly1305_ietf_decrypt(
                  plain, &opened, NULL, bytes + HEAD_BYTES, size - HEAD_BYTES,
                  (const uint8_t *)bond.ptr, bond.len, bytes + 1, key) == 0;
    free(bytes);
    if (ok)
        *plain_len = (size_t)opened;
    return ok;
}
