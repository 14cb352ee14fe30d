/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a target with every file of some folders, without a fuzzer: how its corpus stays true. */
#define _GNU_SOURCE /* scandir */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/mem.h"

#define FILE_MAX ((size_t)4 << 20)

static const char *current = "";

/* Which file it was is the first thing to know. */
static void on_abort(int number)
{
    static const char lead[] = "while replaying ";

    (void)number;
    (void)fwrite(lead, 1, sizeof(lead) - 1, stderr);
    (void)fputs(current, stderr);
    (void)fputc('\n', stderr);
    (void)signal(SIGABRT, SIG_DFL);
}

/* A block of the exact size, so that one byte too far is seen. */
static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *room = xmalloc(FILE_MAX), *bytes;
    size_t size;

    if (!file) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    size = fread(room, 1, FILE_MAX, file);
    (void)fclose(file);
    bytes = xmalloc(size ? size : 1);
    memcpy(bytes, room, size);
    free(room);
    current = path;
    (void)LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
}

static size_t replay_folder(const char *folder)
{
    struct dirent **names;
    size_t done = 0;
    int count = scandir(folder, &names, NULL, alphasort);

    if (count < 0) {
        fprintf(stderr, "replay: %s: %s\n", folder, strerror(errno));
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (names[i]->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
            replay_file(path);
            done++;
        }
        free(names[i]);
    }
    free(names);
    return done;
}

int main(int argc, char **argv)
{
    size_t done = 0;

    (void)signal(SIGABRT, on_abort);
    (void)LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        done += replay_folder(argv[i]);
    printf("%zu inputs\n", done);
    if (done == 0) {
        fprintf(stderr, "replay: an empty corpus shows nothing\n");
        return 1;
    }
    return 0;
}
