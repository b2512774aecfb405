#include "desk/painter.h"

#include "base/codec.h"
#include "desk/pictures.h"
#include "sys/channel.h"
#include "sys/log.h"
#include "sys/worker.h"

enum {
    CHUNK = 256 << 10,
    WAITING_MAX = 256, /* files */
    BYTES_MAX = 64 << 20,
    ROOM = 1 << 20
};

/* A message begins with its kind. A file or a picture is a head, then its bytes in pieces. */
enum { FILE_HEAD, PICTURE_HEAD, BYTES, DONE };

struct head {
    uint32_t number, page; /* of the attachment; of the picture, or what came of it */
    uint32_t size;         /* of what follows */
    char case_id[DESK_ID];
};
struct arriving {
    struct head head;
    buf bytes;
    bool open;
};

struct desk_painter {
    int fd; /* -1: the channel's, or gone */
    struct sys_channel *channel;
    struct desk *desk;
    const struct sys_log *log;
    struct arriving picture;
    size_t waiting; /* files that were given, and are not drawn yet */
};

/* ---- Messages ---- */

static err head_write(buf *out, uint8_t kind, const struct head *h) {
    writer w = writer_on(out);
    writer_u8(&w, kind);
    writer_u32(&w, h->number);
    writer_u32(&w, h->page);
    writer_u32(&w, h->size);
    writer_vec(&w, slice_str(h->case_id));
    return writer_result(&w);
}

static err head_read(struct head *h, slice message) {
    reader r = reader_of(message);
    slice id;
    TRY(reader_u32(&r, &h->number));
    TRY(reader_u32(&r, &h->page));
    TRY(reader_u32(&r, &h->size));
    TRY(reader_vec(&r, &id));
    TRY(reader_end(&r));
    if (id.n == 0 || id.n >= sizeof h->case_id || h->size > DESK_FILING_MAX)
        return ERR_MALFORMED;
    memcpy(h->case_id, id.p, id.n);
    h->case_id[id.n] = '\0';
    return OK;
}

typedef err send_message(void *ctx, slice message);

/* The head, then the bytes. */
static err send_whole(uint8_t kind, const struct head *h, slice bytes, send_message *send,
                      void *ctx) {
    static const uint8_t piece[] = {BYTES};
    buf message = {0};
    err e = head_write(&message, kind, h);
    if (e == OK)
        e = send(ctx, buf_slice(&message));
    while (e == OK && bytes.n > 0) {
        slice part = slice_of(bytes.p, bytes.n < CHUNK ? bytes.n : CHUNK);
        buf_clear(&message);
        e = buf_append(&message, SLICE_ARRAY(piece));
        if (e == OK)
            e = buf_append(&message, part);
        if (e == OK)
            e = send(ctx, buf_slice(&message));
        bytes = slice_of(bytes.p + part.n, bytes.n - part.n);
    }
    buf_free(&message);
    return e;
}

/* What came, in a, once it is whole. */
static err arrive(struct arriving *a, uint8_t first, slice message, bool *whole) {
    *whole = false;
    if (message.n == 0)
        return ERR_MALFORMED;
    uint8_t kind = message.p[0];
    message = slice_of(message.p + 1, message.n - 1);
    if (kind == first) {
        buf_clear(&a->bytes);
        TRY(head_read(&a->head, message));
        a->open = true;
    } else if (kind == BYTES && a->open && message.n <= a->head.size - a->bytes.n) {
        TRY(buf_append(&a->bytes, message));
    } else {
        return ERR_MALFORMED;
    }
    *whole = a->bytes.n == a->head.size;
    a->open = !*whole;
    return OK;
}

/* ---- The process ---- */

static err send_now(void *ctx, slice message) {
    return sys_worker_say(ctx, message);
}

struct drawing {
    struct sys_worker *worker;
    struct head head;
};

static err take(void *ctx, unsigned page, slice png) {
    struct drawing *d = ctx;
    d->head.page = page;
    d->head.size = (uint32_t)png.n;
    return send_whole(PICTURE_HEAD, &d->head, png, send_now, d->worker);
}

static err draw(struct sys_worker *worker, const struct arriving *file) {
    struct drawing d = {.worker = worker, .head = file->head};
    enum desk_pictures result = DESK_PICTURES_LIMIT;
    err e = desk_pictures_draw(buf_slice(&file->bytes), take, &d, &result);
    if (e == ERR_CLOSED)
        return e;
    d.head.page = e == OK ? (uint32_t)result : DESK_PICTURES_LIMIT;
    d.head.size = 0;
    return send_whole(DONE, &d.head, SLICE_EMPTY, send_now, worker);
}

