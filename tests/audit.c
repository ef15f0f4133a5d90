// SPDX-License-Identifier: GPL-2.0-only
/*
 * audit - what the kernel does to PKRU in the places nobody complained about
 *
 * Each case is a claim about an interface which may enter or leave user mode
 * with another PKRU than expected. A case which fails is not a defect of the
 * kernel by itself: Documentation/pkru-audit.rst has the verdicts.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define PKRU_USER	0x5a5a5a58U
#define PKRU_OTHER	0x33333330U
#define PKRU_DENY	0x55555555U
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define KSFT_SKIP	4

static unsigned int default_pkru, pkru_offset;
static unsigned int seen_in_handler, handled;

static inline unsigned int rdpkru(void)
{
	unsigned int eax, edx;

	asm volatile(".byte 0x0f,0x01,0xee" : "=a" (eax), "=d" (edx) : "c" (0));
	return eax;
}

static inline void wrpkru(unsigned int pkru)
{
	asm volatile(".byte 0x0f,0x01,0xef" : : "a" (pkru), "c" (0), "d" (0) : "memory");
}

static void note(int sig)
{
	seen_in_handler = rdpkru();
	handled += sig != 0;
}

/* --- Cases: run in a process of their own, true if the claim holds --- */

static void *read_in_thread(void *arg)
{
	*(unsigned int *)arg = rdpkru();
	return NULL;
}

static bool thread_inherits_pkru(void)
{
	pthread_t thread;
	unsigned int seen = 0;

	wrpkru(PKRU_USER);
	return !pthread_create(&thread, NULL, read_in_thread, &seen) &&
	       !pthread_join(thread, NULL) && seen == PKRU_USER && rdpkru() == PKRU_USER;
}

static int exit_status(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool fork_inherits_pkru(void)
{
	pid_t pid;

	wrpkru(PKRU_USER);
	pid = fork();
	if (!pid)
		_exit(rdpkru() != PKRU_USER);
	return !exit_status(pid);
}

static bool vfork_inherits_pkru(void)
{
	pid_t pid;

	wrpkru(PKRU_USER);
	pid = vfork();
	if (!pid)
		_exit(rdpkru() != PKRU_USER);
	return !exit_status(pid) && rdpkru() == PKRU_USER;
}

static void *exec_in_thread(void *arg)
{
	wrpkru(PKRU_USER);
	execl(arg, "audit", "--default", NULL);
	return NULL;
}

/* The program which is executed returns 0 if it has the default. */
static bool exec_in_a_thread_resets_pkru(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exec_in_thread, "/proc/self/exe");
	pause();
	return false;
}

static bool handler_has_default_pkru(void)
{
	signal(SIGUSR1, note);
	wrpkru(PKRU_USER);
	raise(SIGUSR1);
	return seen_in_handler == default_pkru && rdpkru() == PKRU_USER;
}

static unsigned int seen_after_nested;

static void raise_usr2(int sig)
{
	wrpkru(PKRU_OTHER);
	raise(sig == SIGUSR1 ? SIGUSR2 : SIGUSR1);
	seen_after_nested = rdpkru();
}

static bool nested_handlers_restore_theirs(void)
{
	signal(SIGUSR1, raise_usr2);
	signal(SIGUSR2, note);
	wrpkru(PKRU_USER);
	raise(SIGUSR1);
	return seen_in_handler == default_pkru && seen_after_nested == PKRU_OTHER &&
	       rdpkru() == PKRU_USER;
}

static bool seccomp_trap_restores_pkru(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = 4, .filter = filter };

	signal(SIGSYS, note);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(KSFT_SKIP);	/* CONFIG_SECCOMP_FILTER */
	wrpkru(PKRU_USER);
	syscall(SYS_getpriority, 0, 0);
	return handled == 1 && seen_in_handler == default_pkru && rdpkru() == PKRU_USER;
}

/* With the C library's registration for restartable sequences in place. */
static bool rseq_with_key_0_denied_gets_signals(void)
{
	unsigned int pkru = PKRU_DENY;
	long tgid = getpid(), tid = syscall(SYS_gettid);

	signal(SIGUSR1, note);
#ifdef __x86_64__
	asm volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; .byte 0x0f,0x01,0xef\n\t"
		     "mov %[sig], %%edx; mov %[nr], %%eax; syscall\n\t"
		     "xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx\n\t"
		     ".byte 0x0f,0x01,0xef"
		     : "+a" (pkru)
		     : "D" (tgid), "S" (tid), [sig] "i" (SIGUSR1), [nr] "i" (SYS_tgkill)
		     : "rcx", "rdx", "r11", "memory");
#else
	asm volatile("xor %%ecx, %%ecx; xor %%edx, %%edx; .byte 0x0f,0x01,0xef\n\t"
		     "mov %[sig], %%edx; mov %%esi, %%ecx; mov %[nr], %%eax; int $0x80\n\t"
		     "xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx\n\t"
		     ".byte 0x0f,0x01,0xef"
		     : "+a" (pkru)
		     : "b" (tgid), "S" (tid), [sig] "i" (SIGUSR1), [nr] "i" (SYS_tgkill)
		     : "ecx", "edx", "memory");
#endif
	return handled == 1;
}

