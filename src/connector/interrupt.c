/* SPDX-License-Identifier: Apache-2.0 */
/* Waits that another thread can end. */
#include "connector/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

int interrupt_bell(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void interrupt_ring(int bell)
{
    if (bell >= 0)
        (void)!write(bell, &(uint64_t){ 1 }, sizeof(uint64_t));
}

bool interrupt_told(const struct interrupt *stop)
{
    return stop && atomic_load(stop->told);
}

void interrupt_heard(const struct interrupt *stop)
{
    uint64_t rings;
    if (!interrupt_told(stop))
        (void)!read(stop->bell, &rings, sizeof(rings));
}

enum waited wait_ready(int fd, short events, struct deadline by, const struct interrupt *stop)
{
    for (;;) {
        if (interrupt_told(stop))
            return WAITED_STOPPED;
        /* Who never stops talking would always be ready. */
        if (deadline_passed(by))
            return WAITED_LATE;
        struct pollfd fds[2] = {
            { .fd = fd, .events = events },
            { .fd = stop ? stop->bell : -1, .events = POLLIN },
        };
        int ready = poll(fds, 2, deadline_left_ms(by));
        if (ready > 0 && fds[0].revents)
            return WAITED_READY;
        if (ready > 0)
            interrupt_heard(stop);
        else if (ready == 0 ? deadline_passed(by) : errno != EINTR)
            return WAITED_LATE;
    }
}

bool fail_stopped(struct error *err)
{
    return fail(err, ERR_CANCELLED, "cancelled while the session was being opened");
}
