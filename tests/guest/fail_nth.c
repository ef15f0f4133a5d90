// SPDX-License-Identifier: GPL-2.0
/*
 * fail_nth - what an allocation or a copy that fails does to PKRU
 *
 * Proves, on a kernel of DEBUG=fault, for each way in which an XSAVE image goes
 * in or out: whichever of its allocations, or copies from and to user space,
 * fails, the call returns -ENOMEM or -EFAULT and no PKRU is another one than
 * before. A signal frame gives SIGSEGV and PKRU is that of the handler, the default
 * or, if the fault comes after the image was loaded, that of the frame.
 *
 * How: the kernel lets the n-th such point of a task fail, if the task writes n to
 * /proc/self/fail-nth. A number that is still not 0 after the call says that there
 * are less than n points. So n goes 1, 2, 3 ... until then. Each case says how
 * many points there were.
 *
 * At the end nobody may know of memory which was lost since the start.
 *
 * Usage: fail_nth [<case>...]
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "pkru.h"

#define __unused	__attribute__((__unused__))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DEBUGFS		"/sys/kernel/debug/"
#define KMEMLEAK	DEBUGFS "kmemleak"
/* With the number of the process, which core_uses_pid would add otherwise. */
#define CORE		"/tmp/fail_nth.core."

#define IMAGE_MAX	16384
#define CPUID_MAX	128
#define XSTATE_BV	512
#define XFEATURE_PKRU	0x200

/* Key 0 stays open in all of them, and none is what a new program has. */
#define PKRU_OLD	0x5a5a5a58U
#define PKRU_NEW	0xaaaaaaa8U
#define PKRU_HANDLER	0x33333330U
/* The kernel gives this one to a new program, and to one with a bad frame. */
#define PKRU_DEFAULT	0x55555554U

/* No call has more points than this. */
#define POINTS_MAX	5000

struct test {
	const char	*name;
	/* Arms the n-th point. Returns 0 or an errno. */
	int		(*call)(int n);
	/* Returns NULL, or what is wrong. @error is what call() returned. */
	const char	*(*check)(int error);
	int		arg;
};

static const struct test *test;
static int fail_fd;
static unsigned int pkru_offset;
static pid_t tracee;
static int vcpu = -1;
/* The state before and after a call, and what the call is given or gives. */
static char before[IMAGE_MAX], after[IMAGE_MAX], image[IMAGE_MAX];

static unsigned int *pkru_of(void *xsave)
{
	return (unsigned int *)((char *)xsave + pkru_offset);
}

static void set_pkru_of(char *xsave, unsigned int pkru)
{
	unsigned long long bv;

	memcpy(&bv, xsave + XSTATE_BV, sizeof(bv));
	bv |= XFEATURE_PKRU;
	memcpy(xsave + XSTATE_BV, &bv, sizeof(bv));
	*pkru_of(xsave) = pkru;
}

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", name);
	close(fd);
}

static void arm(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (write(fail_fd, text, len) != len)
		err(1, "fail-nth");
}

/*
 * Reading the number is a copy to user space, and if it is 1 that one fails. Writing is
 * one, too: it fails if the number was 2, as it is if there was a point less than before.
 */
static bool disarm(void)
{
	char text[16] = "";
	ssize_t len = pread(fail_fd, text, sizeof(text) - 1, 0);

	if (write(fail_fd, "0", 1) != 1)
		arm(0);
	return len > 0 && !atoi(text);
}

/* Who was hit by the fault is told by the call, who looks at it afterwards is not. */
static bool armed_and_hit;

static int finish(long ret)
{
	int error = ret ? errno : 0;

	armed_and_hit = disarm();
	return error;
}

static bool documented(int error)
{
	return error == EFAULT || error == ENOMEM;
}

/* --- ptrace: a tracee which tells its PKRU whenever it is resumed --- */

static unsigned int *told;
static unsigned int tracee_pkru;

static void resume_tracee(void)
{
	int status;

	if (ptrace(PTRACE_CONT, tracee, NULL, NULL) || waitpid(tracee, &status, 0) != tracee ||
	    !WIFSTOPPED(status))
		errx(1, "the tracee is gone");
}

