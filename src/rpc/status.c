/* SPDX-License-Identifier: Apache-2.0 */
/* Errors on the wire: see status.h. */
#include "rpc/status.h"

#include "rpc/internal.h"

static const struct error_status_row *row_of(const struct error *err)
{
    return error_status_row(error_code_row(err->code)->status);
}

int status_http(const struct error *err)
{
    return row_of(err)->http;
}

int status_retry_after_s(const struct error *err)
{
    enum error_status status = error_code_row(err->code)->status;

    if (err->retry_after_s > 0)
        return err->retry_after_s;
    if (err->code == ERR_STORE_FULL)
        return 5;
    return status == STATUS_SERVICE_UNAVAILABLE || status == STATUS_TOO_MANY_REQUESTS ? 1 : 0;
}

static void write_message(const struct error *err, struct id request_id, struct json_writer *w)
{
    struct str message = str_from(err->message);
    char text[ID_TEXT_SIZE];

    if (err->code == ERR_INTERNAL) {
        struct buf safe;
        buf_init(&safe, 256);
        buf_add(&safe, STR("internal error; the server's log says more under request "));
        buf_add(&safe, id_format(request_id, text));
        json_string(w, buf_str(&safe));
        buf_done(&safe);
        return;
    }
    json_string(w, message.len > 0 ? message : str_from(row_of(err)->key));
}

void status_write(const struct error *err, struct str path, struct id request_id,
                  const struct error_datum *extra, struct json_writer *w)
{
    const struct error_code_row *code = error_code_row(err->code);
    const struct error_status_row *status = row_of(err);

    json_begin_object(w);
    json_key(w, STR("message"));
    write_message(err, request_id, w);
    json_key(w, STR("code"));
    json_int(w, status->number);
    json_key(w, STR("data"));
    json_begin_object(w);
    json_key(w, STR("code"));
    json_string(w, str_from(status->key));
    json_key(w, STR("httpStatus"));
    json_int(w, status->http);
    if (str_set(path)) {
        json_key(w, STR("path"));
        json_string(w, path);
    }
    if (err->field[0] && err->code != ERR_INTERNAL) {
        json_key(w, STR("field"));
        json_string(w, str_from(err->field));
    }
    if (code->reason[0]) {
        json_key(w, STR("reason"));
        json_string(w, str_from(code->reason));
    }
    json_key(w, STR("requestId"));
    json_id(w, request_id);
    for (; extra; extra = extra->next) {
        json_key(w, extra->name);
        json_raw(w, extra->json);
    }
    json_end_object(w);
    json_end_object(w);
}
