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
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"

#define TEST_TIMEOUT_DEFAULT	30

struct __test_metadata;

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
	int			timeout;
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
	static void __attribute__((noinline)) __setup_##fixture(				\
		struct __test_metadata __attribute__((unused)) *_metadata,	\
		FIXTURE_DATA(fixture) __attribute__((unused)) *self,	\
		const FIXTURE_VARIANT(fixture) __attribute__((unused)) *variant)

#define FIXTURE_TEARDOWN(fixture)					\
	static void __teardown_##fixture(			\
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

#define __REGISTER_TEST(id, test, of, seconds, run)			\
	static struct __test_metadata __test_##id = {			\
		.name = #test, .fixture = of, .fn = run, .timeout = seconds,	\
	};								\
	static void __attribute__((constructor)) __register_test_##id(void)	\
	{								\
		__add(__tests, &__test_##id);				\
	}

#define TEST_F_TIMEOUT(fixture, test, seconds)				\
	static void __attribute__((noinline)) fixture##_##test(		\
		struct __test_metadata *_metadata, FIXTURE_DATA(fixture) *self,	\
		const FIXTURE_VARIANT(fixture) *variant);		\
	static void __run_##fixture##_##test(				\
		struct __test_metadata *_metadata, const void *variant)	\
	{								\
		static FIXTURE_DATA(fixture) self;			\
		static volatile bool is_set_up;				\
									\
		if (!setjmp(_metadata->env)) {				\
			__setup_##fixture(_metadata, &self, variant);	\
			if (_metadata->exit_code)			\
				return;					\
			is_set_up = true;				\
			fixture##_##test(_metadata, &self, variant);	\
		}							\
		if (is_set_up)						\
			__teardown_##fixture(_metadata, &self, variant);	\
	}								\
	__REGISTER_TEST(fixture##_##test, test, &__fixture_##fixture, seconds,	\
			__run_##fixture##_##test)			\
	static void fixture##_##test(					\
		struct __test_metadata __attribute__((unused)) *_metadata,	\
		FIXTURE_DATA(fixture) __attribute__((unused)) *self,	\
		const FIXTURE_VARIANT(fixture) __attribute__((unused)) *variant)

#define TEST_F(fixture, test)	TEST_F_TIMEOUT(fixture, test, TEST_TIMEOUT_DEFAULT)

#define TEST(test)							\
	static void __attribute__((noinline)) test(struct __test_metadata *_metadata);	\
	static void __run_##test(struct __test_metadata *_metadata,	\
				 __attribute__((unused)) const void *variant)	\
	{								\
		if (!setjmp(_metadata->env))				\
			test(_metadata);				\
	}								\
	__REGISTER_TEST(test, test, NULL, TEST_TIMEOUT_DEFAULT, __run_##test)	\
	static void test(struct __test_metadata __attribute__((unused)) *_metadata)

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

#define __EXPECT_STR(a, b, op, is_fatal)				\
	do {								\
		const char *__a = (a), *__b = (b);			\
									\
		if (!(strcmp(__a, __b) op 0))				\
			__FAILED(is_fatal, "Expected '%s' " #op " '%s'", __a, __b);	\
	} while (0); __HANDLER

#define EXPECT_EQ(a, b)		__EXPECT(a, #a, b, #b, ==, false)
#define EXPECT_NE(a, b)		__EXPECT(a, #a, b, #b, !=, false)
#define EXPECT_LT(a, b)		__EXPECT(a, #a, b, #b, <, false)
#define EXPECT_LE(a, b)		__EXPECT(a, #a, b, #b, <=, false)
#define EXPECT_GT(a, b)		__EXPECT(a, #a, b, #b, >, false)
#define EXPECT_GE(a, b)		__EXPECT(a, #a, b, #b, >=, false)
#define EXPECT_TRUE(a)		__EXPECT(0, "0", a, #a, !=, false)
#define EXPECT_FALSE(a)		__EXPECT(0, "0", a, #a, ==, false)
#define EXPECT_NULL(a)		__EXPECT((void *)0, "NULL", a, #a, ==, false)
#define EXPECT_STREQ(a, b)	__EXPECT_STR(a, b, ==, false)
#define EXPECT_STRNE(a, b)	__EXPECT_STR(a, b, !=, false)

#define ASSERT_EQ(a, b)		__EXPECT(a, #a, b, #b, ==, true)
#define ASSERT_NE(a, b)		__EXPECT(a, #a, b, #b, !=, true)
#define ASSERT_LT(a, b)		__EXPECT(a, #a, b, #b, <, true)
#define ASSERT_LE(a, b)		__EXPECT(a, #a, b, #b, <=, true)
#define ASSERT_GT(a, b)		__EXPECT(a, #a, b, #b, >, true)
#define ASSERT_GE(a, b)		__EXPECT(a, #a, b, #b, >=, true)
#define ASSERT_TRUE(a)		__EXPECT(0, "0", a, #a, !=, true)
#define ASSERT_FALSE(a)		__EXPECT(0, "0", a, #a, ==, true)
#define ASSERT_NULL(a)		__EXPECT((void *)0, "NULL", a, #a, ==, true)
#define ASSERT_STREQ(a, b)	__EXPECT_STR(a, b, ==, true)
#define ASSERT_STRNE(a, b)	__EXPECT_STR(a, b, !=, true)

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
	struct sigaction action = { .sa_handler = __on_alarm }, old;
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
	sigaction(SIGALRM, &action, &old);
	alarm(t->timeout);
	while (waitpid(__child, &status, 0) < 0 && errno == EINTR)
		;
	alarm(0);
	sigaction(SIGALRM, &old, NULL);
	if (__timed_out)
		printf("# %s: no end after %d s\n", name, t->timeout);
	else if (WIFSIGNALED(status))
		printf("# %s: killed by signal %d\n", name, WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : KSFT_FAIL;
}

static inline void __run_test(struct __test_metadata *t, struct __fixture *f, struct __variant *v)
{
	char name[256];
	int rc;

	snprintf(name, sizeof(name), "%s%s%s.%s", f ? f->name : "global", v ? "." : "",
		 v ? v->name : "", t->name);
	t->reason[0] = '\0';
	rc = __run_in_child(t, v ? v->data : NULL, name);
	if (rc == KSFT_SKIP)
		ksft_test_result(true, "%s # SKIP %s", name, t->reason);
	else
		ksft_test_result(rc == KSFT_PASS, "%s", name);
}

/* Each test, or their number. */
static inline unsigned int __all_tests(char *reason)
{
	struct __fixture none = { .next = __fixtures }, *f;
	struct __variant *v;
	struct __test_metadata *t;
	unsigned int n = 0;

	for (f = &none; f; f = f->next)
		for (v = f->variants; ; v = v->next) {
			for (t = __tests; t; t = t->next) {
				if (t->fixture != (f == &none ? NULL : f))
					continue;
				n++;
				t->reason = reason;
				if (reason)
					__run_test(t, t->fixture, v);
			}
			if (!v || !v->next)
				break;
		}
	return n;
}

static inline int test_harness_run(__attribute__((unused)) int argc, __attribute__((unused)) char **argv)
{
	char *reason = mmap(NULL, 256, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (reason == MAP_FAILED)
		return KSFT_FAIL;
	ksft_print_header();
	ksft_set_plan(__all_tests(NULL));
	__all_tests(reason);
	return ksft_failed ? KSFT_FAIL : KSFT_PASS;
}

#define TEST_HARNESS_MAIN						\
	int main(int argc, char **argv)					\
	{								\
		return test_harness_run(argc, argv);			\
	}

#endif
