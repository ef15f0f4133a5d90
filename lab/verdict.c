// SPDX-License-Identifier: GPL-2.0
/*
 * verdict - compare what guests reported with each other and with the expectation
 *
 * Usage: verdict [-a] [-e TABLE] [-c CPU] [-l] [-k LABEL | -w] STAGE=REPORT...
 *
 * A report is the KTAP which the guest's init writes (lab/guest/init.c): at the
 * top level a line for each program, indented in front of it what the program
 * said. Each result line of a program is a case, named "program case".
 *
 * Without -k a table is printed, a row a case and a column a stage, and a
 * sentence which sums it up. Cases which pass on all stages are only
 * counted. With -k a KTAP line is printed for each case and stage, with LABEL (the
 * kind of CPU) in its name.
 *
 *   -a		print those as well
 *   -e TABLE	what is expected, see tests/expected. A case without a row, a row
 *		without a case and a result other than in the table are errors.
 *		Without a table the last stage has to pass all cases.
 *   -c CPU	the kind of CPU, for rows which hold on one kind only
 *   -l		the tree is not ours: only the last stage is judged, by the last column of
 *		TABLE, and what passes although the table has something else is fine
 *   -w		print a table which expects what was reported, to start one with
 *
 * Exit status: 0 as expected; 1 not so; 2 a report or table is unusable, e.g.
 * incomplete. A skipped case is a result of its own: it never counts as passed.
 */
#include <ctype.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_STAGES	32

enum result { NONE, PASS, FAIL, SKIP, EITHER };

static const char *const words[] = {
	[NONE] = "-", [PASS] = "ok", [FAIL] = "FAIL", [SKIP] = "skip",
	[EITHER] = "either",
};

struct test_case {
	char		*name;			/* "program case" */
	enum result	got[MAX_STAGES];	/* by column */
	enum result	want[MAX_STAGES];
	bool		has_row;
	char		*reason;		/* of the last skip */
};

struct column {
	int		stage;
	const char	*file;
	int		cases;
};

static struct test_case *cases;
static size_t nr_cases;
static struct column columns[MAX_STAGES];
static int nr_columns;
static const char letters[] = { [NONE] = '?', [PASS] = '+', [FAIL] = 'F', [SKIP] = 's' };
static const char *cpu = "";
static bool not_ours;
static bool color;

static struct test_case *find_case(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < nr_cases; i++)
		if (strlen(cases[i].name) == len && !memcmp(cases[i].name, name, len))
			return &cases[i];

	cases = realloc(cases, (nr_cases + 1) * sizeof(*cases));
	if (!cases)
		err(2, NULL);
	memset(&cases[nr_cases], 0, sizeof(*cases));
	cases[nr_cases].name = strndup(name, len);
	return &cases[nr_cases++];
}

/* The results of one program, until the line which names it is reached. */
static struct pending {
	char		name[200];
	char		reason[200];
	enum result	result;
} pending[1000];
static int nr_pending;

/*
 * "[not ]ok <nr> [- ]<name>[ # <directive>]": the KTAP result line. The kselftest
 * harness of v6.1 leaves out the name of a skipped case, @running has it.
 */
static bool parse_result(char *line, const char *running, struct pending *p)
{
	bool ok = !strncmp(line, "ok ", 3);
	char *hash, *end;

	if (!ok && strncmp(line, "not ok ", 7))
		return false;
	line += ok ? 3 : 7;
	strtol(line, &end, 10);
	if (end == line)
		return false;
	line = end + strspn(end, " ");
	if (!strncmp(line, "- ", 2))
		line += 2;

	p->result = ok ? PASS : FAIL;
	p->reason[0] = '\0';
	hash = strstr(line, "# ");
	if (hash) {
		if (!strncmp(hash, "# SKIP", 6)) {
			p->result = SKIP;
			hash += 6;
			snprintf(p->reason, sizeof(p->reason), "%s", hash + strspn(hash, " "));
			hash -= 6;
		}
		while (hash > line && isspace(hash[-1]))
			hash--;
		*hash = '\0';
	}
	snprintf(p->name, sizeof(p->name), "%s", *line ? line : running);
	return true;
}

static void take_result(int col, const char *program, const struct pending *p)
{
	struct test_case *c;
	char name[512];
	int len;

	len = snprintf(name, sizeof(name), "%s%s%s", program, *p->name ? " " : "", p->name);
	c = find_case(name, len);
	if (c->got[col] != NONE)
		errx(2, "%s: \"%s\" is reported twice", columns[col].file, name);
	c->got[col] = p->result;
	if (p->result == SKIP)
		c->reason = strdup(p->reason);
	columns[col].cases++;
}

