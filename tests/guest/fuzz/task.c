// SPDX-License-Identifier: GPL-2.0
/*
 * task.c - ptrace() and sigreturn(), seen from the tracer
 *
 * The frames are made here, of the layout in Documentation of nobody but the
 * kernel's arch/x86/include/asm/sigframe.h. Only the FPU part is fuzzed, the
 * registers in it continue the subject's loop.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "subject.h"

#define PAGE		4096U
#define ARENA_PAGES	4
#define SI_KERNEL_CODE	0x80

struct subject {
	pid_t		pid;
	char		*shared;
};

struct frame_64 {
	u64	pretcode;
	u64	uc_flags;
	u64	uc_link;
	u64	ss_sp;
	u64	ss_flags;
	u64	ss_size;
	u64	r8_r15[8];
	u64	di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	u16	cs, gs, fs, ss;
	u64	err, trapno, oldmask, cr2;
	u64	fpstate;
	u64	reserved[8];
	u64	sigmask;
};

struct sigcontext_32 {
	u32	gs, fs, es, ds;
	u32	di, si, bp, sp, bx, dx, cx, ax;
	u32	trapno, err, ip, cs, flags, sp_at_signal, ss;
	u32	fpstate;
	u32	oldmask, cr2;
};

struct frame_32 {
	u32		pretcode;
	u32		sig;
	struct sigcontext_32	sc;
	u8			unused[624];
	u32		extramask;
};

struct rt_frame_32 {
	u32		pretcode;
	u32		sig;
	u32		pinfo;
	u32		puc;
	u8			info[128];
	u32		uc_flags;
	u32		uc_link;
	u32		ss_sp, ss_flags, ss_size;
	struct sigcontext_32	sc;
	u64		sigmask;
} __attribute__((packed));

static struct subject subjects[2];

static struct subject *subject_of(enum api api)
{
	return &subjects[api == PTRACE_32 || api == SIGRETURN_32_RT || api == SIGRETURN_32_OLD];
}

static struct shared *shared_of(struct subject *s)
{
	return (struct shared *)s->shared;
}

/* Let it run to its next stop, returns the signal. */
static int resume(struct subject *s, int sig)
{
	int status;

	if (ptrace(PTRACE_CONT, s->pid, NULL, (void *)(long)sig))
		broken("PTRACE_CONT: %s", strerror(errno));
	if (waitpid(s->pid, &status, 0) != s->pid)
		broken("waitpid: %s", strerror(errno));
	if (!WIFSTOPPED(status))
		broken("the subject died, status %x", status);
	return WSTOPSIG(status);
}

static void expect_stop(int sig)
{
	if (sig != SIGTRAP)
		broken("the subject stopped by signal %d in the wrong place", sig);
}

/* Executed, not only forked: a subject may have another bitness than we have. */
static bool start_subject(struct subject *s, const char *path)
{
	int fd = memfd_create("subject", 0), status, sig;
	char arg[16];

	if (fd < 0 || ftruncate(fd, SHARED_SIZE))
		broken("memfd_create: %s", strerror(errno));
	s->shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s->shared == MAP_FAILED)
		broken("mmap: %s", strerror(errno));
	s->pid = fork();
	if (!s->pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		snprintf(arg, sizeof(arg), "%d", fd);
		execl(path, path, "-T", arg, NULL);
		_exit(127);
	}
	close(fd);
	if (waitpid(s->pid, &status, 0) != s->pid || !WIFSTOPPED(status))
		return false;
	ptrace(PTRACE_SETOPTIONS, s->pid, NULL, (void *)PTRACE_O_EXITKILL);
	for (sig = 0; !shared_of(s)->ready; sig = sig == SIGTRAP ? 0 : sig)
		sig = resume(s, sig);
	return true;
}

/* @self ends in _64 or _32, and the other one is next to it. */
bool start_subjects(const char *self)
{
	char path[256];
	size_t len = strlen(self);
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%.*s_%d", (int)len - 3, self, i ? 32 : 64);
		if (!start_subject(&subjects[i], path))
			return false;
	}
	machine.sw[SIGRETURN_64] = shared_of(&subjects[0])->sw;
	machine.sw[SIGRETURN_32_RT] = shared_of(&subjects[1])->sw;
	machine.sw[SIGRETURN_32_OLD] = shared_of(&subjects[1])->sw;
	return true;
}

/* The address in an arena that ends at @end: where what is hidden is hidden. */
static u32 place(const struct trial *t, u32 end)
{
	if (t->hidden)
		return end - t->readable;
	return end - ARENA_PAGES * PAGE + 64 + t->misaligned;
}

