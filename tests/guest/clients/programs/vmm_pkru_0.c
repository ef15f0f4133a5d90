// SPDX-License-Identifier: GPL-2.0
/*
 * vmm_pkru_0 - preloaded into a VMM, which has PKRU 0 then
 *
 * The thread which preloads it has, and so have all threads which that starts.
 * This is what any VMM has where x86/init_pkru in debugfs was set to 0.
 */
__attribute__((constructor)) static void open_all_keys(void)
{
	asm volatile(".byte 0x0f,0x01,0xef" : : "a" (0), "c" (0), "d" (0) : "memory");
}
