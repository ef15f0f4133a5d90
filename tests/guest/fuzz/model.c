// SPDX-License-Identifier: GPL-2.0
/*
 * model.c - what has to come out of a trial
 *
 * The rule is: what the CPU's XRSTOR makes of the image, and an error if XRSTOR
 * faults. An error changes nothing, but sigreturn() has a thread to get rid of.
 * All that the kernel does otherwise is in this file, a function for each rule.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define MAGIC1		0x46505853U
#define MAGIC2		0x46505845U
#define LEGACY_SIZE	512
#define HEADER_END	576

#define USES_MXCSR	(XFEATURE_SSE | XFEATURE_YMM)

/* No other CPU keeps MXCSR when it initializes SSE. */
static bool is_bochs(void)
{
	return machine.without_sse == MXCSR_KEPT;
}

static u32 fsave_size(const struct trial *t)
{
	return is_sigreturn_32(t) ? FSAVE_SIZE : 0;
}

/* What has to be readable. */
u32 total_size(const struct trial *t)
{
	if (t->api == KVM_SET)
		return machine.kvm_size;
	if (is_ptrace(t))
		return machine.size;
	return fsave_size(t) + machine.size + sizeof(MAGIC2);
}

static bool readable(const struct trial *t, u32 end)
{
	return !t->hidden || fsave_size(t) + end <= t->readable;
}

/* The errno of ptrace() and KVM, or the signal which ends sigreturn(). */
static int refusal(const struct trial *t)
{
	return is_sigreturn(t) ? SIGSEGV : EINVAL;
}

static bool size_is_lied(const struct trial *t)
{
	const struct sw_bytes *sw = &t->image.sw;

	return sw->magic1 != MAGIC1 || sw->xstate_size < HEADER_END ||
	       sw->xstate_size > machine.size || sw->xstate_size > sw->extended_size;
}

/*
 * A frame whose software bytes do not fit is taken for that of a program which
 * knows nothing of XSAVE: FP and SSE come from it, all else is initialized.
 */
bool fx_only(const struct trial *t)
{
	u32 magic2;

	if (!is_sigreturn(t))
		return false;
	if (size_is_lied(t))
		return true;
	memcpy(&magic2, t->image.bytes + t->image.sw.xstate_size, sizeof(magic2));
	return magic2 != MAGIC2;
}

/* Components which a frame may have restored, by its software bytes. */
static u64 wanted(const struct trial *t)
{
	if (!is_sigreturn(t))
		return machine.xcr0;
	return machine.xcr0 & (fx_only(t) ? XFEATURE_FP | XFEATURE_SSE : t->image.sw.xfeatures);
}

/* A regset is written in units of 8 bytes, and XSAVE's as a whole. */
static int wrong_size(const struct trial *t)
{
	int err = t->size < machine.size ? EFAULT : 0;

	if (!is_ptrace(t))
		return 0;
	return t->size % 8 ? EINVAL : err;
}

/*
 * KVM reads the whole image, and so does ptrace(), except in newer kernels. sigreturn()
 * reads what it needs: the software bytes, the second magic word, and the components
 * which the image has.
 */
static int unreadable(const struct trial *t)
{
	u64 bv = t->image.xstate_bv & machine.xcr0;
	int fault = is_sigreturn(t) ? SIGSEGV : EFAULT;
	int i;

	if (t->api == KVM_SET || (is_ptrace(t) && !machine.ptrace_reads_less))
		return readable(t, total_size(t)) ? 0 : EFAULT;
	if (!readable(t, is_ptrace(t) ? HEADER_END : LEGACY_SIZE))
		return fault;
	if (is_sigreturn(t) && !size_is_lied(t) &&
	    !readable(t, t->image.sw.xstate_size + sizeof(MAGIC2)))
		return SIGSEGV;
	if (fx_only(t))
		return 0;
	if (t->api == SIGRETURN_64)
		bv &= wanted(t);
	for (i = 2; i < 63; i++) {
		if (bv >> i & 1 && !readable(t, machine.offset[i] + machine.sizes[i]))
			return fault;
	}
	return 0;
}

