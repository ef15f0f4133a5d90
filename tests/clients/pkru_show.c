// SPDX-License-Identifier: GPL-2.0
/*
 * pkru_show - a program to be debugged
 *
 * Prints its PKRU before and after stop_here(). With the argument "crash" it
 * takes another PKRU in between, and crashes without ever having slept with it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static unsigned int rdpkru(void)
{
	unsigned int eax, edx;

	asm volatile(".byte 0x0f,0x01,0xee" : "=a" (eax), "=d" (edx) : "c" (0));
	return eax;
}

static void wrpkru(unsigned int pkru)
{
	asm volatile(".byte 0x0f,0x01,0xef" : : "a" (pkru), "c" (0), "d" (0) : "memory");
}

void __attribute__((noinline)) stop_here(void)
{
	asm volatile("nop");
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	printf("first %08x\n", rdpkru());
	fflush(stdout);
	if (argc > 1 && !strcmp(argv[1], "crash")) {
		setrlimit(RLIMIT_CORE, &unlimited);
		wrpkru(0x12345678);
		asm volatile("ud2");
	}
	stop_here();
	printf("then %08x\n", rdpkru());
	return 0;
}
