#include "term/screen.h"

#include <stdarg.h>
#include <stdio.h>

#include "term/command.h"
#include "term/explain.h"
#include "term/show.h"
#include "term/wrap.h"

enum { LATER_MS = 50, SAID_MAX = 1024 };

/* ---- What is said at the bottom, or in the panel ---- */

void screen_say(struct screen *s, const char *format, ...) {
    char text[SAID_MAX];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (n >= 0 && buf_set(&s->warning, slice_str(text)) == OK)
        screen_draw_soon(s);
}

bool screen_fine(struct screen *s, const char *what, err e) {
    if (e != OK)
        screen_say(s, "%s: %s", what, err_text(e));
    return e == OK;
}

/* What the job prints comes here and not on the terminal, which is drawn on. */
static err put(void *ctx, int stream, slice bytes) {
    struct screen *s = ctx;
    (void)stream;
    if (s->capturing)
        return buf_append(&s->panel_text, bytes);
    while (bytes.n > 0 && bytes.p[bytes.n - 1] == '\n')
        bytes.n--;
    screen_draw_soon(s);
    return buf_set(&s->warning, bytes);
}

void screen_panel_begin(struct screen *s) {
    buf_clear(&s->panel_text);
    s->panel_top = 0;
    s->about_person = false;
    s->capturing = true;
}

void screen_panel_end(struct screen *s) {
    s->capturing = false;
    s->panel = s->panel_text.n > 0;
}

void screen_ask(struct screen *s, const char *question, slice answer,
                void (*answered)(struct screen *, slice)) {
    buf_clear(&s->warning);
    if (screen_fine(s, "could not ask", buf_set(&s->question, slice_str(question))) &&
        screen_fine(s, "could not ask", edit_set(&s->answer, answer)))
        s->answered = answered;
    s->asked = s->in_list ? s->on : s->talk.number;
}

/* ---- Drawing ---- */

static void draw_connection(struct screen *s, struct line *l) {
    struct core_status st;
    core_status_get(job_core(s->job), &st);
    line_add(l, "%s",
             st.auth == CORE_LINK_READY ? "connected"
             : st.last_error != OK      ? "the server is away"
                                        : "connecting");
    if (st.outbox > 0)
        line_add(l, " \u00b7 %u to be sent", (unsigned)st.outbox);
    if (st.requests > 0)
        line_add(l, " \u00b7 %u ask to talk", (unsigned)st.requests);
    if (st.notices > 0)
        line_add(l, " \u00b7 notices of the request desk (N shows them)");
}

/* ---- Who is writing ---- */

enum { WRITERS_NAMED = 2 };
struct naming {
    struct screen *s;
    struct line *l;
    const uint8_t *account;
};

static bool name_writer(void *ctx, const struct core_member *m) {
    struct naming *n = ctx;
    if (memcmp(m->account, n->account, CORE_ACCOUNT) != 0)
        return true;
    show_person(n->l, n->s->job, m->name, m->account);
    return false;
}

static void draw_writing(struct screen *s, struct line *l) {
    uint8_t accounts[WRITERS_NAMED + 1][CORE_ACCOUNT];
    size_t n = s->talk.number == 0
                   ? 0
                   : core_writing(job_core(s->job), s->talk.number, accounts, WRITERS_NAMED + 1);
    if (n > 0)
        line_add(l, " \u00b7 ");
    if (n > WRITERS_NAMED)
        line_add(l, "several");
    for (size_t i = 0; n <= WRITERS_NAMED && i < n; i++) {
        struct naming naming = {s, l, accounts[i]};
        line_add(l, "%s", i > 0 ? " and " : "");
        (void)!core_members(job_core(s->job), s->talk.number, name_writer, &naming);
    }
    if (n > 0)
        line_add(l, n == 1 ? " writes\u2026" : " write\u2026");
}

static void draw_status(struct screen *s) {
    const struct layout_area *a = &s->layout.status;
    struct line l = {0};
    unsigned used;
    if (s->answered != NULL) {
        unsigned row, column;
        slice shown = buf_slice(&s->question);
        used = host_screen_put(s->host, a->row, 0, a->columns - 8, shown, HOST_STYLE_BOLD);
        unsigned room = a->columns - used - 1;
        edit_place(&s->answer, room, &row, &column);
        if (edit_row(&s->answer, room, row, &shown))
            host_screen_put(s->host, a->row, used, room, shown, 0);
        host_screen_cursor(s->host, a->row, used + column);
        return;
    }
    draw_connection(s, &l);
    draw_writing(s, &l);
    host_screen_fill(s->host, a->row, 0, a->columns, HOST_STYLE_REVERSE);
    used = host_screen_put(s->host, a->row, 1, a->columns - 1, buf_slice(&l.json.b),
                           HOST_STYLE_REVERSE);
    if (s->warning.n > 0 && used + 5 < a->columns) {
        host_screen_put(s->host, a->row, used + 2, 3, slice_str("\u00b7"), HOST_STYLE_REVERSE);
        host_screen_put(s->host, a->row, used + 4, a->columns - used - 4, buf_slice(&s->warning),
                        HOST_STYLE_REVERSE | HOST_STYLE_BOLD);
    }
    buf_free(&l.json.b);
}

