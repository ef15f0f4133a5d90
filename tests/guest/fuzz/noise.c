// SPDX-License-Identifier: GPL-2.0
/*
 * noise.c - what else goes on in the machine
 *
 * A process for each CPU. It writes PKRU and x87 registers, takes signals,
 * starts threads, executes itself anew, and ends, over and over, in the middle of
 * whatever the fuzzer does. Once for some rounds, not for some time: on a busy host
 * there would be little else than noise.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define ROUNDS_PER_LIFE	200

/* Counts the rounds, shared with the processes which make noise. */
static u32 *beats;

void beat(void)
{
	if (beats)
		__atomic_add_fetch(beats, 1, __ATOMIC_RELAXED);
}

static void on_signal(int sig __attribute__((unused)))
{
	wrpkru(random64() & ~3U);
}

static void *thread(void *arg __attribute__((unused)))
{
	int i;

	for (i = 0; i < 20; i++) {
		wrpkru(random64() & ~3U);
		asm volatile("fninit; fldpi");
		raise(SIGUSR1);
		sched_yield();
	}
	return NULL;
}

/* One life: two threads, signals, and an exec at its end, or an exit. */
int noise_main(void)
{
	pthread_t threads[2];
	int i;

	signal(SIGUSR1, on_signal);
	seed_random(getpid(), 0);
	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, thread, NULL))
			return 1;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	if (random64() & 1)
		raise(SIGKILL);
	return 0;
}

/* The emulator is slow at waking other CPUs up, so all that is compared stays on one. */
void stay_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static u32 beats_so_far(void)
{
	return __atomic_load_n(beats, __ATOMIC_RELAXED);
}

static void make_noise(const char *self, int cpu)
{
	struct timespec pause = { .tv_nsec = 5000000 };
	u32 last;
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	stay_on_cpu(cpu);
	for (;;) {
		last = beats_so_far();
		pid = fork();
		if (!pid) {
			execl(self, self, "-S", NULL);
			_exit(127);
		}
		waitpid(pid, NULL, 0);
		while (beats_so_far() - last < ROUNDS_PER_LIFE)
			nanosleep(&pause, NULL);
	}
}

void start_noise(const char *self)
{
	int cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	void *map = mmap(NULL, sizeof(*beats), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		broken("mmap: %m");
	beats = map;
	for (cpu = 0; cpu < cpus; cpu++) {
		if (!fork())
			make_noise(self, cpu);
	}
}
