// SPDX-License-Identifier: GPL-2.0
/*
 * cpu.c - XRSTOR of an image on the CPU at hand, and what there is to know
 *
 * An image may deny access to all memory there is, so PKRU goes to a register
 * and is opened before the CPU's state is stored. In a 32-bit program this is
 * done by 64-bit code as well, reached by a far jump: XRSTOR outside of 64-bit
 * mode leaves half of the vector registers alone.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "fuzz.h"

#define CPUID_1_ECX_OSXSAVE	0x08000000
#define CPUID_7_ECX_OSPKE	0x00000010
#define CPUID_D_1_EAX_XSAVES	0x00000008

#ifdef __x86_64__
#define REG_IP		REG_RIP
#define ENTER		""
#define LEAVE		"	ret\n"
/* The call must not overwrite the red zone. */
#define CALL_XRSTOR	"add $-128, %%rsp\n\tcall xrstor\n\tsub $-128, %%rsp"
#else
#define REG_IP		REG_EIP
/*
 * Jumps, not a call: QEMU takes the stack accesses of a far call for those of the
 * kernel, and SMAP forbids them. The upper halves of registers are undefined when
 * a change of mode has made them visible.
 */
#define ENTER		"	ljmp	$0x33, $1f\n" \
			".code64\n" \
			"1:	mov	%edi, %edi\n	mov %esi, %esi\n	mov %ebx, %ebx\n"
#define LEAVE		"	ljmpl	*2f(%rip)\n" \
			"2:	.long	3f, 0x23\n" \
			".code32\n" \
			"3:	ret\n"
#define CALL_XRSTOR	"call xrstor"
#endif

struct machine machine;

/*
 * di is the image, si where the state goes, bx where the caller's is kept.
 * Returns in ax whether XRSTOR faulted, in cx PKRU.
 */
asm(".pushsection .text\n"
	"xrstor:\n"
	ENTER
	"	mov	$-1, %eax\n"
	"	mov	$-1, %edx\n"
	"	xsave64	(%rbx)\n"
	"xrstor_may_fault:\n"
	"	xrstor64 (%rdi)\n"
	"	xor	%ecx, %ecx\n"
	"	rdpkru\n"
	"	mov	%eax, %edi\n"
	"	xor	%eax, %eax\n"
	"	wrpkru\n"
	"	mov	$-1, %eax\n"
	"	mov	$-1, %edx\n"
	"	xsave64	(%rsi)\n"
	"	xrstor64 (%rbx)\n"
	"	mov	%edi, %ecx\n"
	"	xor	%eax, %eax\n"
	"	jmp	4f\n"
	"xrstor_faulted:\n"
	"	mov	$-1, %eax\n"
	"	mov	$-1, %edx\n"
	"	xrstor64 (%rbx)\n"
	"	mov	$1, %eax\n"
	"4:\n"
	LEAVE
	".popsection\n");

/* Returns whether the CPU took the image. */
bool cpu_xrstor(const struct image *image, struct image *state)
{
	static struct image own;
	const struct image *di = image;
	u32 fault, pkru;

	/* XSAVE leaves alone what it does not know. */
	memset(&state->xstate_bv, 0, 64);
	asm volatile(CALL_XRSTOR
		     : "=a" (fault), "=c" (pkru), "+D" (di)
		     : "S" (state), "b" (&own)
		     : "edx", "memory", "cc");
	if (fault)
		return false;
	state->xstate_bv |= XFEATURE_PKRU;
	*image_pkru(state) = pkru;
	return true;
}

static void on_fault(int sig, siginfo_t *info, void *ctx)
{
	greg_t *ip = &((ucontext_t *)ctx)->uc_mcontext.gregs[REG_IP];

	if (*ip != (greg_t)(uintptr_t)xrstor_may_fault)
		broken("signal %d at %lx, address %p", sig, (unsigned long)*ip, info->si_addr);
	*ip = (greg_t)(uintptr_t)xrstor_faulted;
}

void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
}

