// SPDX-License-Identifier: GPL-2.0-only
/*
 * Return from a signal frame that the PKRU to be restored denies, and what else of
 * the frame sigreturn has to take
 *
 * A handler may put another PKRU into the frame, or another alternate stack, and the
 * frame may lie in memory that the restored PKRU denies. "make witness" runs this on any
 * kernel, and the matrices of v6.12 and v6.1 run it. In v7.3 the cases that a kernel has
 * to pass are in selftests/mm/pkey_sighandler_tests.c.
 *
 * There are four kinds of signal frames: those of 64-bit programs and of x32, and two of
 * 32-bit programs, the old one and the rt one. The 64-bit build has the first two, because a
 * program gets the frame of x32 for a handler that it has installed by the system call
 * of x32.
 */

#define _GNU_SOURCE

#include <cpuid.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "../../../witness/include/kselftest_harness.h"
#include "../pkru.h"

#define XFEATURE_NR_PKRU	9
#define XFEATURE_PKRU		0x200ULL

#define CPUID_1_ECX_OSXSAVE	0x08000000
#define CPUID_7_ECX_OSPKE	0x00000010

/* Where an XSAVE image in memory keeps what. */
#define XSAVE_HEADER		512
#define XSAVE_SW_BYTES		464
#define FP_MAGIC1		0x46505853U

/* Key 0 may be used, unlike in PKRU_DENY. */
#define PKRU_USER		0x5a5a5a58U
#define PKRU_DENY		0x55555555U

#define X32_SYSCALL_BIT		0x40000000U
#define X32_RT_SIGACTION	(X32_SYSCALL_BIT + 512)
#define SA_RESTORER_BIT		0x04000000

#define STACK_PAGES		8

#define __unused	__attribute__((__unused__))

static unsigned int pkru_offset;
/* A new program starts with this one, and so does a signal handler. */
static unsigned int default_pkru;
static size_t page_size;

/* The name of what is missing, or NULL. No PKRU access before this has passed. */
static const char *probe_cpu(void)
{
	unsigned int eax, ebx, ecx, edx;

	__cpuid_count(1, 0, eax, ebx, ecx, edx);
	if (!(ecx & CPUID_1_ECX_OSXSAVE))
		return "XSAVE (CPUID.1:ECX.OSXSAVE)";
	__cpuid_count(7, 0, eax, ebx, ecx, edx);
	if (!(ecx & CPUID_7_ECX_OSPKE))
		return "protection keys (CPUID.7:ECX.OSPKE)";

	__cpuid_count(0xd, XFEATURE_NR_PKRU, eax, ebx, ecx, edx);
	pkru_offset = ebx;
	return NULL;
}

static void expect_pkru(struct __test_metadata *_metadata, const char *where, unsigned int expected,
			unsigned int seen)
{
	EXPECT_EQ(expected, seen) {
		TH_LOG("PKRU %s is %08x instead of %08x%s", where, seen, expected,
		       seen ? "" : ", every key is open");
	}
}

static unsigned long long image_features(const void *image)
{
	unsigned long long features;

	memcpy(&features, (const char *)image + XSAVE_HEADER, sizeof(features));
	return features;
}

static void edit_image(void *image, bool has_pkru, unsigned int pkru)
{
	unsigned long long features = image_features(image) & ~XFEATURE_PKRU;

	if (has_pkru)
		features |= XFEATURE_PKRU;
	memcpy((char *)image + XSAVE_HEADER, &features, sizeof(features));
	memcpy((char *)image + pkru_offset, &pkru, sizeof(pkru));
}

/* --- Signals --- */

/*
 * Set PKRU, send a signal to this thread, return the PKRU that is found when
 * the handler has returned. No memory is accessed in between, so PKRU may deny
 * whatever it wants to. PKRU is the default one in the end.
 */
static unsigned int raise_with_pkru(unsigned int pkru)
{
	long tgid = getpid(), tid = syscall(SYS_gettid);
#ifdef __x86_64__
	register unsigned int back asm("r8") = default_pkru;

	asm volatile("xor	%%ecx, %%ecx\n\t"
		     "xor	%%edx, %%edx\n\t"
		     ".byte	0x0f,0x01,0xef\n\t"
		     "mov	%[nr], %%eax\n\t"
		     "mov	%[sig], %%edx\n\t"
		     "syscall\n\t"
		     "xor	%%ecx, %%ecx\n\t"
		     ".byte	0x0f,0x01,0xee\n\t"
		     "mov	%%eax, %%edi\n\t"
		     "mov	%%r8d, %%eax\n\t"
		     "xor	%%edx, %%edx\n\t"
		     ".byte	0x0f,0x01,0xef"
		     : "+a" (pkru), "+D" (tgid)
		     : "S" (tid), [nr] "i" (SYS_tgkill), [sig] "i" (SIGUSR1), "r" (back)
		     : "rcx", "rdx", "r11", "memory");
	return tgid;
#else
	unsigned int back = default_pkru;

	asm volatile("xor	%%ecx, %%ecx\n\t"
		     "xor	%%edx, %%edx\n\t"
		     ".byte	0x0f,0x01,0xef\n\t"
		     "mov	%[nr], %%eax\n\t"
		     "mov	%%edi, %%ecx\n\t"
		     "mov	%[sig], %%edx\n\t"
		     "int	$0x80\n\t"
		     "xor	%%ecx, %%ecx\n\t"
		     ".byte	0x0f,0x01,0xee\n\t"
		     "mov	%%eax, %%edi\n\t"
		     "mov	%%esi, %%eax\n\t"
		     "xor	%%edx, %%edx\n\t"
		     ".byte	0x0f,0x01,0xef"
		     : "+a" (pkru), "+D" (tid)
		     : "b" (tgid), "S" (back), [nr] "i" (SYS_tgkill), [sig] "i" (SIGUSR1)
		     : "ecx", "edx", "memory");
	return tid;
#endif
}

