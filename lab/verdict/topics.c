// SPDX-License-Identifier: GPL-2.0
/*
 * From cases to topics: what a kernel gets wrong
 *
 * The file of -T has a paragraph for each topic, with tabs: its name, the claim
 * which is right or what is wrong, a word for that in a table, another topic and what is
 * to be said instead while that one is wrong, the release since which it is supported if
 * not since ever, and patterns of "program case" with * and ?. A case belongs to the
 * first topic with a pattern for it. Wrong is a topic if one of its cases fails, right
 * if none does and at least one passed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "verdict.h"

struct topic {
	char	*name;
	char	*right;		/* NULL: tells nothing by itself */
	char	*wrong;
	char	*word;
	char	*cause;		/* NULL, or the topic which is wrong in the first place, */
	char	*wrong_then;	/* and what is to be said then */
	char	*word_then;
	char	*since;
};

static struct topic topics[64];
static int nr_topics;
static struct { char *glob; int topic; } patterns[512];
static int nr_patterns;

static int find_topic(const char *name)
{
	int i;

	for (i = 0; i < nr_topics; i++)
		if (!strcmp(topics[i].name, name))
			return i;
	if (nr_topics == sizeof(topics) / sizeof(*topics))
		errx(2, "too many topics");
	topics[nr_topics].name = strdup(name);
	return nr_topics++;
}

static int topic_index(const struct test_case *c)
{
	int i;

	for (i = 0; i < nr_patterns; i++)
		if (!fnmatch(patterns[i].glob, c->name, 0))
			return patterns[i].topic;
	return -1;
}

const char *topic_of(const struct test_case *c)
{
	int i = topic_index(c);

	return i < 0 ? "" : topics[i].name;
}

/* Is release @a before @b? Both as "6.12", with anything behind. */
static bool before(const char *a, const char *b)
{
	int a1 = 0, a2 = 0, b1 = 0, b2 = 0;

	return a && sscanf(a, "%d.%d", &a1, &a2) == 2 && sscanf(b, "%d.%d", &b1, &b2) == 2 &&
	       (a1 < b1 || (a1 == b1 && a2 < b2));
}

static void add_pattern(int topic, const char *glob)
{
	if (nr_patterns == sizeof(patterns) / sizeof(*patterns))
		errx(2, "too many patterns");
	patterns[nr_patterns].glob = strdup(glob);
	patterns[nr_patterns++].topic = topic;
}

/* "<topic><tab>what is wrong<tab>a word for it" */
static void read_cause(const char *file, struct topic *t, const char *value)
{
	char *rest = strdup(value);

	t->cause = strsep(&rest, "\t");
	t->wrong_then = strsep(&rest, "\t");
	t->word_then = strsep(&rest, "\t");
	if (!t->word_then || rest)
		errx(2, "%s: not a topic, what is wrong and a word: %s", file, value);
}

/* A line is about the topic that was named last. */
static void read_line(const char *file, char *line)
{
	static int topic = -1;
	char *value = strchr(line, '\t');

	if (value)
		*value++ = '\0';
	if (value && !strcmp(line, "topic"))
		topic = find_topic(value);
	else if (!value || topic < 0)
		errx(2, "%s: not a line about a topic: %s", file, line);
	else if (!strcmp(line, "right"))
		topics[topic].right = strdup(value);
	else if (!strcmp(line, "wrong"))
		topics[topic].wrong = strdup(value);
	else if (!strcmp(line, "word"))
		topics[topic].word = strdup(value);
	else if (!strcmp(line, "while"))
		read_cause(file, &topics[topic], value);
	else if (!strcmp(line, "since"))
		topics[topic].since = strdup(value);
	else if (!strcmp(line, "cases"))
		add_pattern(topic, value);
	else
		errx(2, "%s: not a line about a topic: %s", file, line);
}