/* True if one can write here. */
static bool draw_closed(struct screen *s) {
    const struct layout_area *a = &s->layout.compose;
    const char *text = NULL;
    if (s->talk.number == 0)
        text = "choose a conversation: arrows and Enter";
    else if (s->talk.state == CORE_CONVERSATION_REQUEST)
        text = "somebody asks: a accepts, d declines, b blocks, i says who it is";
    else if (s->talk.state != CORE_CONVERSATION_ACTIVE && s->talk.state != CORE_CONVERSATION_NEW)
        text = "you are not in this conversation any more";
    if (text != NULL)
        host_screen_put(s->host, a->row, a->column + 1, a->columns - 1, slice_str(text),
                        HOST_STYLE_DIM);
    return text != NULL;
}

static unsigned typed_columns(const struct layout_area *a) {
    return a->columns > 6 ? a->columns - 3 : 3;
}

static void draw_compose(struct screen *s) {
    struct layout_area a = s->layout.compose;
    unsigned row, column, columns = typed_columns(&a);
    slice line;
    if (a.rows == 0 || draw_closed(s))
        return;
    if ((s->replying || s->editing != 0) && a.rows > 1) {
        host_screen_put(s->host, a.row, a.column, a.columns, buf_slice(&s->reply_text),
                        HOST_STYLE_DIM);
        a.row++;
        a.rows--;
    }
    edit_place(&s->typed, columns, &row, &column);
    unsigned top = row >= a.rows ? row + 1 - a.rows : 0;
    for (unsigned i = 0; i < a.rows && edit_row(&s->typed, columns, top + i, &line); i++) {
        host_screen_put(s->host, a.row + i, a.column, 2, slice_str(top + i == 0 ? "> " : "  "),
                        HOST_STYLE_BOLD);
        host_screen_put(s->host, a.row + i, a.column + 2, columns, line, 0);
    }
    if (!s->in_list && s->talk.selected == 0 && !s->panel && s->answered == NULL)
        host_screen_cursor(s->host, a.row + row - top, a.column + 2 + column);
}

static void draw_panel(struct screen *s) {
    struct layout_area a = s->layout.talk.rows > 0 ? s->layout.talk : s->layout.list;
    slice text = buf_slice(&s->panel_text);
    size_t row = 0;
    for (unsigned i = 0; i < a.rows; i++)
        host_screen_fill(s->host, a.row + i, a.column, a.columns, 0);
    for (size_t next; text.n > 0; text = slice_of(text.p + next, text.n - next), row++) {
        size_t n = wrap_line(text, a.columns - 2, true, &next);
        if (row >= s->panel_top && row - s->panel_top < a.rows)
            host_screen_put(s->host, a.row + (unsigned)(row - s->panel_top), a.column + 1,
                            a.columns - 2, slice_of(text.p, n), 0);
    }
    if (s->panel_top > 0 && s->panel_top >= row)
        s->panel_top = row - 1;
}

/* What is seen at its end was read. */
static void note_read(struct screen *s) {
    struct core_conversation c;
    const struct screen_talk *t = &s->talk;
    if (t->number == 0 || s->layout.talk.rows == 0 || !t->loaded || t->anchor != 0 || s->panel ||
        core_conversation_get(job_core(s->job), t->number, &c) != OK || c.read >= t->messages)
        return;
    s->stale_list = true;
    (void)screen_fine(s, "could not note what was read",
                      core_conversation_read(job_core(s->job), t->number, t->messages, host_now()));
}

static void load(struct screen *s) {
    struct core_conversation c;
    unsigned rows, columns;
    host_screen_size(s->host, &rows, &columns);
    unsigned typed =
        edit_rows(&s->typed, typed_columns(&s->layout.compose)) + (s->replying || s->editing != 0);
    s->layout = layout_make(rows, columns, s->in_list, typed);
    if (s->stale_talk || s->talk.columns != s->layout.talk.columns ||
        s->talk.height != s->layout.talk.rows)
        screen_talk_load(s);
    note_read(s);
    if (s->answered != NULL && s->asked != 0 &&
        core_conversation_get(job_core(s->job), s->asked, &c) == ERR_NOT_FOUND) {
        s->answered = NULL;
        screen_say(s, "what you were asked about is gone");
    }
    if (s->stale_list)
        screen_list_load(s);
    s->stale_list = false;
}

