/* What is kept of a conversation: what was begun to be written there, and whether it is quiet or
 * put away. */
#include "host/posix.h"
#include "term/find.h"
#include "term/screen.h"

enum { KEEP_MS = 1000 };

/* ---- Drafts ---- */

static err keep(struct screen *s) {
    struct core *core = job_core(s->job);
    buf before = {0};
    err e = core_draft_get(core, s->talk.number, &before);
    if (e == OK && !slice_equal(buf_slice(&before), buf_slice(&s->typed.text)))
        e = core_draft_set(core, s->talk.number, buf_slice(&s->typed.text), host_now());
    buf_free(&before);
    return e;
}

/* The text of a message that is being changed is no draft. */
void screen_draft_keep(struct screen *s) {
    sys_timer_cancel(&s->keep_later);
    if (s->talk.number == 0 || s->editing != 0)
        return;
    err e = keep(s);
    if (e != ERR_NOT_FOUND)
        (void)screen_fine(s, "could not keep what was typed", e);
}

static void keep_now(void *ctx) {
    screen_draft_keep(ctx);
}

void screen_draft_changed(struct screen *s) {
    if (s->keep_later.loop == NULL &&
        sys_timer_set(&s->keep_later, job_loop(s->job), KEEP_MS, keep_now, s) != OK)
        screen_draft_keep(s);
}

void screen_draft_take(struct screen *s) {
    buf text = {0};
    err e = s->talk.number != 0 ? core_draft_get(job_core(s->job), s->talk.number, &text) : OK;
    if (e == OK)
        e = edit_set(&s->typed, buf_slice(&text));
    if (e != OK)
        edit_clear(&s->typed);
    buf_free(&text);
    if (e != ERR_NOT_FOUND)
        (void)screen_fine(s, "could not read what was typed here before", e);
}

/* ---- Quiet, and away ---- */

static bool look_up(struct screen *s, uint32_t number, struct core_conversation *c) {
    return core_conversation_get(job_core(s->job), number, c) == OK &&
           c->state != CORE_CONVERSATION_REQUEST;
}

bool screen_span(struct screen *s, slice answer, uint32_t *seconds) {
    char text[16] = "";
    if (answer.n > 0 && answer.n < sizeof text)
        memcpy(text, answer.p, answer.n);
    if (find_span(text, seconds))
        return true;
    screen_say(s, "a time is 30s, 5m, 8h, 1d or 4w, up to a year, or off");
    return false;
}

static void muted(struct screen *s, slice answer) {
    uint32_t seconds = 0;
    uint64_t until = UINT64_MAX;
    if (answer.n > 0 && !screen_span(s, answer, &seconds))
        return;
    if (answer.n > 0)
        until = seconds == 0 ? 0 : host_now() + seconds * UINT64_C(1000);
    if (screen_fine(s, "could not mute it",
                    core_conversation_mute(job_core(s->job), s->asked, until, host_now())))
        screen_say(s, until == 0 ? "not muted any more" : "muted, on all your devices");
    s->stale_list = true;
}

void screen_mute(struct screen *s, uint32_t number) {
    struct core_conversation c;
    if (look_up(s, number, &c))
        screen_ask(s, "Mute for (8h, 1d, 4w; nothing: for good; off): ", SLICE_EMPTY, muted);
}

void screen_archive(struct screen *s, uint32_t number) {
    struct core_conversation c;
    if (!look_up(s, number, &c))
        return;
    if (screen_fine(s, "could not put it away",
                    core_conversation_archive(job_core(s->job), number, !c.archived, host_now())))
        screen_say(s, c.archived ? "back in the list" : "put away, to the end of the list");
    s->stale_list = true;
}