/*
 * Our own arenas: one ends at memory without access, one at a hole. Stores what can be
 * read of the first @len bytes.
 */
char *place_image(const struct trial *t, size_t len)
{
	static char *arenas[2];
	char **arena = &arenas[t->unmapped], *end, *at;

	if (!*arena) {
		*arena = mmap(NULL, ARENA_PAGES * PAGE + IMAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (*arena == MAP_FAILED)
			broken("mmap: %s", strerror(errno));
		end = *arena + ARENA_PAGES * PAGE;
		if (t->unmapped ? munmap(end, IMAGE_SIZE) : mprotect(end, IMAGE_SIZE, PROT_NONE))
			broken("no end of the arena: %s", strerror(errno));
	}
	at = *arena + place(t, ARENA_PAGES * PAGE);
	memcpy(at, t->image.bytes, t->hidden && t->readable < len ? t->readable : len);
	return at;
}

/* Stores what lies ahead of the end, returns the address for the subject. */
static u32 put_fpstate(struct subject *s, const struct trial *t)
{
	u32 end = t->unmapped ? OFF_HOLE : OFF_PROT_NONE;
	u32 fsave = is_sigreturn_32(t) ? FSAVE_SIZE : 0;
	u32 len = t->hidden ? t->readable : total_size(t), at = place(t, end);
	char *to = s->shared + at;

	memcpy(to, t->fsave, len < fsave ? len : fsave);
	if (len > fsave)
		memcpy(to + fsave, t->image.bytes, len - fsave);
	return SHARED_ADDR + at;
}

static void put_frame_64(struct subject *s, u32 fpstate)
{
	struct frame_64 frame = {
		.uc_flags = 7, .ss_flags = 2, .flags = 0x202, .cs = 0x33, .ss = 0x2b,
		.ip = shared_of(s)->landing, .fpstate = fpstate,
	};

	memcpy(s->shared + OFF_FRAME, &frame, sizeof(frame));
	shared_of(s)->sigreturn = 15;
	shared_of(s)->frame = SHARED_ADDR + OFF_FRAME + 8;
}

static struct sigcontext_32 context_32(struct subject *s, u32 fpstate)
{
	struct sigcontext_32 sc = {
		.es = 0x2b, .ds = 0x2b, .cs = 0x23, .ss = 0x2b, .flags = 0x202,
		.ip = shared_of(s)->landing, .fpstate = fpstate,
	};

	return sc;
}

static void put_frame_32(struct subject *s, u32 fpstate)
{
	struct frame_32 frame = { .sc = context_32(s, fpstate) };

	memcpy(s->shared + OFF_FRAME, &frame, sizeof(frame));
	shared_of(s)->sigreturn = 119;
	shared_of(s)->frame = SHARED_ADDR + OFF_FRAME + 8;
}

static void put_rt_frame_32(struct subject *s, u32 fpstate)
{
	struct rt_frame_32 frame = { .ss_flags = 2, .sc = context_32(s, fpstate) };

	memcpy(s->shared + OFF_FRAME, &frame, sizeof(frame));
	shared_of(s)->sigreturn = 173;
	shared_of(s)->frame = SHARED_ADDR + OFF_FRAME + 4;
}

/* Sets the state before up; the subject takes it on when it is resumed. */
static struct subject *prepare(const struct trial *t)
{
	struct subject *s = subject_of(t->api);

	memcpy(s->shared + OFF_BEFORE, t->before.bytes, machine.size);
	shared_of(s)->pkru_before = t->pkru_before;
	shared_of(s)->sigreturn = 0;
	return s;
}

static bool check_registers(struct subject *s, const struct expected *e, char *why, size_t len)
{
	struct image *after = (struct image *)(s->shared + OFF_AFTER);
	u32 mxcsr = e->any_mxcsr ? after->mxcsr : e->state.mxcsr;
	char what[128];

	after->xstate_bv |= XFEATURE_PKRU;
	*image_pkru(after) = shared_of(s)->pkru_after;
	if (same_state(after, &e->state, mxcsr, what, sizeof(what)))
		return true;
	snprintf(why, len, "registers of the task: %s", what);
	return false;
}

/* What is read has to be an image which gives the very state, if written. */
static bool check_regset(struct subject *s, const struct image *state, u32 mxcsr,
			 const char *when, char *why, size_t len)
{
	static struct image image, got;
	struct iovec iov = { &image, sizeof(image) };
	char what[128] = "the CPU refuses the image";

	if (ptrace(PTRACE_GETREGSET, s->pid, (void *)NT_X86_XSTATE, &iov) ||
	    iov.iov_len != machine.size)
		broken("PTRACE_GETREGSET: %s", strerror(errno));
	if (cpu_xrstor(&image, &got) && same_state(&got, state, mxcsr, what, sizeof(what)))
		return true;
	snprintf(why, len, "PTRACE_GETREGSET %s: %s", when, what);
	return false;
}

/* The subject has opened all keys by now, and stopped again. */
static bool check_regset_after(struct subject *s, const struct expected *e, char *why, size_t len)
{
	struct image *after = (struct image *)(s->shared + OFF_AFTER);

	*image_pkru(after) = 0;
	return check_regset(s, after, e->any_mxcsr ? after->mxcsr : e->state.mxcsr,
			    "after the task ran", why, len);
}

static bool wrong_err(int err, const struct expected *e, char *why, size_t len)
{
	if (err == e->err)
		return false;
	snprintf(why, len, "error %d instead of %d", err, e->err);
	return true;
}

static bool try_ptrace(const struct trial *t, const struct expected *e, char *why, size_t len)
{
	struct subject *s = prepare(t);
	struct iovec iov = { place_image(t, machine.size), t->size };
	bool ok;
	int err;

	expect_stop(resume(s, 0));
	wrpkru(t->pkru_own);
	err = ptrace(PTRACE_SETREGSET, s->pid, (void *)NT_X86_XSTATE, &iov) ? errno : 0;
	wrpkru(0);
	ok = !wrong_err(err, e, why, len) &&
	     check_regset(s, &e->state, e->mxcsr_reported, "before the task ran", why, len);
	expect_stop(resume(s, 0));
	return ok && check_registers(s, e, why, len) && check_regset_after(s, e, why, len);
}

static bool is_from_kernel(struct subject *s, char *why, size_t len)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, s->pid, NULL, &info))
		broken("PTRACE_GETSIGINFO: %s", strerror(errno));
	if (info.si_code == SI_KERNEL_CODE)
		return true;
	snprintf(why, len, "SIGSEGV has si_code %d", info.si_code);
	return false;
}

