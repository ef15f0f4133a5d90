/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests in series/ use of the kernel's kselftest.h, for where there is no
 * kernel source: KTAP, and the exit status that goes with it.
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

static unsigned int ksft_planned, ksft_nr, ksft_failed;

static inline void ksft_print_header(void)
{
	/* A test is told by a fork, and its output goes to a pipe. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("TAP version 13");
}

static inline void ksft_set_plan(unsigned int plan)
{
	ksft_planned = plan;
	printf("1..%u\n", plan);
}

static inline __attribute__((format(printf, 1, 2))) void ksft_print_msg(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	va_end(args);
}

/* Names in the kernel come with their newline, which is behind the directive here. */
static inline void ksft_vresult(bool good, const char *directive, const char *format, va_list args)
{
	char name[512];

	vsnprintf(name, sizeof(name), format, args);
	for (char *p = name; *p; p++)
		if (*p == '\n')
			*p = '\0';
	ksft_failed += !good;
	printf("%sok %u %s%s\n", good ? "" : "not ", ++ksft_nr, directive, name);
}

static inline __attribute__((format(printf, 2, 3)))
void ksft_test_result(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ksft_vresult(good, "", format, args);
	va_end(args);
}

#define ksft_test_result_pass(...) ksft_test_result(true, __VA_ARGS__)
#define ksft_test_result_fail(...) ksft_test_result(false, __VA_ARGS__)

static inline __attribute__((format(printf, 1, 2)))
void ksft_test_result_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ksft_vresult(true, "# SKIP ", format, args);
	va_end(args);
}

static inline __attribute__((noreturn)) void ksft_finished(void)
{
	exit(ksft_failed || ksft_nr != ksft_planned ? KSFT_FAIL : KSFT_PASS);
}

static inline __attribute__((noreturn, format(printf, 1, 2)))
void ksft_exit_fail_msg(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("Bail out! ");
	vprintf(format, args);
	va_end(args);
	exit(KSFT_FAIL);
}

/* Before the plan this is the plan, after it a result. */
static inline __attribute__((noreturn, format(printf, 1, 2)))
void ksft_exit_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (ksft_planned) {
		ksft_vresult(true, "# SKIP ", format, args);
	} else {
		printf("1..0 # SKIP ");
		vprintf(format, args);
	}
	va_end(args);
	exit(KSFT_SKIP);
}

#endif