static void start_tracee(void)
{
	int status;

	tracee = fork();
	if (tracee < 0)
		err(1, "fork");
	if (!tracee) {
		/* Who runs the tests waits for all who have the pipe. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		wrpkru(PKRU_OLD);
		for (;;) {
			*told = rdpkru();
			raise(SIGSTOP);
		}
	}
	if (waitpid(tracee, &status, 0) != tracee || !WIFSTOPPED(status))
		errx(1, "no tracee");
	tracee_pkru = PKRU_OLD;
}

static void stop_tracee(void)
{
	kill(tracee, SIGKILL);
	waitpid(tracee, NULL, 0);
}

static long get_regset(void *buf, size_t *size)
{
	struct iovec iov = { buf, *size };
	long ret = ptrace(PTRACE_GETREGSET, tracee, (void *)(long)test->arg, &iov);

	*size = iov.iov_len;
	return ret;
}

static size_t read_regset(char *buf)
{
	size_t size = IMAGE_MAX;

	memset(buf, 0, IMAGE_MAX);
	if (get_regset(buf, &size))
		err(1, "PTRACE_GETREGSET");
	return size;
}

static int call_setregset(int n)
{
	struct iovec iov = { image, read_regset(before) };

	memcpy(image, before, sizeof(image));
	if (test->arg == NT_X86_XSTATE)
		set_pkru_of(image, PKRU_NEW);
	arm(n);
	return finish(ptrace(PTRACE_SETREGSET, tracee, (void *)(long)test->arg, &iov));
}

static int call_getregset(int n)
{
	size_t size = read_regset(before);

	memcpy(image, before, sizeof(image));
	arm(n);
	return finish(get_regset(image, &size));
}

static const char *check_tracee(int error)
{
	read_regset(after);
	if (memcmp(error ? before : image, after, sizeof(after)))
		return error ? "the call failed and changed the state" :
			       "the call succeeded and the state is not what it should be";
	if (!error && test->arg == NT_X86_XSTATE)
		tracee_pkru = *pkru_of(image);
	resume_tracee();
	return *told == tracee_pkru ? NULL : "the tracee runs with another PKRU";
}

/* --- KVM --- */

/* KVM_GET_XSAVE has those components only which the CPUID of the vCPU has. */
static void set_cpuid(int kvm)
{
	struct kvm_cpuid2 *cpuid;

	cpuid = calloc(1, sizeof(*cpuid) + CPUID_MAX * sizeof(cpuid->entries[0]));
	if (!cpuid)
		err(1, "calloc");
	cpuid->nent = CPUID_MAX;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) || ioctl(vcpu, KVM_SET_CPUID2, cpuid))
		err(1, "KVM_SET_CPUID2");
	free(cpuid);
}

static bool start_vcpu(void)
{
	int kvm = open("/dev/kvm", O_RDWR), vm;

	if (kvm < 0)
		return false;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		err(1, "KVM_CREATE_VCPU");
	set_cpuid(kvm);
	return true;
}

static void read_vcpu(char *buf)
{
	memset(buf, 0, IMAGE_MAX);
	if (ioctl(vcpu, KVM_GET_XSAVE, buf))
		err(1, "KVM_GET_XSAVE");
}

static int call_vcpu(int n)
{
	read_vcpu(before);
	memcpy(image, before, sizeof(image));
	if ((unsigned int)test->arg == KVM_SET_XSAVE)
		set_pkru_of(image, *pkru_of(before) ^ PKRU_NEW);
	arm(n);
	return finish(ioctl(vcpu, (unsigned int)test->arg, image));
}

static const char *check_vcpu(int error)
{
	read_vcpu(after);
	if (error)
		return memcmp(before, after, sizeof(after)) ?
			"the call failed and changed the vCPU" : NULL;
	return *pkru_of(after) == *pkru_of(image) ? NULL : "the vCPU has another PKRU";
}

/* --- Signal frames --- */

static sigjmp_buf env;
static unsigned int interrupted_pkru;
static int nth;

/* A frame for 32 bit has the registers of the FPU once more in front. */
static char *xsave_of(void *fpstate)
{
	return (char *)fpstate + (sizeof(long) == 8 ? 0 : 112);
}

static void edit_and_arm(void *fpstate)
{
	wrpkru(PKRU_HANDLER);
	set_pkru_of(xsave_of(fpstate), PKRU_NEW);
	arm(nth);
	/* The next system call is sigreturn. */
}

static void rt_handler(int sig __unused, siginfo_t *info __unused, void *ctx)
{
	edit_and_arm(((ucontext_t *)ctx)->uc_mcontext.fpregs);
}

static void old_handler(int sig __unused, struct sigcontext sc)
{
	edit_and_arm(sc.fpstate);
}

/* The signal was delivered. What its sigreturn meets is another test. */
static void plain_handler(int sig __unused, siginfo_t *info __unused,
			  void *ctx __unused)
{
	armed_and_hit = disarm();
}

static void segv_handler(int sig __unused, siginfo_t *info __unused, void *ctx)
{
	char *xsave = xsave_of(((ucontext_t *)ctx)->uc_mcontext.fpregs);

	interrupted_pkru = xsave[XSTATE_BV + 1] & (XFEATURE_PKRU >> 8) ? *pkru_of(xsave) : 0;
	siglongjmp(env, 1);
}

