// SPDX-License-Identifier: GPL-2.0-only
/*
 * amx - PKRU and AMX tiles in XSAVE images of more than a page
 *
 * With AMX an image has 11008 bytes: the header is in its first page, the tiles are in
 * all three, and the buffer for it is more than a page. Shown for a task which asked
 * for tiles, for one which did not, and for a vCPU:
 *
 * identity	What was read can be written back.
 * write	PTRACE_SETREGSET and KVM_SET_XSAVE take tiles and PKRU from an image.
 * clear	What its header leaves out is in its init state.
 * refuse	An image that cannot be read to its end, in whichever page, or which has
 *		tiles for a task that may not use them, changes nothing.
 * unused	A task that has permission and has not used a tile has no room for them: XFD
 *		tells the kernel of the first use. Until then PTRACE_SETREGSET refuses tiles.
 * sigreturn	A handler's frame brings tiles and PKRU.
 *
 * No emulator has XFD, which Linux needs for AMX. tests/kernel/amx runs this on a
 * kernel with amx-without-xfd.patch in Bochs 3.0. That one does not save what is in
 * the tiles, it takes them for in use when they are not. So it is on a CPU with XFD only that
 * the tracee says which tiles it has, and that "unused" and "sigreturn" are tried. PKRU is
 * looked at in the tracee everywhere. SDM volume 1, 13.4 and 13.5 say what is where in an
 * image, 13.14 what XFD is, volume 2 how the instructions for tiles are encoded.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "../pkru.h"

#define KSFT_SKIP		4

#ifdef __x86_64__

#define ARCH_REQ_XCOMP_PERM	0x1023
#define ARCH_REQ_XCOMP_GUEST_PERM 0x1025

#define XFEATURE_PKRU		9
#define XFEATURE_XTILE_CFG	17
#define XFEATURE_XTILE_DATA	18
#define XFEATURE_MASK_PKRU	0x200ULL
#define XFEATURE_MASK_XTILE	0x60000ULL
#define MASK_TESTED		(XFEATURE_MASK_PKRU | XFEATURE_MASK_XTILE)

#define XSTATE_BV		512
#define MAX_SIZE		0x4000
#define PAGE			4096
#define NR_TILES		8
#define ARRAY_SIZE(x)		(sizeof(x) / sizeof((x)[0]))

/* Key 0 may be used in both. */
#define PKRU_OLD		0x5a5a5a58U
#define PKRU_NEW		0x0f0f0f0cU
#define SEED_OLD		0x11
#define SEED_NEW		0x77

static unsigned int pkru_offset, cfg_offset, data_offset, data_size;
static size_t image_size;
static bool has_xfd;

/* Written by the child, read by its parent: where they are in an image. */
static char *registers;
/* For the parent's own use, and for the child's before the parent uses it. */
static char *image;

static void fill_data(char *data, unsigned char seed)
{
	unsigned int i;

	for (i = 0; i < data_size; i++)
		data[i] = seed ? (seed ^ i ^ i >> 8) | 1 : 0;
}

/* @seed 0 stands for the init state. */
static void fill(char *p, unsigned char seed, unsigned int pkru)
{
	unsigned long long *bv = (unsigned long long *)(p + XSTATE_BV);
	char *cfg = p + cfg_offset;
	int i;

	*bv = (*bv & ~MASK_TESTED) | (seed ? MASK_TESTED : 0);
	memcpy(p + pkru_offset, &pkru, sizeof(pkru));
	memset(cfg, 0, 64);
	fill_data(p + data_offset, seed);
	if (!seed)
		return;
	cfg[0] = 1;				/* palette */
	for (i = 0; i < NR_TILES; i++) {
		cfg[16 + 2 * i] = 64;		/* bytes in a row */
		cfg[48 + i] = 16;		/* rows */
	}
}

static bool has_tiles(const char *p, unsigned char seed)
{
	static char want[MAX_SIZE];

	fill(want, seed, 0);
	return !memcmp(p + cfg_offset, want + cfg_offset, 64) &&
	       !memcmp(p + data_offset, want + data_offset, data_size);
}

static bool has_pkru(const char *p, unsigned int pkru)
{
	return !memcmp(p + pkru_offset, &pkru, sizeof(pkru));
}

static bool is(const char *p, unsigned char seed, unsigned int pkru)
{
	return has_pkru(p, pkru) && has_tiles(p, seed);
}

