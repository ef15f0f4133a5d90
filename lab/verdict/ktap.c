// SPDX-License-Identifier: GPL-2.0
/*
 * Read KTAP: what a guest reported, or what a test of the project printed
 *
 * A report is what the guest's init writes (lab/guest/init.c): at the top level a
 * line for each program, indented in front of it what the program said. Each result
 * line of a program is a case, named "program case". A test of the project is flat,
 * its cases are at the top level.
 *
 * A program that says "Bail out!" has failed. Its exit status need not say so: init knows
 * that of the process it started, which may have ended before, as that of
 * selftests/mm/protection_keys does.
 *
 * Whatever is neither makes the report unusable, with the line which is wrong:
 * nothing is guessed.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

#define MAX_LINE	16384
#define MAX_NAME	200
#define MAX_RESULTS	10000

struct pending {
	char		name[MAX_NAME];
	char		reason[MAX_NAME];
	enum result	result;
};

struct reader {
	int		col;
	const char	*name;		/* of the file */
	FILE		*file;
	bool		flat;
	int		line_nr;
	char		line[MAX_LINE];
	int		announced;	/* programs, or -1 */
	int		programs;
	int		total;		/* results */
	bool		ended;
	/* Of the program whose output is being read: */
	int		plan;
	bool		started;
	char		running[MAX_NAME];
	char		said[MAX_NAME];	/* its last diagnostic line */
	char		bail[MAX_NAME];	/* "Bail out!", and why */
	char		skip[MAX_NAME];	/* why it skips all */
	struct pending	*results;
	int		nr_results;
};

static int __attribute__((format(printf, 2, 3)))
unusable(struct reader *r, const char *format, ...)
{
	char why[600], *text;
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (asprintf(&text, "%s: %s", r->name, why) < 0)
		err(2, NULL);
	columns[r->col].error = text;
	return -1;
}

/* Returns 1 if there was a line, 0 at the end of the file. */
static int next_line(struct reader *r)
{
	size_t len = 0;
	int c;

	r->line_nr++;
	while ((c = getc(r->file)) != EOF && c != '\n') {
		if (iscntrl(c) && !strchr("\t\r\b\f\033\177", c))
			return unusable(r, "line %d is not text, it has a byte %02x",
					r->line_nr, c);
		if (!c)
			return unusable(r, "line %d is not text, it has a byte 00",
					r->line_nr);
		if (len == MAX_LINE - 1)
			return unusable(r, "line %d is longer than %d bytes", r->line_nr,
					MAX_LINE - 1);
		r->line[len++] = c;
	}
	if (ferror(r->file))
		return unusable(r, "cannot be read");
	r->line[len] = '\0';
	r->line[strcspn(r->line, "\r")] = '\0';
	return len || c != EOF;
}

/*
 * "[not ]ok <nr> [- ]<name>[ # <directive>]": the KTAP result line. The kselftest
 * harness of v6.1 leaves out the name of a skipped case, @running has it. Returns 1
 * if the line is a result.
 */
static int parse_result(struct reader *r, char *line, struct pending *p)
{
	bool ok = !strncmp(line, "ok ", 3);
	char *hash, *end;

	if (!ok && strncmp(line, "not ok ", 7))
		return 0;
	line += ok ? 3 : 7;
	strtol(line, &end, 10);
	if (end == line)
		return 0;
	line = end + strspn(end, " ");
	if (!strncmp(line, "- ", 2))
		line += 2;

	p->result = ok ? PASS : FAIL;
	p->reason[0] = '\0';
	hash = strstr(line, "# ");
	if (hash) {
		char *why = hash + 2;

		if (!strncmp(why, "SKIP", 4)) {
			p->result = SKIP;
			why += 4;
		}
		snprintf(p->reason, sizeof(p->reason), "%s", why + strspn(why, " "));
		while (hash > line && isspace(hash[-1]))
			hash--;
		*hash = '\0';
	}
	if (!*line)
		line = r->running;
	if (strlen(line) >= sizeof(p->name))
		return unusable(r, "line %d: the name of the case is longer than %zu bytes",
				r->line_nr, sizeof(p->name) - 1);
	strcpy(p->name, line);
	return 1;
}

