#include <stdio.h>

#include "host/files.h"
#include "sys/files.h"
#include "term/desk.h"
#include "term/screen.h"
#include "term/show.h"

enum { PASTE_MS = 5000 };
enum {
    CTRL_A = 1,
    CTRL_C = 3,
    CTRL_E = 5,
    CTRL_K = 11,
    CTRL_L = 12,
    CTRL_U = 21,
    CTRL_W = 23,
    ESCAPE = 27,
    BACKSPACE = 127
};

static const char help[] =
    "Keys\n"
    "\n"
    "Tab          between the list and the conversation\n"
    "arrows       in the list: choose; Enter opens\n"
    "Enter        send; Alt-Enter or Ctrl-J: a new line\n"
    "PgUp PgDn    through the conversation; Home and End too, with nothing typed\n"
    "Up           with nothing typed: select a message; Esc: back to writing\n"
    "Esc          from writing to the list\n"
    "Ctrl-W U K   erase the word, the line before, the line behind\n"
    "Ctrl-L       draw anew\n"
    "Ctrl-C       end, when what is under way is sent; once more: at once\n"
    "\n"
    "In the list, or with a message selected\n"
    "\n"
    "/ n          search; the next one\n"
    "i            who it is: safety number, verify, block, administrator\n"
    "m            who is in the conversation\n"
    "M A          mute it, put it away\n"
    "N            notices of the server's request desk\n"
    "? q          this; quit\n"
    "\n"
    "With a message selected\n"
    "\n"
    "r            answer it\n"
    "+            react to it\n"
    "t            how long messages stay in this conversation\n"
    "e d          change its text, withdraw it: of your own\n"
    "s            save its file\n"
    "\n"
    "On a request\n"
    "\n"
    "a d b        accept, decline, block\n";

const char *screen_keys_footer(const struct screen *s) {
    if (s->answered != NULL)
        return "Enter: so; Esc: not";
    if (s->panel)
        return s->about_person ? "v verified or not  b block  a administrator or not  Esc back"
                               : "arrows; Esc back";
    if (s->in_list)
        return "Enter open  Tab  / search  i who  m members  a/d/b a request  ? keys  q quit";
    if (s->talk.selected != 0)
        return "r reply  + react  e edit  d withdraw  s save  i who  t timer  Esc write  ? keys";
    if (s->talk.state == CORE_CONVERSATION_REQUEST)
        return "a accept  d decline  b block  i who  Esc list  ? keys  q quit";
    return "Enter send  Alt-Enter line  Up select  PgUp/PgDn  Tab list  F1 keys  Ctrl-C quit";
}

/* ---- Panels ---- */

static void show_help(struct screen *s) {
    screen_panel_begin(s);
    (void)!s->job->out.put(s->job->out.ctx, OUT_NORMAL, slice_str(help));
    screen_panel_end(s);
}

static void show_notices(struct screen *s) {
    uint64_t last = 0;
    screen_panel_begin(s);
    err e = desk_show_notices(s->job, true, &last);
    screen_panel_end(s);
    if (e == OK && last != 0)
        e = desk_read(s->job, last);
    if (screen_fine(s, "could not show the notices", e) && last == 0)
        screen_say(s, "the request desk has sent no notice");
}

/* ---- Files ---- */

static err absolute_path(struct screen *s, slice answer, const struct screen_entry *entry) {
    buf path = {0};
    slice name = slice_of(s->talk.text.p + entry->file_start, entry->file_n);
    err e = buf_set(&path, answer);
    if (e == OK)
        e = buf_append_byte(&path, 0);
    if (e == OK && host_is_directory((const char *)path.p)) {
        path.p[path.n - 1] = '/';
        e = buf_append(&path, name);
        if (e == OK)
            e = buf_append_byte(&path, 0);
    }
    buf_clear(&s->saving_path);
    if (e == OK)
        e = sys_file_absolute((const char *)path.p, &s->saving_path);
    buf_free(&path);
    return e;
}

