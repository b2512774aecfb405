#include "host/screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"

/* It has an OK of its own. */
#undef OK

enum { INPUT = 0, OUTPUT = 1, ESCAPE_MS = 50, NOT_SHOWN = 0xfffd };
enum { KEY_CODE_PASTE = KEY_MAX + 1, KEY_CODE_PASTED };

struct host_screen {
    struct sys_loop *loop;
    const struct host_screen_events *events;
    void *ctx;
    struct sys_watch watch;
    struct sys_signals resizes;
    SCREEN *screen;
    WINDOW *keys;     /* reading from one that is shown would show it */
    uint8_t begun[4]; /* of a character that is not yet here as a whole */
    size_t begun_n;
    bool alt, cursor, renew;
    unsigned cursor_row, cursor_column;
};

/* ---- The terminal, whole again ---- */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { CRASHES = sizeof crashes / sizeof crashes[0] };
static struct termios modes_before;
static char leaving[256];
static size_t leaving_n;
static struct sigaction actions_before[CRASHES];

/* Nothing but what may be called in the middle of anything. The signal comes again, to end it. */
static void crashed(int number) {
    (void)!write(OUTPUT, leaving, leaving_n);
    (void)!tcsetattr(INPUT, TCSANOW, &modes_before);
    (void)!raise(number);
}

static void add_leaving(const char *text) {
    size_t n = text == NULL || text == (const char *)-1 ? 0 : strlen(text);
    if (n == 0 || leaving_n + n > sizeof leaving || strstr(text, "$<") != NULL)
        return;
    memcpy(leaving + leaving_n, text, n);
    leaving_n += n;
}

static void guard(void) {
    struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_RESETHAND};
    leaving_n = 0;
    add_leaving("\033[?2004l");
    add_leaving(tigetstr("sgr0"));
    add_leaving(tigetstr("rmkx"));
    add_leaving(tigetstr("cnorm"));
    add_leaving(tigetstr("rmcup"));
    for (size_t i = 0; i < CRASHES; i++)
        (void)!sigaction(crashes[i], &action, &actions_before[i]);
}

static void unguard(void) {
    for (size_t i = 0; i < CRASHES; i++)
        (void)!sigaction(crashes[i], &actions_before[i], NULL);
}

/* ---- Keys ---- */

static uint32_t named_key(int code) {
    static const struct {
        int code;
        uint32_t key;
    } keys[] = {
        {KEY_UP, HOST_KEY_UP},
        {KEY_DOWN, HOST_KEY_DOWN},
        {KEY_LEFT, HOST_KEY_LEFT},
        {KEY_RIGHT, HOST_KEY_RIGHT},
        {KEY_PPAGE, HOST_KEY_PAGE_UP},
        {KEY_NPAGE, HOST_KEY_PAGE_DOWN},
        {KEY_HOME, HOST_KEY_HOME},
        {KEY_END, HOST_KEY_END},
        {KEY_DC, HOST_KEY_DELETE},
        {KEY_F(1), HOST_KEY_HELP},
        {KEY_BACKSPACE, 127},
        {KEY_ENTER, '\r'},
        {KEY_CODE_PASTE, HOST_KEY_PASTE},
        {KEY_CODE_PASTED, HOST_KEY_PASTED},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].code == code)
            return keys[i].key;
    return 0;
}

/* 0: not yet one. What is no character is dropped. */
static uint32_t take_byte(struct host_screen *s, uint8_t byte) {
    uint32_t point;
    if ((byte & 0xc0) != 0x80)
        s->begun_n = 0;
    if (s->begun_n == sizeof s->begun)
        return 0;
    s->begun[s->begun_n++] = byte;
    size_t n = utf8_decode(slice_of(s->begun, s->begun_n), &point);
    if (n == 0)
        return 0;
    s->begun_n = 0;
    return point == 8 ? 127 : point;
}

