/* SPDX-License-Identifier: BSD-2-Clause */
/* sim_html.c - escaping, base64, style sheet. */
#include <errno.h>
#include <string.h>

#include <ws_env.h>

#include "output/sim_html.h"

static const char style[] =
	"body{margin:0;background:#f4f5f7;color:#1c2430;font:16px/1.5 system-ui,'DejaVu Sans',"
	"sans-serif}\n"
	"main{max-width:1240px;margin:0 auto;padding:1.5rem clamp(.75rem,3vw,2.5rem) 3rem;"
	"background:#fff}\n"
	"h1{font-size:1.7rem;line-height:1.25;margin:.2rem 0}h2{font-size:1.25rem;margin:2.2rem 0 "
	".6rem;border-bottom:1px solid #d7dbe0;padding-bottom:.25rem}h3{font-size:1.05rem;"
	"margin:1.4rem 0 .4rem}\n"
	".sub{color:#5a6472;margin:.1rem 0 1rem}\n"
	".wide{overflow-x:auto}\n"
	"table{border-collapse:collapse;font-size:.82rem;font-variant-numeric:tabular-nums;"
	"min-width:100%}\n"
	"th,td{padding:.34rem .35rem;text-align:right;border-bottom:1px solid #e3e6ea;"
	"white-space:nowrap;vertical-align:top}\n"
	"th{background:#f4f5f7;font-weight:600;text-align:right;white-space:normal;"
	"vertical-align:bottom}\n"
	"th:first-child,td:first-child,.l{text-align:left!important}\n"
	"td.wrap{white-space:normal;text-align:left;min-width:8rem}\n"
	"td small{color:#5a6472;display:block;font-size:.92em}\n"
	"tr.front td:first-child{font-weight:700}\n"
	".dot{display:inline-block;width:.7em;height:.7em;border-radius:50%;margin-right:.45em}\n"
	".bad{color:#a3330a;font-weight:600}\n"
	"figure{margin:1rem 0 1.6rem}figure img{width:100%;height:auto;border:1px solid #e3e6ea}\n"
	"figcaption{color:#454f5c;font-size:.88rem;margin-top:.35rem}\n"
	"details{border:1px solid #d7dbe0;border-radius:6px;padding:.5rem .9rem;margin:.7rem 0}\n"
	"summary{cursor:pointer;font-weight:600}\n"
	"pre{background:#f4f5f7;padding:.7rem .9rem;overflow-x:auto;font-size:.8rem;line-height:1.4}\n"
	"code{font-family:'DejaVu Sans Mono',ui-monospace,monospace;font-size:.86em}\n"
	"ul{padding-left:1.25rem}li{margin:.35rem 0}\n"
	"@media print{body{background:#fff}details{break-inside:avoid}}\n";

static void put_escaped(FILE *to, char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", to);
		break;
	case '<':
		fputs("&lt;", to);
		break;
	case '>':
		fputs("&gt;", to);
		break;
	case '"':
		fputs("&quot;", to);
		break;
	default:
		fputc(c, to);
	}
}

void sim_html_text(FILE *to, const char *text)
{
	for (; *text; text++)
		put_escaped(to, *text);
}

void sim_html_prose(FILE *to, const char *text)
{
	bool code = false;

	for (; *text; text++) {
		/* A mark without its partner is only a mark. */
		if (*text == '`' && (code || strchr(text + 1, '`'))) {
			code = !code;
			fputs(code ? "<code>" : "</code>", to);
		} else {
			put_escaped(to, *text);
		}
	}
}

void sim_html_head(FILE *to, const char *title)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>", to);
	sim_html_text(to, title);
	fprintf(to, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", style);
}

void sim_html_foot(FILE *to)
{
	fputs("</main>\n</body>\n</html>\n", to);
}

static void put_base64(FILE *to, FILE *from)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	u8 in[3];
	size_t n;

	while ((n = fread(in, 1, 3, from))) {
		u32 word = (u32)in[0] << 16 | (n > 1 ? (u32)in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
		fputc(digits[word >> 18], to);
		fputc(digits[word >> 12 & 63], to);
		fputc(n > 1 ? digits[word >> 6 & 63] : '=', to);
		fputc(n > 2 ? digits[word & 63] : '=', to);
	}
}

int sim_html_figure(FILE *to, const char *path, const char *caption, struct tr_error *error)
{
	FILE *from = fopen(path, "rbe");

	if (!from) {
		int err = errno;
		return tr_fail(error, -err, "%s: %s", path, strerror(err));
	}
	fputs("<figure><img alt=\"", to);
	sim_html_text(to, caption);
	fputs("\" src=\"data:image/svg+xml;base64,", to);
	put_base64(to, from);
	fputs("\"><figcaption>", to);
	sim_html_text(to, caption);
	fputs("</figcaption></figure>\n", to);
	int failed = ferror(from);
	fclose(from);
	return failed ? tr_fail(error, -EIO, "%s: cannot be read", path) : 0;
}
