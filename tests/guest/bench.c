// SPDX-License-Identifier: GPL-2.0
/*
 * bench - what the calls cost which copy an XSAVE image or switch PKRU
 *
 * Prints the number of instructions of each call, from user mode to user mode.
 * It is exact if the time stamp counter counts instructions, as it does in
 * QEMU with -icount shift=0, and if the machine has a single CPU.
 *
 * A call which an interrupt falls into costs more than one which is left alone,
 * never less. So the smallest number of a pass of CALLS calls is taken. After
 * WARM_UP passes, in which caches and free lists settle, passes are repeated until
 * two in a row agree to the digit.
 *
 * A call begins with RDTSC and ends with RDTSCP in a function which has the
 * call's own: what watches the machine from outside can tell by these two
 * instructions which call is running (lab/measure/profile.c).
 */
#define _GNU_SOURCE
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define CALLS		32
#define WARM_UP		6
#define MAX_PASSES	50
#define BITS		(8 * (int)sizeof(long))

/* PKRU values for threads which have to differ: key 15, which nothing uses. */
#define PKRU_A		0x55555554
#define PKRU_B		0x15555554

struct call {
	const char *name;
	void (*prepare)(void);
	unsigned long long (*run)(void);
	void (*finish)(void);
	void *ends_in;		/* the function with its RDTSCP, if not run */
};

static unsigned char image[8192] __attribute__((aligned(64)));
static unsigned long long delivered;
static pid_t tracee;

static __always_inline unsigned long long call_begins(void)
{
	unsigned int lo, hi;

	asm volatile("rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (unsigned long long)hi << 32 | lo;
}

static __always_inline unsigned long long call_ends(void)
{
	unsigned int lo, hi;

	asm volatile("rdtscp" : "=a" (lo), "=d" (hi) : : "ecx", "memory");
	return (unsigned long long)hi << 32 | lo;
}

/* The tracer writes back what the tracee has. */
static __attribute__((noinline)) unsigned long long ptrace_setregset(void)
{
	struct iovec iov = { image, sizeof(image) };
	unsigned long long begin;

	if (ptrace(PTRACE_GETREGSET, tracee, NT_X86_XSTATE, &iov))
		err(1, "PTRACE_GETREGSET");
	begin = call_begins();
	if (syscall(SYS_ptrace, PTRACE_SETREGSET, tracee, NT_X86_XSTATE, &iov))
		err(1, "PTRACE_SETREGSET");
	return call_ends() - begin;
}

static __attribute__((noinline)) unsigned long long ptrace_getregset(void)
{
	struct iovec iov = { image, sizeof(image) };
	unsigned long long begin = call_begins();

	if (syscall(SYS_ptrace, PTRACE_GETREGSET, tracee, NT_X86_XSTATE, &iov))
		err(1, "PTRACE_GETREGSET");
	return call_ends() - begin;
}

static void make_tracee(void)
{
	tracee = fork();
	if (tracee < 0)
		err(1, "fork");
	if (!tracee) {
		ptrace(PTRACE_TRACEME);
		raise(SIGSTOP);
		_exit(0);
	}
	if (waitpid(tracee, NULL, 0) != tracee)
		err(1, "waitpid");
}

static void end_tracee(void)
{
	kill(tracee, SIGKILL);
	waitpid(tracee, NULL, 0);
}

/*
 * Two windows of each signal: from kill() to the handler, and from the end of
 * the handler to the return of kill(), which is sigreturn and a few more.
 * The two kinds of frame have functions of their own, as lab/measure/profile.c tells calls
 * from one another by the address of their RDTSCP.
 */
static unsigned long long handler_ended;

static void signal_rt(int sig, siginfo_t *info, void *uc)
{
	delivered = call_ends();
	(void)sig;
	(void)info;
	(void)uc;
	handler_ended = call_begins();
}

static __attribute__((noinline)) unsigned long long sigreturn_rt(void)
{
	unsigned long long begin = call_begins();

	syscall(SYS_kill, getpid(), SIGUSR1);
	delivered -= begin;
	return call_ends() - handler_ended;
}

static unsigned long long delivery_rt(void)
{
	sigreturn_rt();
	return delivered;
}

static void use_rt_frame(void)
{
	struct sigaction sa = { .sa_sigaction = signal_rt, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &sa, NULL);
}

#ifndef __x86_64__
/* Without SA_SIGINFO a 32-bit task gets the frame of Linux 1.0. */
static void signal_old(int sig)
{
	delivered = call_ends();
	(void)sig;
	handler_ended = call_begins();
}

static __attribute__((noinline)) unsigned long long sigreturn_old(void)
{
	unsigned long long begin = call_begins();

	syscall(SYS_kill, getpid(), SIGUSR2);
	delivered -= begin;
	return call_ends() - handler_ended;
}

static unsigned long long delivery_old(void)
{
	sigreturn_old();
	return delivered;
}

static void use_old_frame(void)
{
	struct sigaction sa = { .sa_handler = signal_old };

	sigaction(SIGUSR2, &sa, NULL);
}
#endif

#ifdef __x86_64__
static bool partner_ends;
static pthread_t partner;
static int vcpu;

static void make_vcpu(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);

	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		err(1, "KVM");
	close(vm);
	close(kvm);
}

static void end_vcpu(void)
{
	close(vcpu);
}

