/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of two authorities of their own and their keys, as they stand in a JSON text. */
#ifndef TESTS_UNIT_CONNECTOR_PEM_H
#define TESTS_UNIT_CONNECTOR_PEM_H

/* clang-format off */
#define PEM_ONE \
    "-----BEGIN CERTIFICATE-----\\n" \
    "MIIBczCCARmgAwIBAgIUFb3iey6doqT+kqKR+luaLqy8GAMwCgYIKoZIzj0EAwIw\\n" \
    "DjEMMAoGA1UEAwwDb25lMCAXDTI2MTEyNjA5NTExNloYDzIxMjYxMTAyMDk1MTE2\\n" \
    "WjAOMQwwCgYDVQQDDANvbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATchJ3d\\n" \
    "CadIgypRxaedqeUi5s7FsrcOuVPwAmd6rPDlyNi4jG7+4Ltu74faWKtyxZVIA70E\\n" \
    "qHQcRmFCN504iKNeo1MwUTAdBgNVHQ4EFgQUAK7GxbaiobLU7atQLtlLlkjDBmgw\\n" \
    "HwYDVR0jBBgwFoAUAK7GxbaiobLU7atQLtlLlkjDBmgwDwYDVR0TAQH/BAUwAwEB\\n" \
    "/zAKBggqhkjOPQQDAgNIADBFAiEApkMI9XYR6qmNGeKZ7W6zQ7YXqsAyEimrsoXS\\n" \
    "oPoOcQoCIBs1cnIeOmOdX8VsW5cs8tp8zQt8SXZ6AgvTiy2C8I8g\\n" \
    "-----END CERTIFICATE-----\\n"
#define PEM_ONE_KEY \
    "-----BEGIN PRIVATE KEY-----\\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfUhIpzJSvuALPJ9W\\n" \
    "znjwyMsJlSCZC1AcsmMGWgKCzVShRANCAATchJ3dCadIgypRxaedqeUi5s7FsrcO\\n" \
    "uVPwAmd6rPDlyNi4jG7+4Ltu74faWKtyxZVIA70EqHQcRmFCN504iKNe\\n" \
    "-----END PRIVATE KEY-----\\n"
/* The same key under a pass phrase. */
#define PEM_ONE_LOCKED_KEY \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\\n" \
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjcXlPKZRRgnwICCAAw\\n" \
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEEABXqLPzEle7RwFmnEShtgEgZD1\\n" \
    "jaqAATZKPWIRjyadx14qyYaKcI5YLGgdqm9RKLgiqM/1ZTynHh0Y6St6NLeUf7as\\n" \
    "OmnXpiF47nUT+5Vaepasn3ZrDVGRRPF8MSQ/ZmXc5e61NcE4AsR4bouHUk/Sjhrn\\n" \
    "ORfG2FLRcyUEEOeTuoPqImjJ3xKyds0YEni7Xq8AMmvBDSjjNEWTTOKyEWrh51Q=\\n" \
    "-----END ENCRYPTED PRIVATE KEY-----\\n"
#define PEM_TWO \
    "-----BEGIN CERTIFICATE-----\\n" \
    "MIIBczCCARmgAwIBAgIUF2pU7zrPTKm+z5EH7cjPjp6A5lswCgYIKoZIzj0EAwIw\\n" \
    "DjEMMAoGA1UEAwwDdHdvMCAXDTI2MTEyNjA5NTExNloYDzIxMjYxMTAyMDk1MTE2\\n" \
    "WjAOMQwwCgYDVQQDDAN0d28wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARfZ5tW\\n" \
    "ddB6DTGpYmWCQOXck6nHein1LsSEpyiXSw145ePs4/y33eXaMXN7LVBbNwgdnOaj\\n" \
    "i8ItszdLu1UL3a8lo1MwUTAdBgNVHQ4EFgQU45gP9II96Eud4yZmcfIPEmlAT4Iw\\n" \
    "HwYDVR0jBBgwFoAU45gP9II96Eud4yZmcfIPEmlAT4IwDwYDVR0TAQH/BAUwAwEB\\n" \
    "/zAKBggqhkjOPQQDAgNIADBFAiEA9hHjn8uDGsfjYKEpj321Gz5aWDLzdmvEYhjw\\n" \
    "XCqnVVcCIHWyH3M+PfhB7Ci2lP6N2++F4taOrtygqfiFYd4V/ibV\\n" \
    "-----END CERTIFICATE-----\\n"
#define PEM_TWO_KEY \
    "-----BEGIN PRIVATE KEY-----\\n" \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgB6kAap+mQg9zhazG\\n" \
    "UN8+JvQt31xK3b86cgoQX0Rrf5mhRANCAARfZ5tWddB6DTGpYmWCQOXck6nHein1\\n" \
    "LsSEpyiXSw145ePs4/y33eXaMXN7LVBbNwgdnOaji8ItszdLu1UL3a8l\\n" \
    "-----END PRIVATE KEY-----\\n"
/* clang-format on */

#endif