/* Be preempted with key 0 denied: the kernel updates the rseq area. */
static bool rseq_with_key_0_denied_can_be_preempted(void)
{
	struct timespec end, now;
	pid_t pid = fork();
	long i;

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			sched_yield();
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec++;
	do {
		wrpkru(PKRU_DENY);
		/* No memory access: the counter is in a register. */
		asm volatile("1: dec %0; jnz 1b" : "=r" (i) : "0" (1000000L));
		wrpkru(0);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec < end.tv_sec || now.tv_nsec < end.tv_nsec);
	kill(pid, SIGKILL);
	return true;
}

/* --- With a tracer --- */

static unsigned char image[16384];

static bool get_image(pid_t pid)
{
	struct iovec iov = { .iov_base = image, .iov_len = sizeof(image) };

	return !ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &iov);
}

static bool set_pkru(pid_t pid, unsigned int pkru)
{
	struct iovec iov = { .iov_base = image, .iov_len = sizeof(image) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_X86_XSTATE, &iov))
		return false;
	image[512 + 1] |= 2;
	memcpy(image + pkru_offset, &pkru, sizeof(pkru));
	return !ptrace(PTRACE_SETREGSET, pid, (void *)NT_X86_XSTATE, &iov);
}

static unsigned int get_pkru(pid_t pid)
{
	unsigned int pkru = 0xdeadbeef;

	if (get_image(pid))
		memcpy(&pkru, image + pkru_offset, sizeof(pkru));
	return pkru;
}

static bool stopped_by(pid_t pid, int sig)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == sig;
}

/* The tracer writes at the stop ahead of the handler. */
static bool ptrace_in_signal_stop_reaches_the_frame(void)
{
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		signal(SIGUSR1, note);
		wrpkru(PKRU_USER);
		raise(SIGUSR1);
		_exit(!(seen_in_handler == default_pkru && rdpkru() == PKRU_OTHER));
	}
	if (!stopped_by(pid, SIGUSR1) || !set_pkru(pid, PKRU_OTHER) ||
	    get_pkru(pid) != PKRU_OTHER)
		return false;
	ptrace(PTRACE_CONT, pid, NULL, (void *)SIGUSR1);
	return !exit_status(pid);
}

static bool single_step_into_handler_shows_default(void)
{
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		signal(SIGUSR1, note);
		wrpkru(PKRU_USER);
		raise(SIGUSR1);
		_exit(rdpkru() != PKRU_USER);
	}
	if (!stopped_by(pid, SIGUSR1))
		return false;
	ptrace(PTRACE_SINGLESTEP, pid, NULL, (void *)SIGUSR1);
	if (!stopped_by(pid, SIGTRAP) || get_pkru(pid) != default_pkru)
		return false;
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	return !exit_status(pid);
}

static bool single_step_keeps_pkru(void)
{
	pid_t pid = fork();
	int i;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		wrpkru(PKRU_USER);
		raise(SIGSTOP);
		for (;;)
			getppid();
	}
	if (!stopped_by(pid, SIGSTOP))
		return false;
	for (i = 0; i < 100; i++) {
		ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL);
		if (!stopped_by(pid, SIGTRAP) || get_pkru(pid) != PKRU_USER)
			return false;
	}
	kill(pid, SIGKILL);
	return exit_status(pid) == 128 + SIGKILL;
}

#ifdef __x86_64__
/* The emulation of vsyscall writes with the PKRU of its caller. */
static bool vsyscall_obeys_pkru(void)
{
	long (*vtime)(long *t) = (void *)0xffffffffff600400;
	long *t = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pkey = syscall(SYS_pkey_alloc, 0UL, 0UL);
	pid_t pid;

	if (pkey < 0 || syscall(SYS_pkey_mprotect, t, 4096, PROT_READ | PROT_WRITE, pkey))
		return false;
	pid = fork();
	if (!pid) {
		wrpkru(2U << (2 * pkey));	/* no writes */
		vtime(t);
		_exit(0);
	}
	return exit_status(pid) == 128 + SIGSEGV;
}
#endif

#define CASE(name) { #name, name }
static const struct {
	const char	*name;
	bool		(*run)(void);
} all[] = {
	CASE(fork_inherits_pkru),
	CASE(vfork_inherits_pkru),
	CASE(thread_inherits_pkru),
	CASE(exec_in_a_thread_resets_pkru),
	CASE(handler_has_default_pkru),
	CASE(nested_handlers_restore_theirs),
	CASE(seccomp_trap_restores_pkru),
	CASE(ptrace_in_signal_stop_reaches_the_frame),
	CASE(single_step_into_handler_shows_default),
	CASE(single_step_keeps_pkru),
#ifdef __x86_64__
	CASE(vsyscall_obeys_pkru),
#endif
	CASE(rseq_with_key_0_denied_gets_signals),
	CASE(rseq_with_key_0_denied_can_be_preempted),
};

int main(int argc, char **argv)
{
	unsigned int i, n = ARRAY_SIZE(all), a, b, c, d;

	if (argc == 2 && !strcmp(argv[1], "--default"))
		_exit(rdpkru() != 0x55555554);
	__cpuid_count(0xd, 9, a, b, c, d);
	pkru_offset = b;
	default_pkru = rdpkru();
	printf("TAP version 13\n1..%u\n", n);
	for (i = 0; i < n; i++) {
		pid_t pid;
		int rc;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			alarm(20);
			_exit(!all[i].run());
		}
		rc = exit_status(pid);
		if (rc > 128)
			printf("# ended by signal %d\n", rc - 128);
		printf("%sok %u %s%s\n", rc && rc != KSFT_SKIP ? "not " : "", i + 1,
		       all[i].name, rc == KSFT_SKIP ? " # SKIP" : "");
	}
	return 0;
}
