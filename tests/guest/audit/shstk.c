// SPDX-License-Identifier: GPL-2.0-only
/*
 * shstk - PKRU and signals of a thread which has a shadow stack
 *
 * On signal delivery the kernel puts a token on the shadow stack, too, and sigreturn()
 * reads it. What fails there has to leave PKRU alone like any other failure. Each case
 * is a child which does without the C library from the moment on in which it has a
 * shadow stack: nobody can return to where there was none.
 *
 * QEMU TCG has no shadow stacks, Bochs has. 64-bit only, as in the kernel. A token which
 * the restored PKRU denies is not tested: in Bochs 3.0 the kernel may read all.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../pkru.h"

#define KSFT_SKIP		4
#define CPUID_7_ECX_OSPKE	0x10

#ifdef __x86_64__

#define ARCH_SHSTK_ENABLE	0x5001
#define ARCH_SHSTK_SHSTK	1
#define SA_RESTORER		0x04000000
#define ARRAY_SIZE(x)		(sizeof(x) / sizeof((x)[0]))

/* The default, with which a handler starts, and another one that allows key 0. */
#define PKRU_DEFAULT		0x55555554U
#define PKRU_THREAD		0x5a5a5a58U

/* What the kernel takes for a struct sigaction. */
struct action {
	void		*handler;
	unsigned long	flags;
	void		*restorer;
	unsigned long	mask;
};

static __always_inline long sys(long nr, long a, long b, long c, long d)
{
	register long r10 asm("r10") = d;
	long ret;

	asm volatile("syscall" : "=a" (ret)
		     : "0" (nr), "D" (a), "S" (b), "d" (c), "r" (r10)
		     : "rcx", "r11", "memory");
	return ret;
}

void restorer(void);
asm(".text; restorer: mov $15, %eax; syscall");		/* rt_sigreturn */

static atomic_uint handled, handler_pkru;

/* Opens all keys before anything touches the shadow stack, its own return does. */
static void handler(int sig)
{
	unsigned int pkru = rdpkru();

	wrpkru(0);
	handler_pkru = pkru;
	handled = sig;
}

static __always_inline void set_handler(int sig, unsigned long flags, void *return_to)
{
	struct action action = {
		.handler = handler, .flags = SA_RESTORER | flags, .restorer = return_to,
	};

	sys(SYS_rt_sigaction, sig, (long)&action, 0, 8);
}

static __always_inline void raise_inline(int sig)
{
	sys(SYS_kill, sys(SYS_getpid, 0, 0, 0, 0), sig, 0, 0);
}

static __always_inline void leave(int status)
{
	for (;;)
		sys(SYS_exit_group, status, 0, 0, 0);
}

/* Exit status of a child: 0 is right, others say what is not. */
enum { RIGHT, NO_SHSTK, NO_HANDLER, WRONG_PKRU, WRONG_PKRU_IN_HANDLER };

/* The kernel wants a restorer to put on the shadow stack. */
static void failed_frame(void)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };

	sys(SYS_sigaltstack, (long)&ss, 0, 0, 0);
	if (sys(SYS_arch_prctl, ARCH_SHSTK_ENABLE, ARCH_SHSTK_SHSTK, 0, 0))
		leave(NO_SHSTK);
	set_handler(SIGUSR1, 0, NULL);
	set_handler(SIGSEGV, SA_ONSTACK, restorer);
	wrpkru(PKRU_THREAD);
	raise_inline(SIGUSR1);
	if (rdpkru() != PKRU_THREAD)
		leave(WRONG_PKRU);
	if (handled != SIGSEGV)
		leave(NO_HANDLER);
	leave(handler_pkru == PKRU_DEFAULT ? RIGHT : WRONG_PKRU_IN_HANDLER);
}

/* A signal like any other: the token is there and is read. */
static void signal_and_return(void)
{
	if (sys(SYS_arch_prctl, ARCH_SHSTK_ENABLE, ARCH_SHSTK_SHSTK, 0, 0))
		leave(NO_SHSTK);
	set_handler(SIGUSR1, 0, restorer);
	wrpkru(PKRU_THREAD);
	raise_inline(SIGUSR1);
	if (rdpkru() != PKRU_THREAD)
		leave(WRONG_PKRU);
	leave(handled == SIGUSR1 ? RIGHT : NO_HANDLER);
}

static const char *const reasons[] = {
	[NO_SHSTK] = "there is no shadow stack", [NO_HANDLER] = "the handler did not run",
	[WRONG_PKRU] = "the thread has another PKRU",
	[WRONG_PKRU_IN_HANDLER] = "the handler has another PKRU",
};

static int run(void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		body();
	waitpid(pid, &status, 0);
	return status;
}

#define CASE(name) { #name, name }
static const struct {
	const char	*name;
	void		(*body)(void);
} all[] = {
	CASE(signal_and_return),
	CASE(failed_frame),
};

static bool has_shstk(void)
{
	int status = run(signal_and_return);

	return !WIFEXITED(status) || WEXITSTATUS(status) != NO_SHSTK;
}

int main(void)
{
	unsigned int a, b, c, d, i, failed = 0;

	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(c & CPUID_7_ECX_OSPKE) ||
	    !has_shstk()) {
		printf("1..0 # SKIP No shadow stacks, or no protection keys\n");
		return KSFT_SKIP;
	}
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(all));
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		int status = run(all[i].body);

		if (WIFSIGNALED(status))
			printf("# killed by signal %d\n", WTERMSIG(status));
		else if (WEXITSTATUS(status))
			printf("# %s\n", reasons[WEXITSTATUS(status)]);
		printf("%sok %u shstk.%s\n", status ? "not " : "", i + 1, all[i].name);
		failed += !!status;
	}
	return failed != 0;
}

#else

int main(void)
{
	printf("1..0 # SKIP No shadow stacks in 32-bit programs\n");
	return KSFT_SKIP;
}

#endif