static void save_to(struct screen *s, slice answer) {
    const struct screen_entry *entry = screen_selected(s);
    if (entry == NULL || !entry->file || answer.n == 0)
        return;
    err e = absolute_path(s, answer, entry);
    if (e == OK)
        e = host_files_fetch(host_files(job_host(s->job)), s->asked, entry->number, entry->id,
                             (const char *)s->saving_path.p, false, true, host_now(), &s->saving);
    if (e == ERR_EXISTS)
        screen_say(s, "there is a file of this name already; choose another");
    else if (screen_fine(s, "could not save it", e))
        screen_say(s, "saving it");
}

static void ask_path(struct screen *s) {
    const struct screen_entry *entry = screen_selected(s);
    if (entry == NULL || !entry->file)
        screen_say(s, "this message has no file");
    else if (s->saving != 0)
        screen_say(s, "one is being saved already");
    else
        screen_ask(s, "Save it as: ", slice_of(s->talk.text.p + entry->file_start, entry->file_n),
                   save_to);
}

void screen_saved(struct screen *s, const struct core_notice *n) {
    struct line l = {0};
    if (n->kind == CORE_NOTICE_PROGRESS && n->error == OK) {
        screen_say(s, "saving it: %u%%",
                   n->total == 0 ? 100 : (unsigned)(n->done * 100 / n->total));
    } else if (n->kind == CORE_NOTICE_DONE && n->error == OK) {
        line_add(&l, "saved ");
        line_text(&l, slice_str((const char *)s->saving_path.p));
        if (l.json.e == OK)
            (void)!buf_set(&s->warning, buf_slice(&l.json.b));
        buf_free(&l.json.b);
    } else if (n->kind == CORE_NOTICE_DONE) {
        screen_say(s, "it was not saved: %s",
                   n->reason != 0 ? host_reason_text(n->reason) : err_text(n->error));
    }
    if (n->kind == CORE_NOTICE_DONE)
        s->saving = 0;
}

/* ---- Opening, with what was typed there before ---- */

static void open_it(struct screen *s) {
    if (s->on == 0)
        return;
    s->in_list = false;
    if (s->on == s->talk.number)
        return;
    screen_draft_keep(s);
    s->replying = false;
    s->editing = 0;
    screen_talk_open(s, s->on);
    screen_draft_take(s);
}

/* ---- Writing ---- */

/* True if it was a key that edits. */
static bool edit_key(struct screen *s, struct edit *e, uint32_t key) {
    static const struct {
        uint32_t key;
        void (*act)(struct edit *e);
    } keys[] = {
        {HOST_KEY_LEFT, edit_left},
        {HOST_KEY_RIGHT, edit_right},
        {HOST_KEY_HOME, edit_home},
        {HOST_KEY_END, edit_end},
        {CTRL_A, edit_home},
        {CTRL_E, edit_end},
        {HOST_KEY_ALT | 'b', edit_word_left},
        {HOST_KEY_ALT | 'f', edit_word_right},
        {HOST_KEY_DELETE, edit_delete},
        {BACKSPACE, edit_back},
        {CTRL_W, edit_back_word},
        {CTRL_U, edit_back_line},
        {CTRL_K, edit_cut},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].key == key) {
            keys[i].act(e);
            return true;
        }
    if (key < ' ' || key >= HOST_KEY_UP)
        return false;
    if (e->text.n >= CORE_TEXT_MAX)
        screen_say(s, "that is too long");
    else if (edit_insert(e, key) == ERR_NO_MEMORY)
        screen_say(s, "%s", err_text(ERR_NO_MEMORY));
    return true;
}

static void new_line(struct screen *s) {
    (void)screen_fine(s, "no new line", edit_insert(&s->typed, '\n'));
}

static void stop_remark(struct screen *s) {
    s->replying = false;
    s->editing = 0;
}

static void send(struct screen *s) {
    struct core *core = job_core(s->job);
    uint64_t command, message;
    err e;
    slice text = buf_slice(&s->typed.text);
    if (text.n == 0)
        return;
    if (s->editing != 0)
        e = core_message_edit(core, s->talk.number, s->editing, text, host_now(), &command,
                              &message);
    else
        e = core_send_text(core, s->talk.number, CORE_TEXT_PLAIN, text,
                           s->replying ? s->reply_to : NULL, host_now(), &command, &message);
    if (e == ERR_LIMIT)
        screen_say(s, "too much waits to be sent; try again in a moment");
    else if (screen_fine(s, "not sent", e)) {
        edit_clear(&s->typed);
        stop_remark(s);
        screen_draft_keep(s);
        buf_clear(&s->warning);
        screen_talk_end(s, false);
    }
}

