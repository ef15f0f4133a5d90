// SPDX-License-Identifier: GPL-2.0
/*
 * What RDPKRU, WRPKRU, a signal and PTRACE_SETREGSET cost on this machine
 *
 * Compile it with gcc -O2. Prints nanoseconds, the lowest of 2000 short rounds: whatever
 * disturbs a round only makes it longer. An empty loop is taken off the instructions.
 * PTRACE_SETREGSET with a wrong size is refused before the kernel makes its buffer. Times
 * compare within one run only. Needs a CPU and a kernel with protection keys, no root and no
 * headers but those of the C library.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <elf.h>
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "../tests/guest/pkru.h"

#define ROUNDS	2000

static unsigned int pkru, other;
static struct iovec iov, short_iov;
static pid_t tracee;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* ns <times>, <statement>: of one, the lowest of all rounds */
#define ns(times, statement) ({						\
	const long rounds = (times);					\
	double best = 1e18;						\
									\
	for (int round = 0; round < ROUNDS; round++) {			\
		double start = now();					\
									\
		for (long n = 0; n < rounds; n++) {			\
			asm volatile("" : : : "memory");		\
			statement;					\
		}							\
		start = (now() - start) / rounds;			\
		if (start < best)					\
			best = start;					\
	}								\
	best; })

static void handler(int sig)
{
	(void)sig;
}

static void set_regset(struct iovec image)
{
	ptrace(PTRACE_SETREGSET, tracee, NT_X86_XSTATE, &image);
}

static void start_tracee(void)
{
	tracee = fork();
	if (!tracee) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(tracee, NULL, 0);
	iov.iov_len = 1 << 16;
	iov.iov_base = malloc(iov.iov_len);
	if (ptrace(PTRACE_GETREGSET, tracee, NT_X86_XSTATE, &iov))
		err(1, "PTRACE_GETREGSET");
	if (ptrace(PTRACE_SETREGSET, tracee, NT_X86_XSTATE, &iov))
		err(1, "PTRACE_SETREGSET");
	short_iov = iov;
	short_iov.iov_len -= 8;
}

static void name_machine(void)
{
	unsigned int brand[12];
	struct utsname uts;

	for (int i = 0; i < 3; i++)
		__get_cpuid(0x80000002 + i, brand + 4 * i, brand + 4 * i + 1, brand + 4 * i + 2,
			    brand + 4 * i + 3);
	uname(&uts);
	printf("%.48s, Linux %s\n", (char *)brand, uts.release);
}

int main(void)
{
	unsigned int eax, ebx, ecx, edx;
	double empty;
	cpu_set_t one;

	if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(ecx & 1 << 4))
		errx(4, "no protection keys on this CPU, or the kernel does not use them");
	name_machine();
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	sched_setaffinity(0, sizeof(one), &one);

	pkru = rdpkru();
	other = pkru ^ 0xc0000000;
	empty = ns(2000, (void)0);
	printf("%8.2f  RDPKRU\n", ns(2000, rdpkru()) - empty);
	printf("%8.2f  WRPKRU, always the same value\n", ns(2000, wrpkru(pkru)) - empty);
	printf("%8.2f  WRPKRU, another value each time\n",
	       ns(2000, wrpkru(n & 1 ? other : pkru)) - empty);
	printf("%8.2f  LFENCE\n", ns(2000, asm volatile("lfence")) - empty);
	wrpkru(pkru);

	signal(SIGUSR1, handler);
	printf("%8.0f  getppid()\n", ns(200, syscall(SYS_getppid)));
	printf("%8.0f  a signal to oneself, handler and sigreturn() included\n",
	       ns(50, syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1)));

	start_tracee();
	printf("%8.0f  PTRACE_SETREGSET of %zu bytes\n", ns(50, set_regset(iov)), iov.iov_len);
	printf("%8.0f  the same with a wrong size\n", ns(50, set_regset(short_iov)));
	kill(tracee, SIGKILL);
	return 0;
}