static void probe_components(void)
{
	u32 eax, ebx, ecx, edx;
	int i;

	asm volatile("xgetbv" : "=a" (eax), "=d" (edx) : "c" (0));
	machine.xcr0 = eax | (u64)edx << 32;
	__cpuid_count(0xd, 0, eax, ebx, ecx, edx);
	machine.size = ebx;
	for (i = 2; i < 63; i++) {
		if (!(machine.xcr0 >> i & 1))
			continue;
		__cpuid_count(0xd, i, eax, ebx, ecx, edx);
		machine.sizes[i] = eax;
		machine.offset[i] = ebx;
	}
	__cpuid_count(0xd, 1, eax, ebx, ecx, edx);
	machine.compacted = eax & CPUID_D_1_EAX_XSAVES;
}

/*
 * A process has to ask for the tiles of AMX, and a thread has room for them in the kernel
 * from its first use of one. Then they are as any other component.
 */
static void take_tiles(void)
{
	static const struct image tiles = {
		.fcw = FCW_DEFAULT, .mxcsr = MXCSR_DEFAULT,
		.xstate_bv = XFEATURE_TILECFG | XFEATURE_TILEDATA,
	};
	static struct image state;

	if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, NR_TILEDATA))
		broken("ARCH_REQ_XCOMP_PERM: %m");
	if (!cpu_xrstor(&tiles, &state))
		broken("the CPU refuses tiles");
}

#define MXCSR_BEFORE	(MXCSR_DEFAULT | 0x8000)
#define MXCSR_IN_IMAGE	(MXCSR_DEFAULT | 0x0040)

/* MXCSR after XRSTOR of an image without any component. */
static u32 mxcsr_by_xrstor(u64 xcomp_bv, u32 rfbm)
{
	static struct image image;
	u32 before = MXCSR_BEFORE, old, mxcsr;

	memset(&image, 0, sizeof(image));
	image.xcomp_bv = xcomp_bv;
	image.mxcsr = MXCSR_IN_IMAGE;
	asm volatile("stmxcsr %0" : "=m" (old));
	asm volatile("ldmxcsr %1\n\txrstor %3\n\tstmxcsr %0\n\tldmxcsr %2"
		     : "=m" (mxcsr)
		     : "m" (before), "m" (old), "m" (image), "a" (rfbm), "d" (0));
	return mxcsr;
}

static u64 loads_mxcsr(u64 xcomp_bv)
{
	return mxcsr_by_xrstor(xcomp_bv, XFEATURE_YMM) == MXCSR_BEFORE ?
		XFEATURE_SSE : XFEATURE_SSE | XFEATURE_YMM;
}

/*
 * XRSTOR in the standard format loads MXCSR along with SSE and, on hardware, along
 * with YMM. In the compacted one it belongs to SSE, and hardware initializes it with
 * that. Bochs leaves it as it is. User space can try both.
 */
static void probe_mxcsr(void)
{
	u64 xcomp_bv = machine.compacted ? 1ULL << 63 | machine.xcr0 : 0;
	static struct image image;

	/* Zero means the mask of the first CPUs which had an MXCSR. */
	asm volatile("fxsave %0" : "=m" (image));
	machine.mxcsr_mask = image.mxcsr_mask ?: 0xffbf;
	machine.user_mxcsr = loads_mxcsr(0);
	machine.kernel_mxcsr = loads_mxcsr(xcomp_bv);

	switch (mxcsr_by_xrstor(xcomp_bv, XFEATURE_SSE)) {
	case MXCSR_IN_IMAGE:
		machine.without_sse = MXCSR_LOADED;
		break;
	case MXCSR_BEFORE:
		machine.without_sse = MXCSR_KEPT;
		break;
	default:
		machine.without_sse = MXCSR_INITIALIZED;
		break;
	}
}

/* Returns what is missing, or NULL. */
const char *probe_machine(void)
{
	u32 eax, ebx, ecx, edx;

	__cpuid(1, eax, ebx, ecx, edx);
	if (!(ecx & CPUID_1_ECX_OSXSAVE))
		return "XSAVE (CPUID.1:ECX.OSXSAVE)";
	__cpuid_count(7, 0, eax, ebx, ecx, edx);
	if (!(ecx & CPUID_7_ECX_OSPKE))
		return "protection keys (CPUID.7:ECX.OSPKE)";
	probe_components();
	if (machine.size + 4 > IMAGE_SIZE)
		return "room: the images of this CPU are larger than IMAGE_SIZE";
	if (machine.xcr0 & XFEATURE_TILEDATA)
		take_tiles();
	machine.pkru_default = rdpkru();
	probe_mxcsr();
	return NULL;
}
