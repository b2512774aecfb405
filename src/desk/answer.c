/* Answers to a filing in HI1, as files for a person to upload. They are made of the filing's own
 * file, since the desk can't open what is sealed into the case. */
#include <stdio.h>

#include "desk/command.h"
#include "desk/desk.h"
#include "desk/hi1_answer.h"
#include "desk/pages/data.h"

enum { GROUNDS_MAX = 32 };

int command_answer(const struct command_line *line) {
    struct hi1_filing *f = NULL;
    enum hi1_answer answer;
    buf bytes = {0}, out = {0};
    if (line->word_count != 2)
        return command_fail(CODE_USAGE, "usage", "sotto-desk answer FILE STATUS [--to FILE]");
    if (!hi1_answer_of(slice_str(line->words[1]), &answer))
        return command_fail(CODE_USAGE, line->words[1],
                            "it is received, disclosed, preserved, rejected or invalid");
    int code = command_hi1(line->words[0], &bytes, &f);
    if (code == CODE_FINE && !hi1_answer_fits(f, answer))
        code = command_fail(CODE_REFUSED, line->words[1], "that isn't what this order asks for");
    if (code == CODE_FINE) {
        err e = hi1_respond(&out, f, answer, desk_now());
        code = e == OK ? command_write(line->to, buf_slice(&out)) : command_error("memory", e);
    }
    hi1_free(f);
    buf_free(&bytes);
    buf_free(&out);
    return code;
}

/* ---- annex ---- */

static int write_form(const struct hi1_filing *f, const struct page_data *data,
                      const struct command_line *line) {
    const struct json_object *reason =
        page_json_find(page_data_list(data, "reasons", "reasons"), slice_str(line->words[2]));
    const struct json_object *all =
        page_json_get(page_data_list(data, "reasons", "annex_iii"), "grounds");
    slice chosen = page_json_string(reason, "annex_iii");
    struct hi1_ground grounds[GROUNDS_MAX];
    struct hi1_form form = {.grounds = grounds,
                            .reason = page_json_words(reason, "text", WORDS_EN),
                            .third_state = slice_equal(chosen, slice_str("third-country-law")),
                            .time = desk_now()};
    buf out = {0};
    if (reason == NULL)
        return command_fail(CODE_USAGE, line->words[2], "reasons.json has no such ground");
    if (chosen.n == 0)
        return command_fail(CODE_REFUSED, line->words[2],
                            "the form has no place for it: write to the enforcing authority");
    for (size_t i = 0; i < page_json_count(all) && i < GROUNDS_MAX; i++) {
        const struct json_object *o = page_json_item(all, i);
        grounds[form.ground_count++] = (struct hi1_ground){
            page_json_words(o, "name", WORDS_EN), slice_equal(page_json_string(o, "id"), chosen)};
    }
    err e = hi1_annex_iii(&out, f, &form);
    int code = e == OK ? command_write(line->to, buf_slice(&out)) : command_error("memory", e);
    buf_free(&out);
    return code;
}

int command_annex(const struct command_line *line) {
    struct hi1_filing *f = NULL;
    struct page_data *data = NULL;
    buf bytes = {0};
    if (line->word_count != 3)
        return command_fail(CODE_USAGE, "usage", "sotto-desk annex DIR FILE GROUND [--to FILE]");
    int code = command_hi1(line->words[1], &bytes, &f);
    if (code == CODE_FINE) {
        err e = page_data_load(&data, line->words[0]);
        code = e == OK ? write_form(f, data, line) : command_error(line->words[0], e);
    }
    page_data_free(data);
    hi1_free(f);
    buf_free(&bytes);
    return code;
}
