// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm_xcr0 - a vCPU has PKRU in XCR0, and its host may have been booted with "nopku"
 *
 * KVM reads a vCPU's PKRU behind each VM exit if its XCR0 has PKRU. RDPKRU is an invalid
 * opcode without CR4.PKE of the host, which "nopku" leaves clear. Up to v6.5 it leaves
 * PKRU in the host's XCR0, too, and with it in what KVM_SET_XCRS takes. So each case is
 * a vCPU that leaves by an OUT, and a host that lives on.
 *
 * tests/series/cpus runs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KSFT_SKIP	4
#define XCR0_FP_SSE	0x3
#define XCR0_PKRU	0x200
#define RAM_SIZE	0x4000
#define CODE		0x1000
#define NR_CPUID	256

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static int try(int fd, unsigned long nr, void *arg, const char *what)
{
	int rc = ioctl(fd, nr, arg);

	if (rc < 0)
		give_up(what);
	return rc;
}

/* What KVM lets vCPUs have is what they get. */
static void set_cpuid(int dev, int vcpu)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + NR_CPUID * sizeof(*cpuid->entries));

	if (!cpuid)
		give_up("calloc");
	cpuid->nent = NR_CPUID;
	try(dev, KVM_GET_SUPPORTED_CPUID, cpuid, "KVM_GET_SUPPORTED_CPUID");
	try(vcpu, KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
	free(cpuid);
}

static bool set_xcr0(int vcpu, uint64_t value)
{
	struct kvm_xcrs xcrs = { .nr_xcrs = 1, .xcrs[0].value = value };

	if (!ioctl(vcpu, KVM_SET_XCRS, &xcrs))
		return true;
	if (errno != EINVAL)
		give_up("KVM_SET_XCRS");
	return false;
}

/* A machine with a single instruction, in real mode. */
static int make_vcpu(int dev)
{
	static const unsigned char out[] = { 0xe6, 0x10 };	/* out 0x10, al */
	int vm = try(dev, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	int vcpu = try(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_userspace_memory_region region = { .memory_size = RAM_SIZE };
	struct kvm_sregs sregs;
	unsigned char *ram;

	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED)
		give_up("mmap");
	memcpy(ram + CODE, out, sizeof(out));
	region.userspace_addr = (uintptr_t)ram;
	try(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	set_cpuid(dev, vcpu);
	try(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	try(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	try(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	return vcpu;
}

static bool runs(int dev, int vcpu)
{
	int size = try(dev, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	struct kvm_run *run = mmap(NULL, size, PROT_READ, MAP_SHARED, vcpu, 0);

	if (run == MAP_FAILED)
		give_up("mmap of the vCPU");
	fflush(stdout);
	try(vcpu, KVM_RUN, NULL, "KVM_RUN");
	return run->exit_reason == KVM_EXIT_IO;
}

int main(void)
{
	int dev = open("/dev/kvm", O_RDWR);
	int vcpu, failed = 0;

	if (dev < 0) {
		printf("1..0 # SKIP No KVM\n");
		return KSFT_SKIP;
	}
	printf("TAP version 13\n1..2\n");
	vcpu = make_vcpu(dev);
	if (!set_xcr0(vcpu, XCR0_FP_SSE) || !runs(dev, vcpu)) {
		printf("not ");
		failed++;
	}
	printf("ok 1 vcpu_runs_without_pkru\n");

	vcpu = make_vcpu(dev);
	if (!set_xcr0(vcpu, XCR0_FP_SSE | XCR0_PKRU)) {
		printf("ok 2 vcpu_runs_with_pkru # SKIP No PKRU in XCR0 of a vCPU\n");
		return failed;
	}
	printf("# XCR0 of the vCPU has PKRU\n");
	if (!runs(dev, vcpu)) {
		printf("not ");
		failed++;
	}
	printf("ok 2 vcpu_runs_with_pkru\n");
	return failed;
}
