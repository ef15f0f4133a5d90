/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests in series/ use of the kernel's kselftest.h, for where there is no
 * kernel source: KTAP, and how a test ends.
 */
#ifndef KSELFTEST_H
#define KSELFTEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define KSFT_PASS	0
#define KSFT_FAIL	1
#define KSFT_SKIP	4

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

static __attribute__((unused)) unsigned int ksft_results, ksft_failures;

static inline void ksft_print_header(void)
{
	/* A test is told by a fork, and its output goes to a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("TAP version 13");
}

static inline void ksft_set_plan(unsigned int plan)
{
	printf("1..%u\n", plan);
}

/* A comment. */
#define ksft_print_msg(format, ...)	printf("# " format, ##__VA_ARGS__)

#define ksft_test_result(good, format, ...) do {			\
	bool __good = (good);						\
									\
	ksft_failures += !__good;					\
	printf("%s %u " format, __good ? "ok" : "not ok", ++ksft_results, ##__VA_ARGS__);	\
} while (0)

#define __ksft_exit(status, format, ...) do {				\
	printf(format, ##__VA_ARGS__);					\
	exit(status);							\
} while (0)

/* Before there is a plan: this is the plan. */
#define ksft_exit_skip(format, ...)					\
	__ksft_exit(KSFT_SKIP, "1..0 # SKIP " format, ##__VA_ARGS__)

#define ksft_exit_fail_msg(format, ...)					\
	__ksft_exit(KSFT_FAIL, "Bail out! " format, ##__VA_ARGS__)

static inline __attribute__((noreturn)) void ksft_finished(void)
{
	exit(ksft_failures ? KSFT_FAIL : KSFT_PASS);
}

#endif /* KSELFTEST_H */
