/* Serves the desk's pages for tests: pages_server FOLDER PORT [CASES], where FOLDER is made by
 * `sotto-desk demo`. The first time, the demonstration's files come into force, and so many cases
 * are filed. Says "ready" and ends with its standard input, of which each line is the id of a
 * person who gets a code to enrol: it is said. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/enrolment.h"
#include "desk/ledger.h"
#include "desk/pages/pages.h"
#include "desk/pictures.h"
#include "sys/files.h"
#include "sys/listener.h"
#include "sys/loop.h"

enum { PATH = 1024, WORK_BITS = 8, CONNECTIONS = 64 };

static void must(err e, const char *what) {
    if (e == OK)
        return;
    fprintf(stderr, "pages_server: %s: %s\n", what, err_text(e));
    exit(1);
}

static void must_desk(err e, const char *what, const struct desk_why *why) {
    if (e == ERR_DENIED)
        fprintf(stderr, "pages_server: %s: %s\n", desk_why_name(why), desk_why_text(why));
    must(e, what);
}

static buf file_of(const char *folder, const char *name) {
    char path[PATH];
    buf b = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    must(sys_file_read(path, OFFICE_DOCUMENT_MAX, &b), path);
    return b;
}

static void bring_into_force(struct desk *d, const char *folder) {
    struct desk_why why = {.reason = DESK_OK};
    struct office *o = NULL;
    buf office = file_of(folder, "office.txt"), list = file_of(folder, "suspensions.txt");
    if (office_load(&o, NULL, buf_slice(&office), NULL) != OFFICE_OK)
        must(ERR_MALFORMED, "office.txt");
    must_desk(desk_office_pin(d, buf_slice(&office), o->document.hash, &why), "office", &why);
    must_desk(desk_list_change(d, buf_slice(&list), NULL, 0, &why), "list", &why);
    must(desk_server_set(d, (const uint8_t[32]){7}, 1), "server");
    office_free(o);
    buf_free(&office);
    buf_free(&list);
}

static void file_cases(struct desk *d, unsigned n) {
    struct desk_why why = {.reason = DESK_OK};
    struct desk_receipt receipt;
    for (unsigned i = 0; i < n; i++) {
        char text[64];
        int length = snprintf(text, sizeof text, "sotto filing 1\nreference: %u\n", i);
        struct desk_filing filing = {.bytes = slice_of(text, (size_t)length),
                                     .channel = slice_str("form")};
        must_desk(desk_file_receive(d, &filing, &receipt, &why), "filing", &why);
    }
}

/* ---- What is attached, drawn at once ---- */

struct drawing {
    struct desk *desk;
    slice case_id;
    size_t number;
};

static err take(void *ctx, unsigned page, slice png) {
    const struct drawing *d = ctx;
    return desk_picture_put(d->desk, d->case_id, d->number, page, SLICE_EMPTY, png);
}

static void attached(void *ctx, slice case_id, size_t number, slice file) {
    struct drawing d = {ctx, case_id, number};
    enum desk_pictures result;
    must(desk_pictures_draw(file, take, &d, &result), "draw");
    if (result != DESK_PICTURES_ALL)
        must(desk_picture_put(ctx, case_id, number, 0, slice_str(desk_pictures_text(result)),
                              SLICE_EMPTY),
             "note");
}

/* ---- */

struct serving {
    struct sys_loop *loop;
    struct desk *desk;
    struct sys_timer settle;
};

static void input_line(void *ctx, unsigned events) {
    struct serving *s = ctx;
    char line[DESK_ID + 1], code[DESK_CODE];
    (void)events;
    if (fgets(line, sizeof line, stdin) == NULL) {
        sys_loop_stop(s->loop);
        return;
    }
    line[strcspn(line, "\n")] = '\0';
    if (strcmp(line, "publish") == 0) {
        must(desk_ledger_publish(s->desk, desk_now()), line);
        printf("published\n");
    } else {
        must(desk_enrolment_begin(desk_folder(s->desk), slice_str(line),
                                  slice_str("roles policy\ncountries DE\n"), desk_now(), code),
             line);
        printf("%s\n", code);
    }
    fflush(stdout);
}

static void settle(void *ctx) {
    struct serving *s = ctx;
    bool more;
    must(desk_settle_more(s->desk, &more), "settle");
    must(sys_timer_set(&s->settle, s->loop, more ? 1 : 100, settle, s), "timer");
}

static void serve(struct desk *d, struct desk_pages *pages, const char *port) {
    struct serving serving = {.desk = d};
    struct sys_loop *loop;
    struct sys_web *web;
    struct sys_watch input = {0};
    struct sys_listen listen = {.host = "127.0.0.1", .port = port};
    struct sys_web_options options = {.pages = desk_pages_table,
                                      .page_count = desk_pages_count,
                                      .ctx = pages,
                                      .connections_max = CONNECTIONS,
                                      .patience_ms = SYS_WEB_PATIENCE_MS,
                                      .failed = desk_pages_failed};
    setvbuf(stdin, NULL, _IONBF, 0); /* what is read is what the loop has seen */
    must(sys_loop_new(&loop, NULL), "loop");
    serving.loop = loop;
    must(sys_listen_open(&options.fd, &listen), "listen");
    must(sys_web_new(&web, loop, &options), "web");
    settle(&serving);
    must(sys_watch_start(&input, loop, 0, SYS_READ, input_line, &serving), "input");
    printf("ready\n");
    fflush(stdout);
    must(sys_loop_run(loop), "run");
    sys_watch_stop(&input);
    sys_timer_cancel(&serving.settle);
    sys_web_free(web);
    sys_loop_free(loop);
}

int main(int argc, char **argv) {
    struct desk *d;
    struct desk_pages *pages;
    char people[PATH];
    if (argc < 3 || argc > 4)
        return 2;
    snprintf(people, sizeof people, "%s/people", argv[1]);
    must(crypto_init(), "crypto");
    must(desk_open(&d, argv[1]), argv[1]);
    if (desk_office(d) == NULL) {
        bring_into_force(d, argv[1]);
        file_cases(d, argc == 4 ? (unsigned)strtoul(argv[3], NULL, 10) : 0);
    }
    struct desk_pages_options options = {
        .people = people, .work_bits = WORK_BITS, .attached = attached, .attached_ctx = d};
    must(desk_pages_new(&pages, d, &options), "pages");
    serve(d, pages, argv[2]);
    desk_pages_free(pages);
    desk_close(d);
    return 0;
}
