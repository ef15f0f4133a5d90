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
 *
 * No emulator has XFD, which Linux needs for AMX. tests/kernel/amx runs this on a
 * kernel with tests/guest/amx-without-xfd.patch in Bochs 3.0. That one does not save what is in
 * the tiles, it takes them for in use when they are not. So the tiles are written and read
 * while the tracee does not run, and not by sigreturn(); PKRU is looked at in the
 * tracee, too. SDM volume 1, 13.4 and 13.5 say what is where in an image.
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

#include "pkru.h"

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

/* Written by the child, read by its parent. */
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

static bool is(const char *p, unsigned char seed, unsigned int pkru)
{
	static char want[MAX_SIZE];

	fill(want, seed, pkru);
	return !memcmp(p + pkru_offset, &pkru, sizeof(pkru)) &&
	       !memcmp(p + cfg_offset, want + cfg_offset, 64) &&
	       !memcmp(p + data_offset, want + data_offset, data_size);
}

static bool permitted(int option)
{
	return !syscall(SYS_arch_prctl, option, XFEATURE_XTILE_DATA);
}

/* Stops once. The PKRU that it has then is in *registers when it is gone. */
static void tracee(bool tiles)
{
	if (tiles && !permitted(ARCH_REQ_XCOMP_PERM))
		_exit(1);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	wrpkru(PKRU_OLD);
	asm volatile("int3");
	*(unsigned int *)registers = rdpkru();
	_exit(0);
}

static pid_t start(bool tiles)
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
	bool		no_tiles;
	unsigned char		seed;
	unsigned int	pkru;
};

static const struct ptrace_case ptrace_cases[] = {
	{ "identity", nothing, 0, false, SEED_OLD, PKRU_OLD },
	{ "write", change, 0, false, SEED_NEW, PKRU_NEW },
	{ "clear", clear, 0, false, 0, 0 },
	{ "refuse.reserved", reserved, EINVAL, false, SEED_OLD, PKRU_OLD },
	{ "refuse.page_1", hide_1, EFAULT, false, SEED_OLD, PKRU_OLD },
	{ "refuse.page_2", hide_2, EFAULT, false, SEED_OLD, PKRU_OLD },
	{ "refuse.page_2_not_in_use", hide_2_and_clear, EFAULT, false, SEED_OLD, PKRU_OLD },
	{ "refuse.no_permission", change, EINVAL, true, 0, PKRU_OLD },
	{ "no_permission.identity", nothing, 0, true, 0, PKRU_OLD },
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
	unsigned char seed = c->no_tiles ? 0 : SEED_OLD;
	int err;

	if (!reads(pid, 0, PKRU_OLD))
		return "PTRACE_GETREGSET does not tell what is in the registers";
	if (!c->no_tiles) {
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
	pid_t pid = start(!c->no_tiles);

	if (pid < 0)
		return "the tracee did not come to its stop";
	why = try_ptrace(pid, c);
	if (!finish(pid))
		return "the tracee did not come to its end";
	if (!why && *(unsigned int *)registers != c->pkru)
		return "the tracee has another PKRU when it runs";
	return why;
}

/* Returns the file of a vCPU with all that KVM has to offer. */
static int new_vcpu(int kvm)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[200];
	} cpuid = { .head.nent = 200 };
	int vm = ioctl(kvm, KVM_CREATE_VM, 0), vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);

	if (vcpu < 0 || ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2) != (int)image_size ||
	    ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) || ioctl(vcpu, KVM_SET_CPUID2, &cpuid))
		return -1;
	return vcpu;
}

static void use_vcpu(int kvm)
{
	int vcpu;

	if (!permitted(ARCH_REQ_XCOMP_GUEST_PERM))
		_exit(1);
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

static const char *run_kvm(void)
{
	int kvm = open("/dev/kvm", O_RDWR), status;
	pid_t pid;

	memset(registers, 0, MAX_SIZE);
	pid = fork();
	if (!pid)
		use_vcpu(kvm);
	waitpid(pid, &status, 0);
	close(kvm);
	if (status)
		return WIFEXITED(status) && WEXITSTATUS(status) == 2 ?
			"the vCPU has other registers after a refused image" :
			"the vCPU could not be used";
	return is(registers, SEED_NEW, PKRU_NEW) ? NULL : "the vCPU has other registers";
}

static int failed, nr;

static void report(const char *name, const char *why)
{
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
	__cpuid_count(0xd, XFEATURE_PKRU, ax, pkru_offset, cx, dx);
	__cpuid_count(0xd, XFEATURE_XTILE_CFG, ax, cfg_offset, cx, dx);
	__cpuid_count(0xd, XFEATURE_XTILE_DATA, data_size, data_offset, cx, dx);
	return true;
}

int main(void)
{
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
	printf("TAP version 13\n1..%zu\n# an image has %zu bytes\n", n + 1, image_size);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "amx.ptrace.%s", ptrace_cases[i].name);
		report(name, run_ptrace(&ptrace_cases[i]));
	}
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
