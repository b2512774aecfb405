#include <stdio.h>

#include "host/terminal.h"
#include "term/screen.h"
#include "term/show.h"
#include "term/text.h"
#include "term/transfer.h"
#include "term/wrap.h"

enum { INDENT = 6, QUOTE = 60, SPAN_MAX = 32768 };

size_t screen_rows(const struct screen *s, struct screen_row **rows) {
    *rows = (struct screen_row *)(void *)s->talk.rows.p;
    return s->talk.rows.n / sizeof **rows;
}

size_t screen_entries(const struct screen *s, struct screen_entry **entries) {
    *entries = (struct screen_entry *)(void *)s->talk.entries.p;
    return s->talk.entries.n / sizeof **entries;
}

struct screen_entry *screen_selected(const struct screen *s) {
    struct screen_entry *entries;
    size_t n = screen_entries(s, &entries);
    for (size_t i = 0; s->talk.selected != 0 && i < n; i++)
        if (entries[i].number == s->talk.selected)
            return &entries[i];
    return NULL;
}

void screen_talk_free(struct screen *s) {
    buf_free(&s->talk.rows);
    buf_free(&s->talk.entries);
    buf_free(&s->talk.text);
    buf_free(&s->talk.title);
}

/* ---- From entries to rows ---- */

struct loading {
    struct screen *s;
    char day[HOST_TIME];
    uint8_t sender[CORE_ACCOUNT]; /* of the entry before, if it was content */
    bool same, marked;
    err e;
};

static void keep(struct loading *l, err e) {
    if (l->e == OK)
        l->e = e;
}

/* Takes the line's text over, and says where it is. */
static size_t take_text(struct loading *l, struct line *line) {
    struct screen_talk *t = &l->s->talk;
    size_t start = t->text.n;
    keep(l, line->json.e);
    keep(l, buf_append(&t->text, buf_slice(&line->json.b)));
    buf_free(&line->json.b);
    *line = (struct line){0};
    return start;
}

/* Wraps it into rows; the first one with the time. */
static void add_rows(struct loading *l, const struct screen_row *like, size_t start, size_t end) {
    struct screen_talk *t = &l->s->talk;
    struct screen_row row = *like;
    unsigned columns = t->columns > like->indent + 4 ? t->columns - like->indent - 1 : 4;
    do {
        size_t next;
        row.start = start;
        row.n = wrap_line(slice_of(t->text.p + start, end - start), columns, true, &next);
        keep(l, buf_append(&t->rows, slice_of(&row, sizeof row)));
        row.when[0] = '\0';
        start += next;
    } while (start < end && l->e == OK);
}

static void add_line(struct loading *l, const struct screen_row *like, struct line *line) {
    size_t start = take_text(l, line);
    add_rows(l, like, start, l->s->talk.text.n);
}

static void add_rule(struct loading *l, uint64_t number, const char *text) {
    struct screen_row row = {.number = number, .style = HOST_STYLE_DIM};
    struct line line = {0};
    line_add(&line, "\u2500\u2500\u2500 %s \u2500\u2500\u2500", text);
    add_line(l, &row, &line);
}

static const struct screen_entry *entry_of(struct screen *s, const uint8_t id[CORE_MESSAGE_ID]) {
    struct screen_entry *entries;
    size_t n = screen_entries(s, &entries);
    for (size_t i = n; i-- > 0;)
        if (memcmp(entries[i].id, id, CORE_MESSAGE_ID) == 0)
            return &entries[i];
    return NULL;
}

/* What is answered, in one row. */
static void add_quote(struct loading *l, const struct core_message *m) {
    const struct screen_talk *t = &l->s->talk;
    const struct screen_entry *q = entry_of(l->s, m->in_reply_to);
    struct screen_row row = {.number = m->number, .indent = INDENT, .style = HOST_STYLE_DIM};
    struct line line = {0};
    line_add(&line, "\u2502 ");
    if (q == NULL) {
        line_add(&line, "answers something further up");
    } else {
        size_t next, room = t->columns > 2 * INDENT + 4 ? t->columns - 2 * INDENT : 4;
        slice name = slice_of(t->text.p + q->name_start, q->name_n);
        slice said = slice_of(t->text.p + q->text_start, q->text_n);
        keep(l, buf_append(&line.json.b, name));
        line_add(&line, ": ");
        size_t n = wrap_line(said, room > QUOTE ? QUOTE : (unsigned)room, true, &next);
        keep(l, buf_append(&line.json.b, slice_of(said.p, n)));
        line_add(&line, "%s", n < said.n ? "\u2026" : "");
    }
    add_line(l, &row, &line);
}