/* As bytes, because older assemblers have no names for them. */
#define LDTILECFG	".byte 0xc4,0xe2,0x78,0x49,0x00"	/* (%rax) */
#define STTILECFG	".byte 0xc4,0xe2,0x79,0x49,0x00"	/* (%rax) */
#define TILEZERO	".byte 0xc4,0xe2,0x7b,0x49,0xc0"	/* %tmm0 */
#define TILERELEASE	".byte 0xc4,0xe2,0x78,0x49,0xc0"
/* A tile, by its ModR/M byte, to %rax, in rows of %rcx bytes. %rax is behind it then. */
#define TILESTORED(modrm) \
	".byte 0xc4,0xe2,0x7a,0x4b," modrm ",0x08; add $1024, %%rax;"

/* The first use of tiles, which is when Linux makes room for them. */
static void use_tiles(void)
{
	static char mine[MAX_SIZE];

	fill(mine, SEED_OLD, 0);
	asm volatile(LDTILECFG "; " TILEZERO "; " TILERELEASE
		     : : "a" (mine + cfg_offset) : "memory");
}

static void store_registers(bool tiles)
{
	char *to = registers + data_offset;
	unsigned int pkru = rdpkru();

	memcpy(registers + pkru_offset, &pkru, sizeof(pkru));
	memset(to, 0, data_size);
	if (!tiles)
		return;
	asm volatile(STTILECFG : : "a" (registers + cfg_offset) : "memory");
	if (!registers[cfg_offset])
		return;
	asm volatile(TILESTORED("0x04") TILESTORED("0x0c") TILESTORED("0x14") TILESTORED("0x1c")
		     TILESTORED("0x24") TILESTORED("0x2c") TILESTORED("0x34") TILESTORED("0x3c")
		     : "+a" (to) : "c" (64L) : "memory", "cc");
}

static bool permitted(int option)
{
	return !syscall(SYS_arch_prctl, option, XFEATURE_XTILE_DATA);
}

enum tiles { FORBIDDEN, UNUSED, USED };

/* Stops once. What it has then is in registers when it is gone. */
static void tracee(enum tiles tiles)
{
	if (tiles != FORBIDDEN && !permitted(ARCH_REQ_XCOMP_PERM))
		_exit(1);
	if (tiles == USED && has_xfd)
		use_tiles();
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	wrpkru(PKRU_OLD);
	asm volatile("int3");
	store_registers(tiles == USED && has_xfd);
	_exit(0);
}

static pid_t start(enum tiles tiles)
{
	pid_t pid;
	int status;

	memset(image, 0, MAX_SIZE);
	pid = fork();
	if (!pid)
		tracee(tiles);
	waitpid(pid, &status, 0);
	return WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP ? pid : -1;
}