static bool may_write(const struct screen *s) {
    return s->talk.number != 0 &&
           (s->talk.state == CORE_CONVERSATION_ACTIVE || s->talk.state == CORE_CONVERSATION_NEW);
}

static void leave_writing(struct screen *s) {
    if (s->editing != 0)
        edit_clear(&s->typed);
    if (s->replying || s->editing != 0)
        stop_remark(s);
    else
        s->in_list = true;
}

static long page(const struct screen *s) {
    return s->talk.height > 2 ? (long)s->talk.height - 1 : 1;
}

/* Something else stands there now. */
static void typed(struct screen *s) {
    screen_draft_changed(s);
    if (s->typed.text.n > 0)
        (void)!core_typing(job_core(s->job), s->talk.number, host_now());
}

static void write_key(struct screen *s, uint32_t key) {
    unsigned columns = s->layout.compose.columns > 6 ? s->layout.compose.columns - 3 : 3;
    bool empty = s->typed.text.n == 0;
    if (key == '\r')
        send(s);
    else if (key == '\n' || key == (HOST_KEY_ALT | '\r'))
        new_line(s);
    else if (key == ESCAPE)
        leave_writing(s);
    else if (key == HOST_KEY_UP && !edit_up(&s->typed, columns) && empty)
        (void)screen_talk_select(s, -1);
    else if (key == HOST_KEY_DOWN)
        (void)edit_down(&s->typed, columns);
    else if (empty && (key == HOST_KEY_HOME || key == HOST_KEY_END))
        screen_talk_end(s, key == HOST_KEY_HOME);
    else if (edit_key(s, &s->typed, key))
        typed(s);
}

/* ---- What keys do that type nothing ---- */

static void searched(struct screen *s, slice needle) {
    if (needle.n == 0 || !screen_fine(s, "could not search", buf_set(&s->needle, needle)))
        return;
    if (s->in_list)
        screen_list_find(s, needle);
    else
        screen_talk_find(s, needle);
}

/* The same in the list, on a request and with a message selected. */
static void command_key(struct screen *s, uint32_t key) {
    if (screen_request_key(s, key))
        return;
    if (key == '/')
        screen_ask(s, "Search: ", SLICE_EMPTY, searched);
    else if (key == 'n' && s->needle.n > 0 && s->in_list)
        screen_list_find(s, buf_slice(&s->needle));
    else if (key == 'n' && s->needle.n > 0)
        screen_talk_find(s, buf_slice(&s->needle));
    else if (key == 'i' && screen_person_choose(s))
        screen_person_show(s);
    else if (key == 'm')
        screen_people_show(s);
    else if (key == 'M')
        screen_mute(s, screen_subject(s));
    else if (key == 'A')
        screen_archive(s, screen_subject(s));
    else if (key == 'N')
        show_notices(s);
    else if (key == '?')
        show_help(s);
    else if (key == 'q')
        screen_quit(s);
}

static void list_key(struct screen *s, uint32_t key) {
    int rows = s->layout.list.rows > 2 ? (int)s->layout.list.rows - 2 : 1;
    if (key == HOST_KEY_UP || key == HOST_KEY_DOWN)
        screen_list_move(s, key == HOST_KEY_UP ? -1 : 1);
    else if (key == HOST_KEY_PAGE_UP || key == HOST_KEY_PAGE_DOWN)
        screen_list_move(s, key == HOST_KEY_PAGE_UP ? -rows : rows);
    else if (key == HOST_KEY_HOME || key == HOST_KEY_END)
        screen_list_move(s, key == HOST_KEY_HOME ? -INT32_MAX : INT32_MAX);
    else if (key == '\r' || key == HOST_KEY_RIGHT)
        open_it(s);
    else
        command_key(s, key);
}

/* Over what is typed stands what it is about. */
static bool name_message(struct screen *s, const struct screen_entry *entry, const char *what) {
    struct line l = {0};
    slice said = slice_of(s->talk.text.p + entry->text_start, entry->text_n);
    line_add(&l, "%s", what);
    err e = buf_append(&l.json.b, slice_of(s->talk.text.p + entry->name_start, entry->name_n));
    line_add(&l, ": ");
    if (e == OK)
        e = buf_append(&l.json.b, slice_until(&said, '\n'));
    buf_move(&s->reply_text, &l.json.b);
    return screen_fine(s, "could not do that", e);
}