/* @own: what init says of the program as a whole. */
static void end_program(int col, struct pending *own, int plan)
{
	bool failed = false;
	int i;

	for (i = 0; i < nr_pending; i++) {
		take_result(col, own->name, &pending[i]);
		failed |= pending[i].result == FAIL;
	}
	if (plan >= 0 && plan != nr_pending && own->result == PASS)
		errx(2, "%s: %s announced %d results and gave %d", columns[col].file,
		     own->name, plan, nr_pending);
	/* A crash after, or instead of, the cases is a failure which no case shows. */
	if (!nr_pending || (own->result == FAIL && !failed) ||
	    (plan >= 0 && plan != nr_pending)) {
		char program[200];

		snprintf(program, sizeof(program), "%s", own->name);
		snprintf(own->name, sizeof(own->name), "(runs to its end)");
		take_result(col, program, own);
	}
	nr_pending = 0;
}

static void read_report(int col)
{
	const char *file = columns[col].file;
	int plan = -1, programs = 0, announced = -1;
	char running[200] = "", *line = NULL;
	struct pending own;
	bool ended = false;
	size_t size = 0;
	FILE *f;

	f = fopen(file, "r");
	if (!f)
		err(2, "%s", file);
	while (getline(&line, &size, f) > 0) {
		char *text = line + strspn(line, " ");

		line[strcspn(line, "\r\n")] = '\0';
		if (!strncmp(text, "#  RUN", 6)) {
			if (sscanf(text, "#  RUN %199s", running) != 1)
				*running = '\0';
		} else if (text == line) {
			if (sscanf(line, "1..%d", &announced) == 1)
				continue;
			ended |= !strcmp(line, "# lab: end");
			if (parse_result(line, "", &own)) {
				end_program(col, &own, plan);
				plan = -1;
				programs++;
			}
		} else if (sscanf(text, "1..%d", &plan) != 1 &&
			   parse_result(text, running, &pending[nr_pending])) {
			if (++nr_pending == sizeof(pending) / sizeof(*pending))
				errx(2, "%s: too many results", file);
		}
	}
	free(line);
	fclose(f);
	if (!ended || programs != announced)
		errx(2, "%s: incomplete, the guest did not come to its end", file);
	if (!columns[col].cases)
		errx(2, "%s: not a single result", file);
}

/* With -l it is the last stage of the table, whatever its number is in that tree. */
static bool is_stage(int col, int stage, bool is_last)
{
	if (not_ours)
		return is_last && col == nr_columns - 1;
	return columns[col].stage == stage;
}

/*
 * A line of the table: "program case" and a letter for each stage, the columns
 * being named by the line "# stage 0 1 2 ...": + passes, F fails, s is skipped,
 * * is for a defect which shows up or not as timing has it.
 * Further down "program case@CPU" says what holds instead on that kind of CPU.
 */
static void read_table(const char *file)
{
	int stages[MAX_STAGES], nr_stages = 0;
	char *line = NULL, *p, *end;
	size_t size = 0;
	FILE *f;

	f = fopen(file, "r");
	if (!f)
		err(2, "%s", file);
	while (getline(&line, &size, f) > 0) {
		struct test_case *c;
		size_t len;
		int i, col;

		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "# stage ", 8)) {
			for (p = line + 8, nr_stages = 0; nr_stages < MAX_STAGES; p = end) {
				stages[nr_stages] = strtol(p, &end, 10);
				if (end == p)
					break;
				nr_stages++;
			}
			continue;
		}
		if (*line == '#' || !*line)
			continue;
		p = strchr(line, '\t');
		if (!p || (int)strlen(p + strspn(p, "\t")) != 2 * nr_stages - 1)
			errx(2, "%s: not a row: %s", file, line);
		len = strcspn(line, "@\t");
		if (line[len] == '@' && (strlen(cpu) != (size_t)(p - line) - len - 1 ||
					 strncmp(line + len + 1, cpu, strlen(cpu))))
			continue;
		c = find_case(line, len);
		if (c->has_row != (line[len] == '@'))
			errx(2, "%s: %s for: %s", file, c->has_row ? "second row" : "no row yet",
			     line);
		c->has_row = true;
		p += strspn(p, "\t");
		for (i = 0; i < nr_stages; i++)
			for (col = 0; col < nr_columns; col++)
				if (is_stage(col, stages[i], i == nr_stages - 1))
					c->want[col] = p[2 * i] == '+' ? PASS :
						       p[2 * i] == 'F' ? FAIL :
						       p[2 * i] == 's' ? SKIP :
						       p[2 * i] == '*' ? EITHER : NONE;
	}
	free(line);
	fclose(f);
}

