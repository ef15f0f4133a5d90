// SPDX-License-Identifier: GPL-2.0
/*
 * xstate_errno - what PTRACE_SETREGSET says on CPUs without PKRU or XSAVE
 *
 * Proves, in a guest whose CPU lacks the feature:
 *
 * without XSAVE	the regset NT_X86_XSTATE does not exist: ENODEV.
 * without PKRU		an image as it was read can be written, one with the PKRU bit
 *			in its header is refused: EINVAL.
 *
 * Where XCR0 has PKRU, that bit is accepted. This is so with the kernel parameter
 * "nopku" too, which leaves XCR0 as it is. The selftests skip on all of these
 * CPUs, this one is to pass on every CPU.
 */
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define XSTATE_BV		512
#define XFEATURE_PKRU		0x200

static char image[1 << 16];
static int nr, bad;

static bool cpuid_1_ecx(int bit)
{
	unsigned int a = 0, b = 0, c = 0, d = 0;

	__get_cpuid(1, &a, &b, &c, &d);
	return c >> bit & 1;
}

static bool xcr0_has_pkru(void)
{
	unsigned int lo, hi;

	asm volatile("xgetbv" : "=a" (lo), "=d" (hi) : "c" (0));
	return lo & XFEATURE_PKRU;
}

/* Returns errno; *len is what was or is to be copied. */
static int regset(int request, pid_t pid, size_t *len)
{
	struct iovec iov = { image, *len };
	int ret = ptrace(request, pid, (void *)NT_X86_XSTATE, &iov) ? errno : 0;

	*len = iov.iov_len;
	return ret;
}

static void expect(const char *name, int want, int got)
{
	printf("%sok %d %s\n", want == got ? "" : "not ", ++nr, name);
	if (want != got)
		printf("# errno is %d instead of %d\n", got, want);
	bad += want != got;
}

int main(void)
{
	/* OSXSAVE: the CPU has XSAVE and the kernel turned it on. */
	bool xsave = cpuid_1_ecx(27);
	bool pkru = xsave && xcr0_has_pkru();
	size_t len = sizeof(image);
	unsigned long long xstate_bv;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 1;

	printf("TAP version 13\n1..%d\n", 3);
	expect("getregset", xsave ? 0 : ENODEV, regset(PTRACE_GETREGSET, pid, &len));
	if (!xsave)
		len = sizeof(image);
	expect("setregset.as_read", xsave ? 0 : ENODEV, regset(PTRACE_SETREGSET, pid, &len));

	if (!xsave)
		len = sizeof(image);
	memcpy(&xstate_bv, image + XSTATE_BV, sizeof(xstate_bv));
	xstate_bv |= XFEATURE_PKRU;
	memcpy(image + XSTATE_BV, &xstate_bv, sizeof(xstate_bv));
	expect("setregset.pkru_bit", pkru ? 0 : xsave ? EINVAL : ENODEV,
	       regset(PTRACE_SETREGSET, pid, &len));

	/* The tracee still runs to its end. */
	if (ptrace(PTRACE_CONT, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid || status)
		return 1;
	return bad > 0;
}
