/* SPDX-License-Identifier: Apache-2.0 */
/* A request from text: see request.h. */
#include "request.h"

#include "fuzz.h"

static struct str take_word(struct str *line)
{
    size_t end = str_find_byte(*line, ' ');
    struct str word = str_slice(*line, 0, end);

    *line = str_slice(*line, end + 1, line->len);
    return word;
}

static enum http_method method_of(struct str text)
{
    if (str_eq(text, STR("GET")))
        return HTTP_GET;
    if (str_eq(text, STR("POST")))
        return HTTP_POST;
    return str_eq(text, STR("HEAD")) ? HTTP_HEAD : HTTP_OTHER;
}

void fuzz_request_read(struct str text, size_t body_max, struct fuzz_request *out)
{
    struct http_request *http = &out->http;
    struct str rest = text, line = fuzz_line(&rest);

    *out = (struct fuzz_request){ 0 };
    http->method_text = take_word(&line);
    http->method = method_of(http->method_text);
    out->target = take_word(&line);
    out->version = line;
    while (str_set(line = fuzz_line(&rest)) && line.len > 0) {
        size_t colon = str_find_byte(line, ':');
        if (http->header_count == FUZZ_HEADERS_MAX)
            continue;
        out->headers[http->header_count++] = (struct http_header){
            str_slice(line, 0, colon),
            str_trim(str_slice(line, colon + 1, line.len)),
        };
    }
    http->headers = out->headers;
    size_t question = str_find_byte(out->target, '?');
    http->path = str_slice(out->target, 0, question);
    if (question < out->target.len)
        http->query = str_slice(out->target, question + 1, out->target.len);
    http->peer = STR("127.0.0.1");
    if (http->method == HTTP_GET || http->method == HTTP_HEAD || rest.len == 0)
        return;
    http->body_too_large = rest.len > body_max;
    if (!http->body_too_large)
        http->body = rest;
}
