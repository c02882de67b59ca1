/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_html.h - pieces of a page: escaped text, pictures as data, the page's head. */
#ifndef SIM_HTML_H
#define SIM_HTML_H

#include <stdio.h>

#include "tr_error.h"

void sim_html_head(FILE *to, const char *title); /* up to and with <main> */
void sim_html_foot(FILE *to);

void sim_html_text(FILE *to, const char *text);	 /* escaped */
void sim_html_prose(FILE *to, const char *text); /* the same, `names` as code */

/*
 * A figure with caption, the SVG file @path inside as base64.
 * Return: 0, or negative errno with text when the file cannot be read.
 */
int sim_html_figure(FILE *to, const char *path, const char *caption, struct tr_error *error);

#endif /* SIM_HTML_H */