/* NULL if it has a result already. */
static struct cell *take_result(struct reader *r, const char *program, const struct pending *p)
{
	struct cell *cell;
	char name[2 * MAX_NAME + 2];

	snprintf(name, sizeof(name), "%s%s%s", program, *p->name ? " " : "", p->name);
	cell = &find_case(name)->cells[r->col];
	if (cell->got != NONE) {
		unusable(r, "\"%s\" is reported twice", name);
		return NULL;
	}
	cell->got = p->result;
	cell->reason = strdup(p->reason);
	columns[r->col].cases++;
	return cell;
}

/* @own: what init says of the program as a whole. */
static int end_program(struct reader *r, struct pending *own)
{
	bool short_of = (r->plan >= 0 || r->nr_results || r->flat) && r->plan != r->nr_results;
	bool failed = false;
	int i;

	if (*r->bail) {
		own->result = FAIL;
		strcpy(own->reason, r->bail);
	}
	for (i = 0; i < r->nr_results; i++) {
		if (!take_result(r, own->name, &r->results[i]))
			return -1;
		failed |= r->results[i].result == FAIL;
	}
	if (short_of && own->result == PASS)
		return unusable(r, "%s announced %d results and gave %d", own->name,
				r->plan < 0 ? 0 : r->plan, r->nr_results);
	/* A crash after, or instead of, the cases is a failure which no case shows. */
	if (!r->nr_results || (own->result == FAIL && !failed) || short_of) {
		struct pending end = *own;
		struct cell *cell;

		if (own->result == SKIP && !*own->reason)
			strcpy(end.reason, r->skip);
		strcpy(end.name, "(runs to its end)");
		cell = take_result(r, own->name, &end);
		if (!cell)
			return -1;
		cell->not_started = !r->started;
	}
	r->nr_results = 0;
	r->plan = -1;
	r->started = false;
	r->running[0] = '\0';
	r->said[0] = '\0';
	r->bail[0] = '\0';
	r->skip[0] = '\0';
	return 0;
}

static int add_result(struct reader *r, const struct pending *p)
{
	if (++r->total > MAX_RESULTS)
		return unusable(r, "there are more than %d results", MAX_RESULTS);
	r->results = reallocarray(r->results, r->nr_results + 1, sizeof(*r->results));
	if (!r->results)
		err(2, NULL);
	r->results[r->nr_results] = *p;
	if (p->result == FAIL && !*p->reason)
		strcpy(r->results[r->nr_results].reason, r->said);
	r->nr_results++;
	r->said[0] = '\0';
	return 0;
}

/*
 * "# <text>". Of a program of the kernel the last one in front of a failure says
 * why, of a test of the project the first one after it.
 */
static void diagnostic(struct reader *r, const char *text)
{
	struct pending *last = r->nr_results ? &r->results[r->nr_results - 1] : NULL;
	const char *why = text + 1 + strspn(text + 1, " ");

	if (!strncmp(text, "#  RUN", 6)) {
		if (sscanf(text, "#  RUN %199s", r->running) != 1)
			r->running[0] = '\0';
	} else if (r->flat) {
		if (last && last->result == FAIL && !*last->reason)
			snprintf(last->reason, sizeof(last->reason), "%s", why);
	} else if (strncmp(text, "#  ", 3) && !strstr(text, ": Test failed at step")) {
		snprintf(r->said, sizeof(r->said), "%s", why);
	}
}

/* Returns 1 if the line is a plan, "1..<n>". */
static int parse_plan(struct reader *r, const char *text, int *plan)
{
	const char *skip = strstr(text, "# SKIP ");
	int n;

	if (sscanf(text, "1..%d", &n) != 1)
		return 0;
	if (*plan >= 0)
		return unusable(r, "line %d: the number of results is announced twice",
				r->line_nr);
	*plan = n;
	if (skip)
		snprintf(r->skip, sizeof(r->skip), "%s", skip + 7);
	return 1;
}

