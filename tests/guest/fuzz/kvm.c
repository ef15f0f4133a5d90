// SPDX-License-Identifier: GPL-2.0
/*
 * kvm.c - KVM_SET_XSAVE on a vCPU which tells its PKRU
 *
 * The state before goes in by KVM_SET_XSAVE as well, with all components present.
 * There is no KVM_SET_XSAVE2: the one ioctl takes images of any size. What it is
 * read by alternates between KVM_GET_XSAVE and KVM_GET_XSAVE2.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

#define PAGE		4096
#define GUEST_ADDR	0x1000
#define GUEST_PORT	0x10
#define CR4_PKE		0x00400000
#define NR_CPUID	256

/* Real mode. RDPKRU asks for CR4.PKE, but neither for a mode nor for paging. */
static const u8 guest_code[] = {
	0x66, 0x31, 0xc9,		/* again: xor %ecx, %ecx */
	0x0f, 0x01, 0xee,		/* rdpkru */
	0x66, 0xe7, GUEST_PORT,		/* out %eax, $GUEST_PORT */
	0xeb, 0xf5,			/* jmp again */
};

static struct kvm_run *run;
static int dev, vm, vcpu;
static bool has_xsave2;

static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		broken("mmap: %s", strerror(errno));
	return p;
}

/* For what has no reason to fail. */
static void control(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg) < 0)
		broken("%s: %s", what, strerror(errno));
}

/* CPUID leaf 0xd tells which components a guest may have. */
static u64 guest_xcr0(const struct kvm_cpuid2 *cpuid)
{
	unsigned int i;

	for (i = 0; i < cpuid->nent; i++) {
		if (cpuid->entries[i].function == 0xd && !cpuid->entries[i].index)
			return cpuid->entries[i].eax;
	}
	broken("KVM_GET_SUPPORTED_CPUID has no leaf 0xd");
}

static void set_up_vcpu(void)
{
	struct kvm_regs regs = { .rip = GUEST_ADDR, .rflags = 2 };
	struct kvm_cpuid2 *cpuid;
	struct kvm_sregs sregs;
	int size;

	cpuid = calloc(1, sizeof(*cpuid) + NR_CPUID * sizeof(cpuid->entries[0]));
	cpuid->nent = NR_CPUID;
	control(dev, KVM_GET_SUPPORTED_CPUID, cpuid, "KVM_GET_SUPPORTED_CPUID");
	control(vcpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
	machine.kvm_xcr0 = guest_xcr0(cpuid) & machine.xcr0;
	free(cpuid);
	/* Older kernels have no KVM_GET_XSAVE2. */
	size = ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);
	has_xsave2 = size > 0;
	machine.kvm_size = has_xsave2 ? size : (int)sizeof(struct kvm_xsave);
	if (machine.kvm_size > IMAGE_SIZE)
		broken("images of this vCPU have %d bytes", size);
	control(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.cr4 |= CR4_PKE;
	control(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	control(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
}

/* Returns false if there is no KVM with XSAVE here. */
bool start_kvm(void)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_ADDR, .memory_size = PAGE,
	};
	void *mem;
	int size;

	dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (dev < 0 || ioctl(dev, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE) <= 0)
		return false;
	/* Without it a guest has no tiles. Older kernels have no such thing. */
	if (machine.xcr0 & XFEATURE_TILEDATA)
		syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_GUEST_PERM, NR_TILEDATA);
	vm = ioctl(dev, KVM_CREATE_VM, 0);
	if (vm < 0)
		broken("KVM_CREATE_VM: %s", strerror(errno));
	mem = map(PAGE);
	memcpy(mem, guest_code, sizeof(guest_code));
	region.userspace_addr = (uintptr_t)mem;
	control(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	size = ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		broken("vCPU: %s", strerror(errno));
	set_up_vcpu();
	return true;
}

static u32 guest_pkru(void)
{
	u32 pkru;

	do {
		if (ioctl(vcpu, KVM_RUN, 0) && errno != EINTR)
			broken("KVM_RUN: %s", strerror(errno));
	} while (run->exit_reason == KVM_EXIT_INTR);
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != GUEST_PORT)
		broken("the vCPU exits for reason %u", run->exit_reason);
	memcpy(&pkru, (char *)run + run->io.data_offset, sizeof(pkru));
	return pkru;
}

static bool check_get(const struct expected *e, bool ran, bool xsave2, char *why, size_t len)
{
	static struct image image, got;
	const char *when = ran ? "after KVM_RUN" : "ahead of KVM_RUN";
	char what[128] = "the CPU refuses the image";
	u32 mxcsr = e->mxcsr_reported;

	/* The older ioctl is for images of up to a page only. */
	if (machine.kvm_size > sizeof(struct kvm_xsave))
		xsave2 = true;
	control(vcpu, xsave2 && has_xsave2 ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, &image,
		"KVM_GET_XSAVE");
	if (cpu_xrstor(&image, &got)) {
		if (ran)
			mxcsr = e->any_mxcsr ? got.mxcsr : e->state.mxcsr;
		if (same_state(&got, &e->state, mxcsr, what, sizeof(what)))
			return true;
	}
	snprintf(why, len, "KVM_GET_XSAVE %s: %s", when, what);
	return false;
}

static void set_before(const struct trial *t)
{
	static struct image image, state;

	copy_state(&image, &t->before);
	image.xstate_bv |= XFEATURE_PKRU;
	*image_pkru(&image) = t->pkru_before;
	if (!cpu_xrstor(&image, &state))
		broken("the CPU refuses the state before");
	/* All bits set: a clear one would leave something of the last round. */
	state.xstate_bv = machine.kvm_xcr0;
	control(vcpu, KVM_SET_XSAVE, &state, "KVM_SET_XSAVE of a valid image");
}

bool try_kvm(const struct trial *t, const struct expected *e, char *why, size_t len)
{
	char *at = place_image(t, machine.kvm_size);
	u32 pkru;
	int err;

	set_before(t);
	wrpkru(t->pkru_own);
	err = ioctl(vcpu, KVM_SET_XSAVE, at) ? errno : 0;
	wrpkru(0);
	if (err != e->err) {
		snprintf(why, len, "error %d instead of %d", err, e->err);
		return false;
	}
	if (!check_get(e, false, t->misaligned & 1, why, len))
		return false;
	pkru = guest_pkru();
	if (pkru != *image_pkru((struct image *)&e->state)) {
		snprintf(why, len, "RDPKRU of the guest: %08x instead of %08x", pkru,
			 *image_pkru((struct image *)&e->state));
		return false;
	}
	return check_get(e, true, t->misaligned & 2, why, len);
}