static bool as_expected(const struct test_case *c, int col)
{
	if (c->want[col] == EITHER)
		return c->got[col] == PASS || c->got[col] == FAIL;
	return c->got[col] == c->want[col];
}

/* Did the program of this case say anything? */
static bool has_run(const struct test_case *c, int col)
{
	size_t i, len = strcspn(c->name, " ");

	for (i = 0; i < nr_cases; i++)
		if (cases[i].got[col] != NONE && !strncmp(cases[i].name, c->name, len + 1))
			return true;
	return false;
}

/*
 * What is expected of a tree that is not ours: the last stage passes, or does what
 * the table has for it, as when a case is skipped for what it needs. There is no
 * knowing what its base does and which of the programs it has.
 */
static int judge_the_last(void)
{
	int bad = 0, last = nr_columns - 1;
	size_t i, kept = 0;

	for (i = 0; i < nr_cases; i++) {
		struct test_case *c = &cases[i];
		bool good = c->got[last] == PASS || (c->has_row && as_expected(c, last));

		c->want[last] = good ? c->got[last] : PASS;
		bad += !good && has_run(c, last);
	}
	for (i = 0; i < nr_cases; i++)
		if (has_run(&cases[i], last))
			cases[kept++] = cases[i];
	nr_cases = kept;
	return bad;
}

static int print_ktap(const char *label)
{
	int bad = 0, col, nr = 0;
	size_t i;

	for (i = 0; i < nr_cases; i++) {
		for (col = 0; col < nr_columns; col++) {
			struct test_case *c = &cases[i];
			bool ok = as_expected(c, col) && c->has_row;

			printf("%sok %d - %s: stage %d on %s", ok ? "" : "not ", ++nr, c->name,
			       columns[col].stage, label);
			if (!ok)
				printf(": expected %s, got %s", words[c->want[col]],
				       words[c->got[col]]);
			putchar('\n');
			bad += !ok;
		}
	}
	printf("1..%d\n", nr);
	return bad;
}

static void print_expectation(void)
{
	int col;
	size_t i;

	printf("# stage");
	for (col = 0; col < nr_columns; col++)
		printf(" %d", columns[col].stage);
	putchar('\n');
	for (i = 0; i < nr_cases; i++) {
		printf("%s\t", cases[i].name);
		for (col = 0; col < nr_columns; col++)
			printf("%s%c", col ? " " : "", letters[cases[i].got[col]]);
		putchar('\n');
	}
}

static void print_cell(enum result got, enum result want, bool is_last)
{
	const char *on = "";

	if (color)
		on = got == PASS ? "\033[32m" : got == FAIL ? "\033[31m" : "\033[33m";
	printf("  %s%-*s%s%s", on, is_last ? 0 : 4, words[got], *on ? "\033[0m" : "",
	       want != NONE && want != EITHER && got != want ? "!" : is_last ? "" : " ");
}

/* A row that nobody has to look at: it passes on all stages, as it should. */
static bool is_dull(const struct test_case *c)
{
	int col;

	for (col = 0; col < nr_columns; col++)
		if (c->got[col] != PASS || c->want[col] == FAIL || c->want[col] == SKIP)
			return false;
	return true;
}

/* The length of a case's name and in @program that of the program in front of it. */
static size_t name_length(const struct test_case *c, size_t *program)
{
	*program = strcspn(c->name, " ");
	return strlen(c->name + *program + strspn(c->name + *program, " "));
}

static void print_stages(int width, int length, const char *program)
{
	int col;

	printf("%-*.*s", width, length, program);
	for (col = 0; col < nr_columns; col++)
		if (columns[col].stage)
			printf("  %-*d", col < nr_columns - 1 ? 5 : 0, columns[col].stage);
		else
			printf("  %s", col < nr_columns - 1 ? "base " : "base");
	putchar('\n');
}

