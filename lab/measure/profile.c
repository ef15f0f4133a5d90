// SPDX-License-Identifier: GPL-2.0
/*
 * profile - a QEMU plugin that tells which instructions a call executes
 *
 * A call is what happens between RDTSC and RDTSCP in user mode, and is known by
 * the address of the latter (tests/guest/bench.c). Of each call one run is kept, and
 * written out when the machine is turned off, one line for an address:
 *
 *	<RDTSCP> <address> <instructions> <of these, repeated by REP>
 *
 * with the addresses as 16 hexadecimal digits. The instructions of a call add up
 * to what the TSC shows with -icount shift=0, where each iteration of a string
 * instruction counts as well.
 *
 * Argument: out=<path of what is written>
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-plugin.h"

#define CALLS		32	/* as in tests/guest/bench.c */
#define MAX_CALLS	32
#define MAX_LENGTH	(4U << 20)
#define KERNEL		(~0ULL << 63)

int qemu_plugin_version = PLUGIN_VERSION;

struct insn {
	unsigned long long addr;
	enum { OTHER, CALL_BEGINS, CALL_ENDS } kind;
};

struct step {
	unsigned long long addr;
	size_t count;
	size_t repeats;
};

struct call {
	unsigned long long end;
	struct step *steps;
	size_t length;
	int age;
};

static struct step *steps;	/* of the call which is running */
static size_t length;
static bool running;
static struct call calls[MAX_CALLS];
static const char *path;

static int by_address(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Add up what an address has, in place. */
static size_t summarize(struct step *s, size_t n)
{
	size_t i, last = 0;

	qsort(s, n, sizeof(*s), by_address);
	for (i = 1; i < n; i++) {
		if (s[i].addr == s[last].addr) {
			s[last].count += s[i].count;
			s[last].repeats += s[i].repeats;
		} else {
			s[++last] = s[i];
		}
	}
	return last + 1;
}

/*
 * Keep a run until a shorter one comes, or until it is CALLS runs ago. The passes
 * of tests/guest/bench.c end when two in a row had the same smallest number, so the
 * smallest of the last pass is what is left.
 */
static void keep(unsigned long long end)
{
	struct call *call = calls;

	while (call < calls + MAX_CALLS && call->end && call->end != end)
		call++;
	if (call == calls + MAX_CALLS)
		abort();
	call->age++;
	if (call->end && call->length < length && call->age < CALLS)
		return;
	call->end = end;
	call->age = 0;
	call->length = length;
	call->steps = realloc(call->steps, length * sizeof(*steps));
	if (!call->steps)
		abort();
	memcpy(call->steps, steps, length * sizeof(*steps));
}

static void executed(unsigned int vcpu, void *data)
{
	const struct insn *insn = data;

	(void)vcpu;
	if (insn->kind == CALL_BEGINS) {
		running = true;
		length = 0;
	} else if (!running) {
		return;
	} else if (insn->kind == CALL_ENDS) {
		running = false;
		keep(insn->addr);
		return;
	}
	if (length == MAX_LENGTH) {
		running = false;
		return;
	}
	steps[length].addr = insn->addr;
	steps[length].count = 1;
	steps[length].repeats = length && steps[length - 1].addr == insn->addr;
	length++;
}

static void describe(struct insn *insn, const struct qemu_plugin_insn *from)
{
	const unsigned char *text = qemu_plugin_insn_data(from);
	size_t size = qemu_plugin_insn_size(from);

	insn->addr = qemu_plugin_insn_vaddr(from);
	insn->kind = OTHER;
	if (insn->addr & KERNEL)
		return;
	if (size == 2 && !memcmp(text, "\x0f\x31", 2))
		insn->kind = CALL_BEGINS;
	else if (size == 3 && !memcmp(text, "\x0f\x01\xf9", 3))
		insn->kind = CALL_ENDS;
}

/* What is allocated here is in use until QEMU ends. */
static void translated(PLUGIN_ID id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct insn *insns = calloc(n, sizeof(*insns));

	(void)id;
	if (!insns)
		abort();
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		describe(&insns[i], insn);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, 0, &insns[i]);
	}
}

static void write_call(FILE *f, struct call *call)
{
	struct step *s, *end = call->steps + summarize(call->steps, call->length);

	for (s = call->steps; s < end; s++)
		fprintf(f, "%016llx %016llx %zu %zu\n", call->end, s->addr, s->count, s->repeats);
}

static void write_calls(PLUGIN_ID id, void *data)
{
	FILE *f = fopen(path, "w");
	struct call *call;

	(void)id;
	(void)data;
	if (!f) {
		perror(path);
		return;
	}
	for (call = calls; call < calls + MAX_CALLS && call->end; call++)
		write_call(f, call);
	fclose(f);
}

int qemu_plugin_install(PLUGIN_ID id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "profile: give out=<path>\n");
		return -1;
	}
	path = strdup(argv[0] + 4);
	steps = malloc(MAX_LENGTH * sizeof(*steps));
	if (!path || !steps)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, write_calls, NULL);
	return 0;
}
