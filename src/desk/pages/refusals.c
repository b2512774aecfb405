/* Why something was refused, in the reader's language. */
#include "desk/pages/refusals.h"

#include "desk/pages/page.h"

#define X(name, text) [DESK_##name] = ZH_DESK_##name,
static const char *const desk_zh[] = {[DESK_OK] = "", DESK_REASONS(X)};
#undef X
#define X(name, text) [OFFICE_##name] = ZH_OFFICE_##name,
static const char *const office_zh[] = {[OFFICE_OK] = "", OFFICE_REASONS(X)};
#undef X

const char *page_why_text(const struct page *p, const struct desk_why *why) {
    if (p->language != WORDS_ZH)
        return desk_why_text(why);
    return why->reason == DESK_OFFICE ? office_zh[why->office] : desk_zh[why->reason];
}
