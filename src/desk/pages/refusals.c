/* Why something was refused, in the reader's language. */
#include "desk/pages/refusals.h"

#include "desk/pages/page.h"

static const struct refusal {
    const char *name, *zh;
} desk_refusals[] =
    {
#define X(name, zh) {#name, zh},
        DESK_REASONS_ZH(X)
#undef X
            {NULL, NULL}},
  office_refusals[] = {
#define X(name, zh) {#name, zh},
      OFFICE_REASONS_ZH(X)
#undef X
          {NULL, NULL}};

const char *page_why_text(const struct page *p, const struct desk_why *why) {
    const struct refusal *r = why->reason == DESK_OFFICE ? office_refusals : desk_refusals;
    while (r->name != NULL && strcmp(r->name, desk_why_name(why)) != 0)
        r++;
    return p->language == WORDS_ZH && r->name != NULL ? r->zh : desk_why_text(why);
}
