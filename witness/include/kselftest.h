/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests in series/ use of the kernel's kselftest.h, for where there is no
 * kernel source: KTAP, and how a test ends.
 */
#ifndef KSELFTEST_H
#define KSELFTEST_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define KSFT_PASS	0
#define KSFT_FAIL	1
#define KSFT_SKIP	4

#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

#define __ksft_printf	static inline __attribute__((format(printf, 1, 2)))

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
__ksft_printf void ksft_print_msg(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	va_end(args);
}

#define ksft_test_result(good, format, ...) do {			\
	bool __good = (good);						\
									\
	ksft_failures += !__good;					\
	printf("%s %u " format, __good ? "ok" : "not ok", ++ksft_results, ##__VA_ARGS__);	\
} while (0)

/* Before there is a plan: this is the plan. */
__ksft_printf __attribute__((noreturn)) void ksft_exit_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("1..0 # SKIP ");
	vprintf(format, args);
	va_end(args);
	exit(KSFT_SKIP);
}

__ksft_printf __attribute__((noreturn)) void ksft_exit_fail_msg(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("Bail out! ");
	vprintf(format, args);
	va_end(args);
	exit(KSFT_FAIL);
}

static inline __attribute__((noreturn)) void ksft_finished(void)
{
	exit(ksft_failures ? KSFT_FAIL : KSFT_PASS);
}

#endif /* KSELFTEST_H */