static void reply(struct screen *s) {
    const struct screen_entry *entry = screen_selected(s);
    if (entry == NULL || !may_write(s))
        return;
    s->replying = name_message(s, entry, "answering ");
    memcpy(s->reply_to, entry->id, sizeof s->reply_to);
    s->talk.selected = 0;
}

/* ---- What is said again ---- */

/* One's own that can still be changed; else says that it can't. */
static const struct screen_entry *own_entry(struct screen *s) {
    const struct screen_entry *entry = screen_selected(s);
    if (entry != NULL && entry->own && !entry->withdrawn && may_write(s))
        return entry;
    screen_say(s, "only what you said yourself, and did not withdraw");
    return NULL;
}

static bool take_typed(void *ctx, const struct core_message *m) {
    struct screen *s = ctx;
    if (edit_set(&s->typed, m->text) != OK)
        s->editing = 0;
    return false;
}

static void edit_message(struct screen *s) {
    const struct screen_entry *entry = own_entry(s);
    if (entry == NULL || !name_message(s, entry, "changing "))
        return;
    s->replying = false;
    s->editing = entry->number;
    (void)screen_fine(s, "could not read it",
                      core_messages(job_core(s->job), s->talk.number, entry->number, entry->number,
                                    take_typed, s));
    s->talk.selected = 0;
}

static void withdrawn(struct screen *s, slice answer) {
    const struct screen_entry *entry = own_entry(s);
    uint64_t command;
    if (entry == NULL || answer.n == 0 || answer.p[0] != 'y')
        return;
    (void)screen_fine(
        s, "could not withdraw it",
        core_message_delete(job_core(s->job), s->asked, entry->number, host_now(), &command));
    s->stale_talk = true;
}

static void reacted(struct screen *s, slice answer) {
    const struct screen_entry *entry = screen_selected(s);
    uint64_t command, message;
    if (entry == NULL || answer.n == 0)
        return;
    (void)screen_fine(s, "could not react",
                      core_send_text(job_core(s->job), s->asked, CORE_TEXT_REACTION, answer,
                                     entry->id, host_now(), &command, &message));
    s->stale_talk = true;
}

static void timer_set(struct screen *s, slice answer) {
    uint32_t seconds;
    uint64_t command;
    if (answer.n > 0 && screen_span(s, answer, &seconds))
        (void)screen_fine(
            s, "could not set it",
            core_conversation_timer(job_core(s->job), s->asked, seconds, host_now(), &command));
}

/* True if it was one of these. */
static bool again_key(struct screen *s, uint32_t key) {
    if (key == 'e')
        edit_message(s);
    else if (key == 'd' && own_entry(s) != NULL)
        screen_ask(s, "Withdraw it, for everybody? y or n: ", SLICE_EMPTY, withdrawn);
    else if (key == '+' && may_write(s))
        screen_ask(s, "React with: ", slice_str("\U0001f44d"), reacted);
    else if (key == 't' && may_write(s))
        screen_ask(s, "Messages go after (30s, 5m, 8h, 1d, 4w, off): ", SLICE_EMPTY, timer_set);
    else
        return key == 'd';
    return true;
}

static void selected_key(struct screen *s, uint32_t key) {
    if (key == HOST_KEY_UP) {
        if (!screen_talk_select(s, -1))
            screen_talk_scroll(s, -1);
    } else if (key == HOST_KEY_DOWN) {
        if (!screen_talk_select(s, 1))
            s->talk.selected = 0;
    } else if (key == ESCAPE || key == '\r') {
        s->talk.selected = 0;
        screen_talk_end(s, false);
    } else if (key == HOST_KEY_HOME || key == HOST_KEY_END) {
        s->talk.selected = 0;
        screen_talk_end(s, key == HOST_KEY_HOME);
    } else if (key == 'r') {
        reply(s);
    } else if (key == 's') {
        ask_path(s);
    } else if (screen_is_request(s, s->talk.number) || !again_key(s, key)) {
        command_key(s, key);
    }
}

