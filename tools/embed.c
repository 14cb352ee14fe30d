/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns files into a C file, as bytes: what the program needs of them is then in the binary.
 *
 *     embed migrations OUT DRIVER FILE...   const struct migration DRIVER_migrations[], declared in
 *                                           store/migrate.h. Files are named <version>_<name>.sql
 *                                           and given in the order in which they are applied.
 *     embed text OUT NAME FILE              const char NAME[], which ends with NUL
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what, const char *name)
{
    (void)fprintf(stderr, "embed: %s: %s\n", name, what);
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

/* The bytes of a file and a 0: compilers may refuse string literals over 4095 characters. */
static void write_bytes(FILE *out, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        stop("could not be read", path);
    int byte;
    for (long at = 0; (byte = fgetc(in)) != EOF; at++) {
        if (byte == 0 || byte > 126)
            stop("holds a byte that is no ASCII text", path);
        (void)fprintf(out, "%s%d,", at % 20 == 0 ? "\n" : "", byte);
    }
    (void)fprintf(out, "\n0");
    if (ferror(in) || fclose(in) != 0)
        stop("could not be read", path);
}

static void write_text(FILE *out, const char *name, const char *path)
{
    (void)fprintf(out, "extern const char %s[];\nconst char %s[] = {", name, name);
    write_bytes(out, path);
    (void)fprintf(out, "\n};\n");
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

static void write_migrations(FILE *out, const char *driver, char **files, int count)
{
    (void)fprintf(out, "#include \"store/migrate.h\"\n\n");
    for (int i = 0; i < count; i++) {
        (void)fprintf(out, "static const char text_%d[] = {", i);
        write_bytes(out, files[i]);
        (void)fprintf(out, "\n};\n");
    }
    (void)fprintf(out, "const struct migration %s_migrations[] = {\n", driver);
    for (int i = 0; i < count; i++)
        write_row(out, files[i], i);
    (void)fprintf(out, "    { 0, 0, 0 },\n};\n");
}

int main(int argc, char **argv)
{
    bool text = argc == 5 && strcmp(argv[1], "text") == 0;
    if (!text && !(argc >= 5 && strcmp(argv[1], "migrations") == 0))
        stop("usage: embed migrations OUT DRIVER FILE... | embed text OUT NAME FILE", "wrong use");
    FILE *out = fopen(argv[2], "wb");
    if (!out)
        stop("could not be written", argv[2]);
    (void)fprintf(out, "/* Made by tools/embed.c. */\n");
    if (text)
        write_text(out, argv[3], argv[4]);
    else
        write_migrations(out, argv[3], argv + 4, argc - 4);
    if (ferror(out) || fclose(out) != 0)
        stop("could not be written", argv[2]);
    return 0;
}