enum frame_kind {
	FRAME_RT,	/* of the native ABI, with siginfo */
	FRAME_PLAIN,	/* 64-bit: without siginfo; 32-bit: the old frame */
	FRAME_X32,
};

static void *alt_stack;		/* STACK_PAGES, below 4 GiB */
static int handled;

#ifdef __x86_64__
void x32_restorer(void);
asm(".pushsection .text\n"
	"x32_restorer:\n\t"
	"mov	$0x40000201, %eax\n\t"	/* rt_sigreturn of x32 */
	"syscall\n"
	".popsection");

static const char *install_x32(void (*handler)(int sig, siginfo_t *info, void *uc))
{
	struct {
		unsigned int	handler;
		unsigned int	flags;
		unsigned int	restorer;
		unsigned int	mask[2];
	} sa = {
		.handler = (uintptr_t)handler,
		.flags = SA_ONSTACK | SA_SIGINFO | SA_RESTORER_BIT,
		.restorer = (uintptr_t)x32_restorer,
	};

	if ((uintptr_t)handler >> 32 || (uintptr_t)x32_restorer >> 32)
		return "-no-pie";
	if (syscall(X32_RT_SIGACTION, SIGUSR1, &sa, NULL, 8))
		return "x32 system calls";
	return NULL;
}
#else
static const char *install_x32(void (*handler)(int sig, siginfo_t *info, void *uc) __unused)
{
	return "x32 frames in a 32-bit program";
}
#endif

/* Returns the name of what is missing, or NULL. */
static const char *install(enum frame_kind kind,
			   void (*handler)(int sig, siginfo_t *info, void *uc))
{
	struct sigaction sa = { .sa_flags = SA_ONSTACK };

	if (kind == FRAME_X32)
		return install_x32(handler);
	if (kind == FRAME_RT)
		sa.sa_flags |= SA_SIGINFO;
	sa.sa_sigaction = handler;
	return sigaction(SIGUSR1, &sa, NULL) ? "sigaction" : NULL;
}

static void map_alt_stack(struct __test_metadata *_metadata)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;

#ifdef __x86_64__
	flags |= MAP_32BIT;
#endif
	alt_stack = mmap(NULL, STACK_PAGES * page_size, PROT_READ | PROT_WRITE, flags, -1, 0);
	ASSERT_FALSE(alt_stack == MAP_FAILED);
}

static void set_alt_stack(struct __test_metadata *_metadata, void *top)
{
	stack_t ss = { .ss_sp = alt_stack, .ss_size = (char *)top - (char *)alt_stack };

	ASSERT_EQ(0, sigaltstack(&ss, NULL));
}

/* The XSAVE image that the kernel left behind on the alternate stack. */
static char *find_image(void)
{
	char *p, *end = (char *)alt_stack + STACK_PAGES * page_size - XSAVE_HEADER;

	for (p = alt_stack; p < end; p += 64)
		if (*(unsigned int *)(p + XSAVE_SW_BYTES) == FP_MAGIC1)
			return p;
	return NULL;
}

static void count_signal(int sig __unused, siginfo_t *info __unused, void *uc __unused)
{
	handled++;
}

/* --- sigreturn --- */

static stack_t other_stack;
static unsigned int pkru_to_restore;
static enum frame_kind kind_of_frame;

static void edit_frame_pkru(void)
{
	char *image = find_image();

	if (image)
		edit_image(image, true, pkru_to_restore);
}

static void edit_uc_stack(void *uc)
{
	if (kind_of_frame == FRAME_X32) {
		/* uc_flags, uc_link, then ss_sp, ss_flags and ss_size */
		unsigned int *words = uc;

		words[2] = (uintptr_t)other_stack.ss_sp;
		words[3] = 0;
		words[4] = other_stack.ss_size;
	} else {
		((ucontext_t *)uc)->uc_stack = other_stack;
	}
}

