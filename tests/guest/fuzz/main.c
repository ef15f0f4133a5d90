// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz - what the kernel makes of XSAVE images, compared with the CPU
 *
 * Proves, for as many images as it is told to try: sigreturn(), PTRACE_SETREGSET
 * with NT_X86_XSTATE and KVM_SET_XSAVE give a task or vCPU the very state, in all
 * components, which XRSTOR of the image gives on the same CPU, apart from the
 * rules in model.c. An image which has to be refused is refused with the
 * documented error, and changes nothing.
 *
 * Each round makes an image up from the seed and its own number, so
 * "-s <seed> -f <round> -n 1" repeats a single one. An image which fails is made as small
 * as it gets and printed. Options:
 *
 *	-s <n>	the seed, default 1
 *	-n <n>	how many rounds, default 1000
 *	-f <n>	the first one, default 0
 *	-p <n>	print a line after so many rounds
 *	-k	no PKRU denies key 0: Bochs dies of the next interrupt
 *	-m	an image without FP, SSE and YMM leaves a stale MXCSR, as it does before
 *		stale-mxcsr
 *	-q	no noise by other processes
 *
 * Prints KTAP: a result for each API.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define KSFT_SKIP	4
/* More mismatches than that tell nothing new. */
#define MAX_MISMATCHES	100

const char * const api_names[NR_API] = {
	"ptrace_64", "ptrace_32", "sigreturn_64", "sigreturn_32_rt", "sigreturn_32_old", "kvm_set",
};

static struct {
	unsigned long	rounds, refused, mismatches;
} counts[NR_API];

static u64 seed = 1, first, rounds = 1000, progress;
static u64 round_nr;
static bool quiet;

/* Something else is wrong than what is under test. The round can be repeated. */
void broken(const char *format, ...)
{
	va_list args;

	printf("Bail out! seed %llu round %llu: ", (unsigned long long)seed,
	       (unsigned long long)round_nr);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

/* Whether all is as expected; otherwise @why tells what is not. */
bool try_trial(const struct trial *t, int *err, char *why, size_t len)
{
	static struct expected e;

	expect(t, &e);
	*err = e.err;
	return t->api == KVM_SET ? try_kvm(t, &e, why, len) : try_task(t, &e, why, len);
}

static void report_mismatch(struct trial *t, const char *why)
{
	char small[256];
	int err;

	printf("# mismatch: seed=%llu round=%llu %s: %s\n", (unsigned long long)seed,
	       (unsigned long long)round_nr, api_names[t->api], why);
	/* One image for each API tells enough. */
	if (counts[t->api].mismatches > 1)
		return;
	shrink(t);
	if (try_trial(t, &err, small, sizeof(small)))
		printf("# not seen again when the round was repeated\n");
	else
		printf("# made smaller: %s\n", small);
	print_trial(t);
	fflush(stdout);
}

static bool try_round(const bool *apis)
{
	static struct trial t;
	char why[256];
	int err;

	make_trial(&t, seed, round_nr, apis);
	counts[t.api].rounds++;
	if (!try_trial(&t, &err, why, sizeof(why))) {
		counts[t.api].mismatches++;
		report_mismatch(&t, why);
		return false;
	}
	counts[t.api].refused += !!err;
	return true;
}

static unsigned long run_rounds(const bool *apis)
{
	unsigned long bad = 0;

	for (round_nr = first; round_nr < first + rounds && bad < MAX_MISMATCHES; round_nr++) {
		if (progress && (round_nr - first) % progress == 0 && round_nr > first) {
			printf("# %llu rounds, %lu mismatches so far\n",
			       (unsigned long long)(round_nr - first), bad);
			fflush(stdout);
		}
		bad += !try_round(apis);
		beat();
	}
	return bad;
}

/* An API of which all images were refused, or none, was not tested. */
static int print_results(const bool *apis)
{
	int i, bad = 0;
	bool ok;

	for (i = 0; i < NR_API; i++) {
		ok = !counts[i].mismatches;
		if (rounds > 1000 && apis[i])
			ok = ok && counts[i].refused && counts[i].refused < counts[i].rounds;
		bad += !ok;
		printf("%sok %d %s%s\n", ok ? "" : "not ", i + 1, api_names[i],
		       apis[i] ? "" : " # SKIP not there");
		printf("# %s: %lu rounds, %lu refused as they should, %lu mismatches\n",
		       api_names[i], counts[i].rounds, counts[i].refused, counts[i].mismatches);
	}
	return bad;
}

/* Returns an exit status, or -1 if there is fuzzing to be done. */
static int parse(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "s:n:f:p:kmqST:")) != -1) {
		switch (opt) {
		case 's':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			rounds = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			first = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			progress = strtoull(optarg, NULL, 0);
			break;
		case 'k':
			machine.open_key_0 = true;
			break;
		case 'm':
			machine.stale_mxcsr = true;
			break;
		case 'q':
			quiet = true;
			break;
		case 'S':
			return noise_main();
		case 'T':
			return subject_main(atoi(optarg));
		default:
			return 1;
		}
	}
	return -1;
}

/*
 * The kernel writes to the rseq area of a thread whenever it likes to, and kills a
 * thread whose PKRU denies that. The C library registers one unless it is told.
 */
static void leave_rseq(char **argv)
{
	if (getenv("GLIBC_TUNABLES"))
		return;
	setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
	execv("/proc/self/exe", argv);
	broken("/proc/self/exe: %m");
}

/* The kernel has a line for each bad frame, and the console is slow. */
static void silence_kernel(void)
{
	FILE *f = fopen("/proc/sys/debug/exception-trace", "w");

	if (!f)
		return;
	fputs("0", f);
	fclose(f);
}

int main(int argc, char **argv)
{
	bool apis[NR_API] = { [PTRACE_64 ... SIGRETURN_32_OLD] = true };
	const char *missing;
	char self[256] = {};
	int ret;

	leave_rseq(argv);
	ret = parse(argc, argv);
	if (ret >= 0)
		return ret;
	missing = probe_machine();
	if (missing) {
		printf("1..0 # SKIP No %s\n", missing);
		return KSFT_SKIP;
	}
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		broken("/proc/self/exe cannot be read");
	catch_faults();
	silence_kernel();
	wrpkru(0);
	printf("TAP version 13\n1..%d\n", NR_API);
	fflush(stdout);
	stay_on_cpu(0);
	if (!quiet)
		start_noise(self);
	if (!start_subjects(self))
		broken("the subjects do not start: %s", self);
	learn_ptrace();
	learn_frames();
	apis[KVM_SET] = start_kvm();
	printf("# seed %llu, %s format, images of %u bytes, for a vCPU of %u\n",
	       (unsigned long long)seed, machine.compacted ? "compacted" : "standard",
	       machine.size, machine.kvm_size);
	printf("# frames which deny their own key are refused: %d %d\n",
	       machine.refuses_own_key[SIGRETURN_64], machine.refuses_own_key[SIGRETURN_32_RT]);
	printf("# ptrace() reads the whole of an image: %d\n", !machine.ptrace_reads_less);
	run_rounds(apis);
	return print_results(apis) > 0;
}
