/* `sotto chat` on a whole terminal: the list of conversations, one of them, and what is typed. The
 * state is here, and each file holds a part of what is done with it: screen.c the job and drawing,
 * screen_list.c the list, screen_talk.c the conversation, screen_kept.c drafts and what is quiet,
 * screen_people.c who somebody is and what one does about them, screen_keys.c what keys do. Nothing
 * here is the truth: it is read again from the core when that tells of something new. */
#ifndef SOTTO_TERM_SCREEN_H
#define SOTTO_TERM_SCREEN_H

#include "host/screen.h"
#include "term/edit.h"
#include "term/job.h"
#include "term/layout.h"

/* A conversation of the list. */
struct screen_item {
    uint32_t number;
    uint64_t time, unread;
    bool request, archived, muted;
    buf name; /* fit to be shown */
};

/* A row of the conversation that is shown. */
struct screen_row {
    uint64_t number; /* of the entry that it belongs to */
    char when[6];    /* "14:05", or empty */
    unsigned indent, style;
    size_t start, n; /* in screen_talk.text */
};
/* An entry that one can select. */
struct screen_entry {
    uint64_t number;
    uint8_t id[CORE_MESSAGE_ID], sender[CORE_ACCOUNT];
    bool own, file, withdrawn;
    size_t row, rows;
    size_t text_start, text_n, name_start, name_n, file_start, file_n; /* in screen_talk.text */
};
struct screen_talk {
    uint32_t number; /* 0: none is open */
    enum core_conversation_state state;
    uint64_t messages, mark; /* mark: read up to here when it was opened */
    uint64_t first, last;    /* these are loaded */
    bool loaded;             /* whole */
    bool several;            /* it is not with one other person alone */
    buf rows, entries, text;
    unsigned columns, height; /* for which they were made */
    /* The row at the bottom: of this entry (0: the last of all), so many of its rows follow. */
    uint64_t anchor;
    size_t below;
    uint64_t selected; /* 0: none */
    buf title;
};

struct screen {
    struct job *job;
    struct host_screen *host;
    struct sys_later draw_soon;
    struct sys_timer draw_later, keep_later;
    struct layout layout;
    bool stale_list, stale_talk;

    buf items;   /* of struct screen_item, in the order in which they are shown */
    uint32_t on; /* the conversation on which the list's cursor stands */
    size_t list_top;
    bool in_list;
    struct screen_talk talk;

    struct edit typed;
    bool pasting, replying;
    size_t pasted;     /* so much of what ends a paste is here */
    uint64_t last_key; /* when it came */
    uint8_t reply_to[CORE_MESSAGE_ID];
    uint64_t editing; /* a message that gets another text; 0: none */
    buf reply_text;   /* which one is answered or changed */

    /* A question in the status line. */
    void (*answered)(struct screen *s, slice answer); /* NULL: nothing is asked */
    buf question;
    struct edit answer;
    uint32_t asked; /* the conversation, or the request, that it is about */

    /* Lines over the conversation, until a key is pressed. */
    bool panel, capturing;
    buf panel_text;
    size_t panel_top;
    bool about_person;
    uint8_t person[CORE_ACCOUNT]; /* whom the panel, or the question, is about */

    buf needle, warning;
    uint64_t saving; /* a command; 0: none */
    uint64_t saving_message;
    buf saving_path;
    bool ending;
    err (*put)(void *ctx, int stream, slice bytes); /* the job's output as it was */
    void *put_ctx;
};

/* UNSUPPORTED: the terminal can't do it. conversation: that is opened, or 0. */
MUST err screen_start(struct screen **screen, struct job *job, uint32_t conversation);
void screen_notice(struct screen *s, const struct core_notice *n);
/* The terminal is as it was. NULL is fine. */
void screen_free(struct screen *s);

/* ---- Of screen.c ---- */
void screen_draw_soon(struct screen *s);
__attribute__((format(printf, 2, 3))) void screen_say(struct screen *s, const char *format, ...);
/* Says why something failed, if it did. True: it didn't. */
bool screen_fine(struct screen *s, const char *what, err e);
void screen_quit(struct screen *s);
void screen_ask(struct screen *s, const char *question, slice answer,
                void (*answered)(struct screen *s, slice answer));
/* What is printed between these two becomes the panel's text. */
void screen_panel_begin(struct screen *s);
void screen_panel_end(struct screen *s);

/* ---- Of screen_list.c ---- */
size_t screen_items(const struct screen *s, struct screen_item **items);
void screen_list_load(struct screen *s);
void screen_list_move(struct screen *s, int by);
void screen_list_find(struct screen *s, slice needle);
void screen_list_draw(struct screen *s);
void screen_list_free(struct screen *s);

/* ---- Of screen_talk.c ---- */
size_t screen_rows(const struct screen *s, struct screen_row **rows);
size_t screen_entries(const struct screen *s, struct screen_entry **entries);
/* NULL if none is selected. */
struct screen_entry *screen_selected(const struct screen *s);
void screen_talk_open(struct screen *s, uint32_t number);
void screen_talk_load(struct screen *s);
void screen_talk_scroll(struct screen *s, long rows);
/* To the oldest entry, or to the newest. */
void screen_talk_end(struct screen *s, bool oldest);
/* False: there is no other. */
bool screen_talk_select(struct screen *s, int by);
void screen_talk_find(struct screen *s, slice needle);
void screen_talk_draw(struct screen *s);
void screen_talk_free(struct screen *s);

/* ---- Of screen_kept.c ---- */
/* What is typed becomes the open conversation's draft; in a moment; what is typed becomes it. */
void screen_draft_keep(struct screen *s);
void screen_draft_changed(struct screen *s);
void screen_draft_take(struct screen *s);
/* A time that was typed, 0 for "off". False: it is none, and that is said. */
bool screen_span(struct screen *s, slice answer, uint32_t *seconds);
void screen_mute(struct screen *s, uint32_t number);
void screen_archive(struct screen *s, uint32_t number);

/* ---- Of screen_people.c ---- */
/* The conversation under the cursor, or the one that is open. */
uint32_t screen_subject(const struct screen *s);
bool screen_is_request(struct screen *s, uint32_t number);
void screen_people_show(struct screen *s);
/* Of whom this is, in s->person: the selected message, the request, or the one-to-one conversation.
 * False: it is nobody else. */
bool screen_person_choose(struct screen *s);
void screen_person_show(struct screen *s);
/* Of s->person. */
void screen_person_verify(struct screen *s);
void screen_person_admin(struct screen *s);
void screen_person_block(struct screen *s);
/* True if it was one of a request's keys. */
bool screen_request_key(struct screen *s, uint32_t key);

/* ---- Of screen_keys.c ---- */
void screen_key(struct screen *s, uint32_t key);
const char *screen_keys_footer(const struct screen *s);
void screen_saved(struct screen *s, const struct core_notice *n);

#endif
