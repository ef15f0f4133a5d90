// SPDX-License-Identifier: GPL-2.0
/*
 * shrink.c - from an image that fails to a small one that fails as well
 *
 * Greedy: take something away, keep the change if it still fails. First what is
 * around the image, then whole components, then single words and header bits.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static bool fails(const struct trial *t)
{
	char why[256];
	int err;

	return !try_trial(t, &err, why, sizeof(why));
}

/* Give @t the content of @new if that still fails. */
static void keep_if_failing(struct trial *t, const struct trial *new)
{
	if (memcmp(t, new, sizeof(*t)) && fails(new))
		*t = *new;
}

static void shrink_surroundings(struct trial *t)
{
	struct trial new = *t;

	memset(&new.before, 0, sizeof(new.before));
	new.before.fcw = FCW_DEFAULT;
	new.before.mxcsr = MXCSR_DEFAULT;
	keep_if_failing(t, &new);
	new = *t;
	new.pkru_own = 0;
	keep_if_failing(t, &new);
	new = *t;
	new.pkru_before = machine.pkru_default;
	keep_if_failing(t, &new);
	new = *t;
	new.misaligned = 0;
	keep_if_failing(t, &new);
	new = *t;
	new.hidden = false;
	new.readable = total_size(t);
	keep_if_failing(t, &new);
	new = *t;
	memset(new.fsave, 0, sizeof(new.fsave));
	keep_if_failing(t, &new);
	new = *t;
	new.image.sw = machine.sw[t->api];
	keep_if_failing(t, &new);
}

static void zero(struct trial *t, size_t from, size_t to)
{
	struct trial new = *t;

	memset(new.image.bytes + from, 0, to - from);
	keep_if_failing(t, &new);
}

void shrink(struct trial *t)
{
	struct trial new;
	size_t at, step;
	int i;

	shrink_surroundings(t);
	for (i = 0; i < 64; i++) {
		new = *t;
		new.image.xstate_bv &= ~(1ULL << i);
		keep_if_failing(t, &new);
	}
	for (step = 1024; step >= 8; step /= 2) {
		for (at = 0; at < IMAGE_SIZE; at += step)
			zero(t, at, at + step);
	}
}

void print_trial(const struct trial *t)
{
	size_t i;

	if (t->hidden)
		printf("# %s behind byte %u\n", t->unmapped ? "unmapped" : "PROT_NONE",
		       t->readable);
	if (is_ptrace(t) && t->size != machine.size)
		printf("# iov_len %u\n", t->size);
	printf("# %u bytes behind a boundary of 64, PKRU before %08x, PKRU of the caller %08x\n",
	       t->misaligned, t->pkru_before, t->pkru_own);
	printf("# static const uint64_t image[%u] = {\n", IMAGE_SIZE / 8);
	for (i = 0; i < IMAGE_SIZE / 8; i++) {
		if (t->image.words[i])
			printf("#	[%zu] = 0x%016llx,\n", i,
			       (unsigned long long)t->image.words[i]);
	}
	printf("# };\n");
	if (is_sigreturn(t) && t->api != SIGRETURN_64) {
		printf("# static const uint8_t fsave[%d] = {", FSAVE_SIZE);
		for (i = 0; i < FSAVE_SIZE; i++)
			if (t->fsave[i])
				printf(" [%zu] = 0x%02x,", i, t->fsave[i]);
		printf(" };\n");
	}
}