/* Only a 64-bit frame is given to XRSTOR, or FXRSTOR, as it lies in memory. */
static int misaligned(const struct trial *t)
{
	u32 mask = fx_only(t) ? 15 : 63;

	return t->api == SIGRETURN_64 && t->misaligned & mask ? SIGSEGV : 0;
}

/* The kernel wants all reserved bytes of the header 0, the CPU the first 8. */
static int reserved_header(const struct trial *t)
{
	static const u8 zero[sizeof(t->image.reserved)];

	if (t->api == SIGRETURN_64 || fx_only(t))
		return 0;
	return memcmp(t->image.reserved, zero, sizeof(zero)) ? refusal(t) : 0;
}

/* A guest cannot have all components of the host, MPX for one. */
static int no_guest_component(const struct trial *t)
{
	return t->api == KVM_SET && t->image.xstate_bv & ~machine.kvm_xcr0 ? EINVAL : 0;
}

/*
 * The kernel wants the standard format, a CPU with XSAVEC takes both. That checks the
 * whole of the header, what is not wanted as well.
 */
static int not_standard(const struct trial *t)
{
	u64 lacking = t->image.xstate_bv & ~t->image.xcomp_bv;

	if (fx_only(t))
		return 0;
	if (t->api == SIGRETURN_64)
		return t->image.xcomp_bv >> 63 && lacking ? SIGSEGV : 0;
	return t->image.xcomp_bv ? refusal(t) : 0;
}

/*
 * XRSTOR looks at MXCSR if it is to restore SSE or, on hardware, YMM, whatever the
 * image has. The kernel does if the image has any component that MXCSR may belong to.
 */
static bool looks_at_mxcsr(const struct trial *t)
{
	if (fx_only(t))
		return true;
	if (t->api == SIGRETURN_64)
		return wanted(t) & machine.user_mxcsr;
	return t->image.xstate_bv & (XFEATURE_FP | USES_MXCSR);
}

/* Whether a CPU faults on reserved bits depends on the CPU, and QEMU does not. */
static int reserved_mxcsr(const struct trial *t)
{
	if (t->api == SIGRETURN_64 || !looks_at_mxcsr(t))
		return 0;
	return t->image.mxcsr & ~machine.mxcsr_mask ? refusal(t) : 0;
}

/*
 * Which MXCSR a thread has in the end. In the standard format MXCSR is loaded when
 * SSE is, even if that is to be initialized: from the buffer of the kernel, which has
 * the default then. In the compacted format hardware initializes it with SSE.
 */
static u32 mxcsr_after(const struct trial *t, u32 by_xrstor)
{
	if (t->api == SIGRETURN_64) {
		if (machine.xcr0 & ~wanted(t) & machine.kernel_mxcsr)
			return MXCSR_DEFAULT;
		return by_xrstor;
	}
	if (fx_only(t))
		return t->image.mxcsr;
	if (machine.without_sse != MXCSR_LOADED && !(t->image.xstate_bv & wanted(t) & XFEATURE_SSE))
		return MXCSR_DEFAULT;
	if (looks_at_mxcsr(t))
		return t->image.mxcsr;
	return machine.stale_mxcsr ? t->before.mxcsr : MXCSR_DEFAULT;
}

/*
 * Except that before stale-mxcsr this buffer is out of date for a 32-bit frame: it is from
 * the last time at which the thread was switched out, and so is MXCSR after sigreturn().
 */
static bool stale_mxcsr(const struct trial *t)
{
	return machine.stale_mxcsr && is_sigreturn_32(t) &&
	       machine.without_sse == MXCSR_LOADED && !looks_at_mxcsr(t);
}

/*
 * A CPU which keeps MXCSR when it initializes SSE, as Bochs does, keeps that of whoever
 * ran before. A context switch initializes SSE if its registers are all 0.
 */
