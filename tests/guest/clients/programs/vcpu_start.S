# SPDX-License-Identifier: GPL-2.0
#
# From the reset vector to 32-bit code with PKRU enabled, for vcpu.c.

	.section .start, "ax"
	.code16
	.globl	start
start:	cli
	lgdtl	%cs:gdtr - start
	movl	$0x11, %eax		# CR0.PE, CR0.ET
	movl	%eax, %cr0
	ljmpl	$8, $start32

	.code32
start32:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	$0x8000, %esp
	movl	%cr4, %eax
	orl	$1 << 22, %eax		# CR4.PKE
	movl	%eax, %cr4
	call	answer_lines

	.balign	8
gdt:	.quad	0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:	.word	gdtr - gdt - 1
	.long	gdt

# Where the CPU starts: 16 bytes below 4 GiB, in real mode.
	.section .reset, "ax"
	.code16
	jmp	start
	.balign	16
