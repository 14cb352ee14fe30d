/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way to fail that has a name, one row each.
 *
 * ERROR_STATUSES are the error keys of tRPC with their numbers and HTTP statuses.
 * ERROR_CODES are our own: enum constant, the reason's name on the wire ("" where the status says
 * it all), the status it is answered with, and whether a retry policy may try again.
 * MAYBE: only when the step may be repeated, or nothing had been sent. BY_SERVER: SQLSTATE or the
 * Redis error word decides (engine/retry.h).
 */
#ifndef BASE_ERROR_CODES_H
#define BASE_ERROR_CODES_H

#define ERROR_STATUSES(X)                                                                          \
    X(PARSE_ERROR, -32700, 400)                                                                    \
    X(BAD_REQUEST, -32600, 400)                                                                    \
    X(INTERNAL_SERVER_ERROR, -32603, 500)                                                          \
    X(NOT_IMPLEMENTED, -32603, 501)                                                                \
    X(BAD_GATEWAY, -32603, 502)                                                                    \
    X(SERVICE_UNAVAILABLE, -32603, 503)                                                            \
    X(GATEWAY_TIMEOUT, -32603, 504)                                                                \
    X(UNAUTHORIZED, -32001, 401)                                                                   \
    X(PAYMENT_REQUIRED, -32002, 402)                                                               \
    X(FORBIDDEN, -32003, 403)                                                                      \
    X(NOT_FOUND, -32004, 404)                                                                      \
    X(METHOD_NOT_SUPPORTED, -32005, 405)                                                           \
    X(TIMEOUT, -32008, 408)                                                                        \
    X(CONFLICT, -32009, 409)                                                                       \
    X(PRECONDITION_FAILED, -32012, 412)                                                            \
    X(PAYLOAD_TOO_LARGE, -32013, 413)                                                              \
    X(UNSUPPORTED_MEDIA_TYPE, -32015, 415)                                                         \
    X(UNPROCESSABLE_CONTENT, -32022, 422)                                                          \
    X(PRECONDITION_REQUIRED, -32028, 428)                                                          \
    X(TOO_MANY_REQUESTS, -32029, 429)                                                              \
    X(CLIENT_CLOSED_REQUEST, -32099, 499)

