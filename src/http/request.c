/* SPDX-License-Identifier: Apache-2.0 */
/* Looking things up in a request. */
#include "http/server.h"

struct str http_header_find(const struct http_request *request, struct str name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return STR_NULL;
}

struct str http_cookie(const struct http_request *request, struct str name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct str pair, rest = request->headers[i].value;
        if (!str_eq_nocase(request->headers[i].name, STR("cookie")))
            continue;
        while (str_split(&rest, ';', &pair)) {
            pair = str_trim(pair);
            size_t equals = str_find_byte(pair, '=');
            if (equals < pair.len && str_eq(str_slice(pair, 0, equals), name))
                return str_slice(pair, equals + 1, pair.len);
        }
    }
    return STR_NULL;
}