/* Of several others, one who has it is not yet all. */
static void add_ticks(struct line *line, const struct core_message *m, bool several) {
    if (!m->own)
        return;
    line_add(line, "%s",
             m->state == CORE_MESSAGE_QUEUED   ? "  \u2026"
             : m->state == CORE_MESSAGE_FAILED ? "  \u2717 could not be sent"
             : m->delivered > 0                ? "  \u2713\u2713"
                                               : "  \u2713");
    if (m->read > 1 || (m->read == 1 && several))
        line_add(line, " read by %u", (unsigned)m->read);
    else if (m->read == 1)
        line_add(line, " read");
    else if (m->delivered > 0 && several)
        line_add(line, " delivered to %u", (unsigned)m->delivered);
    if (m->state != CORE_MESSAGE_FAILED && m->refused > 0)
        line_add(line, " (%u of the mailboxes took no copy)", (unsigned)m->refused);
}

static void add_file(struct line *line, const struct core_message *m) {
    if (!m->has_file)
        return;
    line_add(line, "%sfile \"", m->text.n > 0 ? "  [" : "[");
    line_name(line, m->file.name, "\"[]");
    line_add(line, "\", ");
    transfer_size(line, m->file.size);
    line_add(line, ": s saves it]");
}

struct reacting {
    struct loading *l;
    struct line line;
};

static bool add_reaction(void *ctx, const struct core_reaction *r) {
    struct reacting *all = ctx;
    line_add(&all->line, all->line.json.b.n > 0 ? ", " : "");
    line_name(&all->line, r->text, ",");
    line_add(&all->line, " ");
    show_person(&all->line, all->l->s->job, r->sender_name, r->sender);
    return true;
}

static void add_reactions(struct loading *l, const struct core_message *m) {
    struct screen_row row = {.number = m->number, .indent = INDENT, .style = HOST_STYLE_DIM};
    struct reacting all = {.l = l};
    if (m->reactions == 0)
        return;
    keep(l, core_reactions(job_core(l->s->job), l->s->talk.number, m->number, add_reaction, &all));
    add_line(l, &row, &all.line);
}

static void add_words(struct line *line, const struct core_message *m) {
    if (m->withdrawn)
        line_add(line, "(withdrawn)");
    else if (m->shape == CORE_CONTENT_REACTION)
        line_add(line, "reacts: ");
    else if (m->shape == CORE_CONTENT_EDIT)
        line_add(line, "corrects: ");
    else if (m->shape == CORE_CONTENT_DELETE)
        line_add(line, "withdraws a message");
    if (m->shape != CORE_CONTENT_DELETE && !m->withdrawn)
        line_lines(line, m->text, "");
}

/* The name stands over the first of what one person says in a row. */
static void add_name(struct loading *l, const struct core_message *m, struct screen_entry *entry) {
    struct screen_row row = {.number = m->number, .style = HOST_STYLE_BOLD};
    struct line line = {0};
    show_person(&line, l->s->job, m->sender_name, m->sender);
    entry->name_n = line.json.b.n;
    entry->name_start = take_text(l, &line);
    if (!l->same || memcmp(l->sender, m->sender, CORE_ACCOUNT) != 0)
        add_rows(l, &row, entry->name_start, entry->name_start + entry->name_n);
    memcpy(l->sender, m->sender, CORE_ACCOUNT);
    l->same = true;
}

static void add_content(struct loading *l, const struct core_message *m, struct screen_row *row) {
    struct screen_talk *t = &l->s->talk;
    struct screen_row *rows;
    struct screen_entry entry = {
        .number = m->number, .own = m->own, .file = m->has_file, .withdrawn = m->withdrawn};
    struct line line = {0};
    memcpy(entry.id, m->id, sizeof entry.id);
    memcpy(entry.sender, m->sender, sizeof entry.sender);
    entry.row = screen_rows(l->s, &rows);
    add_name(l, m, &entry);
    if (m->has_reply)
        add_quote(l, m);
    add_words(&line, m);
    entry.text_n = line.json.b.n;
    if (m->has_file) {
        entry.file_start = t->text.n;
        keep(l, transfer_file_name(&t->text, m->file.name));
        entry.file_n = t->text.n - entry.file_start;
    }
    add_file(&line, m);
    if (entry.text_n == 0)
        entry.text_n = line.json.b.n;
    line_add(&line, m->edited ? "  (edited)" : "");
    add_ticks(&line, m, t->several);
    entry.text_start = take_text(l, &line);
    row->indent = INDENT;
    add_rows(l, row, entry.text_start, t->text.n);
    add_reactions(l, m);
    entry.rows = screen_rows(l->s, &rows) - entry.row;
    keep(l, buf_append(&t->entries, slice_of(&entry, sizeof entry)));
}