/* What a program said: a case, a plan, or anything. */
static int program_line(struct reader *r, char *text)
{
	struct pending p;
	int rc;

	r->started |= !strncmp(text, "TAP version", 11) || !strncmp(text, "KTAP version", 12);
	if (*text == '#') {
		diagnostic(r, text);
		return 0;
	}
	if (!strncmp(text, "Bail out!", 9))
		snprintf(r->bail, sizeof(r->bail), "%s", text);
	rc = parse_plan(r, text, &r->plan);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = parse_result(r, text, &p);
	return rc > 0 ? add_result(r, &p) : rc;
}

static int top_line(struct reader *r)
{
	struct pending own;
	int rc;

	if (!strncmp(r->line, "# lab: kernel ", 14))
		columns[r->col].release = strdup(r->line + 14);
	/* From here on it is for people: "qemu (tcg)". */
	if (!strncmp(r->line, "# lab: machine ", 15))
		columns[r->col].machine = strdup(r->line + 15);
	if (!strcmp(r->line, "# lab: end"))
		r->ended = true;
	rc = parse_plan(r, r->line, &r->announced);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = parse_result(r, r->line, &own);
	if (rc <= 0)
		return rc;
	if (r->ended)
		return unusable(r, "line %d: there are results after its end", r->line_nr);
	r->programs++;
	return end_program(r, &own);
}

/* Each line is of a program (or flat), of init, or nested too deep. */
static int any_line(struct reader *r)
{
	size_t indent = strspn(r->line, " ");
	char *text = r->line + indent;
	struct pending p;

	if (indent == (r->flat ? 0 : 2))
		return program_line(r, text);
	if (!indent)
		return top_line(r);
	if (parse_result(r, text, &p) > 0)
		unusable(r, "line %d: a result is nested deeper than a program's cases",
			 r->line_nr);
	return columns[r->col].error ? -1 : 0;
}

static int read_lines(struct reader *r)
{
	int rc;

	while ((rc = next_line(r)) > 0) {
		/* What lab/run/check adds if the exit status is not 0. */
		if (r->flat && !strncmp(r->line, "# exit status", 13))
			r->ended = true;
		else if (any_line(r))
			return -1;
	}
	return rc;
}

static int open_reader(struct reader *r, int col, const char *file)
{
	memset(r, 0, sizeof(*r));
	r->col = col;
	r->name = file;
	r->announced = -1;
	r->plan = -1;
	r->file = fopen(file, "r");
	return r->file ? 0 : unusable(r, "%m");
}

static void close_reader(struct reader *r)
{
	size_t i;

	if (r->file)
		fclose(r->file);
	free(r->results);
	for (i = 0; !r->flat && columns[r->col].error && i < nr_cases; i++)
		cases[i].cells[r->col].got = NONE;
}

/* Returns -1 and leaves the reason in the column if the report is of no use. */
int read_report(int col)
{
	struct reader r;
	int rc = open_reader(&r, col, columns[col].file);

	if (!rc)
		rc = read_lines(&r);
	if (!rc && (!r.ended || r.programs != r.announced || r.nr_results))
		rc = unusable(&r, "incomplete, the guest did not come to its end");
	if (!rc && !columns[col].cases)
		rc = unusable(&r, "not a single result");
	close_reader(&r);
	return rc;
}

/*
 * A test of the project, all of which are in one column. One which cannot be read is a
 * failure among the results of the others.
 */
void read_flat(int col, const char *program, const char *file)
{
	struct pending own = { .result = PASS };
	struct reader r;
	int rc = open_reader(&r, col, file);

	r.flat = true;
	r.started = true;
	snprintf(own.name, sizeof(own.name), "%s", program);
	if (!rc)
		rc = read_lines(&r);
	if (!rc) {
		if (r.ended || r.plan != r.nr_results || !r.nr_results)
			own.result = FAIL;
		rc = end_program(&r, &own);
	}
	if (rc) {
		struct pending unread = { .name = "(can be read)", .result = FAIL };

		snprintf(unread.reason, sizeof(unread.reason), "%s", columns[col].error);
		take_result(&r, own.name, &unread);
		columns[col].error = NULL;
	}
	close_reader(&r);
}
