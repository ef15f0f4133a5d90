// SPDX-License-Identifier: GPL-2.0
/*
 * What is expected of a case, patch by patch: the rules of trees/<tree>/expected
 *
 * A row of a table is "program case", a tab and what the case does:
 *
 *	always				it passes on all stages
 *	never				it fails on all stages
 *	skipped				it is skipped
 *	either				it passes or fails, as timing has it
 *	from <patch>			it fails until that patch is applied, then it passes
 *	<word> [from <patch>] [until <patch>]	it does that there and else passes, where
 *					<word> is fails, skipped, either or absent
 *
 * and several of the last kind with ", " between. A patch is <series>/<number>. Its
 * place among the stages is known from the file of -s, and from nowhere else, so a
 * row need not be touched when another patch comes or goes.
 *
 * "??" in a row stands for 64 and 32: it is two cases. Further down a row "program
 * case@machine" says what holds instead on that machine, and on those which are like it.
 * So does "program case@qemu-7.2" with a version of an emulator, or "@gcc-12" of a compiler.
 */
#define _GNU_SOURCE
#include <err.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#define AFTER_ALL	(INT_MAX - 1)

static char **stages;
static int nr_stages;
static struct machine {
	char	*names;		/* its own, those of machines it is like, and versions */
	char	*programs;
} *machines;
static int nr_machines;

static void read_stage(const char *file, char *line)
{
	char *rest = strdup(line), *key = strsep(&rest, "\t"), *value = strsep(&rest, "\t");

	if (value && !strcmp(key, "stage")) {
		stages = reallocarray(stages, nr_stages + 1, sizeof(*stages));
		stages[nr_stages++] = value;
	} else if (rest && !strchr(rest, '\t') && !strcmp(key, "machine")) {
		machines = reallocarray(machines, nr_machines + 1, sizeof(*machines));
		if (asprintf(&machines[nr_machines].names, " %s ", value) < 0 ||
		    asprintf(&machines[nr_machines].programs, " %s ", rest) < 0)
			err(2, NULL);
		nr_machines++;
	} else {
		errx(2, "%s: no stage, and no machine with its programs in one line: %s", file,
		     line);
	}
}

/*
 * The file of -s, which the lab writes: in their order lines "stage <name>", the
 * first one is the base, and "machine <name>[ <name>]... <program>[ <program>]...", the
 * words of which are separated by tabs.
 */
void read_stages(const char *file)
{
	read_rows(file, read_stage);
}

/* By number or name, -1 if there is none. */
int find_stage(const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);
	int i;

	if (!*end && end != name)
		return n >= 0 && (!nr_stages || n < nr_stages) ? n : -1;
	for (i = 0; i < nr_stages; i++)
		if (!strcmp(stages[i], name))
			return i;
	return -1;
}

const char *stage_name(const struct column *col)
{
	return col->stage >= 0 && col->stage < nr_stages ? stages[col->stage] : col->label;
}

/* Is the first word of @name among those of @list? */
static bool has_word(const char *list, const char *name)
{
	char word[256];

	snprintf(word, sizeof(word), " %.*s ", (int)strcspn(name, " "), name);
	return strstr(list, word);
}

static const struct machine *find_machine(const char *name)
{
	size_t len = strlen(name);
	int i;

	for (i = 0; i < nr_machines; i++)
		if (!strncmp(machines[i].names + 1, name, len) && machines[i].names[len + 1] == ' ')
			return &machines[i];
	return NULL;
}

/* Does the program of the case run on the machine? */
static bool runs_there(const char *name, const char *machine)
{
	const struct machine *m = find_machine(machine);

	return !m || has_word(m->programs, name);
}

/* Is a row about it? */
static bool is_like(const char *machine, const char *of_row)
{
	const struct machine *m = find_machine(machine);

	return m ? has_word(m->names, of_row) : !strcmp(machine, of_row);
}

static enum result result_of(const char *word)
{
	static const struct { const char *word; enum result result; } names[] = {
		{ "always", PASS }, { "never", FAIL }, { "fails", FAIL }, { "skipped", SKIP },
		{ "either", EITHER }, { "absent", NONE },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i].word, word))
			return names[i].result;
	return -1;
}

/* Of a tree which is not ours all patches are applied, whatever it calls them. */
static bool find_patch(const char *name, int *stage)
{
	if (!name)
		return false;
	*stage = not_ours ? 0 : find_stage(name);
	return *stage >= 0 && strchr(name, '/');
}

/* "[<word> ][from <patch>][ until <patch>]": false if it is none of that. */
static bool apply_term(char *term, int stage, enum result *result)
{
	enum result then = PASS;
	char *word = strsep(&term, " ");
	int from = 0, until = INT_MAX;

	if (strcmp(word, "from")) {
		then = result_of(word);
		word = strsep(&term, " ");
	}
	if (word && !strcmp(word, "from")) {
		if (!find_patch(strsep(&term, " "), &from))
			return false;
		word = strsep(&term, " ");
	}
	if (word && !strcmp(word, "until")) {
		if (!find_patch(strsep(&term, " "), &until))
			return false;
		word = strsep(&term, " ");
	}
	if (word || then > EITHER)
		return false;
	if (stage >= from && stage < until)
		*result = then;
	return true;
}