/* What a kernel is too old for is not wrong. */
static void mark_unsupported(void)
{
	size_t i;
	int col;

	for (i = 0; i < nr_cases; i++) {
		int t = topic_index(&cases[i]);

		for (col = 0; t >= 0 && topics[t].since && col < nr_columns; col++)
			cases[i].cells[col].unsupported = cases[i].cells[col].got == FAIL &&
				before(columns[col].release, topics[t].since);
	}
}

/* After the reports. */
void read_topics(const char *file)
{
	int i;

	read_rows(file, read_line);
	for (i = 0; i < nr_topics; i++)
		if (topics[i].right && !(topics[i].wrong && topics[i].word))
			errx(2, "%s: what is wrong in %s?", file, topics[i].name);
	mark_unsupported();
}

enum state { UNTESTED, RIGHT, WRONG, UNSUPPORTED };

/* What the cases of a topic say. */
struct finding {
	enum state		state;
	int			good, bad;
	const struct test_case	*first;		/* which fails */
	const char		*skip;
};

/* "program (runs to its end)" is about no topic. */
static bool is_end(const struct test_case *c)
{
	return !strcmp(c->test, "(runs to its end)");
}

static struct finding find_out(int topic, int col)
{
	struct finding f = { .skip = "none of its cases ran" };
	bool unsupported = false;
	size_t i;

	for (i = 0; i < nr_cases; i++) {
		const struct test_case *c = &cases[i];
		const struct cell *cell = &c->cells[col];

		if (topic_index(c) != topic)
			continue;
		if (cell->got == SKIP && *cell->reason)
			f.skip = cell->reason;
		if (is_end(c))
			continue;
		f.good += cell->got == PASS;
		f.bad += cell->got == FAIL;
		unsupported |= cell->unsupported;
		if (cell->got == FAIL && !f.first)
			f.first = c;
	}
	f.state = unsupported ? UNSUPPORTED : f.bad ? WRONG : f.good ? RIGHT : UNTESTED;
	return f;
}

/*
 * What cannot be started on this kernel, as a 32-bit program, has no cases. What
 * ended early leaves no verdict: returns true.
 */
static bool check_ends(int col)
{
	char names[600] = "";
	size_t i, len = 0;

	for (i = 0; i < nr_cases && len < sizeof(names); i++) {
		const struct cell *cell = &cases[i].cells[col];

		if (is_end(&cases[i]) && cell->got == FAIL && !cell->not_started)
			len += snprintf(names + len, sizeof(names) - len, " %s (%s)",
					cases[i].program, cell->reason);
	}
	if (len)
		warnx("no verdict, a test did not come to its end:%s", names);
	return len;
}

static void print_not_started(void)
{
	size_t i;

	for (i = 0; i < nr_cases; i++)
		if (is_end(&cases[i]) && cases[i].cells[0].got == FAIL)
			printf("  not run  %s: it cannot be started\n", cases[i].program);
}

/* Is the topic wrong because another one is? */
static bool has_cause(const struct topic *t, int col)
{
	return t->cause && find_out(find_topic(t->cause), col).state == WRONG;
}

static void print_finding(const struct topic *t, const struct finding *f)
{
	static const struct { const char *word; enum result like; } styles[] = {
		[UNTESTED] = { "untested", SKIP }, [RIGHT] = { "right", PASS },
		[WRONG] = { "wrong", FAIL }, [UNSUPPORTED] = { "n/a", SKIP },
	};
	const char *wrong = has_cause(t, 0) ? t->wrong_then : t->wrong;
	const int indent = 30;

	print_colored(styles[f->state].like, styles[f->state].word, 9);
	printf("%-17s  ", t->name);
	if (f->state == UNSUPPORTED)
		say("not supported before v%s", t->since);
	else
		say("%s", f->state == RIGHT ? t->right : f->state == WRONG ? wrong : f->skip);
	end_text(indent, indent);
	if (f->state == WRONG) {
		printf("%*s", indent, "");
		say("%d of %d cases, the first is %s", f->bad, f->bad + f->good, f->first->name);
		end_text(indent, indent);
	}
}