static void talk_key(struct screen *s, uint32_t key) {
    if (key == HOST_KEY_PAGE_UP || key == HOST_KEY_PAGE_DOWN)
        screen_talk_scroll(s, key == HOST_KEY_PAGE_UP ? -page(s) : page(s));
    else if (s->talk.selected != 0)
        selected_key(s, key);
    else if (may_write(s))
        write_key(s, key);
    else if (key == ESCAPE)
        s->in_list = true;
    else if (key == HOST_KEY_UP)
        (void)screen_talk_select(s, -1);
    else
        command_key(s, key);
}

static void panel_key(struct screen *s, uint32_t key) {
    unsigned rows = s->layout.talk.rows > 0 ? s->layout.talk.rows : s->layout.list.rows;
    if (key == HOST_KEY_DOWN || key == HOST_KEY_PAGE_DOWN)
        s->panel_top += key == HOST_KEY_DOWN ? 1 : rows;
    else if (key == HOST_KEY_UP || key == HOST_KEY_PAGE_UP)
        s->panel_top -= key == HOST_KEY_UP && s->panel_top > 0 ? 1
                        : key == HOST_KEY_UP                   ? 0
                        : s->panel_top > rows                  ? rows
                                                               : s->panel_top;
    else if (s->about_person && key == 'v')
        screen_person_verify(s);
    else if (s->about_person && key == 'b')
        screen_person_block(s);
    else if (s->about_person && key == 'a')
        screen_person_admin(s);
    else
        s->panel = false;
}

static void question_key(struct screen *s, uint32_t key) {
    void (*answered)(struct screen *, slice) = s->answered;
    if (key == ESCAPE) {
        s->answered = NULL;
    } else if (key == '\r') {
        s->answered = NULL;
        answered(s, buf_slice(&s->answer.text));
    } else {
        (void)edit_key(s, &s->answer, key);
    }
}

/* Whatever it holds, it is text and no command. */
static void paste_text(struct screen *s, uint32_t key) {
    bool writes = s->answered == NULL && !s->in_list && may_write(s) && s->talk.selected == 0;
    if (s->answered != NULL && key >= ' ')
        (void)edit_key(s, &s->answer, key);
    else if (writes && (key == '\r' || key == '\n'))
        new_line(s);
    else if (writes && key < HOST_KEY_UP && key != BACKSPACE && (key >= ' ' || key == '\t'))
        (void)edit_key(s, &s->typed, key == '\t' ? ' ' : key);
    screen_draft_changed(s);
}

/* On a slow way its end comes in pieces, as keys of their own. */
static void paste_key(struct screen *s, uint32_t key) {
    static const char end[] = "\033[201~";
    if (key == HOST_KEY_PASTE || key == HOST_KEY_PASTED) {
        s->pasting = key == HOST_KEY_PASTE;
        s->pasted = 0;
    } else if (s->pasted > 0 && key == (uint32_t)end[s->pasted]) {
        s->pasting = ++s->pasted < sizeof end - 1;
    } else {
        for (size_t i = 1; i < s->pasted; i++)
            paste_text(s, (uint32_t)end[i]);
        s->pasted = key == ESCAPE ? 1 : key == (HOST_KEY_ALT | '[') ? 2 : 0;
        if (s->pasted == 0)
            paste_text(s, key);
    }
}

void screen_key(struct screen *s, uint32_t key) {
    /* Its end may be lost on the way. Nobody pauses within a paste. */
    uint64_t now = host_now();
    if (s->pasting && (now - s->last_key > PASTE_MS || key == CTRL_C))
        s->pasting = false;
    s->last_key = now;
    if (s->pasting || key == HOST_KEY_PASTE)
        paste_key(s, key);
    else if (key == CTRL_C)
        screen_quit(s);
    else if (key == CTRL_L)
        host_screen_renew(s->host);
    else if (s->answered != NULL)
        question_key(s, key);
    else if (s->panel)
        panel_key(s, key);
    else if (key == HOST_KEY_HELP)
        show_help(s);
    else if (key == '\t' && (!s->in_list || s->talk.number != 0))
        s->in_list = !s->in_list;
    else if (s->in_list)
        list_key(s, key);
    else
        talk_key(s, key);
}