static void give(struct host_screen *s, uint32_t key) {
    uint32_t alt = s->alt ? HOST_KEY_ALT : 0;
    s->alt = false;
    s->events->key(s->ctx, key | alt);
}

/* Escape and another key at once is that key with Alt held. */
static bool read_key(struct host_screen *s) {
    int code = wgetch(s->keys);
    if (code == ERR)
        return false;
    uint32_t key = code > 0xff ? named_key(code) : take_byte(s, (uint8_t)code);
    if (key == 27 && !s->alt) {
        s->alt = true;
    } else if (key == 27) {
        s->alt = false; /* twice at once: nobody holds Alt for that */
        give(s, key);
    } else if (key != 0) {
        give(s, key);
    }
    return true;
}

static bool hung_up(void) {
    struct pollfd p = {.fd = INPUT, .events = POLLIN};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static void ready(void *ctx, unsigned events) {
    struct host_screen *s = ctx;
    (void)events;
    bool any = false;
    while (s->watch.loop != NULL && read_key(s))
        any = true;
    if (s->watch.loop != NULL && s->alt) {
        s->alt = false;
        s->events->key(s->ctx, 27);
    }
    if (!any && s->watch.loop != NULL && hung_up()) {
        sys_watch_stop(&s->watch);
        s->events->closed(s->ctx);
    }
}

static void resized(void *ctx, int signal) {
    struct host_screen *s = ctx;
    struct winsize size;
    (void)signal;
    if (ioctl(OUTPUT, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    s->events->resized(s->ctx);
}

/* ---- Widths ---- */

/* Characters are UTF-8 here, whatever the locale is called. */
static void set_locale(void) {
    static bool is_set;
    if (is_set)
        return;
    is_set = true;
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)!setlocale(LC_CTYPE, "C.UTF-8");
}

unsigned host_char_width(uint32_t point) {
    set_locale();
    int n = point < ' ' ? 1 : wcwidth((wchar_t)point);
    return n < 0 ? 1 : (unsigned)n;
}

/* ---- Opening and closing ---- */

bool host_screen_possible(void) {
    const char *term = getenv("TERM");
    return isatty(INPUT) == 1 && isatty(OUTPUT) == 1 && term != NULL && term[0] != '\0' &&
           strcmp(term, "dumb") != 0;
}

/* Terminals send the one form or the other, whatever they are told. */
static void define_keys(void) {
    static const struct {
        const char *bytes;
        int code;
    } keys[] = {
        {"\033[A", KEY_UP},     {"\033[B", KEY_DOWN},          {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},   {"\033[H", KEY_HOME},          {"\033[F", KEY_END},
        {"\033OA", KEY_UP},     {"\033OB", KEY_DOWN},          {"\033OC", KEY_RIGHT},
        {"\033OD", KEY_LEFT},   {"\033OH", KEY_HOME},          {"\033OF", KEY_END},
        {"\033[1~", KEY_HOME},  {"\033[4~", KEY_END},          {"\033OP", KEY_F(1)},
        {"\033[11~", KEY_F(1)}, {"\033[200~", KEY_CODE_PASTE}, {"\033[201~", KEY_CODE_PASTED},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        define_key(keys[i].bytes, keys[i].code);
}

static void set_modes(struct host_screen *s) {
    raw();
    noecho();
    nonl();
    keypad(s->keys, TRUE);
    nodelay(s->keys, TRUE);
    set_escdelay(ESCAPE_MS);
    define_keys();
    putp("\033[?2004h");
}

static err begin(struct host_screen *s) {
    static const int signals[] = {SIGWINCH, 0};
    set_locale();
    if (tcgetattr(INPUT, &modes_before) != 0)
        return ERR_UNSUPPORTED;
    s->screen = newterm(NULL, stdout, stdin);
    if (s->screen == NULL)
        return ERR_UNSUPPORTED;
    const char *move_cursor = tigetstr("cup");
    s->keys = newpad(1, 1);
    if (move_cursor == NULL || move_cursor == (const char *)-1 || s->keys == NULL)
        return ERR_UNSUPPORTED;
    guard();
    set_modes(s);
    TRY(sys_signals_start(&s->resizes, s->loop, signals, resized, s));
    return sys_watch_start(&s->watch, s->loop, INPUT, SYS_READ, ready, s);
}

err host_screen_open(struct host_screen **screen, struct sys_loop *loop,
                     const struct host_screen_events *events, void *ctx) {
    struct host_screen *s = mem_new(NULL, sizeof *s);
    *screen = NULL;
    if (s == NULL)
        return ERR_NO_MEMORY;
    *s = (struct host_screen){.loop = loop, .events = events, .ctx = ctx, .resizes.fd = -1};
    err e = begin(s);
    if (e == OK)
        *screen = s;
    else
        host_screen_close(s);
    return e;
}

void host_screen_close(struct host_screen *s) {
    if (s == NULL)
        return;
    sys_watch_stop(&s->watch);
    if (s->resizes.fd >= 0)
        sys_signals_stop(&s->resizes);
    if (s->screen != NULL) {
        unguard();
        curs_set(1);
        putp("\033[?2004l");
        endwin();
        fflush(stdout);
        if (s->keys != NULL)
            delwin(s->keys);
        delscreen(s->screen);
        (void)!tcsetattr(INPUT, TCSADRAIN, &modes_before);
    }
    mem_free(NULL, s, sizeof *s);
}

/* ---- Drawing ---- */

void host_screen_size(const struct host_screen *s, unsigned *rows, unsigned *columns) {
    (void)s;
    *rows = (unsigned)LINES;
    *columns = (unsigned)COLS;
}

void host_screen_clear(struct host_screen *s) {
    erase();
    s->cursor = false;
}

/* Terminals differ in what they join; told one by one, all give characters the same columns. */
static bool joins(uint32_t point) {
    return point == 0x200d || (point >= 0xfe00 && point <= 0xfe0f);
}

static attr_t attributes(unsigned style) {
    return ((style & HOST_STYLE_BOLD) != 0 ? A_BOLD : 0) |
           ((style & HOST_STYLE_DIM) != 0 ? A_DIM : 0) |
           ((style & HOST_STYLE_REVERSE) != 0 ? A_REVERSE : 0);
}

unsigned host_screen_put(struct host_screen *s, unsigned row, unsigned column, unsigned room,
                         slice text, unsigned style) {
    unsigned used = 0;
    (void)s;
    attrset(attributes(style));
    move((int)row, (int)column);
    for (size_t i = 0; i < text.n;) {
        uint32_t point;
        i += text_point(slice_of(text.p + i, text.n - i), &point);
        if (point == '\t')
            point = ' ';
        if (point == TEXT_INVALID || wcwidth((wchar_t)point) < 0)
            point = NOT_SHOWN;
        unsigned width = host_char_width(point);
        if (used + width > room)
            break;
        wchar_t c = (wchar_t)point;
        if (!joins(point) && (width > 0 || used > 0))
            addnwstr(&c, 1);
        used += width;
    }
    attrset(A_NORMAL);
    return used;
}

void host_screen_fill(struct host_screen *s, unsigned row, unsigned column, unsigned columns,
                      unsigned style) {
    (void)s;
    mvhline((int)row, (int)column, ' ' | attributes(style), (int)columns);
}

void host_screen_cursor(struct host_screen *s, unsigned row, unsigned column) {
    s->cursor = true;
    s->cursor_row = row;
    s->cursor_column = column;
}

void host_screen_show(struct host_screen *s) {
    curs_set(s->cursor ? 1 : 0);
    if (s->cursor)
        move((int)s->cursor_row, (int)s->cursor_column);
    if (s->renew)
        clearok(curscr, TRUE);
    s->renew = false;
    refresh();
}

void host_screen_renew(struct host_screen *s) {
    s->renew = true;
}
