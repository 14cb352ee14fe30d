/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns migrations into a C file: embed_migrations OUT DRIVER FILE...
 *
 * Files are named <version>_<name>.sql and given in the order in which they are applied. OUT then
 * defines `const struct migration <driver>_migrations[]` of store/migrate.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, const char *name)
{
    (void)fprintf(stderr, "embed_migrations: %s: %s\n", name, what);
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void write_text(FILE *out, const char *path, int number)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        stop("could not be read", path);
    /* As bytes: compilers may refuse string literals over 4095 characters. */
    (void)fprintf(out, "static const char text_%d[] = {", number);
    int byte;
    for (long at = 0; (byte = fgetc(in)) != EOF; at++) {
        if (byte == 0 || byte > 126)
            stop("holds a byte that is no ASCII text", path);
        (void)fprintf(out, "%s%d,", at % 20 == 0 ? "\n" : "", byte);
    }
    (void)fprintf(out, "\n0};\n");
    if (ferror(in) || fclose(in) != 0)
        stop("could not be read", path);
}

static void write_row(FILE *out, const char *path, int number)
{
    const char *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : path;
    size_t digits = strspn(file, "0123456789");
    size_t length = strlen(file);
    if (digits != 14 || file[digits] != '_' || length < 20 ||
        strcmp(file + length - 4, ".sql") != 0)
        stop("is not named <14 digits>_<name>.sql", path);
    (void)fprintf(out, "    { %.14s, \"%.*s\", text_%d },\n", file, (int)(length - 19), file + 15,
                  number);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        stop("usage: embed_migrations OUT DRIVER FILE...", "wrong use");
    FILE *out = fopen(argv[1], "wb");
    if (!out)
        stop("could not be written", argv[1]);
    (void)fprintf(out, "/* Made by tools/embed_migrations.c. */\n#include \"store/migrate.h\"\n\n");
    for (int i = 3; i < argc; i++)
        write_text(out, argv[i], i);
    (void)fprintf(out, "const struct migration %s_migrations[] = {\n", argv[2]);
    for (int i = 3; i < argc; i++)
        write_row(out, argv[i], i);
    (void)fprintf(out, "    { 0, 0, 0 },\n};\n");
    if (ferror(out) || fclose(out) != 0)
        stop("could not be written", argv[1]);
    return 0;
}
