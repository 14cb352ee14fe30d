/* SPDX-License-Identifier: Apache-2.0 */
/* The sample API as a program: serves until standard input ends, or prints its types. */
#include <stdio.h>
#include <string.h>

#include "sample.h"

static int print_types(void)
{
    struct buf out;

    buf_init(&out, (size_t)1 << 20);
    sample_typescript(&out);
    (void)fputs(out.ptr, stdout);
    buf_done(&out);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "types") == 0)
        return print_types();
    struct sample *sample = sample_start(&(struct sample_options){ 0 });
    (void)printf("http://" STR_FMT "\n", STR_ARG(sample_address(sample)));
    (void)fflush(stdout);
    while (getchar() != EOF)
        sample_release(sample);
    sample_stop(sample, 1000);
    return 0;
}
