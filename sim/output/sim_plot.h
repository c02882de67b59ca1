/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sim_plot.h - one figure: a gnuplot script, and its SVG and PNG.
 *
 * A figure is written as two streams: data (named data blocks) and drawing commands,
 * which know nothing of terminals and are run once for each.  The finished script
 * stays beside the pictures as NAME.gp with its data inside, so that somebody who wants
 * another font or range edits it and calls "gnuplot NAME.gp".
 *
 * This is the only place that starts gnuplot: without a shell, without its start-up
 * files, with the script on its standard input.  Texts from outside go through
 * sim_plot_quote(), because a VM's name may hold anything.
 *
 * Colours: Okabe and Ito's palette, which people with any of the common colour
 * deficiencies can tell apart; one meaning has one colour in all figures.
 *
 * Errors: 0 or negative errno with text; -ENOENT when there is no gnuplot.
 */
#ifndef SIM_PLOT_H
#define SIM_PLOT_H

#include <stdio.h>

#include <ws_env.h>

#include "tr_error.h"

#define SIM_COLOR_ANON "#0072b2"
#define SIM_COLOR_FILE "#56b4e9"
#define SIM_COLOR_KERNEL "#7f7f7f"
#define SIM_COLOR_COMPRESSED "#cc79a7"
#define SIM_COLOR_FREE "#e8e8e8"
#define SIM_COLOR_BALLOON "#f0e442"
#define SIM_COLOR_SWAPPED "#d55e00"
#define SIM_COLOR_BACKED "#009e73"
#define SIM_COLOR_LIMIT "#000000"

/* For things that have no colour of their own: VMs, policies; repeats after some. */
const char *sim_plot_color(u32 index);
u32 sim_plot_colors_count(void);

struct sim_plot {
	u32 width, height; /* of the SVG, in pixels; the PNG has twice as many */
	FILE *data, *draw;
	char *data_text, *draw_text;
	size_t data_bytes, draw_bytes;
};

void sim_plot_begin(struct sim_plot *plot, u32 width, u32 height);

/*
 * Write NAME.gp, NAME.svg and NAME.png into @dir, which is there, and free the plot,
 * also on error.
 */
int sim_plot_finish(struct sim_plot *plot, const char *dir, const char *name,
		    struct tr_error *error);

/* @text as a gnuplot string constant with its quotes. */
void sim_plot_quote(FILE *stream, const char *text);

/* Draw the next panel with the corners at these parts of the figure, origin lower left. */
void sim_plot_panel(struct sim_plot *plot, double left, double right, double bottom, double top);

/*
 * "plot NaN notitle", to be gone on with ", ..." after the ranges were set.  gnuplot fails
 * when there is no finite point: @empty says so, and gives the panel ranges and a remark.
 */
void sim_plot_start(struct sim_plot *plot, bool empty);

#endif /* SIM_PLOT_H */