#define ERROR_CODES(X)                                                                             \
    /* of a request */                                                                             \
    X(PARSE_ERROR, "", PARSE_ERROR, NEVER)                                                         \
    X(BAD_REQUEST, "", BAD_REQUEST, NEVER)                                                         \
    X(UNAUTHORIZED, "", UNAUTHORIZED, NEVER)                                                       \
    X(FORBIDDEN, "", FORBIDDEN, NEVER)                                                             \
    X(NOT_FOUND, "", NOT_FOUND, NEVER)                                                             \
    X(METHOD_NOT_SUPPORTED, "", METHOD_NOT_SUPPORTED, NEVER)                                       \
    X(CONFLICT, "", CONFLICT, NEVER)                                                               \
    X(PAYLOAD_TOO_LARGE, "", PAYLOAD_TOO_LARGE, NEVER)                                             \
    X(UNSUPPORTED_MEDIA_TYPE, "", UNSUPPORTED_MEDIA_TYPE, NEVER)                                   \
    X(TOO_MANY_REQUESTS, "", TOO_MANY_REQUESTS, LATER)                                             \
    X(UNAVAILABLE, "", SERVICE_UNAVAILABLE, LATER)                                                 \
    X(STORE_FULL, "", SERVICE_UNAVAILABLE, LATER)                                                  \
    /* of executions, steps, attempts and tests; also `data.reason` */                             \
    X(INVALID_INPUT, "INVALID_INPUT", BAD_REQUEST, NEVER)                                          \
    X(TEMPLATE_PATH, "TEMPLATE_PATH", BAD_REQUEST, NEVER)                                          \
    X(SECRET_REQUIRED, "SECRET_REQUIRED", BAD_REQUEST, NEVER)                                      \
    X(CONNECTION_DELETED, "CONNECTION_DELETED", BAD_REQUEST, NEVER)                                \
    X(CONNECTION_UNREADABLE, "CONNECTION_UNREADABLE", PRECONDITION_FAILED, NEVER)                  \
    X(OPTION_NOT_ALLOWED, "OPTION_NOT_ALLOWED", BAD_REQUEST, NEVER)                                \
    X(INVALID_HOST, "INVALID_HOST", BAD_REQUEST, NEVER)                                            \
    X(EGRESS_DENIED, "EGRESS_DENIED", BAD_REQUEST, NEVER)                                          \
    X(DNS_FAILED, "DNS_FAILED", BAD_GATEWAY, LATER)                                                \
    X(DNS_TIMEOUT, "DNS_TIMEOUT", GATEWAY_TIMEOUT, LATER)                                          \
    X(REFUSED, "REFUSED", BAD_GATEWAY, LATER)                                                      \
    X(UNREACHABLE, "UNREACHABLE", BAD_GATEWAY, LATER)                                              \
    X(CONNECT_TIMEOUT, "CONNECT_TIMEOUT", GATEWAY_TIMEOUT, LATER)                                  \
    X(TLS_NOT_OFFERED, "TLS_NOT_OFFERED", BAD_GATEWAY, NEVER)                                      \
    X(TLS_REQUIRED, "TLS_REQUIRED", BAD_GATEWAY, NEVER)                                            \
    X(TLS_UNTRUSTED, "TLS_UNTRUSTED", BAD_GATEWAY, NEVER)                                          \
    X(TLS_WRONG_NAME, "TLS_WRONG_NAME", BAD_GATEWAY, NEVER)                                        \
    X(TLS_EXPIRED, "TLS_EXPIRED", BAD_GATEWAY, NEVER)                                              \
    X(TLS_FAILED, "TLS_FAILED", BAD_GATEWAY, NEVER)                                                \
    X(AUTH_FAILED, "AUTH_FAILED", BAD_GATEWAY, NEVER)                                              \
    X(DATABASE_MISSING, "DATABASE_MISSING", BAD_GATEWAY, NEVER)                                    \
    X(TOO_MANY_CONNECTIONS, "TOO_MANY_CONNECTIONS", BAD_GATEWAY, LATER)                            \
    X(POOL_TIMEOUT, "POOL_TIMEOUT", GATEWAY_TIMEOUT, LATER)                                        \
    X(SERVER_ERROR, "SERVER_ERROR", BAD_GATEWAY, BY_SERVER)                                        \
    X(SERVER_PROTOCOL, "SERVER_PROTOCOL", BAD_GATEWAY, NEVER)                                      \
    X(CONNECTION_LOST, "CONNECTION_LOST", BAD_GATEWAY, MAYBE)                                      \
    X(DEADLINE_PASSED, "TIMEOUT", GATEWAY_TIMEOUT, MAYBE)                                          \
    X(CANCELLED, "CANCELLED", CONFLICT, NEVER)                                                     \
    X(RESULT_TOO_LARGE, "RESULT_TOO_LARGE", BAD_GATEWAY, NEVER)                                    \
    X(COPY_NOT_ALLOWED, "COPY_NOT_ALLOWED", BAD_REQUEST, NEVER)                                    \
    X(PARAM_COUNT, "PARAM_COUNT", BAD_REQUEST, NEVER)                                              \
    X(PARAM_NOT_EXACT, "PARAM_NOT_EXACT", BAD_REQUEST, NEVER)                                      \
    X(OUTCOME_UNKNOWN, "OUTCOME_UNKNOWN", BAD_GATEWAY, NEVER)                                      \
    X(WORKER_LOST, "WORKER_LOST", INTERNAL_SERVER_ERROR, NEVER)                                    \
    X(RETRY_DEADLINE, "DEADLINE", GATEWAY_TIMEOUT, NEVER)                                          \
    X(INTERNAL, "INTERNAL", INTERNAL_SERVER_ERROR, NEVER)

enum error_status {
#define X(key, number, http) STATUS_##key,
    ERROR_STATUSES(X)
#undef X
};

enum error_code {
    ERR_NONE,
#define X(code, reason, status, retry) ERR_##code,
    ERROR_CODES(X)
#undef X
};

enum error_retry {
    RETRY_NEVER,
    RETRY_LATER,
    RETRY_MAYBE,
    RETRY_BY_SERVER,
};

#endif