enum { RT_FRAME, OLD_FRAME, DELIVERY };

static void install(int sig, void *handler, int flags)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = flags };

	sigemptyset(&sa.sa_mask);
	if (sigaction(sig, &sa, NULL))
		err(1, "sigaction");
}

/* SIGSEGV stands for the errno. */
static int call_signal(int n)
{
	static char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };

	if (sigaltstack(&ss, NULL))
		err(1, "sigaltstack");
	install(SIGSEGV, segv_handler, SA_SIGINFO | SA_ONSTACK);
	switch (test->arg) {
	case RT_FRAME:
		install(SIGUSR1, rt_handler, SA_SIGINFO);
		break;
	case OLD_FRAME:
		install(SIGUSR1, old_handler, 0);
		break;
	case DELIVERY:
		install(SIGUSR1, plain_handler, SA_SIGINFO);
	}

	nth = n;
	if (sigsetjmp(env, 1)) {
		armed_and_hit = disarm();
		wrpkru(PKRU_OLD);
		return SIGSEGV;
	}
	interrupted_pkru = 0;
	if (test->arg == DELIVERY)
		arm(n);
	kill(getpid(), SIGUSR1);
	if (test->arg != DELIVERY)
		armed_and_hit = disarm();
	return 0;
}

static const char *check_signal(int error)
{
	unsigned int pkru = rdpkru();

	wrpkru(PKRU_OLD);
	if (test->arg == DELIVERY) {
		if (error)
			return interrupted_pkru == PKRU_OLD ? NULL : "PKRU changed";
		return pkru == PKRU_OLD ? NULL : "PKRU changed";
	}
	/* What comes behind the image, the alternate stack, may fail after it was loaded. */
	if (!error)
		return pkru == PKRU_NEW ? NULL : "PKRU is not that of the frame";
	return interrupted_pkru == PKRU_HANDLER || interrupted_pkru == PKRU_DEFAULT ||
	       interrupted_pkru == PKRU_NEW ? NULL : "PKRU is none of the three";
}

/* --- Core dumps --- */

static void __attribute__((noreturn)) crash(int n)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
	write_file("/proc/self/coredump_filter", "0");
	fail_fd = open("/proc/self/fail-nth", O_RDWR);
	signal(SIGILL, SIG_DFL);
	arm(n);
	asm volatile("ud2");
	_exit(1);
}

static char core_path[64];

/* A zombie still has the number. */
static int call_core(int n)
{
	int parents_fd = fail_fd;
	char path[64];
	siginfo_t info;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		crash(n);
	snprintf(core_path, sizeof(core_path), CORE "%d", pid);
	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		err(1, "waitid");
	fail_fd = open(path, O_RDWR);
	if (fail_fd < 0)
		err(1, "%s", path);
	armed_and_hit = disarm();
	close(fail_fd);
	fail_fd = parents_fd;
	waitpid(pid, NULL, 0);
	return 0;
}

/* The image in the note of a core, NULL if it did not get that far. */
static char *core_image(char *core, size_t len)
{
	/* What follows the size of the note: its type, and its name. */
	struct {
		unsigned int	type;
		char		name[8];
	} head = { NT_X86_XSTATE, "LINUX" };
	char *note = memmem(core, len, &head, sizeof(head));

	return note && note + sizeof(head) + pkru_offset < core + len ? note + sizeof(head) : NULL;
}

static const char *check_core(int error __unused)
{
	static char core[1 << 16];
	int fd = open(core_path, O_RDONLY);
	ssize_t len = fd < 0 ? 0 : read(fd, core, sizeof(core));
	char *xsave = len > 0 ? core_image(core, len) : NULL;

	if (fd >= 0)
		close(fd);
	unlink(core_path);
	if (!xsave)
		return armed_and_hit ? NULL : "there is no core, or no image in it";
	return *pkru_of(xsave) == PKRU_OLD ? NULL : "the core has another PKRU";
}

/* --- */

static const struct test tests[] = {
	{ "setregset_xstate", call_setregset, check_tracee, NT_X86_XSTATE },
	{ "getregset_xstate", call_getregset, check_tracee, NT_X86_XSTATE },
	{ "setregset_fp", call_setregset, check_tracee, NT_PRFPREG },
	{ "getregset_fp", call_getregset, check_tracee, NT_PRFPREG },
	{ "kvm_set_xsave", call_vcpu, check_vcpu, KVM_SET_XSAVE },
	{ "kvm_get_xsave", call_vcpu, check_vcpu, KVM_GET_XSAVE },
	{ "kvm_get_xsave2", call_vcpu, check_vcpu, KVM_GET_XSAVE2 },
	{ "sigreturn_rt", call_signal, check_signal, RT_FRAME },
	{ "sigreturn_old", call_signal, check_signal, OLD_FRAME },
	{ "delivery", call_signal, check_signal, DELIVERY },
	{ "core_dump", call_core, check_core, 0 },
};

