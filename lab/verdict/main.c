// SPDX-License-Identifier: GPL-2.0
/*
 * verdict - compare what guests reported with each other and with the expectation
 *
 * Usage: verdict [-alq] [-t | -n] [-e TABLE] [-s STAGES] [-T TOPICS [-m | -o TOPIC]] [-j JUNIT]
 *		  [STAGE[@MACHINE]=[REPORT]]...
 *	  verdict -f [-t] [-j JUNIT] TEST=KTAP...
 *
 * Reads all KTAP which there is (ktap.c). Prints a table, a line a group of cases and a
 * column a stage (groups.c), the cases which are not as expected, and a sentence which
 * sums it up. A stage is a number, or a name of STAGES. Without a REPORT its column has
 * what TABLE expects.
 *
 *   -a		print a row for each case instead of the groups
 *   -e TABLE	what is expected, see expect.c. A case without a row, a row without a
 *		case and a result other than in the table are errors. Without a table no
 *		case may fail on the last stage.
 *   -s STAGES	the names of the stages, and the programs which a machine runs
 *   -l		the tree is not ours: only the last stage is judged, by what TABLE has
 *		with all patches, and what passes although the table has something else
 *		is fine
 *   -q		print the cells which are not as expected, and a line which counts. An
 *		unusable report is one of them.
 *   -t		print a line a cell with tabs, for programs
 *   -n		print a table which expects what was reported, to start one with
 *   -T TOPICS	print what the kernel gets wrong, by topic (topics.c), and with -m a
 *		table of that in markdown, a column a report, with -o of one topic only
 *   -j JUNIT	write JUnit XML there as well
 *   -f		the files are what tests of the project printed
 *
 * Exit status: 0 as expected; 1 not so; 2 a report or table is unusable, e.g.
 * incomplete; with -T 0 nothing is wrong, 3 something is, 2 a program did not come to
 * its end, 4 nothing could be tested. A skipped case is a result of its own: it never
 * counts as passed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "verdict.h"

const char *const words[] = {
	[NONE] = "-", [PASS] = "ok", [FAIL] = "FAIL", [SKIP] = "skip",
	[EITHER] = "either",
};

struct test_case *cases;
size_t nr_cases;
struct column *columns;
int nr_columns;
bool color, has_table, not_ours;
int screen;

static const char *table, *stages, *topics, *topic, *junit;
static bool everything, quiet, tsv, rows, markdown, flat;

/* A new one goes behind the others of its program. */
struct test_case *find_case(const char *name)
{
	size_t i, at = nr_cases, len = strcspn(name, " ");
	struct test_case *c;

	for (i = 0; i < nr_cases; i++) {
		if (!strcmp(cases[i].name, name))
			return &cases[i];
		if (!strncmp(cases[i].program, name, len) && !cases[i].program[len])
			at = i + 1;
	}
	cases = reallocarray(cases, nr_cases + 1, sizeof(*cases));
	if (!cases)
		err(2, NULL);
	c = &cases[at];
	memmove(c + 1, c, (nr_cases++ - at) * sizeof(*c));
	memset(c, 0, sizeof(*c));
	c->name = strdup(name);
	c->program = strndup(name, len);
	c->cells = calloc(nr_columns, sizeof(*c->cells));
	if (!c->name || !c->program || !c->cells)
		err(2, NULL);
	c->test = c->name + len + strspn(c->name + len, " ");
	return c;
}

bool as_expected(const struct cell *cell)
{
	if (cell->want == EITHER)
		return cell->got == PASS || cell->got == FAIL;
	return cell->got == cell->want;
}

/* Has to be judged, and is not as it should be. */
bool is_bad(const struct test_case *c, int col)
{
	const struct cell *cell = &c->cells[col];

	if (has_table)
		return (!not_ours || col == nr_columns - 1) && !as_expected(cell);
	return cell->got == FAIL && !cell->unsupported && col == nr_columns - 1;
}

struct count count_column(int col)
{
	struct count n = { 0 };
	size_t i;

	for (i = 0; i < nr_cases; i++) {
		const struct cell *cell = &cases[i].cells[col];
		bool bad = is_bad(&cases[i], col);

		n.cells += cell->got != NONE || cell->want != NONE;
		n.bad += bad;
		n.skipped += !bad && (cell->got == SKIP || cell->unsupported);
		n.by[cell->got]++;
	}
	return n;
}

/* Each line of a table, without its newline, empty ones and comments. */
void read_rows(const char *file, void (*read_line)(const char *file, char *line))
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(file, "r");

	if (!f)
		err(2, "%s", file);
	while (getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#')
			read_line(file, line);
	}
	if (ferror(f))
		err(2, "%s", file);
	free(line);
	fclose(f);
}