static bool finish(pid_t pid)
{
	int status;

	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Returns 0 or errno. */
static int regset(int request, pid_t pid)
{
	struct iovec iov = { image, image_size };

	if (ptrace(request, pid, (void *)NT_X86_XSTATE, &iov))
		return errno;
	return iov.iov_len == image_size ? 0 : ERANGE;
}

/* What the parent does to the image between reading and writing it. */
static void nothing(void) { }
static void change(void) { fill(image, SEED_NEW, PKRU_NEW); }
static void clear(void) { *(unsigned long long *)(image + XSTATE_BV) &= ~MASK_TESTED; }
static void reserved(void) { change(); image[XSTATE_BV + 16] = 1; }
static void hide(int nr) { change(); mprotect(image + nr * PAGE, PAGE, PROT_NONE); }
static void hide_1(void) { hide(1); }
static void hide_2(void) { hide(2); }
static void hide_2_and_clear(void) { change(); clear(); hide(2); }

struct ptrace_case {
	const char	*name;
	void		(*edit)(void);
	int		error;
	enum tiles	tiles;
	unsigned char	seed;
	unsigned int	pkru;
};

static const struct ptrace_case ptrace_cases[] = {
	{ "identity", nothing, 0, USED, SEED_OLD, PKRU_OLD },
	{ "write", change, 0, USED, SEED_NEW, PKRU_NEW },
	{ "clear", clear, 0, USED, 0, 0 },
	{ "refuse.reserved", reserved, EINVAL, USED, SEED_OLD, PKRU_OLD },
	{ "refuse.page_1", hide_1, EFAULT, USED, SEED_OLD, PKRU_OLD },
	{ "refuse.page_2", hide_2, EFAULT, USED, SEED_OLD, PKRU_OLD },
	{ "refuse.page_2_not_in_use", hide_2_and_clear, EFAULT, USED, SEED_OLD, PKRU_OLD },
	{ "refuse.no_permission", change, EINVAL, FORBIDDEN, 0, PKRU_OLD },
	{ "no_permission.identity", nothing, 0, FORBIDDEN, 0, PKRU_OLD },
	{ "refuse.unused", change, EINVAL, UNUSED, 0, PKRU_OLD },
	{ "unused.identity", nothing, 0, UNUSED, 0, PKRU_OLD },
};

/* Is this what PTRACE_GETREGSET tells, in all of the image? */
static bool reads(pid_t pid, unsigned char seed, unsigned int pkru)
{
	memset(image, 0, MAX_SIZE);
	return !regset(PTRACE_GETREGSET, pid) && is(image, seed, pkru);
}

/* These return NULL, or what is wrong. */
static const char *try_ptrace(pid_t pid, const struct ptrace_case *c)
{
	unsigned char seed = c->tiles == USED ? SEED_OLD : 0;
	int err;

	if (!reads(pid, 0, PKRU_OLD))
		return "PTRACE_GETREGSET does not tell what is in the registers";
	if (c->tiles == USED) {
		fill(image, SEED_OLD, PKRU_OLD);
		if (regset(PTRACE_SETREGSET, pid))
			return "PTRACE_SETREGSET does not take tiles";
	}
	if (!reads(pid, seed, PKRU_OLD))
		return "PTRACE_GETREGSET does not tell what was written first";
	c->edit();
	err = regset(PTRACE_SETREGSET, pid);
	mprotect(image, MAX_SIZE, PROT_READ | PROT_WRITE);
	if (err != c->error)
		return "PTRACE_SETREGSET has another result";
	return reads(pid, c->seed, c->pkru) ? NULL : "the tracee has another state";
}

static const char *run_ptrace(const struct ptrace_case *c)
{
	const char *why;
	pid_t pid = start(c->tiles);

	if (pid < 0)
		return "the tracee did not come to its stop";
	why = try_ptrace(pid, c);
	if (!finish(pid))
		return "the tracee did not come to its end";
	if (!why && !has_pkru(registers, c->pkru))
		return "the tracee has another PKRU when it runs";
	if (!why && c->tiles == USED && has_xfd && !has_tiles(registers, c->seed))
		return "the tracee has other tiles when it runs";
	return why;
}

static void handler(int sig, siginfo_t *info, void *ucontext)
{
	ucontext_t *uc = ucontext;

	(void)sig;
	(void)info;
	fill((char *)uc->uc_mcontext.fpregs, SEED_NEW, PKRU_NEW);
}

static void handle_signal(void)
{
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	if (!permitted(ARCH_REQ_XCOMP_PERM) || sigaction(SIGTRAP, &act, NULL))
		_exit(1);
	use_tiles();
	wrpkru(PKRU_OLD);
	asm volatile("int3");
	store_registers(true);
	_exit(0);
}

static const char *run_sigreturn(void)
{
	pid_t pid;
	int status;

	memset(registers, 0, MAX_SIZE);
	pid = fork();
	if (!pid)
		handle_signal();
	waitpid(pid, &status, 0);
	if (status)
		return "the handler did not return";
	return is(registers, SEED_NEW, PKRU_NEW) ? NULL : "the frame has brought other registers";
}

static struct {
	struct kvm_cpuid2 head;
	struct kvm_cpuid_entry2 entries[200];
} cpuid;

/* The features that a guest may use, CPUID leaf 0xd. Fills @cpuid for new_vcpu(). */
static unsigned int supported_xcr0(int kvm)
{
	unsigned int i;

	cpuid.head.nent = 200;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid))
		return 0;
	for (i = 0; i < cpuid.head.nent; i++) {
		if (cpuid.entries[i].function == 0xd && !cpuid.entries[i].index)
			return cpuid.entries[i].eax;
	}
	return 0;
}

/* Returns the file of a vCPU with all that KVM has to offer. */
static int new_vcpu(int kvm)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0), vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);

	if (vcpu < 0 || ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2) != (int)image_size ||
	    ioctl(vcpu, KVM_SET_CPUID2, &cpuid))
		return -1;
	return vcpu;
}

