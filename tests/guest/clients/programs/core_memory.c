// SPDX-License-Identifier: GPL-2.0
/*
 * core_memory - a program that dies of a protection key, and whose core gdb reads
 *
 * Usage: core_memory {global|heap} {read|write}
 *
 * It keeps an account as a program does that guards its data by a key: the key is closed
 * but for the accesses that it knows of. One that it does not know of kills it. The
 * account is a variable of the program, or lies in memory of its own.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE		4096
#define BALANCE		4711

struct account {
	long	number, balance;
};

static struct account global __attribute__((aligned(PAGE)));
static char behind_global[PAGE] __attribute__((aligned(PAGE), used));
struct account *account = &global;

static long __attribute__((noinline)) read_balance(void)
{
	return __atomic_load_n(&account->balance, __ATOMIC_RELAXED);
}

static void __attribute__((noinline)) write_balance(void)
{
	__atomic_store_n(&account->balance, 0, __ATOMIC_RELAXED);
}

int main(int argc, char **argv)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int key = pkey_alloc(0, 0);

	if (argc < 3 || key < 0)
		return 2;
	setrlimit(RLIMIT_CORE, &unlimited);
	if (!strcmp(argv[1], "heap"))
		account = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (account == MAP_FAILED || pkey_mprotect(account, PAGE, PROT_READ | PROT_WRITE, key))
		return 1;
	account->balance = BALANCE;
	if (!strcmp(argv[2], "write")) {
		pkey_set(key, PKEY_DISABLE_WRITE);
		write_balance();
	} else {
		pkey_set(key, PKEY_DISABLE_ACCESS);
		read_balance();
	}
	return 1;
}
