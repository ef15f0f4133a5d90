// SPDX-License-Identifier: GPL-2.0
/*
 * subject.c - the task which is traced
 *
 * A loop: stop for the tracer, take on the state before, take on the new one, store
 * what that is. The new state comes from the tracer's PTRACE_SETREGSET during a
 * second stop, or from a signal frame which the tracer made. From where PKRU is
 * written until it was read again, no instruction accesses memory.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <err.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include "subject.h"

#define STR(x)	STR_(x)
#define STR_(x)	#x

static_assert(offsetof(struct shared, sigreturn) == 0, "see below");
static_assert(offsetof(struct shared, frame) == 4, "see below");
static_assert(offsetof(struct shared, pkru_before) == 8, "see below");
static_assert(offsetof(struct shared, pkru_after) == 12, "see below");

#define LOAD_BEFORE	"	mov	$-513, %eax\n	mov $-1, %edx\n" \
			"	xrstor64 " STR(OFF_BEFORE) "(%rbx)\n"
#define STORE_AFTER	"	mov	$-1, %eax\n	mov $-1, %edx\n" \
			"	xsave64	" STR(OFF_AFTER) "(%rbx)\n"

/* Half of the vector registers are out of reach of 32-bit code, see cpu.c. */
#ifdef __x86_64__
#define B		"%rbx"
#define LOAD		LOAD_BEFORE
#define STORE		STORE_AFTER
#define SYSCALL		"	syscall\n"
#define FRAME_FXSAVE	0
#else
#define B		"%ebx"
#define LOAD		IN_64(LOAD_BEFORE)
#define STORE		IN_64(STORE_AFTER)
#define SYSCALL		"	int	$0x80\n"
#define FRAME_FXSAVE	FSAVE_SIZE
#define IN_64(code)	"	ljmp	$0x33, $2f\n" \
			".code64\n" \
			"2:	mov	%ebx, %ebx\n" \
			code \
			"	ljmpl	*3f(%rip)\n" \
			"3:	.long	4f, 0x23\n" \
			".code32\n" \
			"4:\n"
#endif

asm(".pushsection .text\n"
	"subject_loop:\n"
	"	int3\n"
	"	mov	$" STR(SHARED_ADDR) ", %ebx\n"
	LOAD
	"	mov	0(" B "), %ebp\n"
	"	mov	4(" B "), %esp\n"
	"	mov	8(" B "), %eax\n"
	"	xor	%ecx, %ecx\n"
	"	xor	%edx, %edx\n"
	"	wrpkru\n"
	"	test	%ebp, %ebp\n"
	"	jnz	1f\n"
	"	int3\n"
	"	jmp	subject_landing\n"
	"1:	mov	%ebp, %eax\n"
	SYSCALL
	"	ud2\n"
	"subject_landing:\n"
	"	xor	%ecx, %ecx\n"
	"	rdpkru\n"
	"	mov	%eax, %ebp\n"
	"	xor	%eax, %eax\n"
	"	wrpkru\n"
	"	mov	$" STR(SHARED_ADDR) ", %ebx\n"
	STORE
	"	mov	%ebp, 12(" B ")\n"
	"	jmp	subject_loop\n"
	".popsection\n");

static struct shared *shared = (struct shared *)SHARED_ADDR;

/* What the kernel puts into a frame, for frames of our own. */
static void take_frame(int sig __attribute__((unused)),
		       siginfo_t *info __attribute__((unused)), void *ctx)
{
	ucontext_t *uc = ctx;
	struct image *image = (void *)((char *)uc->uc_mcontext.fpregs + FRAME_FXSAVE);

	memcpy(&shared->sw, &image->sw, sizeof(shared->sw));
}

int subject_main(int fd)
{
	struct sigaction sa = { .sa_sigaction = take_frame, .sa_flags = SA_SIGINFO };
	char *map;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	map = mmap((void *)SHARED_ADDR, SHARED_SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	if (mprotect(map + OFF_PROT_NONE, IMAGE_SIZE, PROT_NONE))
		err(1, "mprotect");
	/* Has room for tiles from here on, and the frame of the signal shows it. */
	probe_machine();
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	shared->landing = (uintptr_t)subject_landing;
	shared->ready = 1;
	asm volatile("jmp subject_loop");
	__builtin_unreachable();
}
