/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests in series/ use of the kernel's kselftest_harness.h, for where there is
 * no kernel source: fixtures with variants, each test in a process of its own. The names
 * of the cases are the same as with the kernel's.
 */
#ifndef KSELFTEST_HARNESS_H
#define KSELFTEST_HARNESS_H

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"

#define TIMEOUT_SECS	30

struct __variant {
	const char		*name;
	const void		*data;
	struct __variant	*next;
};

struct __fixture {
	const char		*name;
	struct __variant	*variants;
	struct __fixture	*next;
};

struct __test_metadata {
	const char		*name;
	struct __fixture	*fixture;
	void			(*fn)(struct __test_metadata *_metadata, const void *variant);
	struct __test_metadata	*next;
	/* While it runs: */
	int			exit_code;
	bool			trigger, fatal;
	jmp_buf			env;
	char			*reason;	/* shared with the parent */
};

static struct __fixture *__fixtures;
static struct __test_metadata *__tests;

/* At the end of a list: as they stand in the file. */
#define __add(list, item) do {						\
	__typeof__(&(list)) __p = &(list);				\
	while (*__p)							\
		__p = &(*__p)->next;					\
	*__p = (item);							\
} while (0)

#define TH_LOG(format, ...)						\
	printf("# %s:%d:%s:" format "\n", __FILE__, __LINE__, _metadata->name, ##__VA_ARGS__)

#define SKIP(statement, format, ...) do {				\
	snprintf(_metadata->reason, 256, format, ##__VA_ARGS__);	\
	_metadata->exit_code = KSFT_SKIP;				\
	_metadata->trigger = false;					\
	statement;							\
} while (0)

#define FIXTURE_DATA(name)	struct __data_##name
#define FIXTURE_VARIANT(name)	struct __variant_##name

#define FIXTURE(fixture)						\
	static struct __fixture __fixture_##fixture = { .name = #fixture };	\
	static void __attribute__((constructor)) __register_##fixture(void)	\
	{								\
		__add(__fixtures, &__fixture_##fixture);		\
	}								\
	FIXTURE_VARIANT(fixture);					\
	FIXTURE_DATA(fixture)

#define FIXTURE_SETUP(fixture)						\
	static void __attribute__((noinline, unused)) __setup_##fixture(	\
		struct __test_metadata __attribute__((unused)) *_metadata,	\
		FIXTURE_DATA(fixture) __attribute__((unused)) *self,	\
		const FIXTURE_VARIANT(fixture) __attribute__((unused)) *variant)

#define FIXTURE_TEARDOWN(fixture)					\
	static void __attribute__((unused)) __teardown_##fixture(	\
		struct __test_metadata __attribute__((unused)) *_metadata,	\
		FIXTURE_DATA(fixture) __attribute__((unused)) *self,	\
		const FIXTURE_VARIANT(fixture) __attribute__((unused)) *variant)

#define FIXTURE_VARIANT_ADD(fixture, variant_name)			\
	static const FIXTURE_VARIANT(fixture) __data_##fixture##_##variant_name;	\
	static struct __variant __variant_##fixture##_##variant_name = {	\
		.name = #variant_name, .data = &__data_##fixture##_##variant_name,	\
	};								\
	static void __attribute__((constructor))			\
	__register_##fixture##_##variant_name(void)			\
	{								\
		__add(__fixture_##fixture.variants,			\
		      &__variant_##fixture##_##variant_name);		\
	}								\
	static const FIXTURE_VARIANT(fixture) __data_##fixture##_##variant_name =

#define TEST_F(fixture_name, test)					\
	static void __attribute__((noinline)) fixture_name##_##test(	\
		struct __test_metadata *_metadata, FIXTURE_DATA(fixture_name) *self,	\
		const FIXTURE_VARIANT(fixture_name) *variant);		\
	static void __run_##fixture_name##_##test(			\
		struct __test_metadata *_metadata, const void *variant)	\
	{								\
		static FIXTURE_DATA(fixture_name) self;			\
		static volatile bool is_set_up;				\
									\
		if (!setjmp(_metadata->env)) {				\
			__setup_##fixture_name(_metadata, &self, variant);	\
			if (_metadata->exit_code)			\
				return;					\
			is_set_up = true;				\
			fixture_name##_##test(_metadata, &self, variant);	\
		}							\
		if (is_set_up)						\
			__teardown_##fixture_name(_metadata, &self, variant);	\
	}								\
	static struct __test_metadata __test_##fixture_name##_##test = {	\
		.name = #test, .fixture = &__fixture_##fixture_name,	\
		.fn = __run_##fixture_name##_##test,			\
	};								\
	static void __attribute__((constructor)) __register_##fixture_name##_##test(void)	\
	{								\
		__add(__tests, &__test_##fixture_name##_##test);	\
	}								\
	static void fixture_name##_##test(				\
		struct __test_metadata __attribute__((unused)) *_metadata,	\
		FIXTURE_DATA(fixture_name) __attribute__((unused)) *self,	\
		const FIXTURE_VARIANT(fixture_name) __attribute__((unused)) *variant)

/* The fixture of tests without one, which come first. */
FIXTURE(global) { };
FIXTURE_SETUP(global) { }
FIXTURE_TEARDOWN(global) { }

