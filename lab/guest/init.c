// SPDX-License-Identifier: GPL-2.0
/*
 * init - PID 1 of the lab's guest
 *
 * Mounts what the tests need, loads the modules which lie in /modules, runs the
 * programs which the kernel command line names after "--", reports each of them as
 * one KTAP test and turns the machine off. The report goes to the second serial
 * port, so that it is never mixed with kernel messages:
 *
 *	KTAP version 1
 *	1..2
 *	# lab: machine qemu (tcg)
 *	# lab: kernel 6.1.192
 *	# lab: cpu PKU 1 OSPKE 1 XSAVE 1
 *	  <output of the program, indented>
 *	ok 1 pkru_xstate_64
 *	...
 *	# lab: end
 *
 * The last line is written when all of the above was. A report without it
 * comes from a guest which panicked or hung.
 *
 * A program is looked up in /tests. One that does not end within
 * TIMEOUT_SECS is killed and reported as not ok. Options are given as NAME=value
 * in front of the programs:
 *
 *	timeout=<seconds>	use another time limit
 *	machine=<name> accelerator=<name>	what the report says of the machine
 *	shell=1			run a shell on the console, or the script /stdin, and no
 *				programs. Reported is "# lab: shell <exit status>".
 *
 * KTAP: Documentation/dev-tools/ktap.rst in the kernel.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <cpuid.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define TIMEOUT_SECS	120
#define REPORT_DEV	"/dev/ttyS1"
#define LIBS		"/lib64:/lib32"
#define MODULES		"/modules"

static const char *machine = "?", *accelerator = "?";
static FILE *report;
static int timeout_secs = TIMEOUT_SECS;

static void make_mount(const char *type, const char *dir, const char *opts)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, opts) && errno != EBUSY)
		warn("mount %s", dir);
}

static void mount_all(void)
{
	make_mount("devtmpfs", "/dev", NULL);
	make_mount("proc", "/proc", NULL);
	make_mount("sysfs", "/sys", NULL);
	make_mount("tmpfs", "/tmp", "mode=1777");
	make_mount("tmpfs", "/dev/shm", "mode=1777");

	/* Scripts expect these, the kselftest runner for one. */
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("fd/0", "/dev/stdin") ||
	    symlink("fd/1", "/dev/stdout") || symlink("fd/2", "/dev/stderr"))
		warn("links in /dev");
}

/* An initramfs need not have device nodes: the kernel may leave fd 0-2 closed. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	if (fd < 0)
		return;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* A line discipline which adds CR or echoes would alter the report. */
static void open_report(void)
{
	struct termios tio;
	int fd;

	fd = open(REPORT_DEV, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		fd = dup(STDOUT_FILENO);
	if (!tcgetattr(fd, &tio)) {
		cfmakeraw(&tio);
		cfsetspeed(&tio, B115200);
		tcsetattr(fd, TCSANOW, &tio);
	}
	report = fdopen(fd, "w");
	if (!report)
		err(1, "fdopen");
}

static void __attribute__((noreturn)) power_off(void)
{
	fflush(report);
	tcdrain(fileno(report));
	sync();
	/*
	 * The kernel has no ACPI, so there is no power button.
	 * Both end when the guest resets: -no-reboot, reset_on_triple_fault=0.
	 */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static bool cpuid_bit(unsigned int leaf, unsigned int subleaf, int reg, int bit)
{
	unsigned int r[4] = {};

	__get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3]);
	return r[reg] & (1U << bit);
}

