// SPDX-License-Identifier: GPL-2.0
/*
 * crowd - run a program many times at once
 *
 * Usage: crowd <number> <program> [<argument>...]
 *
 * A program which is right when it runs alone may be wrong among others, and
 * data races need company to be seen at all. Succeeds if all of them do. A
 * program is looked up next to this one.
 *
 * There is one core_pattern for the whole machine, so none of them may write to it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define CORE_PATTERN	"/proc/sys/kernel/core_pattern"

static void share_core_pattern(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount(CORE_PATTERN, CORE_PATTERN, NULL, MS_BIND, NULL) ||
	    mount(NULL, CORE_PATTERN, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		err(1, CORE_PATTERN);
}

int main(int argc, char **argv)
{
	char self[PATH_MAX] = "", path[2 * PATH_MAX];
	int i, status, n, bad = 0;

	if (argc < 3)
		errx(1, "Usage: %s <number> <program> [<argument>...]", argv[0]);
	n = atoi(argv[1]);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		err(1, "/proc/self/exe");
	snprintf(path, sizeof(path), "%s/%s", dirname(self), argv[2]);

	share_core_pattern();
	for (i = 0; i < n; i++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			execv(path, argv + 2);
			err(127, "%s", path);
		}
	}
	for (i = 0; i < n; i++) {
		if (wait(&status) < 0)
			err(1, "wait");
		if (status) {
			printf("# one of %d ends with status %#x\n", n, status);
			bad++;
		}
	}
	printf("1..1\n%sok 1 %d of %d end well\n", bad ? "not " : "", n - bad, n);
	return bad > 0;
}
