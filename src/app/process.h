/* SPDX-License-Identifier: Apache-2.0 */
/* What a process of ours does to itself before anything else, while it has one thread. */
#ifndef APP_PROCESS_H
#define APP_PROCESS_H

/*
 * Takes away what client libraries would read behind our back: their environment variables, and the
 * home folder with its files of passwords, keys and settings. Behind reading our own variables.
 */
void process_clean_environment(void);
/*
 * What one thread takes of memory another one often gives back, and it stays with the first one's
 * arena (glibc's malloc): fewer arenas than glibc would make leave less of it unused.
 */
void process_prepare_memory(void);
/* No signal for a closed pipe; the signals that stop us are kept for process_wait_for_stop(). */
void process_prepare_signals(void);
/* Waits for SIGTERM or SIGINT. After it a second one ends the process at once. */
void process_wait_for_stop(void);
/*
 * Tells the service manager that started us, if it wants to know (NOTIFY_SOCKET): "READY=1",
 * "STOPPING=1".
 */
void process_notify(const char *state);

#endif
