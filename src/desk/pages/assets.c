/* The style sheet, the script and the icon, which the program carries. */
#include "desk/pages/assets.h"
#include "desk/pages/page.h"

static const char *type_of(slice name) {
    static const struct {
        const char *end, *type;
    } TYPES[] = {{".css", "text/css; charset=utf-8"},
                 {".js", "text/javascript; charset=utf-8"},
                 {".svg", "image/svg+xml"}};
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        size_t n = strlen(TYPES[i].end);
        if (name.n > n && memcmp(name.p + name.n - n, TYPES[i].end, n) == 0)
            return TYPES[i].type;
    }
    return "application/octet-stream";
}

static err asset(struct page *p) {
    slice name = p->request->path;
    (void)slice_skip(&name, slice_str("/"));
    for (size_t i = 0; i < desk_assets_count; i++)
        if (slice_equal(name, slice_str(desk_assets[i].name))) {
            p->answer->type = type_of(name);
            TRY(sys_web_header(p->answer, "Cache-Control", slice_str("no-cache")));
            return buf_append(&p->answer->body, slice_of(desk_assets[i].bytes, desk_assets[i].n));
        }
    return page_message(p, 404, WORD_NOT_FOUND, WORD_NOT_FOUND_TEXT);
}
PAGE(asset, PAGE_OPEN)
