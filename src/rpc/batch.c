/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: n calls in one request, their inputs in one object, their envelopes in one array. */
#include "rpc/internal.h"

#include <stdio.h>

const struct json *batch_input(const struct json *map, size_t index)
{
    char key[24];
    int len = snprintf(key, sizeof(key), "%zu", index);

    return json_member(map, (struct str){ key, (size_t)len });
}

void batch_write(const struct rpc_request *request, struct json_writer *w)
{
    json_begin_array(w);
    for (size_t i = 0; i < request->count; i++)
        rpc_write_envelope(&request->calls[i], w);
    json_end_array(w);
}

int batch_status(const struct rpc_request *request)
{
    int status = rpc_call_status(&request->calls[0]);

    for (size_t i = 1; i < request->count; i++)
        if (rpc_call_status(&request->calls[i]) != status)
            return 207;
    return status;
}