/* The names of topics in that state, behind @head. Returns how many there are. */
static int say_list(enum state state, const char *head)
{
	int i, n = 0;

	for (i = 0; i < nr_topics; i++)
		if (topics[i].right && find_out(i, 0).state == state)
			say("%s %s", n++ ? "" : head, topics[i].name);
	return n;
}

/* Why is this case not tested? NULL if it is. */
static const char *why_skipped(size_t i)
{
	const struct cell *cell = &cases[i].cells[0];

	return cell->got == SKIP && *cell->reason ? cell->reason : NULL;
}

/* The reason that most have. */
static const char *why_nothing_ran(void)
{
	const char *why = "No test came to a result", *one, *other;
	size_t i, j;
	int n, most = 0;

	for (i = 0; i < nr_cases; i++) {
		one = why_skipped(i);
		if (!one)
			continue;
		for (j = n = 0; j < nr_cases; j++) {
			other = why_skipped(j);
			n += other && !strcmp(one, other);
		}
		if (n > most) {
			most = n;
			why = one;
		}
	}
	return why;
}

/* How many are wrong. */
static int print_summary(void)
{
	int wrong = say_list(WRONG, "this kernel: wrong in");

	if (!wrong)
		say("this kernel: no defect found");
	say_list(RIGHT, ", right in");
	say_list(UNSUPPORTED, ", not supported:");
	say_list(UNTESTED, ", NOT TESTED:");
	end_text(0, 2);
	return wrong;
}

/* A line for each topic and one which sums up. */
int print_topics(void)
{
	int i, found = 0;

	if (check_ends(0))
		return 2;
	for (i = 0; i < nr_topics; i++)
		found += topics[i].right && find_out(i, 0).state != UNTESTED;
	if (!found) {
		print_not_started();
		printf("this kernel: NOT TESTED. %s\n", why_nothing_ran());
		return 4;
	}
	for (i = 0; i < nr_topics; i++) {
		struct finding f = find_out(i, 0);

		if (topics[i].right)
			print_finding(&topics[i], &f);
	}
	print_not_started();
	return print_summary() ? 3 : 0;
}

static void print_markdown_cell(const struct topic *t, enum state is, int col)
{
	if (is == WRONG && has_cause(t, col))
		printf(" %s |", t->word_then);
	else if (is == WRONG)
		printf(" **%s** |", t->word);
	else if (is == UNSUPPORTED)
		printf(" not before v%s |", t->since);
	else
		printf(" %s |", is == RIGHT ? "right" : "-");
}

/* One only. What a kernel is too old for cannot be tested on it. */
int print_topic(const char *name)
{
	struct finding f;
	int topic = find_topic(name);

	if (check_ends(0))
		return 2;
	if (!topics[topic].right)
		errx(2, "there is no topic %s", name);
	f = find_out(topic, 0);
	print_finding(&topics[topic], &f);
	return f.state == RIGHT ? 0 : f.state == WRONG ? 3 : 4;
}

static bool is_tested(int topic)
{
	int col;

	for (col = 0; col < nr_columns; col++)
		if (find_out(topic, col).state != UNTESTED)
			return true;
	return false;
}

/* A row for each topic which any has a result of, and a column for each report. */
int print_topics_markdown(void)
{
	int i, col, bad = 0;

	printf("| topic | claim |");
	for (col = 0; col < nr_columns; col++)
		printf(" %s |", columns[col].label);
	printf("\n| --- | --- |");
	for (col = 0; col < nr_columns; col++) {
		printf(" --- |");
		bad += check_ends(col);
	}
	putchar('\n');
	for (i = 0; i < nr_topics; i++) {
		if (!topics[i].right || !is_tested(i))
			continue;
		printf("| %s | %s |", topics[i].name, topics[i].right);
		for (col = 0; col < nr_columns; col++)
			print_markdown_cell(&topics[i], find_out(i, col).state, col);
		putchar('\n');
	}
	return bad ? 2 : 0;
}