static void print_row(const struct test_case *c, int width)
{
	int col;
	size_t plen, len = name_length(c, &plen);

	printf("  %-*s", width - 2, c->name + strlen(c->name) - len);
	for (col = 0; col < nr_columns; col++)
		print_cell(c->got[col], c->want[col], col == nr_columns - 1);
	if (c->got[nr_columns - 1] == SKIP && c->reason)
		printf(" %s", c->reason);
	putchar('\n');
}

static void print_rest(int width, int n, bool all)
{
	char text[32];
	int col;

	snprintf(text, sizeof(text), all ? "all %d cases" : "%d more cases", n);
	printf("  %-*s", width - 2, text);
	for (col = 0; col < nr_columns; col++)
		print_cell(PASS, NONE, col == nr_columns - 1);
	putchar('\n');
}

/*
 * A block for each program. Cases which pass everywhere only get a common row at
 * the end of it, unless @everything is to be printed.
 */
static void print_table(bool everything)
{
	size_t i, end, first, len, plen, width = 16;
	int dull;

	for (i = 0; i < nr_cases; i++) {
		len = 2 + name_length(&cases[i], &plen);
		if ((everything || !is_dull(&cases[i])) && len > width)
			width = len;
	}

	for (first = 0; first < nr_cases; first = end) {
		name_length(&cases[first], &plen);
		print_stages(width, plen, cases[first].name);
		dull = 0;
		for (end = first; end < nr_cases &&
		     !strncmp(cases[first].name, cases[end].name, plen + 1); end++) {
			if (!everything && is_dull(&cases[end]))
				dull++;
			else
				print_row(&cases[end], width);
		}
		if (dull)
			print_rest(width, dull, dull == (int)(end - first));
	}
}

/* How many cases go from @from in the first column to @to in the last one. */
static int count(enum result from, enum result to)
{
	size_t i;
	int n = 0;

	for (i = 0; i < nr_cases; i++)
		n += cases[i].got[0] == from && cases[i].got[nr_columns - 1] == to;
	return n;
}

static void print_sentence(int bad)
{
	int last = columns[nr_columns - 1].stage;
	int fixed = count(FAIL, PASS), broken = count(PASS, FAIL);
	int still = count(FAIL, FAIL), skipped = count(SKIP, SKIP);

	printf("\n%s", color ? "\033[1m" : "");
	if (nr_columns > 1) {
		printf("%d cases fail on base and pass on stage %d, ", fixed, last);
		printf("%d pass on both, %d fail on both, %d got worse, %d are skipped",
		       count(PASS, PASS), still, broken, skipped);
	} else {
		printf("%d cases pass on stage %d, %d fail, %d are skipped",
		       count(PASS, PASS), last, still, skipped);
	}
	printf("%s.%s\n", bad ? ": NOT as expected" : ": as expected", color ? "\033[0m" : "");
}

static void __attribute__((noreturn)) usage(void)
{
	errx(2, "usage: verdict [-a] [-e TABLE] [-c CPU] [-l] [-k LABEL | -w] STAGE=REPORT...");
}

int main(int argc, char **argv)
{
	const char *table = NULL, *label = NULL;
	int opt, col, bad = 0;
	bool write = false, everything = false;
	size_t i;

	while ((opt = getopt(argc, argv, "ac:e:k:lw")) != -1) {
		if (opt == 'a')
			everything = true;
		else if (opt == 'c')
			cpu = optarg;
		else if (opt == 'e')
			table = optarg;
		else if (opt == 'k')
			label = optarg;
		else if (opt == 'l')
			not_ours = true;
		else if (opt == 'w')
			write = true;
		else
			usage();
	}
	color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");

	for (; optind < argc && nr_columns < MAX_STAGES; optind++, nr_columns++) {
		char *end;

		columns[nr_columns].stage = strtol(argv[optind], &end, 10);
		if (*end != '=')
			usage();
		columns[nr_columns].file = end + 1;
	}
	if (!nr_columns)
		usage();

	if (table)
		read_table(table);
	for (col = 0; col < nr_columns; col++)
		read_report(col);

	if (not_ours || !table)
		bad = judge_the_last();
	else
		for (i = 0; i < nr_cases; i++)
			for (col = 0; col < nr_columns; col++)
				bad += !as_expected(&cases[i], col) || !cases[i].has_row;

	if (write) {
		print_expectation();
		return 0;
	}
	if (label)
		return print_ktap(label) ? 1 : 0;
	print_table(everything);
	print_sentence(bad);
	return bad ? 1 : 0;
}