static void describe_guest(void)
{
	struct utsname uts;

	uname(&uts);
	fprintf(report, "# lab: machine %s (%s)\n", machine, accelerator);
	fprintf(report, "# lab: kernel %s\n", uts.release);
	/* SDM vol. 2, CPUID: 7.0:ECX[3] PKU, [4] OSPKE; 1:ECX[27] OSXSAVE; D.1:EAX[3] XSAVES */
	fprintf(report, "# lab: cpu PKU %d OSPKE %d OSXSAVE %d XSAVES %d\n",
		cpuid_bit(7, 0, 2, 3), cpuid_bit(7, 0, 2, 4), cpuid_bit(1, 0, 2, 27),
		cpuid_bit(0xd, 1, 0, 3));
	fprintf(report, "# lab: cpus %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
}

/*
 * A kernel of a distribution has KVM in modules. /modules/order names those which
 * witness/witness packed, those first which others need. One for the other vendor's CPUs
 * cannot be loaded, so a failure is said and no more.
 */
static void load_modules(void)
{
	FILE *order = fopen(MODULES "/order", "r");
	char name[NAME_MAX], path[PATH_MAX];
	int fd;

	if (!order)
		return;
	while (fscanf(order, "%254s", name) == 1) {
		snprintf(path, sizeof(path), MODULES "/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (syscall(SYS_finit_module, fd, "", 0))
			fprintf(report, "# lab: module %s: %s\n", name, strerror(errno));
		close(fd);
	}
	fclose(order);
}

/* Runs in the child. */
static void __attribute__((noreturn)) exec_program(char *name, int out)
{
	static char *const envp[] = { "PATH=/tests:/sbin:/bin:/usr/sbin:/usr/bin", "HOME=/tmp",
			 "LD_LIBRARY_PATH=" LIBS, "TERM=dumb", NULL };
	char path[PATH_MAX];
	char *argv[16] = { path };
	char *word;
	int argc = 1;

	/* program,arg,arg: the command line of the kernel is split at blanks. */
	word = strtok(name, ",");
	snprintf(path, sizeof(path), "%s%s", *word == '/' ? "" : "/tests/", word);
	while (argc < 15 && (word = strtok(NULL, ",")))
		argv[argc++] = word;

	setpgid(0, 0);
	if (chdir("/tests"))
		warn("chdir /tests");
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	execve(path, argv, envp);
	warn("%s", path);
	_exit(127);
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Copy @fd to the report, indented, until EOF, or @deadline: returns false. */
static bool copy_output(int fd, long long deadline)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	bool bol = true;
	char buf[4096];
	ssize_t i, len;

	for (;;) {
		long long left = deadline - now_ms();

		if (left <= 0)
			return false;
		if (poll(&pfd, 1, left) <= 0)
			continue;
		len = read(fd, buf, sizeof(buf));
		if (len <= 0)
			break;
		for (i = 0; i < len; i++) {
			if (bol)
				fputs("  ", report);
			bol = buf[i] == '\n';
			fputc(buf[i], report);
		}
		fflush(report);
	}
	if (!bol)
		fputc('\n', report);
	return true;
}

/* Orphans are ours: let nothing of one program run beside the next one. */
static void reap_all(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void run_program(int nr, char *spec)
{
	int status = 0, fds[2];
	char name[PATH_MAX];
	bool in_time;
	pid_t pid;

	snprintf(name, sizeof(name), "%s", spec);
	if (pipe(fds))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(fds[0]);
		exec_program(spec, fds[1]);
	}
	close(fds[1]);
	in_time = copy_output(fds[0], now_ms() + timeout_secs * 1000LL);
	if (!in_time)
		kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fds[0]);
	reap_all();

	if (!in_time)
		fprintf(report, "not ok %d %s # killed after %d s\n", nr, name, timeout_secs);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 4)
		fprintf(report, "ok %d %s # SKIP\n", nr, name);	/* KSFT_SKIP */
	else if (WIFEXITED(status) && !WEXITSTATUS(status))
		fprintf(report, "ok %d %s\n", nr, name);
	else
		fprintf(report, "not ok %d %s # %s %d\n", nr, name,
			WIFSIGNALED(status) ? "signal" : "exit",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	fflush(report);
}

/* A copy of a directory of the host. To write there would be of no use to anybody. */
static void protect_host(void)
{
	if (mount("/host", "/host", NULL, MS_BIND, NULL) ||
	    mount(NULL, "/host", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL))
		warn("/host");
}

/* Runs in the child. A shell for people reads /etc/profile, hence the "-". */
static void __attribute__((noreturn)) exec_shell(void)
{
	int script = open("/stdin", O_RDONLY);
	struct termios tio;

	setsid();
	close(0);
	if (open("/dev/ttyS0", O_RDWR) == 0) {
		ioctl(0, TIOCSCTTY, 1);
		dup2(0, 1);
		dup2(0, 2);
	}
	/* What a script prints goes to a program of the host, which wants no CR. */
	if (script >= 0 && dup2(script, 0) == 0 && !tcgetattr(1, &tio)) {
		tio.c_oflag &= ~OPOST;
		tcsetattr(1, TCSANOW, &tio);
	}
	setenv("PATH", "/tests:/sbin:/bin:/usr/sbin:/usr/bin", 1);
	setenv("LD_LIBRARY_PATH", LIBS, 1);
	setenv("HOME", "/tests", 1);
	if (chdir("/tests"))
		warn("chdir /tests");
	execl("/bin/sh", script >= 0 ? "sh" : "-sh", NULL);
	_exit(127);
}

/* The kernel tells of the restart as of an emergency. A script's reader does not care. */
static void silence_kernel(void)
{
	FILE *printk = fopen("/proc/sys/kernel/printk", "w");

	if (!printk)
		return;
	fputs("0", printk);
	fclose(printk);
}

static void run_shell(void)
{
	int status = 0;
	pid_t pid;

	if (!access("/host", F_OK))
		protect_host();
	pid = fork();
	if (!pid)
		exec_shell();
	/* An orphan must not end the shell's machine. */
	while (waitpid(-1, &status, 0) != pid)
		;
	silence_kernel();
	fprintf(report, "# lab: shell %d\n# lab: end\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv)
{
	bool shell = false;
	int i, first = 1;

	mount_all();
	open_console();
	open_report();

	for (; first < argc && strchr(argv[first], '='); first++) {
		if (!strncmp(argv[first], "timeout=", 8))
			timeout_secs = atoi(argv[first] + 8);
		else if (!strncmp(argv[first], "machine=", 8))
			machine = argv[first] + 8;
		else if (!strncmp(argv[first], "accelerator=", 12))
			accelerator = argv[first] + 12;
		else if (!strcmp(argv[first], "shell=1"))
			shell = true;
	}

	if (shell) {
		run_shell();
		power_off();
	}

	fprintf(report, "KTAP version 1\n1..%d\n", argc - first);
	describe_guest();
	load_modules();
	for (i = first; i < argc; i++)
		run_program(i - first + 1, argv[i]);
	fprintf(report, "# lab: end\n");
	power_off();
}