static void edit_pkru(int sig __unused, siginfo_t *info __unused, void *uc __unused)
{
	handled++;
	edit_frame_pkru();
}

static void edit_stack(int sig __unused, siginfo_t *info __unused, void *uc)
{
	handled++;
	edit_uc_stack(uc);
}

static void edit_both(int sig __unused, siginfo_t *info __unused, void *uc)
{
	handled++;
	edit_uc_stack(uc);
	edit_frame_pkru();
}

FIXTURE(sigreturn) {
};

FIXTURE_VARIANT(sigreturn) {
	enum frame_kind	kind;
};

FIXTURE_VARIANT_ADD(sigreturn, rt) { .kind = FRAME_RT };
FIXTURE_VARIANT_ADD(sigreturn, plain) { .kind = FRAME_PLAIN };
FIXTURE_VARIANT_ADD(sigreturn, x32) { .kind = FRAME_X32 };

FIXTURE_SETUP(sigreturn)
{
	map_alt_stack(_metadata);
	set_alt_stack(_metadata, (char *)alt_stack + STACK_PAGES / 2 * page_size);
	/* The other half. */
	other_stack.ss_sp = (char *)alt_stack + STACK_PAGES / 2 * page_size;
	other_stack.ss_size = STACK_PAGES / 2 * page_size;
	pkru_to_restore = PKRU_USER;
	kind_of_frame = variant->kind;
}

FIXTURE_TEARDOWN(sigreturn)
{
}

static void expect_alt_stack(struct __test_metadata *_metadata, void *sp)
{
	stack_t ss;

	ASSERT_EQ(0, sigaltstack(NULL, &ss));
	EXPECT_EQ((uintptr_t)sp, (uintptr_t)ss.ss_sp);
}

/* Returns false if the test is skipped. */
static bool installed(struct __test_metadata *_metadata, enum frame_kind kind,
		      void (*handler)(int sig, siginfo_t *info, void *uc))
{
	const char *missing = install(kind, handler);

	if (missing)
		SKIP(return false, "No %s", missing);
	return true;
}

/* Take a signal with the first PKRU, return from it to the second one. */
static void take_signal(struct __test_metadata *_metadata, unsigned int with, unsigned int back_to)
{
	expect_pkru(_metadata, "after the signal", back_to, raise_with_pkru(with));
	EXPECT_EQ(1, handled);
}

TEST_F(sigreturn, restores_pkru)
{
	if (!installed(_metadata, variant->kind, count_signal))
		return;
	take_signal(_metadata, PKRU_USER, PKRU_USER);
	expect_alt_stack(_metadata, alt_stack);
}

TEST_F(sigreturn, takes_pkru_from_the_frame)
{
	if (installed(_metadata, variant->kind, edit_pkru))
		take_signal(_metadata, default_pkru, PKRU_USER);
}

TEST_F(sigreturn, to_pkru_that_denies_the_frame)
{
	if (!installed(_metadata, variant->kind, count_signal))
		return;
	take_signal(_metadata, PKRU_DENY, PKRU_DENY);
	expect_alt_stack(_metadata, alt_stack);
}

TEST_F(sigreturn, to_new_pkru_that_denies_the_frame)
{
	pkru_to_restore = PKRU_DENY;
	if (installed(_metadata, variant->kind, edit_pkru))
		take_signal(_metadata, default_pkru, PKRU_DENY);
}

TEST_F(sigreturn, takes_uc_stack_from_the_frame)
{
	if (!installed(_metadata, variant->kind, edit_stack))
		return;
	if (variant->kind == FRAME_PLAIN)
		SKIP(return, "No ucontext");
	raise_with_pkru(default_pkru);
	EXPECT_EQ(1, handled);
	expect_alt_stack(_metadata, other_stack.ss_sp);
}

TEST_F(sigreturn, takes_uc_stack_from_a_denied_frame)
{
	if (!installed(_metadata, variant->kind, edit_both))
		return;
	if (variant->kind == FRAME_PLAIN)
		SKIP(return, "No ucontext");
	pkru_to_restore = PKRU_DENY;
	take_signal(_metadata, default_pkru, PKRU_DENY);
	expect_alt_stack(_metadata, other_stack.ss_sp);
}

int main(int argc, char **argv)
{
	const char *missing;

	/*
	 * The C library may have registered for restartable sequences. The kernel
	 * writes that area with the PKRU of the thread, which dies if it denies
	 * key 0.
	 */
	if (!getenv("GLIBC_TUNABLES")) {
		setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
		execv("/proc/self/exe", argv);
	}

	missing = probe_cpu();
	if (missing) {
		ksft_print_header();
		ksft_exit_skip("No %s\n", missing);
	}
	page_size = sysconf(_SC_PAGESIZE);
	default_pkru = rdpkru();
	return test_harness_run(argc, argv);
}