static bool take_entry(void *ctx, const struct core_message *m) {
    struct loading *l = ctx;
    struct screen_row row = {.number = m->number};
    struct line line = {0};
    char when[HOST_TIME];
    bool about = m->shape == CORE_CONTENT_REACTION || m->shape == CORE_CONTENT_EDIT ||
                 m->shape == CORE_CONTENT_DELETE;
    if (m->kind == CORE_MESSAGE_CONTENT && about && m->about != 0)
        return true; /* seen where that is which it is about */
    host_time_text(m->time, when);
    if (strncmp(when, l->day, 10) != 0) {
        memcpy(l->day, when, sizeof when);
        l->day[10] = '\0';
        add_rule(l, m->number, l->day);
        l->same = false;
    }
    if (!l->marked && m->number > l->s->talk.mark && m->number > 1 && !m->own) {
        add_rule(l, m->number, "new");
        l->same = false;
    }
    l->marked = l->marked || m->number > l->s->talk.mark;
    snprintf(row.when, sizeof row.when, "%.5s", strlen(when) > 11 ? when + 11 : "");
    if (m->kind == CORE_MESSAGE_CONTENT) {
        add_content(l, m, &row);
    } else {
        row.indent = INDENT;
        row.style = HOST_STYLE_DIM;
        show_event(&line, l->s->job, m);
        add_line(l, &row, &line);
        l->same = false;
    }
    return l->e == OK;
}

/* ---- Loading ---- */

/* Behind the last row that is seen. */
static size_t view_end(const struct screen *s) {
    struct screen_row *rows;
    size_t n = screen_rows(s, &rows), end = n;
    const struct screen_talk *t = &s->talk;
    if (t->anchor == 0)
        return n;
    while (end > 0 && rows[end - 1].number > t->anchor)
        end--;
    size_t least = t->height < n ? t->height : n;
    end = end > t->below ? end - t->below : 0;
    return end < least ? least : end;
}

static err load(struct screen *s, uint64_t span) {
    struct screen_talk *t = &s->talk;
    struct loading l = {.s = s};
    uint64_t middle = t->anchor != 0 ? t->anchor : t->messages;
    buf_clear(&t->rows);
    buf_clear(&t->entries);
    buf_clear(&t->text);
    t->first = middle > span ? middle - span : 1;
    t->last = t->messages - middle > span ? middle + span : t->messages;
    TRY(core_messages(job_core(s->job), t->number, t->first, t->last, take_entry, &l));
    return l.e;
}

void screen_talk_load(struct screen *s) {
    struct screen_talk *t = &s->talk;
    struct core_conversation c;
    uint8_t person[CORE_ACCOUNT];
    struct line title = {0};
    s->stale_talk = t->loaded = false;
    if (t->number == 0 || s->layout.talk.rows == 0)
        return;
    if (core_conversation_get(job_core(s->job), t->number, &c) != OK) {
        t->number = 0;
        t->messages = 0;
        s->in_list = true;
        return;
    }
    t->state = c.state;
    t->messages = c.messages;
    t->several = core_conversation_with(job_core(s->job), t->number, person) == ERR_NOT_FOUND;
    t->columns = s->layout.talk.columns;
    t->height = s->layout.talk.rows;
    show_conversation_name(&title, s->job, &c);
    if (c.timer > 0) {
        line_add(&title, " \u00b7 messages go after ");
        show_span(&title, c.timer);
    }
    if (c.behind)
        line_add(&title, " (left behind: what you write is kept; see `sotto status`)");
    else if (c.refused > 0)
        line_add(&title, " (the mailboxes of the others are full; what you write is kept)");
    buf_move(&t->title, &title.json.b);
    err e = OK;
    for (uint64_t span = 2 * t->height; span <= SPAN_MAX && e == OK; span *= 4) {
        e = load(s, span);
        if (t->first == 1 || view_end(s) >= 2 * t->height)
            break;
    }
    t->loaded = screen_fine(s, "could not show the conversation", e);
}

void screen_talk_open(struct screen *s, uint32_t number) {
    struct core_conversation c;
    struct screen_talk *t = &s->talk;
    t->number = number;
    t->anchor = t->selected = 0;
    t->below = 0;
    t->mark = UINT64_MAX;
    if (core_conversation_get(job_core(s->job), number, &c) == OK && c.read < c.messages)
        t->mark = c.read;
    s->stale_talk = true;
}

/* ---- Moving ---- */