#define TEST(test)	TEST_F(global, test)

static inline bool __bail(struct __test_metadata *_metadata)
{
	if (_metadata->fatal)
		longjmp(_metadata->env, 1);
	return false;
}

/* Behind an expectation a block may follow, which runs if it fails. */
#define __HANDLER							\
	for (; _metadata->trigger; _metadata->trigger = __bail(_metadata))

#define __FAILED(is_fatal, format, ...) do {				\
	TH_LOG(format, ##__VA_ARGS__);					\
	_metadata->exit_code = KSFT_FAIL;				\
	_metadata->fatal = is_fatal;					\
	_metadata->trigger = true;					\
} while (0)

#define __EXPECT(a, a_text, b, b_text, op, is_fatal)			\
	do {								\
		__typeof__((a) + 0) __a = (a);				\
		__typeof__((b) + 0) __b = (b);				\
									\
		if (!(__a op __b))					\
			__FAILED(is_fatal, "Expected %s (%#llx) " #op " %s (%#llx)",	\
				 a_text, (unsigned long long)(uintptr_t)__a,	\
				 b_text, (unsigned long long)(uintptr_t)__b);	\
	} while (0); __HANDLER

#define EXPECT_EQ(a, b)		__EXPECT(a, #a, b, #b, ==, false)
#define EXPECT_NE(a, b)		__EXPECT(a, #a, b, #b, !=, false)
#define EXPECT_TRUE(a)		__EXPECT(0, "0", a, #a, !=, false)
#define EXPECT_FALSE(a)		__EXPECT(0, "0", a, #a, ==, false)

#define ASSERT_EQ(a, b)		__EXPECT(a, #a, b, #b, ==, true)
#define ASSERT_LT(a, b)		__EXPECT(a, #a, b, #b, <, true)
#define ASSERT_LE(a, b)		__EXPECT(a, #a, b, #b, <=, true)
#define ASSERT_TRUE(a)		__EXPECT(0, "0", a, #a, !=, true)
#define ASSERT_FALSE(a)		__EXPECT(0, "0", a, #a, ==, true)

static pid_t __child;
static bool __timed_out;

/* With what the test has started. */
static void __on_alarm(__attribute__((unused)) int sig)
{
	__timed_out = true;
	kill(-__child, SIGKILL);
	kill(__child, SIGKILL);
}

/* Returns an exit status: KSFT_PASS, KSFT_FAIL or KSFT_SKIP. */
static inline int __run_in_child(struct __test_metadata *t, const void *variant, const char *name)
{
	int status;

	fflush(stdout);
	__child = fork();
	if (__child < 0)
		return KSFT_FAIL;
	if (!__child) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		t->fn(t, variant);
		fflush(stdout);
		_exit(t->exit_code);
	}
	__timed_out = false;
	signal(SIGALRM, __on_alarm);
	alarm(TIMEOUT_SECS);
	waitpid(__child, &status, 0);
	alarm(0);
	signal(SIGALRM, SIG_DFL);
	if (__timed_out)
		printf("# %s: no end after %d s\n", name, TIMEOUT_SECS);
	else if (WIFSIGNALED(status))
		printf("# %s: killed by signal %d\n", name, WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : KSFT_FAIL;
}

/* Returns whether it failed. */
static inline bool __run_test(struct __test_metadata *t, struct __variant *v, unsigned int nr)
{
	char name[256];
	int rc;

	snprintf(name, sizeof(name), "%s.%s%s%s", t->fixture->name, v ? v->name : "",
		 v ? "." : "", t->name);
	t->reason[0] = '\0';
	rc = __run_in_child(t, v ? v->data : NULL, name);
	if (rc == KSFT_SKIP)
		printf("ok %u %s # SKIP %s\n", nr, name, t->reason);
	else
		printf("%sok %u %s\n", rc ? "not " : "", nr, name);
	return rc != KSFT_PASS && rc != KSFT_SKIP;
}

/* Run each test if there is room for a reason to skip it. Returns their number. */
static inline unsigned int __all_tests(char *reason, unsigned int *failed)
{
	struct __test_metadata *t;
	struct __fixture *f;
	struct __variant *v;
	unsigned int n = 0;

	for (f = __fixtures; f; f = f->next)
		for (v = f->variants; ; v = v->next) {
			for (t = __tests; t; t = t->next) {
				if (t->fixture != f)
					continue;
				n++;
				t->reason = reason;
				if (reason)
					*failed += __run_test(t, v, n);
			}
			if (!v || !v->next)
				break;
		}
	return n;
}

static inline int test_harness_run(__attribute__((unused)) int argc, __attribute__((unused)) char **argv)
{
	char *reason = mmap(NULL, 256, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int failed = 0;

	if (reason == MAP_FAILED)
		return KSFT_FAIL;
	ksft_print_header();
	printf("1..%u\n", __all_tests(NULL, NULL));
	__all_tests(reason, &failed);
	return failed ? KSFT_FAIL : KSFT_PASS;
}

#define TEST_HARNESS_MAIN						\
	int main(int argc, char **argv)					\
	{								\
		return test_harness_run(argc, argv);			\
	}

#endif
