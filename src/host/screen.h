/* A whole terminal: drawn on, and read key by key. One at a time in a process. All text is UTF-8
 * that was made fit to be shown before (term/text.h). */
#ifndef SOTTO_HOST_SCREEN_H
#define SOTTO_HOST_SCREEN_H

#include "sys/loop.h"

/* A key is the character that it types (Enter: '\r', Ctrl-J: '\n', Escape: 27, Backspace: 127), or
 * one of these; with HOST_KEY_ALT if Alt is held. */
enum {
    HOST_KEY_UP = 0x110000,
    HOST_KEY_DOWN,
    HOST_KEY_LEFT,
    HOST_KEY_RIGHT,
    HOST_KEY_PAGE_UP,
    HOST_KEY_PAGE_DOWN,
    HOST_KEY_HOME,
    HOST_KEY_END,
    HOST_KEY_DELETE,
    HOST_KEY_HELP,
    HOST_KEY_PASTE, /* what comes until PASTED is not typed, but pasted */
    HOST_KEY_PASTED,
    HOST_KEY_ALT = 0x1000000
};
enum { HOST_STYLE_BOLD = 1, HOST_STYLE_DIM = 2, HOST_STYLE_REVERSE = 4 };

struct host_screen;
struct host_screen_events {
    void (*key)(void *ctx, uint32_t key);
    void (*resized)(void *ctx);
    void (*closed)(void *ctx); /* nobody sits there any more */
};

/* Whether input and output are a terminal that may be able to do this. */
bool host_screen_possible(void);
/* UNSUPPORTED: this terminal can't. events must outlive it. */
MUST err host_screen_open(struct host_screen **screen, struct sys_loop *loop,
                          const struct host_screen_events *events, void *ctx);
/* The terminal is as it was before. NULL is fine. A process that crashes leaves it so, too. */
void host_screen_close(struct host_screen *screen);

void host_screen_size(const struct host_screen *screen, unsigned *rows, unsigned *columns);
/* Drawing begins with an empty screen, and is seen when it is shown. */
void host_screen_clear(struct host_screen *screen);
/* Writes one line of text, cut off after `room` columns. Returns the columns it took. */
unsigned host_screen_put(struct host_screen *screen, unsigned row, unsigned column, unsigned room,
                         slice text, unsigned style);
/* Blanks. */
void host_screen_fill(struct host_screen *screen, unsigned row, unsigned column, unsigned columns,
                      unsigned style);
/* Where the cursor is seen; hidden without this since the last clear. */
void host_screen_cursor(struct host_screen *screen, unsigned row, unsigned column);
void host_screen_show(struct host_screen *screen);
/* The next show draws everything anew, whatever stood on the terminal. */
void host_screen_renew(struct host_screen *screen);

/* How many columns (0 to 2) a character takes. */
unsigned host_char_width(uint32_t point);

#endif
