/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who has a PKRU besides the task which stops the machine: suspend.c, hibernate.c.
 */
#ifndef ASLEEP_H
#define ASLEEP_H

#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../pkru.h"

/* Key 0 may be used. */
#define PKRU_SLEEPER	0x33333330U

static atomic_bool resumed;

/* A thread, of which the scheduler has the PKRU. It ends when the machine is back. */
static void *sleep_through(void *arg)
{
	wrpkru(PKRU_SLEEPER);
	while (!resumed)
		usleep(1000);
	*(unsigned int *)arg = rdpkru();
	return NULL;
}

/* The kernel has not run this process, which has its copy of the register. */
static unsigned int child_pkru(void)
{
	unsigned int pkru = 0xdeadbeef;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return pkru;
	pid = fork();
	if (!pid) {
		pkru = rdpkru();
		_exit(write(fds[1], &pkru, sizeof(pkru)) != sizeof(pkru));
	}
	if (read(fds[0], &pkru, sizeof(pkru)) != sizeof(pkru))
		pkru = 0xdeadbeef;
	waitpid(pid, NULL, 0);
	return pkru;
}

#endif
