// SPDX-License-Identifier: GPL-2.0
/*
 * pkru_hold - a process to be dumped and restored
 *
 * Usage: pkru_hold <directory> <PKRU in hex> [<PKRU of a second thread>]
 *
 * Its threads take these PKRUs and sleep until there is a file "question" in
 * the directory. Then they write what PKRU they have, which nobody but the
 * register has kept, to "answer". With "-" the thread keeps the PKRU which it
 * was started with.
 *
 *        pkru_hold exec <program> <argument>...
 *
 * Leaves the program stopped by SIGSTOP before its first instruction, as a
 * tracer can, or whoever stops a process which is just about to be executed. Prints
 * its id, and stays its parent.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "../../pkru.h"

/* Takes a PKRU, or not, and returns that which is there after the question. */
static void *hold(void *pkru)
{
	struct timespec pause = { .tv_nsec = 20000000 };

	if (strcmp(pkru, "-"))
		wrpkru(strtoul(pkru, NULL, 16));
	while (access("question", F_OK))
		nanosleep(&pause, NULL);
	return (void *)(unsigned long)rdpkru();
}

static int exec_stopped(char **argv)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		setsid();
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		execv(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 1;
	if (ptrace(PTRACE_DETACH, pid, 0, SIGSTOP))
		return 1;
	printf("%d\n", pid);
	fflush(stdout);
	return waitpid(pid, &status, 0) != pid;
}

int main(int argc, char **argv)
{
	void *first, *second;
	pthread_t thread;
	FILE *answer;

	if (argc > 2 && !strcmp(argv[1], "exec"))
		return exec_stopped(argv + 2);
	if (argc < 3 || chdir(argv[1]))
		return 2;
	if (argc > 3 && pthread_create(&thread, NULL, hold, argv[3]))
		return 1;
	first = hold(argv[2]);
	if (argc > 3 && pthread_join(thread, &second))
		return 1;

	answer = fopen("answer.new", "w");
	if (!answer)
		return 1;
	fprintf(answer, "%08lx", (unsigned long)first);
	if (argc > 3)
		fprintf(answer, " %08lx", (unsigned long)second);
	fputc('\n', answer);
	return fclose(answer) || rename("answer.new", "answer");
}
