/* Whether a server gives out the web page that it should, seen from outside. */
#ifndef SOTTO_TERM_WEB_CHECK_H
#define SOTTO_TERM_WEB_CHECK_H

#include "term/args.h"
#include "term/line.h"

/* Files that a program carries (scripts/embed.py): the manifest of the page that was built with it,
 * empty if there was none. */
struct web_built {
    const char *name;
    const unsigned char *bytes;
    size_t n;
};
extern const struct web_built web_built[];
extern const size_t web_built_count;

/* args: URL, and options. Says what differs, and returns an exit code. */
int web_check(const struct args *args, struct out *out);

#endif
