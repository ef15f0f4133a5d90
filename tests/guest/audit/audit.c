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
#include <fcntl.h>
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
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "../pkru.h"

#define PKRU_USER	0x5a5a5a58U
#define PKRU_OTHER	0x33333330U
#define PKRU_DENY	0x55555555U
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))
#define KSFT_SKIP	4
#define CPUID_7_ECX_OSPKE	0x10

static unsigned int default_pkru, pkru_offset;
static unsigned int seen_in_handler, handled;

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
		_exit(KSFT_SKIP);
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
	pid_t parent = getpid(), pid;
	cpu_set_t here;
	long i;

	/* Both on one CPU, or the other one may never be in the way. */
	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	if (sched_setaffinity(0, sizeof(here), &here))
		return false;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			sched_yield();
		_exit(0);
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

/* --- With probes --- */

unsigned int probed_rdpkru(void);
asm(".pushsection .text\n"
	"probed_rdpkru:\n\t"
	"xor	%ecx, %ecx\n\t"
	".byte	0x0f,0x01,0xee\n\t"
	"ret\n"
	".popsection");

/* A uprobe at an instruction of this program, or on the return from a function. */
static int open_uprobe(const void *where, bool on_return)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .config = on_return };
	int fd = open("/sys/bus/event_source/devices/uprobe/type", O_RDONLY);
	char type[16] = "";

	if (fd < 0)
		_exit(KSFT_SKIP);
	if (read(fd, type, sizeof(type) - 1) <= 0)
		return -1;
	close(fd);
	attr.type = atoi(type);
	attr.uprobe_path = (unsigned long)"/proc/self/exe";
	/* The program headers follow the ELF header, 64 or 52 bytes at the file's begin. */
	attr.probe_offset = (unsigned long)where -
			    (getauxval(AT_PHDR) - (sizeof(long) == 8 ? 64 : 52));
	fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		_exit(KSFT_SKIP);
	return fd;
}

static bool uprobe_leaves_pkru(bool on_return)
{
	int fd = open_uprobe(probed_rdpkru, on_return);
	unsigned long long hits = 0;
	unsigned int inside;

	wrpkru(PKRU_USER);
	inside = probed_rdpkru();
	return inside == PKRU_USER && rdpkru() == PKRU_USER &&
	       read(fd, &hits, sizeof(hits)) == sizeof(hits) && hits == 1;
}

/* The instruction is executed from a page which the kernel maps for that. */
static bool uprobe_keeps_pkru(void)
{
	return uprobe_leaves_pkru(false);
}

static bool uretprobe_keeps_pkru(void)
{
	return uprobe_leaves_pkru(true);
}

/* --- With io_uring --- */

#define KEY_DENIED(key)	(1U << (2 * (key)))

struct ring {
	int			fd;
	char			*sq;
	char			*cq;
	struct io_uring_sqe	*sqes;
	struct io_uring_params	p;
};

static void make_ring(struct ring *ring)
{
	const int prot = PROT_READ | PROT_WRITE;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 4, &ring->p);
	if (ring->fd < 0)
		_exit(KSFT_SKIP);
	ring->sq = mmap(NULL, 4096, prot, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, 4096, prot, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, 4096, prot, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->sq == MAP_FAILED || ring->cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		_exit(1);
}

