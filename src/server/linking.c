/* Where a new device and the one with the identity key meet, to make a link: two sessions without
 * an identity hand each other frames, one at a time. In memory only, for a minute until they met
 * and two from then, of which two people need one; nothing of it is on the disk. */
#include "base/time.h"
#include "server/internal.h"

static err handle_put(struct mail *m, struct mail_call *call);
static err handle_get(struct mail *m, struct mail_call *call);
const struct mail_handler mail_handle_link_put = {PROTO_link_put, handle_put};
const struct mail_handler mail_handle_link_get = {PROTO_link_get, handle_get};

static void drop(struct mail_link *link) {
    buf_free(&link->frame[0]);
    buf_free(&link->frame[1]);
    *link = (struct mail_link){0};
}

void mail_links_fini(struct mail *m) {
    for (size_t i = 0; i < MAIL_LINKS; i++)
        drop(&m->links[i]);
}

void mail_links_forget(struct mail *m) {
    for (size_t i = 0; i < MAIL_LINKS; i++) {
        struct mail_link *link = &m->links[i];
        for (int side = 0; side < 2; side++) {
            if (link->came[side] == m->batches)
                buf_clear(&link->frame[side]);
            if (link->left[side] == m->batches)
                link->left[side] = 0;
        }
    }
}

/* What waits for the side. What left with a batch that is durable is gone. */
static buf *frame_of(const struct mail *m, struct mail_link *link, uint8_t side) {
    if (link->left[side] != 0 && link->left[side] != m->batches) {
        buf_clear(&link->frame[side]);
        link->left[side] = 0;
    }
    return &link->frame[side];
}

void mail_links_expire(struct mail *m) {
    uint64_t now = m->config.now(m->config.ctx);
    for (size_t i = 0; i < MAIL_LINKS; i++)
        if (m->links[i].until != 0 && now >= m->links[i].until)
            drop(&m->links[i]);
}

/* What is over goes first. NULL: there is none. */
static struct mail_link *find(struct mail *m, const uint8_t id[MAIL_ID]) {
    struct mail_link *found = NULL;
    mail_links_expire(m);
    for (size_t i = 0; i < MAIL_LINKS; i++) {
        struct mail_link *link = &m->links[i];
        if (link->until != 0 && memcmp(link->id, id, MAIL_ID) == 0)
            found = link;
    }
    return found;
}

/* A session has one that nobody came to. Where there is no room, the oldest such one goes. */
static struct mail_link *place(struct mail *m, uint64_t session) {
    struct mail_link *found = NULL;
    for (size_t i = 0; i < MAIL_LINKS; i++) {
        struct mail_link *link = &m->links[i];
        bool alone = link->until != 0 && link->session[1] == 0;
        if (alone && link->session[0] == session)
            return link;
        if (link->until != 0 && !alone)
            continue;
        if (found == NULL || link->until < found->until)
            found = link;
    }
    return found;
}

static struct mail_link *make(struct mail *m, const uint8_t id[MAIL_ID], uint64_t session) {
    struct mail_link *link = place(m, session);
    if (link == NULL)
        return NULL;
    drop(link);
    *link = (struct mail_link){.until = m->config.now(m->config.ctx) + TIME_MINUTE,
                               .session = {session, 0},
                               .frame = {buf_on(m->mem), buf_on(m->mem)}};
    memcpy(link->id, id, MAIL_ID);
    return link;
}

/* The first session on a side is that side: whoever learns the id later is too late. */
static bool is_side(struct mail *m, struct mail_link *link, uint8_t side, uint64_t session) {
    if (side > 1)
        return false;
    if (link->session[side] == 0) {
        link->session[side] = session;
        link->until = m->config.now(m->config.ctx) + 2 * TIME_MINUTE;
    }
    return link->session[side] == session;
}

static err handle_put(struct mail *m, struct mail_call *call) {
    struct proto_link_put in;
    if (proto_link_put_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    struct mail_link *link = find(m, in.id);
    if (link == NULL || !is_side(m, link, in.side, call->session_id))
        return mail_refuse(m, call, PROTO_REASON_NONE);
    uint8_t other = 1 - in.side;
    buf *frame = frame_of(m, link, other);
    if (frame->n > 0 && slice_equal(buf_slice(frame), in.bytes)) /* an answer was lost */
        return mail_reply_ok(m, call);
    if (frame->n > 0)
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    TRY(buf_set(frame, in.bytes));
    link->came[other] = m->batches;
    return mail_reply_ok(m, call);
}

static err handle_get(struct mail *m, struct mail_call *call) {
    struct proto_link_get in;
    if (proto_link_get_decode(call->body, &in) != OK)
        return mail_refuse(m, call, PROTO_REASON_MALFORMED);
    struct mail_link *link = find(m, in.id);
    bool makes = link == NULL && in.side == 0;
    if (makes)
        link = make(m, in.id, call->session_id);
    if (makes && link == NULL)
        return mail_refuse(m, call, PROTO_REASON_LIMIT);
    if (link == NULL || !is_side(m, link, in.side, call->session_id))
        return mail_refuse(m, call, PROTO_REASON_NONE);
    buf *frame = frame_of(m, link, in.side);
    struct proto_link_frame out = {.bytes =
                                       link->left[in.side] == 0 ? buf_slice(frame) : SLICE_EMPTY};
    writer w = mail_reply_open(m);
    proto_link_frame_write(&w, &out);
    TRY(mail_reply_close(m, call, PROTO_link_frame, &w));
    if (out.bytes.n > 0)
        link->left[in.side] = m->batches;
    return OK;
}