static __attribute__((noinline)) unsigned long long kvm_get_xsave(void)
{
	unsigned long long begin = call_begins();

	if (ioctl(vcpu, KVM_GET_XSAVE, image))
		err(1, "KVM_GET_XSAVE");
	return call_ends() - begin;
}

/* In the image only the header says which components there are: use all. */
static __attribute__((noinline)) unsigned long long kvm_set_xsave(void)
{
	unsigned long long begin;

	if (ioctl(vcpu, KVM_GET_XSAVE, image))
		err(1, "KVM_GET_XSAVE");
	begin = call_begins();
	if (ioctl(vcpu, KVM_SET_XSAVE, image))
		err(1, "KVM_SET_XSAVE");
	return call_ends() - begin;
}

static void write_pkru(unsigned int pkru)
{
	asm volatile("wrpkru" : : "a" (pkru), "c" (0), "d" (0));
}

static void *yield_forever(void *unused)
{
	write_pkru(PKRU_B);
	while (!__atomic_load_n(&partner_ends, __ATOMIC_RELAXED))
		syscall(SYS_sched_yield);
	return unused;
}

static void make_partner(void)
{
	write_pkru(PKRU_A);
	partner_ends = false;
	if (pthread_create(&partner, NULL, yield_forever, NULL))
		errx(1, "pthread_create");
	syscall(SYS_sched_yield);
}

static void end_partner(void)
{
	partner_ends = true;
	pthread_join(partner, NULL);
}

/* There and back: two switches. Both threads are SCHED_FIFO and take turns. */
static __attribute__((noinline)) unsigned long long context_switch(void)
{
	unsigned long long begin = call_begins();

	syscall(SYS_sched_yield);
	return call_ends() - begin;
}

static __attribute__((noinline)) unsigned long long fork_exit_wait(void)
{
	unsigned long long begin = call_begins();
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "fork");
	return call_ends() - begin;
}

/* The new program is this one, see main(). */
static __attribute__((noinline)) unsigned long long exec_exit_wait(void)
{
	unsigned long long begin = call_begins();
	pid_t pid = vfork();

	if (!pid) {
		execl("/proc/self/exe", "bench", "exit", NULL);
		_exit(1);
	}
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "vfork");
	return call_ends() - begin;
}
#endif

static void nothing(void)
{
}

/*
 * What no patch may change comes first, so that it is measured on machines which
 * have come to the same state.
 */
static const struct call calls[] = {
#ifdef __x86_64__
	{ "context_switch", make_partner, context_switch, end_partner, NULL },
	{ "fork_exit_wait", nothing, fork_exit_wait, nothing, NULL },
	{ "exec_exit_wait", nothing, exec_exit_wait, nothing, NULL },
#endif
	{ "signal_rt", use_rt_frame, delivery_rt, nothing, signal_rt },
	{ "sigreturn_rt", use_rt_frame, sigreturn_rt, nothing, NULL },
#ifndef __x86_64__
	{ "signal_old", use_old_frame, delivery_old, nothing, signal_old },
	{ "sigreturn_old", use_old_frame, sigreturn_old, nothing, NULL },
#endif
	{ "ptrace_setregset", make_tracee, ptrace_setregset, end_tracee, NULL },
	{ "ptrace_getregset", make_tracee, ptrace_getregset, end_tracee, NULL },
#ifdef __x86_64__
	{ "kvm_set_xsave", make_vcpu, kvm_set_xsave, end_vcpu, NULL },
	{ "kvm_get_xsave", make_vcpu, kvm_get_xsave, end_vcpu, NULL },
#endif
	{ NULL }
};

static unsigned long long smallest_of_pass(const struct call *call)
{
	unsigned long long smallest = ULLONG_MAX, cost;
	int i;

	/* Let the threads of the kernel do what they have put off. */
	usleep(20000);
	for (i = 0; i < CALLS; i++) {
		cost = call->run();
		if (cost < smallest)
			smallest = cost;
	}
	return smallest;
}

static bool measure(const struct call *call)
{
	unsigned long long last, cost = 0;
	int pass = 0;

	call->prepare();
	do {
		last = cost;
		cost = smallest_of_pass(call);
	} while (++pass <= WARM_UP || (pass < MAX_PASSES && cost != last));
	call->finish();
	if (cost == last) {
		printf("%s_%d %llu ends in %016lx\n", call->name, BITS, cost,
		       (long)(call->ends_in ? call->ends_in : call->run));
	} else {
		printf("# %s_%d: no two of %d passes agree\n", call->name, BITS, pass);
	}
	fflush(stdout);
	return cost == last;
}

/* Nothing of the kernel preempts a real-time task, nor does its time run out. */
static void take_the_cpu(void)
{
	struct sched_param param = { .sched_priority = 1 };
	int fd = open("/proc/sys/kernel/sched_rt_runtime_us", O_WRONLY);

	if (fd < 0 || write(fd, "-1", 2) != 2 ||
	    sched_setscheduler(0, SCHED_FIFO, &param))
		err(1, "SCHED_FIFO");
	close(fd);
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1)
		errx(1, "counts on a machine with one CPU only");
}

int main(int argc, char **argv)
{
	const struct call *call;
	bool exact = true;

	if (argc > 1 && !strcmp(argv[1], "exit"))
		return 0;
	take_the_cpu();
	for (call = calls; call->name; call++) {
		if (argc < 2 || !strcmp(argv[1], call->name))
			exact &= measure(call);
	}
	return !exact;
}