/* Read from a file into @to, return what read() would or minus its errno. */
static int ring_read(struct ring *ring, int file, void *to, int flags)
{
	unsigned int *head = (unsigned int *)(ring->cq + ring->p.cq_off.head);
	unsigned int *tail = (unsigned int *)(ring->sq + ring->p.sq_off.tail);
	struct io_uring_cqe *cqes = (void *)(ring->cq + ring->p.cq_off.cqes);
	unsigned int slot = *tail & (ring->p.sq_entries - 1);
	int res;

	memset(&ring->sqes[slot], 0, sizeof(ring->sqes[slot]));
	ring->sqes[slot].opcode = IORING_OP_READ;
	ring->sqes[slot].flags = flags;
	ring->sqes[slot].fd = file;
	ring->sqes[slot].addr = (unsigned long)to;
	ring->sqes[slot].len = 16;
	((unsigned int *)(ring->sq + ring->p.sq_off.array))[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		_exit(1);
	res = cqes[*head & (ring->p.cq_entries - 1)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return res;
}

/* Reads twice to memory with a key, with PKRU @first and then @second. */
static int second_read(unsigned int first, unsigned int second, int flags)
{
	char *to = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pkey = syscall(SYS_pkey_alloc, 0UL, 0UL), zero = open("/dev/zero", O_RDONLY), res;
	struct ring ring;

	/* The first key which is free, PKRU in the arguments is for that. */
	if (pkey != 1 || syscall(SYS_pkey_mprotect, to, 4096, PROT_READ | PROT_WRITE, pkey))
		_exit(1);
	make_ring(&ring);
	wrpkru(first);
	ring_read(&ring, zero, to, flags);
	wrpkru(second);
	res = ring_read(&ring, zero, to, flags);
	wrpkru(0);
	return res;
}

static bool io_uring_obeys_pkru(void)
{
	return second_read(0, KEY_DENIED(1), 0) == -EFAULT;
}

/* The worker was made with the first one. */
static bool io_uring_worker_obeys_pkru_which_denies(void)
{
	return second_read(0, KEY_DENIED(1), IOSQE_ASYNC) == -EFAULT;
}

static bool io_uring_worker_obeys_pkru_which_allows(void)
{
	return second_read(KEY_DENIED(1), 0, IOSQE_ASYNC) == 16;
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

/* A tracee on its way to a handler. Exits with 0 if that has the default, and leaves @after. */
static pid_t take_signal_traced(unsigned int after)
{
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		signal(SIGUSR1, note);
		wrpkru(PKRU_USER);
		raise(SIGUSR1);
		_exit(!(seen_in_handler == default_pkru && rdpkru() == after));
	}
	return pid;
}

/* The tracer writes at the stop ahead of the handler. */
static bool ptrace_in_signal_stop_reaches_the_frame(void)
{
	pid_t pid = take_signal_traced(PKRU_OTHER);

	if (!stopped_by(pid, SIGUSR1) || !set_pkru(pid, PKRU_OTHER) ||
	    get_pkru(pid) != PKRU_OTHER)
		return false;
	ptrace(PTRACE_CONT, pid, NULL, (void *)SIGUSR1);
	return !exit_status(pid);
}

static bool single_step_into_handler_shows_default(void)
{
	pid_t pid = take_signal_traced(PKRU_USER);

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

#define CASE(name) { #name, name, NULL }
#define CASE_WITH(name, config) { #name, name, config }
static const struct {
	const char	*name;
	bool		(*run)(void);
	const char	*config;	/* of a kernel which need not have it */
} all[] = {
	CASE(fork_inherits_pkru),
	CASE(vfork_inherits_pkru),
	CASE(thread_inherits_pkru),
	CASE(exec_in_a_thread_resets_pkru),
	CASE(handler_has_default_pkru),
	CASE(nested_handlers_restore_theirs),
	CASE_WITH(seccomp_trap_restores_pkru, "CONFIG_SECCOMP_FILTER"),
	CASE_WITH(uprobe_keeps_pkru, "CONFIG_UPROBE_EVENTS, or no right to it"),
	CASE_WITH(uretprobe_keeps_pkru, "CONFIG_UPROBE_EVENTS, or no right to it"),
	CASE_WITH(io_uring_obeys_pkru, "CONFIG_IO_URING, or no right to it"),
	CASE_WITH(io_uring_worker_obeys_pkru_which_denies, "CONFIG_IO_URING, or no right to it"),
	CASE_WITH(io_uring_worker_obeys_pkru_which_allows, "CONFIG_IO_URING, or no right to it"),
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
	int failed = 0;

	if (argc == 2 && !strcmp(argv[1], "--default"))
		_exit(rdpkru() != 0x55555554);
	__cpuid_count(7, 0, a, b, c, d);
	if (!(c & CPUID_7_ECX_OSPKE)) {
		printf("1..0 # SKIP No protection keys (CPUID.7:ECX.OSPKE)\n");
		return KSFT_SKIP;
	}
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
		printf("%sok %u %s%s%s\n", rc && rc != KSFT_SKIP ? "not " : "", i + 1,
		       all[i].name, rc == KSFT_SKIP ? " # SKIP No " : "",
		       rc == KSFT_SKIP ? all[i].config : "");
		failed += rc && rc != KSFT_SKIP;
	}
	return failed != 0;
}
