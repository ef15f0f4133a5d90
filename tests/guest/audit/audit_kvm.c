// SPDX-License-Identifier: GPL-2.0-only
/*
 * audit_kvm - what KVM does to a vCPU's PKRU outside of KVM_GET/SET_XSAVE
 *
 * A vCPU runs a few instructions in real mode, where RDPKRU works as in any other
 * mode if CR4.PKE is set, and leaves by an OUT with the result in EAX. Each case
 * is a claim about something that may lose PKRU on the way: INIT, SMM, CR4.PKE
 * switched off and on, a nested guest, the move of one. Documentation/pkru-audit.rst has the
 * verdicts.
 */
#include <cpuid.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PKRU_GUEST	0x5a5a5a58U
#define PKRU_OTHER	0x33333330U
#define ARRAY_SIZE(x)	(sizeof(x) / sizeof((x)[0]))

#define X86_CR0_PE	0x1U
#define X86_CR0_PG	0x80000000U
#define X86_CR4_PSE	0x10U
#define X86_CR4_PKE	0x400000U
#define EFER_SVME	0x1000U
#define CPUID_7_ECX_PKU	0x08
#define CPUID_SVM	0x04

/* Guest physical addresses. SMM begins at 0x38000 after a reset. */
#define RAM_SIZE	0x40000
#define CODE		0x1000
#define SEEN_BY_SMM	0x2000
#define VMCB		0x4000
#define HSAVE		0x5000
#define NESTED_CODE	0x6000
#define PAGE_DIRECTORY	0x7000
#define SMM_CODE	0x38000

static int dev, vm, vcpu;
static unsigned char *ram;
static struct kvm_run *run;
static struct kvm_cpuid2 *cpuid;
static char *image;
static unsigned long get_xsave;
static unsigned int pkru_offset;

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void vcpu_ioctl(unsigned long nr, void *arg, const char *what)
{
	if (ioctl(vcpu, nr, arg) < 0)
		give_up(what);
}

static void set_guest_pkru(unsigned int pkru)
{
	vcpu_ioctl(get_xsave, image, "KVM_GET_XSAVE");
	image[512 + 1] |= 2;
	memcpy(image + pkru_offset, &pkru, sizeof(pkru));
	vcpu_ioctl(KVM_SET_XSAVE, image, "KVM_SET_XSAVE");
}

static unsigned int get_guest_pkru(void)
{
	unsigned int pkru;

	vcpu_ioctl(get_xsave, image, "KVM_GET_XSAVE");
	memcpy(&pkru, image + pkru_offset, sizeof(pkru));
	return pkru;
}