static bool foreign_mxcsr(const struct trial *t, const struct expected *e)
{
	static const u8 zero[sizeof(e->state.xmm)];
	bool compacted = t->api != SIGRETURN_64 || t->image.xcomp_bv >> 63;
	u64 loaded = wanted(t);

	if (!is_bochs())
		return false;
	if (!memcmp(e->state.xmm, zero, sizeof(zero)))
		return true;
	if (compacted && !fx_only(t))
		loaded &= t->image.xstate_bv;
	return e->err ? is_sigreturn(t) : !(loaded & XFEATURE_SSE);
}

/*
 * What a 64-bit frame is not to restore is initialized by a second XRSTOR. Bochs up to 3.0
 * initializes ZMM_Hi256 with YMM; its commit e53826151 ended that.
 */
static bool loses_zmm(const struct trial *t)
{
	return is_bochs() && t->api == SIGRETURN_64 && !(wanted(t) & XFEATURE_YMM);
}

/* PTRACE_GETREGSET and KVM_GET_XSAVE give MXCSR if SSE or YMM is in use. */
static u32 mxcsr_reported(const struct trial *t)
{
	return t->image.xstate_bv & USES_MXCSR ? t->image.mxcsr : MXCSR_DEFAULT;
}

/*
 * The frame of a 32-bit task has the FP state twice. What FSAVE would have
 * stored is taken, but only if the image says that it has FP at all.
 */
static void fold_fsave(const struct trial *t, struct image *image)
{
	u32 env[7];
	int i;

	memcpy(env, t->fsave, sizeof(env));
	image->fcw = env[0];
	image->fsw = env[1];
	image->ftw = 0;
	for (i = 0; i < 8; i++) {
		if ((env[2] >> 2 * i & 3) != 3)
			image->ftw |= 1 << i;
		memcpy(image->st[i], t->fsave + sizeof(env) + 10 * i, 10);
	}
	image->fip = env[3];
	image->fop = env[4] >> 16;
	image->fdp = env[5];
}

/* KVM_SET_XSAVE with the PKRU bit clear leaves PKRU alone. */
static void keep_pkru(const struct trial *t, struct image *image)
{
	if (image->xstate_bv & XFEATURE_PKRU)
		return;
	image->xstate_bv |= XFEATURE_PKRU;
	*image_pkru(image) = t->pkru_before;
}

static void edit(const struct trial *t, struct image *image)
{
	if (fx_only(t)) {
		memset(image->bytes + LEGACY_SIZE, 0, HEADER_END - LEGACY_SIZE);
		image->xstate_bv = XFEATURE_FP | XFEATURE_SSE;
	}
	/* An unsupported component is refused even if it is not wanted. */
	image->xstate_bv &= wanted(t) | ~machine.xcr0;
	if (is_sigreturn_32(t))
		fold_fsave(t, image);
	if (t->api == KVM_SET)
		keep_pkru(t, image);
	if (!looks_at_mxcsr(t))
		image->mxcsr = MXCSR_DEFAULT;
}

/* A thread which sigreturn() cannot restore starts afresh, as a new program. */
static void initial_state(struct image *image)
{
	memset(image, 0, sizeof(*image));
	image->fcw = FCW_DEFAULT;
	image->mxcsr = MXCSR_DEFAULT;
	image->xstate_bv = XFEATURE_PKRU;
	*image_pkru(image) = machine.pkru_default;
}

static void old_state(const struct trial *t, struct image *image)
{
	copy_state(image, &t->before);
	if (t->api == KVM_SET)
		image->xstate_bv &= machine.kvm_xcr0;
	image->xstate_bv |= XFEATURE_PKRU;
	*image_pkru(image) = t->pkru_before;
}

