// SPDX-License-Identifier: GPL-2.0
/*
 * image.c - makes trials up
 *
 * Everything comes from one generator which is seeded with the seed of the run
 * and the number of the round, so a round can be repeated without those ahead
 * of it. Most of an image is well-formed, and one thing at a time is not:
 * otherwise hardly any image would be accepted.
 */
#include <string.h>

#include "fuzz.h"

static u64 random_state;

/* splitmix64 */
u64 random64(void)
{
	u64 z = random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

void seed_random(u64 seed, u64 round)
{
	random_state = seed;
	random_state = random64() ^ round;
	random64();
}

static u32 below(u32 n)
{
	return (random64() >> 32) % n;
}

static bool one_in(u32 n)
{
	return !below(n);
}

static void fill(void *to, size_t len)
{
	u64 value = one_in(2) ? 0 : ~0ULL;
	bool edge = one_in(8);
	u8 *p = to;

	for (; len >= 8; p += 8, len -= 8) {
		if (!edge)
			value = random64();
		memcpy(p, &value, 8);
	}
	if (!edge)
		value = random64();
	memcpy(p, &value, len);
}

static u32 random_pkru(void)
{
	static const u32 edges[] = { 0, ~0U, 0x55555554, 0x55555555, 0xaaaaaaa8, 1, 2, 4 };

	u32 pkru;

	switch (below(4)) {
	case 0:
		pkru = edges[below(ARRAY_SIZE(edges))];
		break;
	case 1:
		pkru = 1U << below(32);
		break;
	default:
		pkru = random64();
		break;
	}
	return machine.open_key_0 ? pkru & ~3U : pkru;
}

static u64 random_features(void)
{
	switch (below(8)) {
	case 0: return 0;
	case 1: return machine.xcr0 & ~XFEATURE_PKRU;
	case 2: return machine.xcr0 & 1ULL << below(64 - __builtin_clzll(machine.xcr0));
	case 3: return XFEATURE_PKRU;
	case 4: return machine.xcr0;
	default: return machine.xcr0 & random64();
	}
}

/* The CPU takes any, and has no tiles if one is not of this form (SDM, LDTILECFG). */
static void make_tilecfg(u8 *cfg)
{
	int i;

	memset(cfg, 0, machine.sizes[NR_TILECFG]);
	cfg[0] = 1;				/* the palette */
	for (i = 0; i < 8; i++) {
		cfg[16 + 2 * i] = 64;		/* bytes of a row */
		cfg[48 + i] = 16;		/* rows */
	}
}

/* What XRSTOR takes on any CPU. */
static void make_valid(struct image *image)
{
	fill(image, machine.size);
	image->mxcsr = one_in(4) ? MXCSR_DEFAULT : random64() & machine.mxcsr_mask;
	image->xstate_bv = random_features();
	image->xcomp_bv = 0;
	memset(image->reserved, 0, sizeof(image->reserved));
	*image_pkru(image) = random_pkru();
	/* With MPX enabled, any jump sets the bounds registers to their initial state. */
	if (machine.xcr0 & XFEATURE_BNDCSR)
		image->bytes[machine.offset[NR_BNDCSR]] &= ~1;
	if (machine.xcr0 & XFEATURE_TILECFG && !one_in(4))
		make_tilecfg(image->bytes + machine.offset[NR_TILECFG]);
}

static void damage_header(struct image *image)
{
	switch (below(5)) {
	case 0:
		image->xstate_bv |= 1ULL << below(64);
		break;
	case 1:
		image->xcomp_bv = 1ULL << 63 | image->xstate_bv;
		/* In this format the value would come from elsewhere. */
		if (machine.open_key_0)
			image->xcomp_bv &= ~XFEATURE_PKRU;
		break;
	case 2:
		image->xcomp_bv = 1ULL << below(64);
		break;
	case 3:
		image->reserved[below(sizeof(image->reserved))] = 1 << below(8);
		break;
	case 4:
		image->mxcsr |= 1U << (16 + below(16));
		break;
	}
}

static u32 random_size(void)
{
	static const s32 near[] = { -576, -64, -8, -4, -1, 0, 1, 4, 8 };

	switch (below(4)) {
	case 0: return below(machine.size);
	case 1: return 576 + below(16) - 8;
	case 2: return random64();
	default: return machine.size + near[below(ARRAY_SIZE(near))];
	}
}

static void lie(struct sw_bytes *sw)
{
	switch (below(5)) {
	case 0:
		sw->magic1 ^= 1U << below(32);
		break;
	case 1:
		sw->xstate_size = random_size();
		break;
	case 2:
		sw->extended_size = random_size();
		break;
	case 3:
		sw->xfeatures = one_in(2) ? random_features() : random64();
		break;
	case 4:
		fill(sw, sizeof(*sw));
		break;
	}
}

/* The second magic word goes to where the first one's bytes say it is. */
static void make_frame(struct trial *t)
{
	static const u32 magic2 = 0x46505845;
	struct image *image = &t->image;
	u32 at;

	image->sw = machine.sw[t->api];
	if (one_in(4))
		lie(&image->sw);
	memcpy(image->bytes + machine.size, &magic2, sizeof(magic2));
	at = image->sw.xstate_size;
	if (one_in(2) && at <= machine.size)
		memcpy(image->bytes + at, &magic2, sizeof(magic2));
	if (one_in(16))
		image->bytes[machine.size + below(4)] ^= 1 << below(8);
	fill(t->fsave, sizeof(t->fsave));
	if (one_in(8))
		t->misaligned = below(64);
	/* The kernel reads the frame, and may do so with both of these. */
	t->pkru_before &= ~3U;
	if (!one_in(8))
		*image_pkru(image) &= ~3U;
}

/* Somewhere in the image, with a preference for the ends of its parts. */
static void hide_end(struct trial *t)
{
	u32 at;

	switch (below(4)) {
	case 0:
		at = machine.offset[below(10)];
		break;
	case 1:
		at = 448 + below(16) * 16;
		break;
	case 2:
		at = machine.size + below(8) - 4;
		break;
	default:
		at = below(total_size(t));
		break;
	}
	t->readable = at < total_size(t) ? at : total_size(t);
	if (t->api == SIGRETURN_64 && !one_in(4))
		t->readable &= ~63U;
	t->hidden = true;
	t->misaligned = -t->readable & 63;
	t->unmapped = one_in(2);
}

/* @apis: which there are, never without PTRACE_64 */
void make_trial(struct trial *t, u64 seed, u64 round, const bool *apis)
{
	memset(t, 0, offsetof(struct trial, before));
	memset(t->image.bytes + machine.size, 0, 64);
	seed_random(seed, round);
	do
		t->api = below(NR_API);
	while (!apis[t->api]);

	make_valid(&t->before);
	/* Otherwise its MXCSR may get lost in a context switch. */
	if (machine.without_sse == MXCSR_KEPT)
		t->before.xstate_bv |= XFEATURE_SSE;
	t->pkru_before = random_pkru();
	t->pkru_own = random_pkru() & ~3U;
	t->size = machine.size;
	make_valid(&t->image);
	/* Few images would be accepted otherwise. */
	if (t->api == KVM_SET && !one_in(8))
		t->image.xstate_bv &= machine.kvm_xcr0;
	if (one_in(4))
		damage_header(&t->image);
	if (is_sigreturn(t))
		make_frame(t);
	else if (one_in(8))
		t->misaligned = below(64);
	if (is_ptrace(t) && one_in(16))
		t->size = random_size() & (one_in(2) ? 0x7fffffff : 0x7ffffff8);
	/* The magic word may have come to lie there. */
	if (machine.open_key_0)
		*image_pkru(&t->image) &= ~3U;
	t->readable = total_size(t);
	/* What a compacted image needs of its memory is not in the model. */
	if (one_in(8) && !(t->image.xcomp_bv >> 63))
		hide_end(t);
}