static bool try_sigreturn(const struct trial *t, const struct expected *e, char *why, size_t len)
{
	struct subject *s = prepare(t);
	u32 fpstate = put_fpstate(s, t);
	bool ok = true;
	int sig;

	if (t->api == SIGRETURN_64)
		put_frame_64(s, fpstate);
	else if (t->api == SIGRETURN_32_RT)
		put_rt_frame_32(s, fpstate);
	else
		put_frame_32(s, fpstate);

	/* The signal is looked at and not delivered: the loop goes on. */
	sig = resume(s, 0);
	if (sig == SIGSEGV) {
		ok = is_from_kernel(s, why, len);
		expect_stop(resume(s, 0));
	} else {
		expect_stop(sig);
		sig = 0;
	}
	return ok && !wrong_err(sig, e, why, len) && check_registers(s, e, why, len);
}

bool try_task(const struct trial *t, const struct expected *e, char *why, size_t len)
{
	return is_ptrace(t) ? try_ptrace(t, e, why, len) : try_sigreturn(t, e, why, len);
}

/* Whether an image may end behind a header that has no component. */
void learn_ptrace(void)
{
	struct trial t = {
		.api = PTRACE_64, .size = machine.size, .hidden = true,
		.readable = offsetof(struct image, reserved) + sizeof(t.image.reserved),
	};
	struct expected e;
	char why[128];

	t.image.mxcsr = MXCSR_DEFAULT;
	t.before.mxcsr = MXCSR_DEFAULT;
	expect(&t, &e);
	machine.ptrace_reads_less = !try_task(&t, &e, why, sizeof(why));
}

/*
 * rt_sigreturn() reads uc_stack after it restored PKRU, in kernels without the fix
 * for it (denied-frame in Documentation/pkru-audit.rst), on CPUs which then fault. Which of
 * the two is the case is seen from one frame.
 */
void learn_frames(void)
{
	struct trial t = {};
	struct expected e;
	char why[128];
	int api;

	if (machine.open_key_0)
		return;
	for (api = SIGRETURN_64; api <= SIGRETURN_32_OLD; api++) {
		t.api = api;
		t.image.mxcsr = MXCSR_DEFAULT;
		t.before.mxcsr = MXCSR_DEFAULT;
		t.image.sw = machine.sw[api];
		t.image.xstate_bv = XFEATURE_PKRU;
		*image_pkru(&t.image) = PKRU_AD0;
		memcpy(t.image.bytes + machine.size, "EXPF", 4);
		expect(&t, &e);
		if (try_task(&t, &e, why, sizeof(why)))
			continue;
		machine.refuses_own_key[api] = true;
	}
}
