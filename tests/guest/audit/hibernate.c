// SPDX-License-Identifier: GPL-2.0-only
/*
 * hibernate - PKRU survives suspend to disk
 *
 * /dev/snapshot lets a program do both halves of it: make an image of the machine,
 * and replace the machine by an image. The image is kept in memory, not on a disk,
 * and is loaded by the process which made it, so no second boot is needed. What comes
 * back goes on where the image was made, with what the loader has left in the
 * register: another PKRU, unless the kernel puts the old one back.
 *
 * Stops the machine which it runs on, so it is for a guest only.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <linux/suspend_ioctls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../pkru.h"

/* Key 0 may be used in all of them. */
#define PKRU_HIBERNATOR	0x5a5a5a58U
#define PKRU_SLEEPER	0x33333330U
#define PKRU_LOADER	0x0f0f0f0cU

#define DEVICE			"/dev/snapshot"
#define PAGE			4096
#define IMAGE_MAX		(256 << 20)
#define CPUID_7_ECX_OSPKE	0x10
#define KSFT_SKIP		4

static int results, failed;

static atomic_bool resumed;

/* A thread, of which the scheduler has the PKRU. It ends when the machine is back. */
static void *sleep_through(void *arg)
{
	wrpkru(PKRU_SLEEPER);
	while (!resumed)
		usleep(1000);
	*(unsigned int *)arg = rdpkru();
	return NULL;
}

/* The kernel has not run this process, which has its copy of the register. */
static unsigned int child_pkru(void)
{
	unsigned int pkru = 0xdeadbeef;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return pkru;
	pid = fork();
	if (!pid) {
		pkru = rdpkru();
		_exit(write(fds[1], &pkru, sizeof(pkru)) != sizeof(pkru));
	}
	if (read(fds[0], &pkru, sizeof(pkru)) != sizeof(pkru))
		pkru = 0xdeadbeef;
	waitpid(pid, NULL, 0);
	return pkru;
}

static void result_pkru(const char *name, unsigned int expected, unsigned int seen)
{
	if (seen != expected)
		printf("# PKRU is %08x instead of %08x\n", seen, expected);
	printf("%sok %d %s\n", seen == expected ? "" : "not ", ++results, name);
	failed += seen != expected;
}

static int give_up(const char *what)
{
	perror(what);
	return 1;
}

/* Does not return if the machine was replaced. */
static int load_image(int from)
{
	char *image = mmap(NULL, IMAGE_MAX, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t size = 0, i;
	ssize_t n;
	int to;

	if (image == MAP_FAILED)
		return give_up("mmap");
	while (size < IMAGE_MAX && (n = read(from, image + size, PAGE)) > 0)
		size += n;
	if (size == IMAGE_MAX || n)
		return give_up("the image cannot be read");
	/* Lets the other tasks run again. */
	close(from);

	to = open(DEVICE, O_WRONLY);
	if (to < 0)
		return give_up(DEVICE);
	for (i = 0; i < size; i += PAGE)
		if (write(to, image + i, PAGE) != PAGE)
			return give_up("the image cannot be loaded");
	if (ioctl(to, SNAPSHOT_FREEZE))
		return give_up("SNAPSHOT_FREEZE");
	wrpkru(PKRU_LOADER);
	ioctl(to, SNAPSHOT_ATOMIC_RESTORE);
	return give_up("SNAPSHOT_ATOMIC_RESTORE");
}

static int write_and_load(int fd)
{
	unsigned int after, later, child, slept = 0;
	int first_time = -1;
	pthread_t sleeper;

	pthread_create(&sleeper, NULL, sleep_through, &slept);
	wrpkru(PKRU_HIBERNATOR);
	if (ioctl(fd, SNAPSHOT_FREEZE))
		return give_up("SNAPSHOT_FREEZE");
	if (ioctl(fd, SNAPSHOT_CREATE_IMAGE, &first_time))
		return give_up("SNAPSHOT_CREATE_IMAGE");
	after = rdpkru();
	if (first_time)
		return load_image(fd);

	close(fd);
	child = child_pkru();
	usleep(100000);
	later = rdpkru();
	resumed = true;
	pthread_join(sleeper, NULL);

	printf("TAP version 13\n1..4\n");
	result_pkru("hibernate.pkru_of_the_hibernator", PKRU_HIBERNATOR, after);
	result_pkru("hibernate.pkru_of_the_hibernator_after_a_switch", PKRU_HIBERNATOR, later);
	result_pkru("hibernate.pkru_of_its_child", PKRU_HIBERNATOR, child);
	result_pkru("hibernate.pkru_of_a_thread_which_slept", PKRU_SLEEPER, slept);
	return failed != 0;
}

int main(void)
{
	unsigned int a, b, c, d;
	int fd;

	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(c & CPUID_7_ECX_OSPKE)) {
		printf("1..0 # SKIP No protection keys (CPUID.7:ECX.OSPKE)\n");
		return KSFT_SKIP;
	}
	fd = open(DEVICE, O_RDONLY);
	if (fd < 0) {
		printf("1..0 # SKIP No %s\n", DEVICE);
		return KSFT_SKIP;
	}
	return write_and_load(fd);
}
