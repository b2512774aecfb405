/* What a suspension becomes by a lift in part: its lines as they will be, which the list names by
 * their hash alone. They are a file in the desk's folder becomes/, named by that hash. */
#include "base/text.h"
#include "desk/pages/page.h"
#include "sys/files.h"

enum { HEAD_LINES = 4 };

static err path_of(struct page *p, const uint8_t hash[32], buf *path) {
    char name[HEX_TEXT];
    hex_text(hash, name);
    return page_path(p, "/becomes/", slice_str(name), path);
}

/* A list of it alone. */
static err write_list(const struct office_suspension *s, size_t n, buf *text) {
    struct office_suspensions list = {.version = 1, .office = {.number = 1}};
    list.suspensions.p = (struct office_suspension *)(uintptr_t)s;
    list.suspensions.n = n;
    return office_suspensions_write(text, &list) == OFFICE_OK ? OK : ERR_MALFORMED;
}

err page_becomes_put(struct page *p, const struct office_suspension *s, uint8_t hash[32]) {
    buf text = buf_on(NULL), path = buf_on(NULL);
    slice rest, line;
    err e = office_suspension_hash(s, hash) == OFFICE_OK ? OK : ERR_MALFORMED;
    if (e == OK)
        e = write_list(s, 1, &text);
    rest = buf_slice(&text);
    for (int i = 0; i < HEAD_LINES && e == OK; i++)
        if (!slice_line(&rest, &line))
            e = ERR_MALFORMED;
    if (e == OK)
        e = path_of(p, hash, &path);
    if (e == OK)
        e = sys_file_write((const char *)path.p, rest, 0600);
    buf_free(&text);
    buf_free(&path);
    return e;
}

err page_becomes_get(struct page *p, const uint8_t hash[32], struct office_suspensions **out) {
    uint8_t really[32];
    buf text = buf_on(NULL), path = buf_on(NULL);
    *out = NULL;
    err e = write_list(NULL, 0, &text);
    if (e == OK)
        e = path_of(p, hash, &path);
    if (e == OK)
        e = sys_file_read((const char *)path.p, OFFICE_DOCUMENT_MAX - text.n, &text);
    if (e == OK && office_suspensions_load(out, NULL, buf_slice(&text), NULL) != OFFICE_OK)
        e = ERR_NOT_FOUND;
    /* Whoever wrote into the folder wrote nothing that the list doesn't name. */
    if (e == OK && ((*out)->suspensions.n != 1 ||
                    office_suspension_hash(&(*out)->suspensions.p[0], really) != OFFICE_OK ||
                    memcmp(really, hash, sizeof(really)) != 0))
        e = ERR_NOT_FOUND;
    if (e != OK) {
        office_suspensions_free(*out);
        *out = NULL;
    }
    buf_free(&text);
    buf_free(&path);
    return e;
}