static bool evaluate(const char *what, int stage, enum result *result)
{
	char text[512], *rest = text, *term;

	if (strlen(what) >= sizeof(text))
		return false;
	strcpy(text, what);
	*result = strncmp(text, "from ", 5) ? PASS : FAIL;
	while (rest) {
		term = rest;
		rest = strstr(rest, ", ");
		if (rest) {
			*rest = '\0';
			rest += 2;
		}
		if (!apply_term(term, stage, result))
			return false;
	}
	return true;
}

struct row {
	const char	*file;
	const char	*text;		/* all of it, for messages */
	const char	*machine;	/* or NULL */
	const char	*what;
};

static void expect(const struct row *row, const char *name)
{
	struct test_case *c = NULL;
	int col;

	for (col = 0; col < nr_columns; col++) {
		struct column *column = &columns[col];
		int stage = not_ours || column->stage < 0 ? AFTER_ALL : column->stage;
		enum result want;

		if (!evaluate(row->what, stage, &want))
			errx(2, "%s: not a row, or no such patch: %s", row->file, row->text);
		if ((not_ours && col < nr_columns - 1) || !runs_there(name, column->machine) ||
		    (row->machine && !is_like(column->machine, row->machine)))
			continue;
		if (!c) {
			c = find_case(name);
			if (c->has_row != !!row->machine)
				errx(2, "%s: %s for: %s", row->file,
				     c->has_row ? "second row" : "no row yet", row->text);
		}
		c->cells[col].want = want;
		column->rows += !row->machine;
	}
	if (c)
		c->has_row = true;
}

static void read_row(const char *file, char *line)
{
	struct row row = { .file = file, .text = line };
	char *copy = strdup(line), *name = copy, *mark;
	char *what = strchr(copy, '\t');

	if (!what || !what[1] || !strchr(name, ' '))
		errx(2, "%s: not a row: %s", file, line);
	*what++ = '\0';
	row.what = what;
	mark = strchr(name, '@');
	if (mark) {
		*mark = '\0';
		row.machine = mark + 1;
	}
	mark = strstr(name, "??");
	if (mark)
		memcpy(mark, "64", 2);
	expect(&row, name);
	if (mark) {
		memcpy(mark, "32", 2);
		expect(&row, name);
	}
	free(copy);
}

void read_table(const char *file)
{
	int col;

	read_rows(file, read_row);
	for (col = not_ours ? nr_columns - 1 : 0; col < nr_columns; col++)
		if (!columns[col].rows)
			errx(2, "%s has no rows for %s", file, columns[col].machine);
}

/* "<word> from X until Y" for each run of columns in which it does not pass. */
static void print_what(const struct test_case *c)
{
	static const char *const names[] = {
		[NONE] = "absent", [FAIL] = "fails", [SKIP] = "skipped",
	};
	const struct cell *cells = c->cells;
	const char *sep = "";
	int col, end;

	for (col = 0; col < nr_columns; col = end) {
		enum result got = cells[col].got;

		for (end = col; end < nr_columns && cells[end].got == got; end++)
			;
		if (got == PASS && end - col < nr_columns)
			continue;
		if (end - col == nr_columns) {
			printf("%s", got == PASS ? "always" : got == FAIL ? "never" : names[got]);
		} else if (got == FAIL && !col && end < nr_columns && cells[end].got == PASS) {
			printf("from %s", stage_name(&columns[end]));
		} else {
			printf("%s%s", sep, names[got]);
			if (col)
				printf(" from %s", stage_name(&columns[col]));
			if (end < nr_columns)
				printf(" until %s", stage_name(&columns[end]));
		}
		sep = ", ";
	}
	putchar('\n');
}

static bool same_results(const struct test_case *a, const struct test_case *b)
{
	int col;

	for (col = 0; col < nr_columns; col++)
		if (a->cells[col].got != b->cells[col].got)
			return false;
	return true;
}

/* The same case of the 32-bit program, if it came to the same results. */
static struct test_case *twin(const struct test_case *c)
{
	char name[512], *mark;
	size_t i;

	snprintf(name, sizeof(name), "%s", c->name);
	mark = strstr(name, "_64");
	if (mark)
		memcpy(mark, "_32", 3);
	for (i = 0; mark && i < nr_cases; i++)
		if (!strcmp(cases[i].name, name) && same_results(c, &cases[i]))
			return &cases[i];
	return NULL;
}

/* A table which expects what was reported, to start one with. */
void print_rows(void)
{
	size_t i;

	for (i = 0; i < nr_cases; i++) {
		struct test_case *c = &cases[i], *other = twin(c);

		if (c->has_row)
			continue;
		if (other) {
			const char *mark = strstr(c->name, "_64");

			printf("%.*s_??%s\t", (int)(mark - c->name), c->name, mark + 3);
			other->has_row = true;
		} else {
			printf("%s\t", c->name);
		}
		print_what(c);
	}
}