static void set_control(bool pke)
{
	struct kvm_sregs sregs;

	vcpu_ioctl(KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	sregs.cr4 = pke ? sregs.cr4 | X86_CR4_PKE : sregs.cr4 & ~X86_CR4_PKE;
	vcpu_ioctl(KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
}

/* Run code until its OUT. Returns EAX, or something that no guest has in it. */
static unsigned int run_code(const void *code, size_t size)
{
	struct kvm_regs regs = { .rip = CODE, .rflags = 2, .rax = 0xdeadbeef };

	memcpy(ram + CODE, code, size);
	vcpu_ioctl(KVM_SET_REGS, &regs, "KVM_SET_REGS");
	vcpu_ioctl(KVM_RUN, NULL, "KVM_RUN");
	vcpu_ioctl(KVM_GET_REGS, &regs, "KVM_GET_REGS");
	if (run->exit_reason == KVM_EXIT_IO)
		return regs.rax;
	printf("# exit reason %u at %#llx\n", run->exit_reason, regs.rip);
	return 0xdeadbeef;
}

static unsigned int guest_rdpkru(void)
{
	static const unsigned char code[] = {
		0x66, 0x31, 0xc9,				/* xor ecx, ecx */
		0x0f, 0x01, 0xee,				/* rdpkru */
		0xe6, 0x10,					/* out 0x10, al */
	};

	return run_code(code, sizeof(code));
}

static bool same(unsigned int expected, unsigned int seen)
{
	if (seen != expected)
		printf("# PKRU is %08x instead of %08x\n", seen, expected);
	return seen == expected;
}

/* --- Cases --- */

/* INIT leaves most of XSAVE's state alone, PKRU is part of that. */
static bool init_keeps_pkru(void)
{
	struct kvm_vcpu_events events;
	struct kvm_mp_state state;
	struct kvm_regs regs;

	set_control(true);
	set_guest_pkru(PKRU_GUEST);
	if (!same(PKRU_GUEST, guest_rdpkru()))
		return false;
	vcpu_ioctl(KVM_GET_VCPU_EVENTS, &events, "KVM_GET_VCPU_EVENTS");
	events.flags |= KVM_VCPUEVENT_VALID_SMM;
	events.smi.latched_init = 1;
	vcpu_ioctl(KVM_SET_VCPU_EVENTS, &events, "KVM_SET_VCPU_EVENTS");
	/* Looks for what is pending. */
	vcpu_ioctl(KVM_GET_MP_STATE, &state, "KVM_GET_MP_STATE");
	vcpu_ioctl(KVM_GET_REGS, &regs, "KVM_GET_REGS");
	if (regs.rip != 0xfff0) {
		printf("# no INIT: rip is %#llx\n", regs.rip);
		return false;
	}
	set_control(true);
	return same(PKRU_GUEST, get_guest_pkru()) && same(PKRU_GUEST, guest_rdpkru());
}

/* SMM begins with CR4.PKE clear. */
static bool smm_keeps_pkru(void)
{
	static const unsigned char handler[] = {
		0xc6, 0x06, SEEN_BY_SMM & 0xff, SEEN_BY_SMM >> 8, 0x5a,	/* mov byte */
		0x0f, 0xaa,						/* rsm */
	};

	set_control(true);
	set_guest_pkru(PKRU_GUEST);
	memcpy(ram + SMM_CODE, handler, sizeof(handler));
	ram[SEEN_BY_SMM] = 0;
	vcpu_ioctl(KVM_SMI, NULL, "KVM_SMI");
	if (!same(PKRU_GUEST, guest_rdpkru()))
		return false;
	if (ram[SEEN_BY_SMM] != 0x5a)
		printf("# the handler was not run\n");
	return ram[SEEN_BY_SMM] == 0x5a && same(PKRU_GUEST, get_guest_pkru());
}

static bool set_xsave_before_sregs(void)
{
	set_guest_pkru(PKRU_GUEST);
	set_control(true);
	return same(PKRU_GUEST, guest_rdpkru());
}

static bool set_xsave_after_sregs(void)
{
	set_control(true);
	set_guest_pkru(PKRU_GUEST);
	return same(PKRU_GUEST, guest_rdpkru());
}

/* The register has what the VMM has while PKE is off, not what the guest has. */
static bool run_without_pke_keeps_pkru(void)
{
	static const unsigned char nothing[] = { 0xe6, 0x10 };

	set_control(false);
	set_guest_pkru(PKRU_GUEST);
	run_code(nothing, sizeof(nothing));
	if (!same(PKRU_GUEST, get_guest_pkru()))
		return false;
	set_control(true);
	return same(PKRU_GUEST, guest_rdpkru());
}

static bool guest_switches_pke_on(void)
{
	static const unsigned char code[] = {
		0x0f, 0x20, 0xe0,				/* mov eax, cr4 */
		0x66, 0x0d, 0x00, 0x00, 0x40, 0x00,		/* or eax, CR4.PKE */
		0x0f, 0x22, 0xe0,				/* mov cr4, eax */
		0x66, 0x31, 0xc9, 0x0f, 0x01, 0xee,		/* rdpkru */
		0xe6, 0x10,					/* out */
	 };

	set_control(false);
	set_guest_pkru(PKRU_GUEST);
	return same(PKRU_GUEST, run_code(code, sizeof(code))) &&
	       same(PKRU_GUEST, get_guest_pkru());
}

static bool guest_wrpkru_reaches_the_image(void)
{
	static const unsigned char code[] = {
		0x66, 0xb8, 0x30, 0x33, 0x33, 0x33,		/* mov eax, PKRU_OTHER */
		0x66, 0x31, 0xc9, 0x66, 0x31, 0xd2,		/* xor ecx, ecx; edx */
		0x0f, 0x01, 0xef,				/* wrpkru */
		0xe6, 0x10,
	};

	set_control(true);
	set_guest_pkru(PKRU_GUEST);
	run_code(code, sizeof(code));
	return same(PKRU_OTHER, get_guest_pkru());
}

/* --- A nested guest, on AMD's SVM: VMRUN and #VMEXIT do not switch PKRU --- */

static void put(unsigned int offset, uint64_t value, size_t size)
{
	memcpy(ram + VMCB + offset, &value, size);
}

/* Selector, attributes, limit, base. */
static void put_segment(unsigned int offset, unsigned int attributes)
{
	put(offset + 2, attributes, 2);
	put(offset + 4, 0xffff, 4);
}

static void make_vmcb(void)
{
	unsigned int i;

	memset(ram + VMCB, 0, 4096);
	put(0x0c, 1U << 24, 4);		/* intercept HLT */
	put(0x10, 1, 4);		/* and VMRUN, which has to be */
	put(0x58, 1, 4);		/* ASID */
	for (i = 0; i < 6; i++)		/* ES, CS, SS, DS, FS, GS */
		put_segment(0x400 + 16 * i, i == 1 ? 0x9b : 0x93);
	put_segment(0x460, 0);		/* GDTR */
	put_segment(0x470, 0x82);	/* LDTR */
	put_segment(0x480, 0);		/* IDTR */
	put_segment(0x490, 0x83);	/* TR */
	put(0x4d0, EFER_SVME, 8);
	put(0x548, X86_CR4_PKE, 8);
	put(0x558, 0x10, 8);		/* CR0 */
	put(0x560, 0x400, 8);		/* DR7 */
	put(0x568, 0xffff0ff0, 8);	/* DR6 */
	put(0x570, 2, 8);		/* RFLAGS */
	put(0x578, NESTED_CODE, 8);
}

static bool has_svm(void)
{
	unsigned int i;

	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 0x80000001)
			return cpuid->entries[i].ecx & CPUID_SVM;
	return false;
}

/* KVM has SVM for guests with paging only. Protected mode of 16 bit will do. */
static void enable_svm(void)
{
	const unsigned int first_4_mib = 0x83;
	struct kvm_sregs sregs;

	memcpy(ram + PAGE_DIRECTORY, &first_4_mib, sizeof(first_4_mib));
	vcpu_ioctl(KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cr0 |= X86_CR0_PE | X86_CR0_PG;
	sregs.cr3 = PAGE_DIRECTORY;
	sregs.cr4 |= X86_CR4_PSE;
	sregs.efer |= EFER_SVME;
	vcpu_ioctl(KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
}

/* Runs the nested guest, and has the PKRU which that leaves behind in EAX. */
static const unsigned char host[] = {
	0x66, 0xb8, HSAVE & 0xff, HSAVE >> 8, 0, 0,	/* mov eax, HSAVE */
	0x66, 0x31, 0xd2,				/* xor edx, edx */
	0x66, 0xb9, 0x17, 0x01, 0x01, 0xc0, 0x0f, 0x30,	/* VM_HSAVE_PA */
	0x66, 0xb8, VMCB & 0xff, VMCB >> 8, 0, 0,	/* mov eax, VMCB */
	0x0f, 0x01, 0xd8,				/* vmrun */
	0x66, 0x31, 0xc9, 0x0f, 0x01, 0xee,		/* rdpkru */
	0xe6, 0x10,
};

/* The nested guest finds the PKRU of its host, in EBX, and its host what it leaves. */
static bool nested_guest_shares_pkru(void)
{
	static const unsigned char nested[] = {
		0x66, 0x31, 0xc9, 0x0f, 0x01, 0xee,		/* rdpkru */
		0x66, 0x89, 0xc3,				/* mov ebx, eax */
		0x66, 0xb8, 0x30, 0x33, 0x33, 0x33,		/* mov eax, PKRU_OTHER */
		0x66, 0x31, 0xc9, 0x66, 0x31, 0xd2,
		0x0f, 0x01, 0xef,				/* wrpkru */
		0xf4,						/* hlt */
	};
	struct kvm_regs regs;
	unsigned int after;

	set_control(true);
	enable_svm();
	set_guest_pkru(PKRU_GUEST);
	make_vmcb();
	memcpy(ram + NESTED_CODE, nested, sizeof(nested));
	after = run_code(host, sizeof(host));
	vcpu_ioctl(KVM_GET_REGS, &regs, "KVM_GET_REGS");
	return same(PKRU_GUEST, regs.rbx) && same(PKRU_OTHER, after) &&
	       same(PKRU_OTHER, get_guest_pkru());
}

/* What has to go along with a vCPU. */
struct vcpu_state {
	struct kvm_sregs	sregs;
	struct kvm_regs		regs;
	struct kvm_nested_state	*nested;
	char			*image;
	unsigned char		*ram;
};

static void make_vm(void);

/* An OUT is over only when the vCPU was entered again. */
static void finish_out(void)
{
	run->immediate_exit = 1;
	ioctl(vcpu, KVM_RUN, NULL);
	run->immediate_exit = 0;
}

static void save(struct vcpu_state *state)
{
	int size = ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_NESTED_STATE);

	state->nested = calloc(1, size > 4096 ? size : 4096);
	if (!state->nested)
		give_up("memory for the nested state");
	state->nested->size = size;
	finish_out();
	vcpu_ioctl(KVM_GET_SREGS, &state->sregs, "KVM_GET_SREGS");
	vcpu_ioctl(KVM_GET_REGS, &state->regs, "KVM_GET_REGS");
	vcpu_ioctl(KVM_GET_NESTED_STATE, state->nested, "KVM_GET_NESTED_STATE");
	vcpu_ioctl(get_xsave, image, "KVM_GET_XSAVE");
	state->image = image;
	state->ram = ram;
}

/* Into a new machine. */
static void load(struct vcpu_state *state)
{
	close(vcpu);
	close(vm);
	make_vm();
	memcpy(ram, state->ram, RAM_SIZE);
	vcpu_ioctl(KVM_SET_SREGS, &state->sregs, "KVM_SET_SREGS");
	vcpu_ioctl(KVM_SET_NESTED_STATE, state->nested, "KVM_SET_NESTED_STATE");
	vcpu_ioctl(KVM_SET_REGS, &state->regs, "KVM_SET_REGS");
	vcpu_ioctl(KVM_SET_XSAVE, state->image, "KVM_SET_XSAVE");
	munmap(state->ram, RAM_SIZE);
	free(state->image);
	free(state->nested);
}

/* Saved while the nested guest runs, which finds its PKRU in the other vCPU. */
static bool nested_guest_moves_with_pkru(void)
{
	static const unsigned char nested[] = {
		0xe6, 0x10,					/* out */
		0x66, 0x31, 0xc9, 0x0f, 0x01, 0xee,		/* rdpkru */
		0x66, 0x89, 0xc3,				/* mov ebx, eax */
		0xf4,						/* hlt */
	};
	struct vcpu_state state;
	struct kvm_regs regs;
	bool in_guest;

	set_control(true);
	enable_svm();
	set_guest_pkru(PKRU_GUEST);
	make_vmcb();
	memcpy(ram + NESTED_CODE, nested, sizeof(nested));
	run_code(host, sizeof(host));
	save(&state);
	in_guest = state.nested->flags & KVM_STATE_NESTED_GUEST_MODE;
	if (!in_guest)
		printf("# the nested guest did not run\n");
	load(&state);
	vcpu_ioctl(KVM_RUN, NULL, "KVM_RUN");
	vcpu_ioctl(KVM_GET_REGS, &regs, "KVM_GET_REGS");
	return in_guest && same(PKRU_GUEST, regs.rbx) && same(PKRU_GUEST, regs.rax) &&
	       same(PKRU_GUEST, get_guest_pkru());
}

#define CASE(name) { #name, name }
static const struct {
	const char	*name;
	bool		(*run)(void);
} all[] = {
	CASE(set_xsave_before_sregs),
	CASE(set_xsave_after_sregs),
	CASE(run_without_pke_keeps_pkru),
	CASE(guest_switches_pke_on),
	CASE(guest_wrpkru_reaches_the_image),
	CASE(init_keeps_pkru),
	CASE(smm_keeps_pkru),
	CASE(nested_guest_shares_pkru),
	CASE(nested_guest_moves_with_pkru),
};

static bool has_smm(void)
{
	return ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_X86_SMM) > 0;
}

/* Each case has a virtual machine of its own. */
static void make_vm(void)
{
	struct kvm_userspace_memory_region region = { .memory_size = RAM_SIZE };
	struct kvm_enable_cap split = { .cap = KVM_CAP_SPLIT_IRQCHIP, .args = { 24 } };
	unsigned long long identity = 0xfffbc000;
	int size;

	vm = ioctl(dev, KVM_CREATE_VM, 0);
	if (vm < 0)
		give_up("KVM_CREATE_VM");
	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	region.userspace_addr = (uintptr_t)ram;
	if (ram == MAP_FAILED || ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000UL) ||
	    ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) ||
	    ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) ||
	    ioctl(vm, KVM_ENABLE_CAP, &split))
		give_up("memory and interrupts of the guest");
	/* The same memory in SMM. */
	region.slot = 1 << 16;
	if (has_smm() && ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		give_up("memory of the guest in SMM");
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		give_up("KVM_CREATE_VCPU");
	vcpu_ioctl(KVM_SET_CPUID2, cpuid, "KVM_SET_CPUID2");
	run = mmap(NULL, ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		give_up("kvm_run");
	size = ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);
	get_xsave = size > 0 ? KVM_GET_XSAVE2 : KVM_GET_XSAVE;
	image = calloc(1, size > 4096 ? size : 4096);
}

