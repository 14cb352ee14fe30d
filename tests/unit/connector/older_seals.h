/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of an installation that a build made which sealed with "tl1.": what such a build left in
 * server, project and connections, byte for byte. Its passwords are fixture-one to fixture-four.
 */
#ifndef TESTS_UNIT_CONNECTOR_OLDER_SEALS_H
#define TESTS_UNIT_CONNECTOR_OLDER_SEALS_H

#define OLDER_KEY_FILE "tieline-key-1 66af4cfc mTvjYlZ96e/yxmhuMEUA03205EMql7PGQWIfpbG0Vf8=\n"
#define OLDER_PROJECT "01a21739-2f95-7e8f-aa85-619da134a19e"
#define OLDER_PROJECT_KEY                                                                          \
    "tlk1.66af4cfc.AUf9S7hZQke5WF0vB_LKNenF7IAKB-Ilg7r7Kfr0HEdZx6NpqvcVeDS2hpatGd53DjlTLf3Ie4"     \
    "f-6dsp8ulZU-_3HlSM-tQBHw"

static const struct older_row {
    const char *id, *type, *name, *url, *redacted, *config, *host;
    int port;
    const char *tls_mode, *client_key;
} older_rows[] = {
    { "01a21739-33ab-72ed-a002-116d98fd778a", "postgresql", "plain",
      "tl1.AfOLE7zZ7RiSGS-HJ-tdXZ6Fi5QxtcyUoDmfoubTb22GcLM3WzBowubUeT4NUCPNpXQl4ZXLzKm7O4LrSdty"
      "8IUIEgEQ2KXjBZHPji9xEQWQCbNlUWQC9RmBtw",
      "postgresql://app:••••@127.0.0.1:5432/orders", "{\"pool\":{\"max\":3}}", "127.0.0.1", 5432,
      "prefer", NULL },
    { "01a21739-33e1-7be3-a8e7-e2b8e95083e1", "postgresql", "near with authority",
      "tl1.AVWp8Z--E57A2WaFO-k1fbhxgPZTVv2aqsg6buYz3nOhgqaagtmmev2B96NzYu2LB4aWXSqYW-kAOuIZoghI"
      "JO8AjdnfAjpMi6BPEDcaeQILgOmOGsa5bg",
      "postgresql://app:••••@db.internal/orders",
      "{\"tls\":{\"caPem\":\"-----BEGIN CERTIFICATE-----\\nMIIBgDCCASWgAwIBAgIUGs7qJ1fAYv58Ayiv"
      "RoXmssOo2ecwCgYIKoZIzj0EAwIw\\nFDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyNjA5MzkxM1oYDzIxM"
      "jYxMTAy\\nMDkzOTEzWjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO\\nPQMBBwNCAAS"
      "OREMva7vrPj6t479vrvQrg6/QyAT5wq6zgO67szlXQqs9EEqNrdaD\\nYyQuKuEO7N3ptLnYRkLcLTU01ZnbRvAb"
      "o1MwUTAdBgNVHQ4EFgQUqG+GNrh6fmCy\\nadWRXAy7KzM/3PUwHwYDVR0jBBgwFoAUqG+GNrh6fmCyadWRXAy7K"
      "zM/3PUwDwYD\\nVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA9YBrxGPW7MyukRQA2xwv\\n1GDts+v"
      "u/xIJLyayLC/d3cACIQDOgkf0r3TwFW7WWsUYD7lKWdTUL3BNit6HdIV2\\n4QTa9g==\\n-----END CERTIFIC"
      "ATE-----\\n\"}}",
      "db.internal", 5432, "prefer", NULL },
    { "01a21739-3403-786e-a7ef-2c97fd57b1ec", "postgresql", "far with certificate",
      "tl1.AYPOrxZRfEyrhenHsyQRyfmpeLdBOuvc_G8beD6SRZj-PoDC2hWAGqGikhloCOXoyoL2Bjp_z5v0Fk1EOT_n"
      "tGCZRkvICstmHK5KEEfXp9u_511v0R4_dUNjQQbY",
      "postgresql://app:••••@db.example.com/orders",
      "{\"tls\":{\"caPem\":\"-----BEGIN CERTIFICATE-----\\nMIIBgDCCASWgAwIBAgIUGs7qJ1fAYv58Ayiv"
      "RoXmssOo2ecwCgYIKoZIzj0EAwIw\\nFDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyNjA5MzkxM1oYDzIxM"
      "jYxMTAy\\nMDkzOTEzWjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO\\nPQMBBwNCAAS"
      "OREMva7vrPj6t479vrvQrg6/QyAT5wq6zgO67szlXQqs9EEqNrdaD\\nYyQuKuEO7N3ptLnYRkLcLTU01ZnbRvAb"
      "o1MwUTAdBgNVHQ4EFgQUqG+GNrh6fmCy\\nadWRXAy7KzM/3PUwHwYDVR0jBBgwFoAUqG+GNrh6fmCyadWRXAy7K"
      "zM/3PUwDwYD\\nVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA9YBrxGPW7MyukRQA2xwv\\n1GDts+v"
      "u/xIJLyayLC/d3cACIQDOgkf0r3TwFW7WWsUYD7lKWdTUL3BNit6HdIV2\\n4QTa9g==\\n-----END CERTIFIC"
      "ATE-----\\n\",\"clientCertPem\":\"-----BEGIN CERTIFICATE-----\\nMIIBIjCByAIUbZvzV+AlbWaf"
      "LjhMO3dAXQqZYrAwCgYIKoZIzj0EAwIwFDESMBAG\\nA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyNjA5MzkxM1oYD"
      "zIxMjYxMTAyMDkzOTEz\\nWjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATO"
      "\\n0J1H1Q4McYl6235mH4qhkKZ1SRkDlN3ocIdwJn36VSF07xFzc1ErztQ+6lNTMoWN\\nv1/wsG4xCPqF0fx0MQ"
      "WYMAoGCCqGSM49BAMCA0kAMEYCIQC/GJLCpBkVYB5DNOwf\\n5V2lP9YsZGM4o5d52quF2MMERwIhAKzSm8nkGdT"
      "/4o4HjxH5fNCoN86JhUqn1ctD\\nZ9svjwG1\\n-----END CERTIFICATE-----\\n\",\"clientKeyPem\":{"
      "\"set\":true}}}",
      "db.example.com", 5432, "verify-full",
      "tl1.AZ4givdQoetmyIqDTAB6S9Hwz4qeCAIwpFW6G1NpurDFt3C-kLjZLociEj-ZIUl_fMWuDXrXmOgljqhDS6dm"
      "IORkwEni-lY3LPDXqd47OzluwoNGVexAv_O1Ip56cCJAAgsdgBm4tr-99CtD5yY1DnM5iVd8jHSmQhbG3jlrXIzp"
      "jhNZCIwFTGvqDFn6hBYQzbDfyCOBKwS8SnH8XKDOEwq1JATNiIh3Et3_CXQgvcXjHLcVHZPMqRxmz2r0fFra4qdM"
      "my1ItcAf8Cnb61Z0_QYaXtbqao5yol6BpHQOg2ZLVp7BLV8zSWLlJM074wYvoi7OKrC2RPyMmc_dfoukdK3AypaQ"
      "Kqhw6ANYw3cF68dFnmvqDRtjR5_Y" },
    { "01a21739-3426-7f22-b3a3-eecaebb6b3ce", "redis", "cache",
      "tl1.AT2yOy_kpvn7zDcsb7TXXkismJUYAYADJbgOcinjdxcP8LPmwGfheO9oCNh-bUvYnF70trXRAeVD3ihOrSmz"
      "e5KJwp-4HzbpvCJdlBE-ScxIlJE5F0Vbfw",
      "rediss://:••••@cache.example.com:6380/2",
      "{\"tls\":{\"caPem\":\"-----BEGIN CERTIFICATE-----\\nMIIBgDCCASWgAwIBAgIUGs7qJ1fAYv58Ayiv"
      "RoXmssOo2ecwCgYIKoZIzj0EAwIw\\nFDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEyNjA5MzkxM1oYDzIxM"
      "jYxMTAy\\nMDkzOTEzWjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO\\nPQMBBwNCAAS"
      "OREMva7vrPj6t479vrvQrg6/QyAT5wq6zgO67szlXQqs9EEqNrdaD\\nYyQuKuEO7N3ptLnYRkLcLTU01ZnbRvAb"
      "o1MwUTAdBgNVHQ4EFgQUqG+GNrh6fmCy\\nadWRXAy7KzM/3PUwHwYDVR0jBBgwFoAUqG+GNrh6fmCyadWRXAy7K"
      "zM/3PUwDwYD\\nVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA9YBrxGPW7MyukRQA2xwv\\n1GDts+v"
      "u/xIJLyayLC/d3cACIQDOgkf0r3TwFW7WWsUYD7lKWdTUL3BNit6HdIV2\\n4QTa9g==\\n-----END CERTIFIC"
      "ATE-----\\n\"}}",
      "cache.example.com", 6380, "verify-full", NULL },
};

#endif