/* Returns how many points there are, or -1: then *why says what was wrong at first. */
static int try_all_points(char *why, size_t size)
{
	const char *wrong;
	bool bad = false;
	int n, error;

	for (n = 1; n < POINTS_MAX; n++) {
		wrpkru(PKRU_OLD);
		error = test->call(n);
		wrong = test->check(error);
		if (!wrong && error && error != SIGSEGV && !documented(error))
			wrong = strerror(error);
		if (!wrong && error && !armed_and_hit)
			wrong = "it fails without a fault";
		if (!wrong && rdpkru() != PKRU_OLD)
			wrong = "the caller has another PKRU";
		if (wrong && !bad) {
			snprintf(why, size, "point %d, errno %d: %s", n, error, wrong);
			bad = true;
		}
		if (!armed_and_hit)
			return bad ? -1 : n - 1;
	}
	snprintf(why, size, "more than %d points", POINTS_MAX);
	return -1;
}

static bool run(int nr)
{
	bool ptraced = test->check == check_tracee;
	char why[128], again[128];
	int points, points_again;

	if (test->check == check_vcpu && vcpu < 0 && !start_vcpu()) {
		printf("ok %d %s # SKIP no /dev/kvm\n", nr, test->name);
		return true;
	}
	if (ptraced)
		start_tracee();
	points = try_all_points(why, sizeof(why));
	/* Twice: a stale address on the stack hides what was lost last from kmemleak. */
	points_again = try_all_points(again, sizeof(again));
	if (ptraced)
		stop_tracee();
	if (points > 0 && points_again > 0) {
		printf("ok %d %s # %d points\n", nr, test->name, points);
		return true;
	}
	printf("not ok %d %s # %s\n", nr, test->name,
	       points < 0 ? why : points_again < 0 ? again : "no point: nothing was tried");
	return false;
}

/* Prints the lines of a file, those with @word only if there is one. Returns how many. */
static int print_lines(const char *name, const char *word)
{
	FILE *f = fopen(name, "r");
	char line[512];
	int n = 0;

	if (!f)
		err(1, "%s", name);
	while (fgets(line, sizeof(line), f)) {
		if (word && !strstr(line, word))
			continue;
		printf("# %s", line);
		n++;
	}
	fclose(f);
	return n;
}

/*
 * kmemleak tells of memory which nothing points to if it is older than MSECS_MIN_AGE,
 * 5 seconds, and did not change between two scans (mm/kmemleak.c). That of vmalloc()
 * has a list of its own, which names who asked for it.
 */
static bool nothing_lost(int nr)
{
	int n;

	sleep(6);
	write_file(KMEMLEAK, "scan");
	write_file(KMEMLEAK, "scan");
	n = print_lines(KMEMLEAK, NULL) + print_lines("/proc/vmallocinfo", "xstateregs_");
	printf("%s %d no_leaks\n", n ? "not ok" : "ok", nr);
	return !n;
}

static void prepare(void)
{
	static const char * const files[] = {
		"failslab/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-wait",
		"fail_page_alloc/ignore-gfp-highmem", "fail_page_alloc/min-order",
		"failslab/verbose", "fail_page_alloc/verbose", "fail_usercopy/verbose",
	};
	unsigned int eax, ebx, ecx, edx, i;

	if (mount("debugfs", DEBUGFS, "debugfs", 0, NULL) && errno != EBUSY)
		err(1, "debugfs");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		char path[128];

		snprintf(path, sizeof(path), DEBUGFS "%s", files[i]);
		write_file(path, "0");
	}
	write_file("/proc/sys/kernel/core_pattern", CORE "%p");
	write_file(KMEMLEAK, "clear");

	fail_fd = open("/proc/self/fail-nth", O_RDWR);
	if (fail_fd < 0)
		err(1, "fail-nth");
	__cpuid_count(0xd, 9, eax, ebx, ecx, edx);
	if (!eax)
		errx(1, "no PKRU in XCR0");
	pkru_offset = ebx;
	told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		err(1, "mmap");
}

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
	}
	return argc == 1;
}

int main(int argc, char **argv)
{
	int nr = 0, bad = 0;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare();
	printf("TAP version 13\n");
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		test = &tests[i];
		/* Only a program for 32 bit has frames without siginfo. */
		if (test->call == call_signal && test->arg == OLD_FRAME && sizeof(long) == 8)
			continue;
		if (wanted(test->name, argc, argv))
			bad += !run(++nr);
	}
	bad += !nothing_lost(++nr);
	printf("1..%d\n", nr);
	return bad > 0;
}
