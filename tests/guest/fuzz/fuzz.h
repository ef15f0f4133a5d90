/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz.h - what the parts of the fuzzer share
 *
 *	main.c		options, the rounds, what is printed
 *	image.c		makes trials up, from seed and round alone
 *	model.c		what has to come out: XRSTOR, and the rules of the ABI
 *	cpu.c		XRSTOR of an image on the CPU at hand
 *	task.c		ptrace() and sigreturn(), seen from the tracer
 *	subject.c	the task which is traced
 *	kvm.c		KVM_SET_XSAVE
 *	shrink.c	from an image that fails to a small one that fails as well
 *	noise.c		what else goes on in the machine
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "../pkru.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ALIGNED64	__attribute__((aligned(64)))

#define XFEATURE_FP	0x001ULL
#define XFEATURE_SSE	0x002ULL
#define XFEATURE_YMM	0x004ULL
#define XFEATURE_BNDCSR	0x010ULL
#define XFEATURE_ZMM_HI256	0x040ULL
#define XFEATURE_PKRU	0x200ULL
#define XFEATURE_TILECFG	0x20000ULL
#define XFEATURE_TILEDATA	0x40000ULL
#define NR_BNDCSR	4
#define NR_PKRU		9
#define NR_TILECFG	17
#define NR_TILEDATA	18

/* As in arch/x86/include/uapi/asm/prctl.h, which the C library may lack. */
#define ARCH_REQ_XCOMP_PERM		0x1023
#define ARCH_REQ_XCOMP_GUEST_PERM	0x1025

#define MXCSR_DEFAULT	0x1f80U
#define FCW_DEFAULT	0x037fU
#define PKRU_AD0	1U	/* key 0 may not be read */

/* In the signal frame of a 32-bit task, ahead of the image. */
#define FSAVE_SIZE	112

/* Room for AMX, whose images have 11008 bytes, and what is behind one in a frame. */
#define IMAGE_SIZE	12288

struct sw_bytes {
	u32	magic1;
	u32	extended_size;
	u64	xfeatures;
	u32	xstate_size;
	u32	padding[7];
} __attribute__((packed));

struct image {
	union {
		struct {
			u16	fcw;
			u16	fsw;
			u8		ftw;
			u8		reserved_1;
			u16	fop;
			u64	fip;
			u64	fdp;
			u32	mxcsr;
			u32	mxcsr_mask;
			u8		st[8][16];
			u8		xmm[16][16];
			u8		unused[48];
			struct sw_bytes	sw;
			u64	xstate_bv;
			u64	xcomp_bv;
			u8		reserved[48];
		} __attribute__((packed));
		u8		bytes[IMAGE_SIZE];
		u64	words[IMAGE_SIZE / 8];
	};
} ALIGNED64;

enum api {
	PTRACE_64,		/* the bitness is that of the tracee */
	PTRACE_32,
	SIGRETURN_64,
	SIGRETURN_32_RT,
	SIGRETURN_32_OLD,
	KVM_SET,
	NR_API,
};

/* All that a round does. Nothing of it depends on another round. */
struct trial {
	enum api	api;
	u32	pkru_before;
	/* PKRU of the tracer or VMM. */
	u32	pkru_own;
	/* What is said to be the size, ptrace() only. */
	u32	size;
	/* So far behind a 64-byte boundary. */
	u32	misaligned;
	/* Behind so many bytes, @fsave included, nothing can be read. */
	bool		hidden;
	u32	readable;
	bool		unmapped;
	u8		fsave[FSAVE_SIZE];
	/* The state which the image is to replace. */
	struct image	before;
	struct image	image;
};

struct expected {
	int		err;
	/* All components, as XSAVE writes them, with PKRU in it. */
	struct image	state;
	/* What the kernel says of MXCSR before the image was loaded. */
	u32	mxcsr_reported;
	/* MXCSR may be anything, see model.c. */
	bool		any_mxcsr;
};

/* What is known about CPU and kernel. */
struct machine {
	u64	xcr0;
	u64	kvm_xcr0;	/* what a guest may have */
	u32	kvm_size;	/* what KVM_SET_XSAVE reads */
	u32	size;
	u32	offset[64];
	u32	sizes[64];
	/* XRSTOR of these loads MXCSR: user format, format of the kernel. */
	u64	user_mxcsr;
	u64	kernel_mxcsr;
	/* What XRSTOR in the kernel's format does to MXCSR if it initializes SSE. */
	enum {
		MXCSR_LOADED,
		MXCSR_INITIALIZED,
		MXCSR_KEPT,
	}		without_sse;
	/* Stay away from values of PKRU which deny key 0. */
	bool		open_key_0;
	/* An image without FP, SSE and YMM leaves the MXCSR that was there. */
	bool		stale_mxcsr;
	u32	mxcsr_mask;
	u32	pkru_default;
	bool		compacted;
	/* PTRACE_SETREGSET reads the components which the image has, not all of it. */
	bool		ptrace_reads_less;
	/* A frame is refused if the PKRU in it denies access to the frame. */
	bool		refuses_own_key[NR_API];
	struct sw_bytes	sw[NR_API];
};

extern struct machine machine;
extern const char * const api_names[NR_API];

static inline bool is_ptrace(const struct trial *t)
{
	return t->api == PTRACE_64 || t->api == PTRACE_32;
}

static inline bool is_sigreturn(const struct trial *t)
{
	return t->api >= SIGRETURN_64 && t->api <= SIGRETURN_32_OLD;
}

static inline bool is_sigreturn_32(const struct trial *t)
{
	return t->api == SIGRETURN_32_RT || t->api == SIGRETURN_32_OLD;
}

/* What is behind the state does not matter to most. */
static inline void copy_state(struct image *to, const struct image *from)
{
	memcpy(to, from, machine.size);
}

static inline u32 *image_pkru(struct image *image)
{
	return (u32 *)(image->bytes + machine.offset[NR_PKRU]);
}

/* cpu.c */
const char *probe_machine(void);
extern const char xrstor_may_fault[], xrstor_faulted[];
bool cpu_xrstor(const struct image *image, struct image *state);
void catch_faults(void);

/* image.c */
void make_trial(struct trial *t, u64 seed, u64 round, const bool *apis);
u64 random64(void);
void seed_random(u64 seed, u64 round);

/* model.c */
void expect(const struct trial *t, struct expected *e);
bool fx_only(const struct trial *t);
u32 total_size(const struct trial *t);
bool same_state(const struct image *a, const struct image *b, u32 mxcsr, char *why,
		size_t len);

/* task.c */
int subject_main(int fd);
bool start_subjects(const char *self);
void learn_ptrace(void);
void learn_frames(void);
char *place_image(const struct trial *t, size_t len);
bool try_task(const struct trial *t, const struct expected *e, char *why, size_t len);

/* kvm.c */
bool start_kvm(void);
bool try_kvm(const struct trial *t, const struct expected *e, char *why, size_t len);

/* main.c */
bool try_trial(const struct trial *t, int *err, char *why, size_t len);
void __attribute__((noreturn, format(printf, 1, 2))) broken(const char *format, ...);

/* shrink.c */
void shrink(struct trial *t);
void print_trial(const struct trial *t);

/* noise.c */
void stay_on_cpu(int cpu);
void beat(void);
void start_noise(const char *self);
int noise_main(void);

#endif
