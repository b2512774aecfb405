/* The desk's pages, for whoever serves them: a table for sys/web.h, whose ctx is a struct
 * desk_pages. All is in memory but the desk's own store: a restart ends sessions and tickets. */
#ifndef SOTTO_DESK_PAGES_PAGES_H
#define SOTTO_DESK_PAGES_PAGES_H

#include "desk/desk.h"
#include "sys/web.h"

struct desk_pages;

struct desk_pages_options {
    /* Of a demonstration: the folder that holds ID/passkey and ID/seal for each person of the
     * office, as `sotto-desk demo` makes it, for the page that lets a visitor act as any of them.
     * NULL elsewhere; it counts only while the office file says `demonstration`. */
    const char *people;
    unsigned work_bits; /* that a filing costs while nothing waits; 0: 18 */
    /* Gets each attachment of what was filed, by its number, to be drawn. NULL: nobody draws. */
    void (*attached)(void *ctx, slice case_id, size_t number, slice file);
    void *attached_ctx;
};

/* Both must outlive it; options are copied, but not what they point to. NO_MEMORY; MALFORMED if the
 * desk's data can't be read. NULL is fine for _free. */
MUST err desk_pages_new(struct desk_pages **out, struct desk *d,
                        const struct desk_pages_options *options);
void desk_pages_free(struct desk_pages *pages);

extern const struct sys_web_page desk_pages_table[];
extern const size_t desk_pages_count;
/* For sys_web_options.failed. */
void desk_pages_failed(void *ctx, const struct sys_web_request *request, err why,
                       struct sys_web_answer *answer);

#endif