static void use_vcpu(int kvm)
{
	int vcpu;

	if (!permitted(ARCH_REQ_XCOMP_GUEST_PERM) ||
	    (supported_xcr0(kvm) & MASK_TESTED) != MASK_TESTED)
		_exit(KSFT_SKIP);
	vcpu = new_vcpu(kvm);
	if (vcpu < 0 || ioctl(vcpu, KVM_GET_XSAVE2, image))
		_exit(1);
	fill(image, SEED_NEW, PKRU_NEW);
	if (ioctl(vcpu, KVM_SET_XSAVE, image) || ioctl(vcpu, KVM_GET_XSAVE2, registers))
		_exit(1);
	/* A refused image, of which all but the last page is another one. */
	fill(image, SEED_OLD, PKRU_OLD);
	mprotect(image + 2 * PAGE, PAGE, PROT_NONE);
	if (!ioctl(vcpu, KVM_SET_XSAVE, image) || errno != EFAULT)
		_exit(1);
	mprotect(image, MAX_SIZE, PROT_READ | PROT_WRITE);
	if (ioctl(vcpu, KVM_GET_XSAVE2, image) || memcmp(image, registers, image_size))
		_exit(2);
	_exit(0);
}

static const char no_kvm[] = "KVM has no guest with tiles and protection keys";

static const char *run_kvm(void)
{
	int kvm = open("/dev/kvm", O_RDWR), status;
	pid_t pid;

	if (kvm < 0)
		return no_kvm;
	memset(registers, 0, MAX_SIZE);
	pid = fork();
	if (!pid)
		use_vcpu(kvm);
	waitpid(pid, &status, 0);
	close(kvm);
	if (WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP)
		return no_kvm;
	if (status)
		return WIFEXITED(status) && WEXITSTATUS(status) == 2 ?
			"the vCPU has other registers after a refused image" :
			"the vCPU could not be used";
	return is(registers, SEED_NEW, PKRU_NEW) ? NULL : "the vCPU has other registers";
}

static int failed, nr;

static void skip(const char *name, const char *why)
{
	printf("ok %d %s # SKIP %s\n", ++nr, name, why);
	fflush(stdout);
}

static void report(const char *name, const char *why)
{
	if (why == no_kvm) {
		skip(name, why);
		return;
	}
	if (why)
		printf("# %s\n", why);
	printf("%sok %d %s\n", why ? "not " : "", ++nr, name);
	fflush(stdout);
	failed += !!why;
}

static bool probe(void)
{
	unsigned int ax, bx, cx, dx, xcr0;

	if (!__get_cpuid(1, &ax, &bx, &cx, &dx) || !(cx & bit_OSXSAVE))
		return false;
	asm volatile("xgetbv" : "=a" (xcr0), "=d" (dx) : "c" (0));
	if ((xcr0 & MASK_TESTED) != MASK_TESTED)
		return false;
	__cpuid_count(0xd, 0, ax, bx, cx, dx);
	image_size = bx;
	__cpuid_count(0xd, 1, ax, bx, cx, dx);
	has_xfd = ax & 1 << 4;
	__cpuid_count(0xd, XFEATURE_PKRU, ax, pkru_offset, cx, dx);
	__cpuid_count(0xd, XFEATURE_XTILE_CFG, ax, cfg_offset, cx, dx);
	__cpuid_count(0xd, XFEATURE_XTILE_DATA, data_size, data_offset, cx, dx);
	return true;
}

int main(void)
{
	static const char no_xfd[] = "This CPU has no XFD";
	size_t i, n = ARRAY_SIZE(ptrace_cases);
	char name[64];

	if (!probe()) {
		printf("1..0 # SKIP No AMX, or no protection keys\n");
		return KSFT_SKIP;
	}
	image = mmap(NULL, 2 * MAX_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (image == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	registers = image + MAX_SIZE;
	printf("TAP version 13\n1..%zu\n# an image has %zu bytes\n", n + 2, image_size);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "amx.ptrace.%s", ptrace_cases[i].name);
		if (ptrace_cases[i].tiles == UNUSED && !has_xfd)
			skip(name, no_xfd);
		else
			report(name, run_ptrace(&ptrace_cases[i]));
	}
	if (has_xfd)
		report("amx.sigreturn", run_sigreturn());
	else
		skip("amx.sigreturn", no_xfd);
	report("amx.kvm", run_kvm());
	return failed != 0;
}

#else

#include <stdio.h>

int main(void)
{
	printf("1..0 # SKIP No tiles in 32-bit programs\n");
	return KSFT_SKIP;
}

#endif
