/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network that nobody else has, and names in it: the system's own resolver asks a name server of
 * the test's, which may change its mind. The program moves into a network and a file system view of
 * its own for that; where it may not, it ends with a failure.
 */
#ifndef TESTS_INTEGRATION_NETWORK_H
#define TESTS_INTEGRATION_NETWORK_H

#include <netinet/in.h>

#define OUTSIDE "11.0.0.1" /* what the policies take for an address of the wide world; ours here */

/* Before the first thread. */
void network_enter(void);
void network_leave(void);
/* Which of their answers names give from here on: the first (0) or the other. */
void network_turn(unsigned turn);
/* How often an address of the fourth version was asked for. */
unsigned network_asked(void);
/* An address of the fourth version with a port. */
struct sockaddr_in network_place(const char *address, int port);

#endif