static void draw(void *ctx) {
    struct screen *s = ctx;
    sys_timer_cancel(&s->draw_later);
    load(s);
    host_screen_clear(s->host);
    if (s->layout.small) {
        host_screen_put(s->host, 0, 0, 20, slice_str("too small"), 0);
    } else {
        screen_list_draw(s);
        screen_talk_draw(s);
        for (unsigned i = 0; s->layout.rule > 0 && i < s->layout.list.rows; i++)
            host_screen_put(s->host, i, s->layout.rule, 1, slice_str("\u2502"), HOST_STYLE_DIM);
        draw_compose(s);
        if (s->panel)
            draw_panel(s);
        draw_status(s);
        host_screen_put(s->host, s->layout.footer.row, 1, s->layout.footer.columns - 1,
                        slice_str(screen_keys_footer(s)), HOST_STYLE_DIM);
    }
    host_screen_show(s->host);
    host_drain(job_host(s->job));
}

void screen_draw_soon(struct screen *s) {
    sys_later_set(&s->draw_soon, job_loop(s->job), draw, s);
}

/* News come by the hundred when a mailbox is fetched. */
static void draw_later(struct screen *s) {
    if (s->draw_later.loop == NULL &&
        sys_timer_set(&s->draw_later, job_loop(s->job), LATER_MS, draw, s) != OK)
        screen_draw_soon(s);
}

/* ---- The job ---- */

static bool is_through(struct screen *s) {
    struct core_conversation c;
    for (size_t i = 0; core_conversation_at(job_core(s->job), i, &c) == OK; i++)
        if (c.asked > 0)
            return false;
    return true;
}

void screen_quit(struct screen *s) {
    screen_draft_keep(s);
    if (s->ending || is_through(s)) {
        job_end(s->job, EXIT_FINE);
        return;
    }
    s->ending = true;
    screen_say(s, "ends when all is sent; once more ends at once");
    job_time_limit(s->job, s->job->args.timeout);
}

void screen_notice(struct screen *s, const struct core_notice *n) {
    if (n->kind == CORE_NOTICE_WRITING) {
        draw_later(s);
        return;
    }
    s->stale_list = true;
    if (n->conversation == s->talk.number)
        s->stale_talk = true;
    if (n->kind == CORE_NOTICE_PETNAME || n->kind == CORE_NOTICE_SYNCED)
        s->stale_talk = true;
    if (n->kind == CORE_NOTICE_GAPS)
        show_gaps(s->job, n->count);
    if (s->saving != 0 && n->command == s->saving)
        screen_saved(s, n);
    else if (n->kind == CORE_NOTICE_DONE && n->error != OK)
        screen_say(s, "something could not be sent: %s",
                   n->reason != 0 ? host_reason_text(n->reason) : err_text(n->error));
    draw_later(s);
    if (n->kind == CORE_NOTICE_DONE && s->ending && is_through(s))
        job_end(s->job, EXIT_FINE);
}

static void on_key(void *ctx, uint32_t key) {
    struct screen *s = ctx;
    struct job *job = s->job;
    screen_key(s, key);
    if (!job->over)
        screen_draw_soon(s);
    host_drain(job_host(job));
}

static void on_resized(void *ctx) {
    struct screen *s = ctx;
    host_screen_renew(s->host);
    screen_draw_soon(s);
}

static void on_closed(void *ctx) {
    struct screen *s = ctx;
    screen_draft_keep(s);
    job_end(s->job, EXIT_FINE);
}

static const struct host_screen_events events = {
    .key = on_key, .resized = on_resized, .closed = on_closed};

err screen_start(struct screen **screen, struct job *job, uint32_t conversation) {
    struct screen *s = mem_new(NULL, sizeof *s);
    *screen = NULL;
    if (s == NULL)
        return ERR_NO_MEMORY;
    *s = (struct screen){.job = job, .stale_list = true, .in_list = conversation == 0};
    s->on = conversation;
    err e = host_screen_open(&s->host, job_loop(job), &events, s);
    if (e != OK) {
        mem_free(NULL, s, sizeof *s);
        return e;
    }
    s->put = job->out.put;
    s->put_ctx = job->out.ctx;
    job->out.put = put;
    job->out.ctx = s;
    if (conversation != 0) {
        screen_talk_open(s, conversation);
        screen_draft_take(s);
    }
    screen_draw_soon(s);
    *screen = s;
    return OK;
}

void screen_free(struct screen *s) {
    if (s == NULL)
        return;
    sys_later_cancel(&s->draw_soon);
    sys_timer_cancel(&s->draw_later);
    sys_timer_cancel(&s->keep_later);
    host_screen_close(s->host);
    s->job->out.put = s->put;
    s->job->out.ctx = s->put_ctx;
    /* Why it ended is said where it can still be read. */
    if (s->job->code != EXIT_FINE && s->warning.n > 0 && buf_append_byte(&s->warning, '\n') == OK)
        (void)!s->put(s->put_ctx, OUT_TROUBLE, buf_slice(&s->warning));
    screen_list_free(s);
    screen_talk_free(s);
    edit_free(&s->typed);
    edit_free(&s->answer);
    buf_free(&s->reply_text);
    buf_free(&s->question);
    buf_free(&s->panel_text);
    buf_free(&s->needle);
    buf_free(&s->warning);
    buf_free(&s->saving_path);
    mem_free(NULL, s, sizeof *s);
}
