// SPDX-License-Identifier: GPL-2.0
/*
 * robust_futex - what glibc's users wait for when a thread dies with a key closed
 *
 * Usage: robust_futex <case>
 *
 * Exit status 0: who waited was woken up, in time. The cases are <what>.<rights>.<death>:
 *
 * join		pthread_join() of a thread whose stack, and so the TCB with the word that
 *		is cleared by the kernel, lies in memory with the key.
 * mutex	Two robust mutexes, one in memory with the key and one in memory with key 0.
 *		Somebody waits for each of them when the owner dies.
 *
 * The thread keeps the key "open", or denies itself "write" or "access". It dies by the
 * system call "exit", as one does that cannot use its stack any more, or killed by
 * "seccomp", as code may that is not trusted. The owner of the mutexes is a thread, or a
 * "process" of its own that exits.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../../pkru.h"

#define SIZE		(64 * 1024)
#define SECONDS		5

static unsigned int pkru;	/* with which it dies */

static void __attribute__((noreturn)) die(bool by_seccomp)
{
	long fatal = by_seccomp ? SYS_uname : SYS_exit;

	if (by_seccomp && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		err(1, "seccomp");
	/* From here on without a stack, which may be denied. */
	asm volatile(".byte 0x0f,0x01,0xef\n\t"
		     "mov %%esi, %%eax\n\t"
#ifdef __x86_64__
		     "xor %%edi, %%edi\n\t"
		     "syscall\n\t"
#else
		     "xor %%ebx, %%ebx\n\t"
		     "int $0x80\n\t"
#endif
		     "ud2"
		     : : "a" (pkru), "c" (0), "d" (0), "S" (fatal) : "memory");
	__builtin_unreachable();
}

static struct timespec in(int seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += seconds;
	return t;
}

static void *map_memory(void)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

static void *thread_to_join(void *by_seccomp)
{
	die(by_seccomp);
}

static int join(void *keyed, bool by_seccomp)
{
	struct timespec limit = in(SECONDS);
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, keyed, SIZE);
	rc = pthread_create(&thread, &attr, thread_to_join, by_seccomp ? keyed : NULL);
	if (rc)
		errx(1, "pthread_create: %s", strerror(rc));
	rc = pthread_timedjoin_np(thread, NULL, &limit);
	printf("pthread_join: %s\n", strerror(rc));
	return rc;
}

struct memory {
	pthread_mutex_t	mutex;
	pthread_barrier_t held;
};

static struct memory *keyed, *plain;

static void init_mutex(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attr);
}

/* The last one that was locked is the first one on the list. */
static void *owner(void *by_seccomp)
{
	pthread_mutex_lock(&plain->mutex);
	pthread_mutex_lock(&keyed->mutex);
	pthread_barrier_wait(&plain->held);
	/* Until then both of those who wait sleep. */
	usleep(300000);
	die(by_seccomp);
}

static void *waiter(void *mutex)
{
	struct timespec limit = in(SECONDS);
	int rc = pthread_mutex_timedlock(mutex, &limit);

	if (rc == EOWNERDEAD) {
		pthread_mutex_consistent(mutex);
		pthread_mutex_unlock(mutex);
	}
	return (void *)(long)rc;
}

static void start(pthread_t *thread, void *(*function)(void *), void *arg)
{
	int rc = pthread_create(thread, NULL, function, arg);

	if (rc)
		errx(1, "pthread_create: %s", strerror(rc));
}

static int mutexes(const char *death)
{
	pthread_mutex_t *of[2] = { &keyed->mutex, &plain->mutex };
	pthread_t dying, waiting[2];
	pthread_barrierattr_t attr;
	int i, rc = 0;
	void *got;

	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&plain->held, &attr, 2);
	init_mutex(of[0]);
	init_mutex(of[1]);
	if (strcmp(death, "process"))
		start(&dying, owner, strcmp(death, "exit") ? keyed : NULL);
	else if (!fork())
		owner(NULL);
	pthread_barrier_wait(&plain->held);
	for (i = 0; i < 2; i++)
		start(&waiting[i], waiter, of[i]);
	for (i = 0; i < 2; i++) {
		pthread_join(waiting[i], &got);
		printf("pthread_mutex_lock with %s: %s\n", i ? "key 0" : "the key",
		       strerror((long)got));
		rc |= (long)got != EOWNERDEAD;
	}
	return rc;
}

int main(int argc, char **argv)
{
	int key = pkey_alloc(0, 0);
	char *what = argc > 1 ? strtok(argv[1], ".") : NULL;
	char *rights = strtok(NULL, "."), *death = strtok(NULL, ".");

	if (!death || key < 0)
		return 2;
	keyed = map_memory();
	plain = map_memory();
	if (pkey_mprotect(keyed, SIZE, PROT_READ | PROT_WRITE, key))
		err(1, "pkey_mprotect");
	pkru = rdpkru();
	if (!strcmp(rights, "write"))
		pkru |= PKEY_DISABLE_WRITE << 2 * key;
	else if (!strcmp(rights, "access"))
		pkru |= PKEY_DISABLE_ACCESS << 2 * key;
	setvbuf(stdout, NULL, _IOLBF, 0);
	return !strcmp(what, "join") ? join(keyed, !strcmp(death, "seccomp")) : mutexes(death);
}
