/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ends on purpose. What runs inside a signal handler here uses only its own stack, clock_gettime()
 * and write(), all of which POSIX allows there.
 */
#define _XOPEN_SOURCE 700 /* sigaltstack */
#include "base/crash.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/time.h"

#define NAME_SIZE 64
#define LINE_SIZE 512

bool crash_armed;
static char armed_name[NAME_SIZE];
static int64_t armed_count;
static _Atomic int64_t reached_count;

struct line {
    char text[LINE_SIZE];
    size_t len;
};

static void add(struct line *line, struct str s)
{
    s = str_slice(s, 0, sizeof(line->text) - 1 - line->len);
    memcpy(line->text + line->len, s.ptr, s.len);
    line->len += s.len;
}

static void line_begin(struct line *line)
{
    char now[INSTANT_TEXT_SIZE];
    line->len = 0;
    add(line, instant_format(instant_now(), now));
    add(line, STR(" error "));
}

static void line_end(struct line *line)
{
    line->text[line->len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line->text, line->len);
    (void)written; /* the process ends anyway */
}

void crash_fatal(const char *format, ...)
{
    char text[LINE_SIZE];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    struct line line;
    line_begin(&line);
    add(&line, length < 0 ? str_from(format) : str_from(text));
    line_end(&line);
    (void)signal(SIGABRT, SIG_DFL); /* these were the last words */
    abort();
}

static struct str signal_words(int number)
{
    switch (number) {
    case SIGSEGV:
        return STR("ended by SIGSEGV at address 0x");
    case SIGBUS:
        return STR("ended by SIGBUS at address 0x");
    case SIGFPE:
        return STR("ended by SIGFPE at address 0x");
    case SIGILL:
        return STR("ended by SIGILL at address 0x");
    default:
        return STR("ended by SIGABRT");
    }
}

static void last_words(int number, siginfo_t *info, void *context)
{
    (void)context;
    struct line line;
    line_begin(&line);
    add(&line, signal_words(number));
    if (number != SIGABRT) {
        uintptr_t address = (uintptr_t)info->si_addr;
        int shift = (int)sizeof(address) * 8 - 4;
        while (shift > 0 && address >> shift == 0)
            shift -= 4;
        for (; shift >= 0; shift -= 4)
            add(&line, (struct str){ &"0123456789abcdef"[address >> shift & 15], 1 });
    }
    line_end(&line);
    (void)raise(number); /* waits until we return, and finds the default action: SA_RESETHAND */
}

static void install_handlers(void)
{
#ifndef TIELINE_SANITIZED /* a sanitizer's report says far more */
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    /* The main thread's stack may be what overflowed. */
    static char stack[16 * 1024];
    (void)sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
    struct sigaction action = { .sa_sigaction = last_words,
                                .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND) };
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++)
        (void)sigaction(signals[i], &action, NULL);
#else
    (void)last_words;
#endif
}

/* "name:n", or "name" for the first time. A test with a slip in it must not pass for a crash. */
static void arm(struct str setting)
{
    struct str name, rest = setting;
    int64_t count = 1;
    (void)str_split(&rest, ':', &name);
    if (name.len == 0 || name.len >= NAME_SIZE ||
        (str_set(rest) && (!str_to_int64(rest, &count) || count < 1)))
        crash_fatal("TIELINE_CRASH_AT=\"" STR_FMT "\" is not name:n", STR_ARG(setting));
    memcpy(armed_name, name.ptr, name.len);
    armed_count = count;
    crash_armed = true;
}

void crash_init(void)
{
    install_handlers();
    const char *setting = getenv("TIELINE_CRASH_AT"); /* NOLINT(concurrency-mt-unsafe): at start */
    if (setting && setting[0])
        arm(str_from(setting));
}

void crash_reached(const char *name)
{
    if (strcmp(name, armed_name) != 0)
        return;
    if (atomic_fetch_add(&reached_count, 1) + 1 == armed_count)
        (void)kill(getpid(), SIGKILL);
}
