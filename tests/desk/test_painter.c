/* The process that draws attachments: what it is given comes back sealed into its case, and what it
 * can't take is told there. */
#include "desk/painter.h"

#include <stdio.h>

#include "base/codec.h"
#include "desk/pictures.h"
#include "sys/log.h"
#include "sys/loop.h"
#include "tests/desk/desks.h"
#include "tests/test.h"

enum { CASES = 20, FILES = 15, WAITING_MAX = 256, PATIENCE_MS = 20000 };

struct painting {
    struct desks s;
    struct sys_loop *loop;
    struct desk_painter *painter;
    struct sys_log log;
    struct sys_timer timer;
    char ids[CASES][DESK_ID];
    size_t count; /* of what is to come */
};

static void begin(struct painting *p) {
    memset(p, 0, sizeof *p);
    p->log = sys_log_as("test", SYS_LOG_ERROR);
    CHECK_OK(desk_painter_start(&p->painter));
    desks_begin(&p->s);
    for (int i = 0; i < CASES; i++) {
        char filing[16];
        (void)snprintf(filing, sizeof filing, "filing %d", i);
        desks_receive(&p->s, filing, p->ids[i]);
    }
    CHECK_OK(sys_loop_new(&p->loop, NULL));
    CHECK_OK(desk_painter_join(p->painter, p->loop, p->s.desk, &p->log));
}

static void end(struct painting *p) {
    sys_timer_cancel(&p->timer);
    desk_painter_free(p->painter);
    sys_loop_free(p->loop);
    desks_end(&p->s);
}

struct found {
    size_t notes[DESK_PICTURES_COUNT], all;
};

static bool find(void *ctx, const struct desk_sealed *s) {
    struct found *f = ctx;
    (void)s;
    f->all++;
    return true;
}

/* How many notes of each kind there are in all cases. */
static void look(struct painting *p, struct found *f) {
    memset(f, 0, sizeof *f);
    for (int i = 0; i < CASES; i++) {
        CHECK_OK(desk_sealed_list(p->s.desk, slice_str(p->ids[i]), DESK_SEALED_PICTURE, SLICE_EMPTY,
                                  find, f));
        for (uint64_t n = 1; n <= FILES; n++) {
            buf plain = {0};
            if (desks_open(&p->s, p->ids[i], LAW, DESK_SEALED_PICTURE, n * DESK_PICTURE_PLACES,
                           &plain)) {
                reader r = reader_of(buf_slice(&plain));
                slice note;
                CHECK_OK(reader_vec(&r, &note));
                for (int k = 0; k < DESK_PICTURES_COUNT; k++)
                    f->notes[k] +=
                        slice_equal(note, slice_str(desk_pictures_text((enum desk_pictures)k)));
            }
            buf_free(&plain);
        }
    }
}

static void on_time(void *ctx) {
    struct painting *p = ctx;
    struct found f = {.all = 0};
    static int turns;
    for (int i = 0; i < CASES; i++)
        CHECK_OK(desk_sealed_list(p->s.desk, slice_str(p->ids[i]), DESK_SEALED_PICTURE, SLICE_EMPTY,
                                  find, &f));
    if (f.all >= p->count || ++turns > PATIENCE_MS / 20)
        sys_loop_stop(p->loop);
    else
        CHECK_OK(sys_timer_set(&p->timer, p->loop, 20, on_time, p));
}

static void until(struct painting *p, size_t count) {
    p->count = count;
    CHECK_OK(sys_timer_set(&p->timer, p->loop, 20, on_time, p));
    CHECK_OK(sys_loop_run(p->loop));
}

TEST(what_finds_no_room_is_told_and_all_else_is_drawn) {
    struct painting p;
    struct found f;
    begin(&p);
    for (int i = 0; i < CASES; i++)
        for (size_t n = 1; n <= FILES; n++)
            desk_painter_give(p.painter, slice_str(p.ids[i]), n, slice_str("no picture"));
    look(&p, &f);
    CHECK_EQ(f.notes[DESK_PICTURES_WAITING], CASES * FILES - WAITING_MAX);
    CHECK_EQ(f.all, CASES * FILES - WAITING_MAX);
    until(&p, CASES * FILES);
    look(&p, &f);
    CHECK_EQ(f.notes[DESK_PICTURES_KIND], WAITING_MAX);
    CHECK_EQ(f.all, CASES * FILES);
    end(&p);
}

/* A file as large as any, and so many of them that what waits fills its memory. */
TEST(large_files_have_their_room_too) {
    struct painting p;
    struct found f;
    buf file = {0};
    begin(&p);
    CHECK_OK(buf_resize(&file, DESK_FILING_MAX));
    memset(file.p, 'x', file.n);
    for (size_t n = 1; n <= 6; n++)
        desk_painter_give(p.painter, slice_str(p.ids[0]), n, buf_slice(&file));
    until(&p, 6);
    look(&p, &f);
    CHECK_EQ(f.notes[DESK_PICTURES_KIND] + f.notes[DESK_PICTURES_WAITING], 6);
    CHECK(f.notes[DESK_PICTURES_KIND] >= 3 && f.notes[DESK_PICTURES_WAITING] >= 1);
    buf_free(&file);
    end(&p);
}

TEST(what_is_of_no_case_changes_nothing) {
    struct painting p;
    struct found f;
    begin(&p);
    desk_painter_give(p.painter, slice_str("c-none"), 1, slice_str("no picture"));
    desk_painter_give(p.painter, slice_str(p.ids[0]), 1, SLICE_EMPTY);
    desk_painter_give(p.painter, slice_str(p.ids[0]), 2, slice_str("no picture"));
    until(&p, 1);
    look(&p, &f);
    CHECK_EQ(f.all, 1);
    end(&p);
}

TEST_MAIN