/* Did the program of this case say anything? */
static bool has_run(const struct test_case *c, int col)
{
	size_t i;

	for (i = 0; i < nr_cases; i++)
		if (cases[i].cells[col].got != NONE && !strcmp(cases[i].program, c->program))
			return true;
	return false;
}

/*
 * What is expected of a tree that is not ours: the last stage passes, or does what
 * the table has for it, as when a case is skipped for what it needs. There is no
 * knowing what its base does and which of the programs it has.
 */
static void expect_the_last(void)
{
	int last = nr_columns - 1;
	size_t i, kept = 0;

	for (i = 0; i < nr_cases; i++) {
		struct cell *cell = &cases[i].cells[last];

		if (cell->got == PASS || (cell->want != NONE && as_expected(cell)))
			cell->want = cell->got;
		else
			cell->want = PASS;
		if (has_run(&cases[i], last))
			cases[kept++] = cases[i];
	}
	nr_cases = kept;
}

static void read_reports(void)
{
	size_t i;
	int col;

	for (col = 0; col < nr_columns; col++) {
		if (*columns[col].file) {
			if (read_report(col) && !quiet)
				errx(2, "%s", columns[col].error);
			continue;
		}
		for (i = 0; i < nr_cases; i++) {
			struct cell *cell = &cases[i].cells[col];

			cell->got = cell->want == EITHER ? PASS : cell->want;
			cell->reason = "";
		}
	}
}

static void __attribute__((noreturn)) usage(void)
{
	errx(2, "usage: verdict [options] STAGE[@MACHINE]=REPORT..., or verdict -f TEST=KTAP...");
}

static void add_column(char *arg)
{
	char *file = strchr(arg, '='), *at;
	struct column *c;

	if (!file)
		usage();
	*file++ = '\0';
	columns = reallocarray(columns, nr_columns + 1, sizeof(*columns));
	if (!columns)
		err(2, NULL);
	c = &columns[nr_columns++];
	memset(c, 0, sizeof(*c));
	c->label = arg;
	c->file = file;
	at = strchr(arg, '@');
	if (at)
		*at++ = '\0';
	c->machine = at ? at : "";
	c->stage = find_stage(arg);
	if (c->stage < 0 && stages)
		errx(2, "%s has no stage %s", stages, arg);
}

static void parse_options(int argc, char **argv)
{
	static const char **const values[] = {
		['e'] = &table, ['j'] = &junit, ['o'] = &topic, ['s'] = &stages, ['T'] = &topics,
	};
	static bool *const flags[] = {
		['a'] = &everything, ['f'] = &flat, ['l'] = &not_ours, ['m'] = &markdown,
		['n'] = &rows, ['q'] = &quiet, ['t'] = &tsv,
	};
	struct winsize size;
	int opt;

	while ((opt = getopt(argc, argv, "ae:fj:lmno:qs:tT:")) != -1) {
		if (opt == '?')
			usage();
		if (optarg)
			*values[opt] = optarg;
		else
			*flags[opt] = true;
	}
	if (optind == argc)
		usage();
	has_table = table;
	color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		screen = size.ws_col;
}

/* A full disk is not to pass for a result. */
static void close_stdout(void)
{
	bool bad = ferror(stdout);

	if (fclose(stdout) || bad) {
		warn("what was found cannot be written");
		_exit(2);
	}
}

static int judge_tests(char **tests)
{
	static struct column all = { .label = "tests", .machine = "", .stage = -1 };

	columns = &all;
	nr_columns = 1;
	for (; *tests; tests++) {
		char *file = strchr(*tests, '=');

		if (!file)
			usage();
		*file++ = '\0';
		read_flat(0, *tests, file);
	}
	if (junit)
		write_junit(junit);
	if (tsv)
		print_tsv();
	return tsv ? 0 : !!print_totals();
}

int main(int argc, char **argv)
{
	int col, bad = 0;

	/* Messages begin like those of the scripts. */
	program_invocation_short_name = "error";
	atexit(close_stdout);
	parse_options(argc, argv);
	argv += optind;
	if (flat)
		return judge_tests(argv);
	if (stages)
		read_stages(stages);
	for (; *argv; argv++)
		add_column(*argv);
	if (table)
		read_table(table);
	read_reports();
	if (topics)
		read_topics(topics);
	if (not_ours)
		expect_the_last();
	if (junit)
		write_junit(junit);

	for (col = 0; col < nr_columns; col++)
		bad += count_column(col).bad;
	if (tsv) {
		print_tsv();
		return 0;
	}
	if (rows) {
		print_rows();
		return 0;
	}
	if (topic)
		return print_topic(topic);
	if (topics)
		return markdown ? print_topics_markdown() : print_topics();
	if (quiet)
		return print_unexpected() ? 1 : 0;
	if (everything) {
		print_cases();
	} else {
		print_groups();
		print_surprises();
	}
	print_sentence(bad);
	return bad ? 1 : 0;
}
