// SPDX-License-Identifier: GPL-2.0
/*
 * pkru_show - a program to be debugged
 *
 * Prints its PKRU before and after stop_here(). With the argument "crash" it
 * takes another PKRU in between, and crashes without ever having slept with it.
 * With "threads" or "crash,threads" a second thread does that, or stays beside
 * the first one, which has a PKRU of its own.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include "../../pkru.h"

#define FIRST_PKRU	0x5555555c
#define OTHER_PKRU	0x12345678

static bool crash;
static bool other_is_ready, end;

void __attribute__((noinline)) stop_here(void)
{
	asm volatile("nop");
}

static void take_other_pkru(void)
{
	wrpkru(OTHER_PKRU);
	if (crash)
		asm volatile("ud2");
}

static void *other_thread(void *unused)
{
	/* The first thread sleeps when this one crashes. */
	usleep(200000);
	take_other_pkru();
	__atomic_store_n(&other_is_ready, true, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&end, __ATOMIC_RELAXED))
		usleep(10000);
	printf("other %08x\n", rdpkru());
	return unused;
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	bool threads = argc > 1 && strstr(argv[1], "threads");
	pthread_t other;

	printf("first %08x\n", rdpkru());
	fflush(stdout);
	crash = argc > 1 && strstr(argv[1], "crash");
	if (crash)
		setrlimit(RLIMIT_CORE, &unlimited);
	if (threads) {
		if (pthread_create(&other, NULL, other_thread, NULL))
			return 1;
		wrpkru(FIRST_PKRU);
		while (!__atomic_load_n(&other_is_ready, __ATOMIC_RELAXED))
			usleep(10000);
	} else if (crash) {
		take_other_pkru();
	}
	stop_here();
	printf("then %08x\n", rdpkru());
	__atomic_store_n(&end, true, __ATOMIC_RELAXED);
	return threads ? pthread_join(other, NULL) : 0;
}