static bool probe(void)
{
	unsigned int i;

	dev = open("/dev/kvm", O_RDWR);
	cpuid = calloc(1, sizeof(*cpuid) + 256 * sizeof(cpuid->entries[0]));
	if (!cpuid)
		return false;
	cpuid->nent = 256;
	if (dev < 0 || ioctl(dev, KVM_GET_SUPPORTED_CPUID, cpuid))
		return false;
	for (i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == 7 && !cpuid->entries[i].index)
			return cpuid->entries[i].ecx & CPUID_7_ECX_PKU;
	return false;
}

static const char *what_is_missing(bool (*test)(void))
{
	if ((test == nested_guest_shares_pkru || test == nested_guest_moves_with_pkru) &&
	    !has_svm())
		return " # SKIP No SVM in guests";
	if (test == smm_keeps_pkru && !has_smm())
		return " # SKIP No SMM in guests";
	return NULL;
}

int main(void)
{
	unsigned int i, a, b, c, d;
	int failed = 0;

	if (!probe()) {
		printf("1..0 # SKIP No KVM, or no protection keys in its guests\n");
		return 4;
	}
	__cpuid_count(0xd, 9, a, b, c, d);
	pkru_offset = b;
	printf("TAP version 13\n1..%zu\n", ARRAY_SIZE(all));
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		const char *missing;
		bool good;

		fflush(stdout);
		make_vm();
		missing = what_is_missing(all[i].run);
		good = missing || all[i].run();
		printf("%sok %u %s%s\n", good ? "" : "not ", i + 1, all[i].name,
		       missing ? missing : "");
		failed += !good;
		close(vcpu);
		close(vm);
	}
	return failed != 0;
}