void expect(const struct trial *t, struct expected *e)
{
	static struct image image;
	bool taken;

	copy_state(&image, &t->image);
	e->err = wrong_size(t) ?: unreadable(t) ?: misaligned(t) ?: reserved_header(t) ?:
		 not_standard(t) ?: reserved_mxcsr(t) ?: no_guest_component(t);
	edit(t, &image);
	taken = cpu_xrstor(&image, &e->state);
	if (!e->err && !taken)
		e->err = refusal(t);
	e->mxcsr_reported = mxcsr_reported(t);
	e->any_mxcsr = !e->err && stale_mxcsr(t);
	if (e->err) {
		if (is_sigreturn(t))
			initial_state(&image);
		else
			old_state(t, &image);
		e->mxcsr_reported = image.mxcsr;
		if (!cpu_xrstor(&image, &e->state))
			broken("the CPU refuses the state before");
	} else {
		e->state.mxcsr = mxcsr_after(t, e->state.mxcsr);
		if (loses_zmm(t))
			e->state.xstate_bv &= ~XFEATURE_ZMM_HI256;
	}
	e->any_mxcsr |= foreign_mxcsr(t, e);

	/* The FPU was restored, but then the kernel cannot read uc_stack. */
	if (!e->err && machine.refuses_own_key[t->api] &&
	    *image_pkru(&e->state) & PKRU_AD0)
		e->err = SIGSEGV;
}

/* A component whose bit is clear is in its initial state, whatever there is. */
static const void *component(const struct image *image, u64 bit, const void *at)
{
	static const struct image zero;

	return image->xstate_bv & bit ? at : zero.bytes;
}

static const void *x87(const struct image *image)
{
	static const struct image initial = { .fcw = FCW_DEFAULT };

	return image->xstate_bv & XFEATURE_FP ? image : &initial;
}

/* @p is what was seen. */
static bool same(const char *what, const void *p, const void *q, size_t size, char *why,
		 size_t len)
{
	const u8 *a = p, *b = q;
	u32 v = 0, w = 0;
	size_t i;

	if (!memcmp(a, b, size))
		return true;
	for (i = 0; a[i] == b[i]; i++)
		;
	i -= i % 4;
	memcpy(&v, a + i, size - i < 4 ? size - i : 4);
	memcpy(&w, b + i, size - i < 4 ? size - i : 4);
	snprintf(why, len, "%s, byte %zu: %08x instead of %08x", what, i, v, w);
	return false;
}

static bool same_x87(const struct image *a, const struct image *b, char *why, size_t len)
{
	const struct image *x = x87(a), *y = x87(b);
	int i;

	/* What pads the registers is no state. */
	for (i = 0; i < 8; i++) {
		if (!same("ST", x->st[i], y->st[i], 10, why, len))
			return false;
	}
	return same("x87", x, y, offsetof(struct image, mxcsr), why, len);
}

/*
 * Tiles are no state in Bochs 3.0: it takes rows for bytes when it stores TILECFG, and
 * TILEDATA for in use when it is not.
 */
static bool is_state(int component)
{
	if (is_bochs() && (component == NR_TILECFG || component == NR_TILEDATA))
		return false;
	return machine.offset[component];
}

/* @a is what was seen. MXCSR has rules of its own, and its mask is no state. */
bool same_state(const struct image *a, const struct image *b, u32 mxcsr, char *why,
		size_t len)
{
	char name[32];
	u32 at;
	int i;

	if (!same("MXCSR", &a->mxcsr, &mxcsr, 4, why, len) || !same_x87(a, b, why, len) ||
	    !same("XMM", component(a, XFEATURE_SSE, a->xmm), component(b, XFEATURE_SSE, b->xmm),
		  sizeof(a->xmm), why, len))
		return false;
	for (i = 2; i < 63; i++) {
		if (!is_state(i))
			continue;
		at = machine.offset[i];
		snprintf(name, sizeof(name), i == NR_PKRU ? "PKRU" : "component %d", i);
		if (!same(name, component(a, 1ULL << i, a->bytes + at),
			  component(b, 1ULL << i, b->bytes + at),
			  i == NR_PKRU ? 4 : machine.sizes[i], why, len))
			return false;
	}
	return true;
}