static void set_end(struct screen *s, size_t end) {
    struct screen_row *rows;
    struct screen_talk *t = &s->talk;
    size_t n = screen_rows(s, &rows), after = end;
    if (end >= n && t->last == t->messages) {
        t->anchor = 0;
        t->below = 0;
        return;
    }
    if (end == 0)
        return;
    end = end < n ? end : n;
    t->anchor = rows[end - 1].number;
    for (after = end; after < n && rows[after].number == t->anchor;)
        after++;
    t->below = after - end;
    if ((end < 2 * t->height && t->first > 1) || (n - end < t->height && t->last < t->messages))
        s->stale_talk = true;
}

void screen_talk_scroll(struct screen *s, long by) {
    struct screen_row *rows;
    size_t n = screen_rows(s, &rows), end = view_end(s), least = s->talk.height;
    least = least < n ? least : n;
    if (by < 0)
        end = end > least + (size_t)-by ? end - (size_t)-by : least;
    else
        end = end + (size_t)by < n ? end + (size_t)by : n;
    set_end(s, end);
}

void screen_talk_end(struct screen *s, bool oldest) {
    s->talk.anchor = oldest && s->talk.messages > 0 ? 1 : 0;
    s->talk.below = 0;
    s->stale_talk = true;
}

static void show_entry(struct screen *s, const struct screen_entry *entry) {
    size_t end = view_end(s), height = s->talk.height;
    s->talk.selected = entry->number;
    if (entry->row + entry->rows > end)
        set_end(s, entry->row + entry->rows);
    else if (end > height && entry->row < end - height)
        set_end(s, entry->row + height);
    else
        set_end(s, end);
}

bool screen_talk_select(struct screen *s, int by) {
    struct screen_entry *entries;
    size_t n = screen_entries(s, &entries), at = 0;
    if (n == 0)
        return false;
    const struct screen_entry *now = screen_selected(s);
    if (now == NULL) {
        size_t end = view_end(s);
        for (at = n - 1; at > 0 && entries[at].row >= end;)
            at--;
        show_entry(s, &entries[at]);
        return true;
    }
    at = (size_t)(now - entries);
    if (by < 0 ? at == 0 : at + 1 == n)
        return false;
    show_entry(s, by < 0 ? &entries[at - 1] : &entries[at + 1]);
    return true;
}

static bool take_found(void *ctx, const struct core_message *m) {
    *(uint64_t *)ctx = m->number;
    return true;
}

/* Upwards from what is selected, else from below. */
void screen_talk_find(struct screen *s, slice needle) {
    struct screen_talk *t = &s->talk;
    uint64_t before = t->selected, found = 0;
    err e = OK;
    do {
        e = core_search(job_core(s->job), t->number, needle, before, take_found, &found, &before);
    } while (e == OK && found == 0 && before != 0);
    if (e == ERR_MALFORMED || !screen_fine(s, "could not search", e))
        return;
    if (found == 0) {
        screen_say(s, "not found above");
        return;
    }
    t->selected = t->anchor = found;
    t->below = 0;
    s->stale_talk = true;
    screen_draw_soon(s);
}

/* ---- Drawing ---- */

static void draw_row(struct screen *s, const struct screen_row *r, unsigned row, bool selected) {
    const struct layout_area *a = &s->layout.talk;
    unsigned style = r->style | (selected ? HOST_STYLE_REVERSE : 0);
    if (selected)
        host_screen_fill(s->host, row, a->column, a->columns, style);
    host_screen_put(s->host, row, a->column, INDENT, slice_str(r->when),
                    HOST_STYLE_DIM | (selected ? HOST_STYLE_REVERSE : 0));
    host_screen_put(s->host, row, a->column + r->indent, a->columns - r->indent,
                    slice_of(s->talk.text.p + r->start, r->n), style);
}

void screen_talk_draw(struct screen *s) {
    struct screen_row *rows;
    const struct layout_area *a = &s->layout.talk, *title = &s->layout.title;
    if (a->rows == 0)
        return;
    host_screen_fill(s->host, title->row, title->column, title->columns, HOST_STYLE_REVERSE);
    if (s->talk.number == 0)
        return;
    host_screen_put(s->host, title->row, title->column + 1, title->columns - 2,
                    buf_slice(&s->talk.title), HOST_STYLE_REVERSE | HOST_STYLE_BOLD);
    (void)screen_rows(s, &rows);
    const struct screen_entry *entry = screen_selected(s);
    size_t end = view_end(s), first = end > a->rows ? end - a->rows : 0;
    for (size_t i = first; i < end; i++)
        draw_row(s, &rows[i], a->row + (unsigned)(i - first),
                 entry != NULL && i >= entry->row && i < entry->row + entry->rows);
}
