// SPDX-License-Identifier: GPL-2.0-only
/*
 * suspend - PKRU survives suspend to RAM
 *
 * The CPU loses its registers in ACPI S3, the kernel has to put them back. Each
 * thread sets a PKRU of its own, one of them suspends the machine, the clock
 * wakes it, and each looks at what it has then. No thread but the one which
 * suspends is running meanwhile: that one goes on with what is in the register,
 * the others with what the scheduler has of them.
 *
 * Suspends the machine which it runs on, so it is for a guest only.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <fcntl.h>
#include <linux/rtc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "asleep.h"

/* Key 0 may be used in both. */
#define PKRU_SUSPENDER	0x5a5a5a58U
#define PKRU_RUNNER	0x0f0f0f0cU
#define SECONDS		3

#define CPUID_7_ECX_OSPKE	0x10
#define KSFT_SKIP		4

static int results, failed;

static void result(const char *name, bool good)
{
	printf("%sok %d %s\n", good ? "" : "not ", ++results, name);
	failed += !good;
}

static void result_pkru(const char *name, unsigned int expected, unsigned int seen)
{
	if (seen != expected)
		printf("# PKRU is %08x instead of %08x\n", seen, expected);
	result(name, seen == expected);
}

static int skip(const char *missing)
{
	printf("1..0 # SKIP No %s\n", missing);
	return KSFT_SKIP;
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
}

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return good;
}

static int suspends(void)
{
	char text[32];

	read_file("/sys/power/suspend_stats/success", text, sizeof(text));
	return atoi(text);
}

/* Runs all the time, but for that in which user space is frozen. */
static void *run(void *arg)
{
	wrpkru(PKRU_RUNNER);
	while (!resumed)
		;
	*(unsigned int *)arg = rdpkru();
	return NULL;
}

static bool set_alarm(void)
{
	struct rtc_wkalrm alarm = { .enabled = 1 };
	struct tm tm = { 0 };
	int fd = open("/dev/rtc0", O_RDONLY);
	time_t when;

	if (fd < 0 || ioctl(fd, RTC_RD_TIME, &alarm.time))
		return false;
	tm.tm_sec = alarm.time.tm_sec;
	tm.tm_min = alarm.time.tm_min;
	tm.tm_hour = alarm.time.tm_hour;
	tm.tm_mday = alarm.time.tm_mday;
	tm.tm_mon = alarm.time.tm_mon;
	tm.tm_year = alarm.time.tm_year;
	when = timegm(&tm) + SECONDS;
	gmtime_r(&when, &tm);
	alarm.time.tm_sec = tm.tm_sec;
	alarm.time.tm_min = tm.tm_min;
	alarm.time.tm_hour = tm.tm_hour;
	alarm.time.tm_mday = tm.tm_mday;
	alarm.time.tm_mon = tm.tm_mon;
	alarm.time.tm_year = tm.tm_year;
	return !ioctl(fd, RTC_WKALM_SET, &alarm);
}

/* Returns the PKRU with which write() came back from the sleep. */
static unsigned int suspend(bool *good)
{
	int fd = open("/sys/power/state", O_WRONLY);
	unsigned int after;
	ssize_t n;

	wrpkru(PKRU_SUSPENDER);
	n = write(fd, "mem", 3);
	after = rdpkru();
	*good = n == 3;
	return after;
}

int main(void)
{
	unsigned int a, b, c, d, after, child, later, slept = 0, ran = 0;
	pthread_t sleeper, runner;
	char text[64];
	int before;
	bool good;

	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(c & CPUID_7_ECX_OSPKE))
		return skip("protection keys (CPUID.7:ECX.OSPKE)");
	read_file("/sys/power/mem_sleep", text, sizeof(text));
	if (!strstr(text, "deep") || !write_file("/sys/power/mem_sleep", "deep"))
		return skip("suspend to RAM");
	if (!set_alarm())
		return skip("clock which wakes the machine (/dev/rtc0)");

	printf("1..6\n");
	fflush(stdout);
	pthread_create(&sleeper, NULL, sleep_through, &slept);
	pthread_create(&runner, NULL, run, &ran);
	before = suspends();
	after = suspend(&good);
	child = child_pkru();
	usleep(100000);
	later = rdpkru();
	resumed = true;
	pthread_join(sleeper, NULL);
	pthread_join(runner, NULL);

	result("suspend.machine_slept", good && suspends() == before + 1);
	result_pkru("suspend.pkru_of_the_suspender", PKRU_SUSPENDER, after);
	result_pkru("suspend.pkru_of_the_suspender_after_a_switch", PKRU_SUSPENDER, later);
	result_pkru("suspend.pkru_of_its_child", PKRU_SUSPENDER, child);
	result_pkru("suspend.pkru_of_a_thread_which_slept", PKRU_SLEEPER, slept);
	result_pkru("suspend.pkru_of_a_thread_which_ran", PKRU_RUNNER, ran);
	return failed != 0;
}
