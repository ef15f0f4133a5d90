/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lab/measure/profile.c uses of QEMU's plugin interface. Debian 12 has no package
 * with the header of QEMU.
 */
#ifndef LAB_QEMU_PLUGIN_H
#define LAB_QEMU_PLUGIN_H

#include <stddef.h>

#define PLUGIN_VERSION	1
#define PLUGIN_ID	unsigned long long

struct qemu_plugin_tb;
struct qemu_plugin_insn;

/* These two QEMU looks up in the plugin. */
extern int qemu_plugin_version;
int qemu_plugin_install(PLUGIN_ID id, const void *info, int argc, char **argv);

void qemu_plugin_register_vcpu_tb_trans_cb(PLUGIN_ID id,
					   void (*cb)(PLUGIN_ID id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_atexit_cb(PLUGIN_ID id, void (*cb)(PLUGIN_ID id, void *data),
				    void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int vcpu, void *data),
					    int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
unsigned long long qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

#endif
