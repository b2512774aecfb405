/* Each reason to refuse something is said in each language of the pages. */
#include "tests/test.h"

#include "desk/pages/page.h"

static bool is_said(const struct desk_why *why) {
    if (why->reason == DESK_OFFICE && why->office == OFFICE_OK) /* a text's own reason says it */
        return true;
    const struct page zh = {.language = WORDS_ZH}, en = {.language = WORDS_EN};
    bool said = strcmp(page_why_text(&zh, why), desk_why_text(why)) != 0 &&
                strcmp(page_why_text(&en, why), desk_why_text(why)) == 0;
    if (!said)
        printf("# %s has no Chinese in pages/refusals.h\n", desk_why_name(why));
    return said;
}

TEST(each_reason_is_said_in_chinese_too) {
    bool all = true;
#define X(name, text) all = is_said(&(struct desk_why){.reason = DESK_##name}) && all;
    DESK_REASONS(X)
#undef X
#define X(name, text) \
    all = is_said(&(struct desk_why){.reason = DESK_OFFICE, .office = OFFICE_##name}) && all;
    OFFICE_REASONS(X)
#undef X
    CHECK(all);
}

TEST_MAIN
