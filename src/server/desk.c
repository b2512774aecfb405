/* What clients are told of the request desk: whose notices they are to believe. It stands in a row
 * of its own, since each session asks for it, and the office file is large. */
#include "server/internal.h"

static err handle(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_desk_get = {PROTO_desk_get, handle};

/* Beside the files that it says something of. */
static const char ROW[] = "office";
enum { NUMBER = 1 };

err mail_desk_put(struct mail *m, const struct held_desk *row) {
    return held_desk_put(m->batch, slice_str(ROW), NUMBER, &m->row, row);
}

static err handle(struct mail *m, struct mail_call *call) {
    struct proto_desk out = {.version = 0};
    struct held_desk row;
    err e = held_desk_get(m->store, m->batch, slice_str(ROW), NUMBER, &m->value, &row);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == OK) {
        out.version = row.version;
        out.name = row.name;
        out.origin = row.origin;
        memcpy(out.hash, row.hash, sizeof out.hash);
        memcpy(out.notice_key, row.notice_key, sizeof out.notice_key);
    }
    writer w = mail_reply_open(m);
    proto_desk_write(&w, &out);
    return mail_reply_close(m, call, PROTO_desk, &w);
}
