/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_plot.c - scripts, and running gnuplot on them. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output/sim_plot.h"
#include "observe/sim_results.h"

static const char *const colors[] = {
	"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
	"#999933", "#882255", "#44aa99", "#332288", "#ddcc77", "#555555",
};

u32 sim_plot_colors_count(void)
{
	return sizeof(colors) / sizeof(*colors);
}

const char *sim_plot_color(u32 index)
{
	return colors[index % sim_plot_colors_count()];
}

void sim_plot_begin(struct sim_plot *plot, u32 width, u32 height)
{
	memset(plot, 0, sizeof(*plot));
	plot->width = width;
	plot->height = height;
	plot->data = open_memstream(&plot->data_text, &plot->data_bytes);
	plot->draw = open_memstream(&plot->draw_text, &plot->draw_bytes);
	assert(plot->data && plot->draw);
}

void sim_plot_quote(FILE *stream, const char *text)
{
	/* Single quotes: nothing inside is special but the quote itself. */
	fputc('\'', stream);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', stream);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, stream);
	}
	fputc('\'', stream);
}

void sim_plot_panel(struct sim_plot *plot, double left, double right, double bottom, double top)
{
	fprintf(plot->draw,
		"set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
		"set bmargin at screen %.4f\nset tmargin at screen %.4f\n",
		left, right, bottom, top);
}

void sim_plot_start(struct sim_plot *plot, bool empty)
{
	if (empty)
		fputs("set xrange [0:1]\nset yrange [0:1]\n"
		      "set label 99 'nothing is done yet' at graph 0.5,0.5 center tc rgb '#606060'\n",
		      plot->draw);
	else
		fputs("unset label 99\n", plot->draw);
	fputs("plot NaN notitle", plot->draw);
}

static const char prelude[] = "reset\n"
			      "set encoding utf8\n"
			      "set border 3 lw 0.8 lc rgb '#404040'\n"
			      "set tics out nomirror scale 0.6\n"
			      "set grid back lw 0.5 lc rgb '#c8c8c8'\n"
			      "set style fill solid 1.0 noborder\n"
			      "set key noenhanced samplen 2 spacing 1.15\n";

static void write_script(struct sim_plot *plot, FILE *to, const char *name)
{
	fprintf(to, "# Written by wssim; 'gnuplot %s.gp' draws it again.\n", name);
	fputs(plot->data_text, to);
	fprintf(to,
		"\nset terminal svg size %u,%u dynamic noenhanced font 'DejaVu Sans,13' "
		"background '#ffffff'\nset output '%s.svg'\n",
		plot->width, plot->height, name);
	fputs(prelude, to);
	fputs(plot->draw_text, to);
	fprintf(to,
		"\nset terminal pngcairo size %u,%u noenhanced font 'DejaVu Sans,13' "
		"fontscale 1.5 linewidth 2 pointscale 2 background '#ffffff'\nset output '%s.png'\n",
		plot->width * 2, plot->height * 2, name);
	fputs(prelude, to);
	fputs(plot->draw_text, to);
	fputs("\nset output\n", to);
}

/* In the child: become gnuplot. */
static void exec_gnuplot(const char *dir, int script, int complaints)
{
	static char *const argv[] = { (char *)"gnuplot", (char *)"-d", NULL };

	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(script, STDIN_FILENO) < 0 || dup2(complaints, STDERR_FILENO) < 0 || chdir(dir))
		_exit(126);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("GNUPLOT_LIB");
	execvp(argv[0], argv);
	_exit(127);
}

/* The first line that gnuplot said, which is not blank. */
static void first_line(FILE *complaints, char *line, int size)
{
	rewind(complaints);
	while (fgets(line, size, complaints)) {
		line[strcspn(line, "\r\n")] = 0;
		if (line[strspn(line, " \t^")])
			return;
	}
	snprintf(line, (size_t)size, "it said nothing");
}

static int run_gnuplot(const char *dir, const char *script, const char *name,
		       struct tr_error *error)
{
	FILE *input = fopen(script, "re"), *complaints = tmpfile();
	char line[200];
	int status = 0, rc = 0;
	pid_t pid;

	if (!input || !complaints || (pid = fork()) < 0) {
		rc = tr_fail(error, -errno, "gnuplot: %s", strerror(errno));
		goto out;
	}
	if (!pid)
		exec_gnuplot(dir, fileno(input), fileno(complaints));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		rc = tr_fail(error, -ENOENT,
			     "gnuplot: not found; install it (gnuplot-nox) or use --no-plots");
	else if (status) {
		first_line(complaints, line, sizeof(line));
		rc = tr_fail(error, -EIO, "gnuplot: %s.gp: %s", name, line);
	}
out:
	if (input)
		fclose(input);
	if (complaints)
		fclose(complaints);
	return rc;
}

int sim_plot_finish(struct sim_plot *plot, const char *dir, const char *name,
		    struct tr_error *error)
{
	struct sim_file file;
	char script[256], path[SIM_FILE_PATH_MAX];
	int rc;

	fclose(plot->data);
	fclose(plot->draw);
	snprintf(script, sizeof(script), "%s.gp", name);
	rc = sim_file_create(&file, dir, script, error);
	if (!rc) {
		write_script(plot, file.stream, name);
		snprintf(path, sizeof(path), "%s", file.path);
		rc = sim_file_close(&file, error);
	}
	if (!rc)
		rc = run_gnuplot(dir, path, name, error);
	free(plot->data_text);
	free(plot->draw_text);
	return rc;
}