static err work(struct sys_worker *worker, void *ctx, slice message) {
    struct arriving *file = ctx;
    bool whole;
    TRY(arrive(file, FILE_HEAD, message, &whole));
    return whole ? draw(worker, file) : OK;
}

err desk_painter_start(struct desk_painter **out) {
    static struct arriving file; /* in the worker */
    *out = NULL;
    struct desk_painter *p = mem_new(NULL, sizeof *p);
    if (p == NULL)
        return ERR_NO_MEMORY;
    err e = sys_worker_start(&p->fd, work, &file);
    if (e == OK)
        *out = p;
    else
        mem_free(NULL, p, sizeof *p);
    return e;
}

/* ---- The daemon's side ---- */

/* A case that was purged meanwhile needs none. */
static void put(struct desk_painter *p, const struct head *h, slice note, slice png) {
    err e = desk_picture_put(p->desk, slice_str(h->case_id), h->number, note.n > 0 ? 0 : h->page,
                             note, png);
    if (e != OK && e != ERR_STATE && e != ERR_NOT_FOUND)
        sys_log_failure(p->log, "picture_failed", "a picture of an attachment could not be kept",
                        e);
}

static void tell(struct desk_painter *p, const struct head *h, enum desk_pictures result) {
    if (result != DESK_PICTURES_ALL)
        put(p, h, slice_str(desk_pictures_text(result)), SLICE_EMPTY);
}

static err came(struct desk_painter *p, slice message) {
    bool whole;
    if (message.n > 0 && message.p[0] == DONE) {
        struct head h;
        TRY(head_read(&h, slice_of(message.p + 1, message.n - 1)));
        p->waiting -= p->waiting > 0;
        tell(p, &h, (enum desk_pictures)h.page);
        return OK;
    }
    TRY(arrive(&p->picture, PICTURE_HEAD, message, &whole));
    const struct head *h = &p->picture.head;
    if (whole && (h->page == 0 || h->page > DESK_PICTURES_MAX))
        return ERR_MALFORMED;
    if (whole)
        put(p, h, SLICE_EMPTY, buf_slice(&p->picture.bytes));
    return OK;
}

static void gone(struct desk_painter *p, err why) {
    sys_log_failure(p->log, "painter_gone",
                    "what draws attachments is gone; from now on none is drawn", why);
    sys_channel_free(p->channel);
    p->channel = NULL;
}

static void on_message(struct sys_channel *channel, void *ctx, slice message, int fd) {
    struct desk_painter *p = ctx;
    (void)channel;
    (void)fd;
    err e = came(p, message);
    if (e != OK)
        gone(p, e);
}

static void on_closed(struct sys_channel *channel, void *ctx, err why) {
    (void)channel;
    gone(ctx, why);
}

err desk_painter_join(struct desk_painter *p, struct sys_loop *loop, struct desk *d,
                      const struct sys_log *log) {
    static const struct sys_channel_events events = {.message = on_message, .closed = on_closed};
    struct sys_channel_options options = {
        .fd = p->fd, .queue_max = BYTES_MAX + ROOM, .events = &events, .ctx = p};
    p->desk = d;
    p->log = log;
    TRY(sys_channel_new(&p->channel, loop, &options));
    p->fd = -1;
    return OK;
}

static err queue(void *ctx, slice message) {
    return sys_channel_send(ctx, message);
}

void desk_painter_give(struct desk_painter *p, slice case_id, size_t number, slice file) {
    struct head h = {.number = (uint32_t)number, .size = (uint32_t)file.n};
    if (case_id.n >= sizeof h.case_id || file.n == 0 || file.n > DESK_FILING_MAX)
        return;
    memcpy(h.case_id, case_id.p, case_id.n);
    bool room = p->channel != NULL && p->waiting < WAITING_MAX &&
                sys_channel_queued(p->channel) + file.n <= BYTES_MAX;
    err e = room ? send_whole(FILE_HEAD, &h, file, queue, p->channel) : OK;
    p->waiting += room;
    if (!room)
        tell(p, &h, p->channel == NULL ? DESK_PICTURES_TOOL : DESK_PICTURES_WAITING);
    /* Half a file would be taken for the beginning of the next. */
    if (e != OK)
        gone(p, e);
}

void desk_painter_free(struct desk_painter *p) {
    if (p == NULL)
        return;
    sys_channel_free(p->channel);
    sys_worker_drop(p->fd);
    buf_free(&p->picture.bytes);
    mem_free(NULL, p, sizeof *p);
}
