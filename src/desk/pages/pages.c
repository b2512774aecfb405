/* The table of pages, and what they share while the program runs. */
#include "desk/pages/page.h"

#include "sys/files.h"

enum { SMALL = 16 * 1024, FORM = 1 << 20, PAPER = 3 * OFFICE_DOCUMENT_MAX };

#define GET(path, name) \
    { "GET", path, 0, NULL, NULL, page_at_##name }
#define POST(path, name, max) \
    { "POST", path, max, NULL, NULL, page_at_##name }
/* Of nobody who isn't signed in is a body read. */
#define POST_INSIDE(path, name, max) \
    { "POST", path, max, NULL, page_admit, page_at_##name }

/* In the order in which somebody comes by them. */
const struct sys_web_page desk_pages_table[] = {
    /* The public's. */
    GET("/", home),
    GET("/policy", policy),
    GET("/guidelines", guidelines),
    GET("/report", report),
    GET("/ledger", ledger),
    GET("/ledger/**", published),
    GET("/file", file),
    GET("/file/price", file_price),
    GET("/file/wait", file_wait),
    POST("/file/wait", file_place, SMALL),
    GET("/file/enrolled", file_sign),
    POST("/file/signed", file_signed, SMALL),
    {"POST", "/file", PAGE_FILING_MAX, &page_filing_upload, NULL, page_at_file_take},
    {"POST", "/file/enrolled", PAGE_FILING_MAX, &page_enrolled_upload, NULL, page_at_file_take},
    GET("/status", status),
    GET("/receipt/*", receipt_note),
    GET("/receipt/*/proof", receipt_proof),
    GET("/object", objection),
    POST("/object", object, FORM),
    GET("/language", language),
    GET("/style.css", asset),
    GET("/desk.js", asset),
    GET("/icon.svg", asset),
    GET("/favicon.ico", asset),
    /* Signing in. */
    GET("/login", login),
    POST("/login", login_take, SMALL),
    POST("/logout", logout, SMALL),
    GET("/act-as", act_as),
    GET("/act-as/*", act_as_key),
    GET("/enrol", enrol),
    POST("/enrol", enrol_begin, SMALL),
    POST("/enrol/keys", enrol_keys, SMALL),
    /* Inside. */
    GET("/queue", queue),
    GET("/tasks", tasks),
    GET("/tasks/keys", rewrap),
    GET("/carry", carry),
    POST_INSIDE("/carry/*/done", carry_done, FORM),
    POST_INSIDE("/carry/*/refused", carry_refused, SMALL),
    GET("/case/*", case_),
    GET("/case/*/key", case_key),
    POST_INSIDE("/case/*/key", case_key_drop, SMALL),
    GET("/case/*/sealed/*/*", case_sealed),
    POST_INSIDE("/case/*/wrap", case_wrap, SMALL),
    GET("/case/*/do/*", case_form),
    POST_INSIDE("/case/*/do/*", case_compose, FORM),
    POST_INSIDE("/case/*/move", case_move, FORM),
    GET("/board", board),
    GET("/board/*", board_form),
    GET("/assessment/*", assessment),
    POST_INSIDE("/assessment/*", assessment_take, PAPER),
    GET("/sightings", sightings),
    POST_INSIDE("/board", board_compose, PAPER),
    GET("/office", office),
    GET("/office/next", office_next),
    POST_INSIDE("/office/next", office_compose, FORM),
    GET("/office/person/*", office_person),
    GET("/office/authority", office_authority_new),
    GET("/office/authority/*", office_authority),
    GET("/directory", directory),
    GET("/roster", roster),
    POST_INSIDE("/roster", roster_set, SMALL),
    POST_INSIDE("/roster/remove", roster_remove, SMALL),
    GET("/paper/*", paper),
    POST_INSIDE("/paper", paper_add, PAPER),
    POST_INSIDE("/paper/*", paper_sign, PAPER),
    GET("/me", me),
    POST_INSIDE("/me/away", me_away, SMALL),
    GET("/me/key", me_key),
    POST_INSIDE("/me/key", me_key_put, SMALL),
};
const size_t desk_pages_count = sizeof(desk_pages_table) / sizeof(desk_pages_table[0]);

err page_path(const struct page *p, const char *below, slice name, buf *path) {
    TRY(buf_append(path, slice_str(desk_folder(p->desk))));
    TRY(buf_append(path, slice_str(below)));
    TRY(buf_append(path, name));
    return buf_append_byte(path, 0);
}

static err make_folder(struct desk *d, const char *name) {
    struct page p = {.desk = d};
    buf path = buf_on(NULL);
    err e = page_path(&p, name, SLICE_EMPTY, &path);
    if (e == OK)
        e = sys_dir_make((const char *)path.p);
    buf_free(&path);
    return e;
}

static err make_folders(struct desk *d) {
    static const char *const FOLDERS[] = {"/papers", "/becomes", "/assessments"};
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++)
        TRY(make_folder(d, FOLDERS[i]));
    return OK;
}

err desk_pages_new(struct desk_pages **out, struct desk *d,
                   const struct desk_pages_options *options) {
    struct desk_pages *pages = mem_new(NULL, sizeof(*pages));
    if (pages == NULL)
        return ERR_NO_MEMORY;
    pages->desk = d;
    pages->options = *options;
    page_sessions_init(&pages->sessions);
    page_tickets_init(&pages->tickets);
    page_tickets_init(&pages->signed_tickets);
    err e = make_folders(d);
    if (e == OK)
        e = page_data_load(&pages->data, desk_folder(d));
    if (e == OK)
        *out = pages;
    else
        desk_pages_free(pages);
    return e;
}

void desk_pages_free(struct desk_pages *pages) {
    if (pages == NULL)
        return;
    page_sessions_fini(&pages->sessions);
    page_tickets_fini(&pages->tickets);
    page_tickets_fini(&pages->signed_tickets);
    page_data_free(pages->data);
    mem_free(NULL, pages, sizeof(*pages));
}
