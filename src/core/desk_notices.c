/* Notices of the request desk: the text of an order, which the desk's persons signed (the server
 * has looked at that), and the notice key. One counts if the server itself put it into the mailbox,
 * if the pinned key signed it, if it names this account and this server, and once. */
#include "base/text.h"
#include "core/internal.h"

enum { NOTICES_MAX = 256 };

static const slice row_name = {(const uint8_t *)"notice", 6};

void core_desk_notice_free(struct core *core, struct desk_notice *n) {
    buf_free(&n->bytes);
    mem_free(core->mem, n, sizeof *n);
}

static err save(struct core *core, struct desk_notice *n) {
    TRY(record_desk_notice_settle(&n->bytes, &n->r));
    return core_put(core, TABLE_STATE, row_name, n->r.number, buf_slice(&n->bytes));
}

static err remove_at(struct core *core, size_t i) {
    struct desk_notice *n = core->notices.p[i];
    TRY(core_delete(core, TABLE_STATE, row_name, n->r.number));
    core_list_remove(&core->notices, i);
    core_desk_notice_free(core, n);
    return OK;
}

/* ---- The text ---- as docs/OFFICE.md has it: lines `word value` in this order. */

struct told {
    slice id, case_id, account, wording; /* wording: its lines, with their word */
    uint8_t receipt[32], server[32];
};

static bool take(slice *text, const char *word, slice *value) {
    slice rest = *text;
    if (!slice_line(&rest, value) || !slice_skip(value, slice_str(word)))
        return false;
    *text = rest;
    return true;
}

static bool take_hash(slice *text, const char *word, uint8_t hash[32]) {
    slice value;
    return take(text, word, &value) && hex_decode_to(hash, 32, value) == OK;
}

static bool read_text(slice text, struct told *t) {
    slice line;
    if (!core_text_valid(text) || !take(&text, "sotto notice 1", &line) || line.n > 0 ||
        !take(&text, "id ", &t->id) || !take(&text, "case ", &t->case_id) ||
        !take(&text, "account ", &t->account) || !take_hash(&text, "receipt ", t->receipt))
        return false;
    t->wording = text;
    while (take(&text, "wording ", &line))
        continue;
    t->wording.n -= text.n;
    return t->wording.n > 0 && take_hash(&text, "server ", t->server);
}

/* By a contact link of this account, whichever: its content has the identity. */
static bool is_our_link(struct core *core, slice link) {
    buf server = buf_on(core->mem), content = buf_on(core->mem);
    struct proto_contact contact;
    struct proto_device_list list;
    bool ours = proto_link_read(link, "contact", &server, &content) == OK &&
                proto_contact_decode(buf_slice(&content), &contact) == OK &&
                proto_device_list_decode(contact.devices, &list) == OK &&
                memcmp(list.identity, core->account.r.identity, 32) == 0;
    buf_free(&server);
    buf_free(&content);
    return ours;
}

/* One that is being given up still leads here. */
static bool is_our_handle(struct core *core, slice name) {
    buf form = buf_on(core->mem);
    bool known = lookup_handle_form(name, &form) == OK, ours = false;
    for (size_t i = 0; known && !ours && i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        ours = slice_equal(buf_slice(&form), c->r.name);
    }
    buf_free(&form);
    return ours;
}

static bool is_for_us(struct core *core, const struct told *t) {
    const struct record_account *a = &core->account.r;
    uint8_t bytes[32];
    slice name = t->account;
    if (memcmp(t->server, a->server_identity, sizeof t->server) != 0)
        return false;
    if (slice_skip(&name, slice_str("id ")))
        return hex_decode_to(bytes, 16, name) == OK && memcmp(bytes, a->account, 16) == 0;
    if (slice_skip(&name, slice_str("key ")))
        return hex_decode_to(bytes, 32, name) == OK && memcmp(bytes, a->identity, 32) == 0;
    if (slice_skip(&name, slice_str("link ")))
        return is_our_link(core, name);
    return slice_skip(&name, slice_str("handle ")) && is_our_handle(core, name);
}

/* ---- Judging ---- */

static bool signed_by(const struct desk_notice *n, const uint8_t key[32]) {
    return crypto_ed25519.verify(SLICE_ARRAY(n->r.signature), slice_of(key, 32), n->r.text) == OK;
}

static err believe(struct core *core, struct desk_notice *n) {
    struct core_notice notice = {.kind = CORE_NOTICE_DESK, .message = n->r.number};
    n->r.state = NOTICE_UNREAD;
    core_action_notice(core, &notice);
    return save(core, n);
}

static bool believable(const struct core *core, const struct desk_notice *n) {
    return core->desk.r.pinned && signed_by(n, core->desk.r.key);
}

err core_desk_judge(struct core *core) {
    const struct record_desk *r = &core->desk.r;
    uint32_t refused = 0;
    for (size_t i = 0; i < core->notices.n;) {
        struct desk_notice *n = core->notices.p[i];
        bool waits = n->r.state == NOTICE_WAITS;
        if (waits && believable(core, n)) {
            TRY(believe(core, n));
        } else if (waits && !(r->changed && signed_by(n, r->offered))) {
            TRY(remove_at(core, i));
            refused++;
            continue;
        }
        i++;
    }
    if (refused == 0)
        return OK;
    core->desk.r.refused += refused;
    return core_desk_save(core);
}

uint32_t core_desk_waiting(const struct core *core) {
    uint32_t count = 0;
    for (size_t i = 0; i < core->notices.n; i++)
        count += ((const struct desk_notice *)core->notices.p[i])->r.state == NOTICE_WAITS;
    return count;
}

/* ---- Coming ---- */

static bool is_known(const struct core *core, slice id) {
    for (size_t i = 0; i < core->notices.n; i++) {
        const struct desk_notice *n = core->notices.p[i];
        struct told t;
        if (read_text(n->r.text, &t) && slice_equal(t.id, id))
            return true;
    }
    return false;
}

/* The oldest that was read goes, or the oldest. */
static err make_room(struct core *core) {
    size_t i = 0;
    if (core->notices.n < NOTICES_MAX)
        return OK;
    while (i < core->notices.n &&
           ((const struct desk_notice *)core->notices.p[i])->r.state != NOTICE_READ)
        i++;
    return remove_at(core, i < core->notices.n ? i : 0);
}

static err add(struct core *core, const struct proto_notice *in, struct desk_notice **added) {
    struct desk_notice *n = mem_new(core->mem, sizeof *n);
    if (n == NULL)
        return ERR_NO_MEMORY;
    n->bytes = buf_on(core->mem);
    n->r = (struct record_desk_notice){
        .number = core_number(core), .time = core->now, .state = NOTICE_WAITS, .text = in->text};
    memcpy(n->r.signature, in->signature, sizeof n->r.signature);
    err e = save(core, n);
    if (e == OK)
        e = core_list_add(core, &core->notices, n);
    if (e != OK)
        core_desk_notice_free(core, n);
    *added = n;
    return e;
}

/* One that the pinned key did not sign waits until the server has said which key it is now. */
static err keep(struct core *core, const struct proto_notice *in) {
    struct desk_notice *n = NULL;
    TRY(make_room(core));
    TRY(add(core, in, &n));
    if (believable(core, n))
        return believe(core, n);
    core->desk.asked = false;
    return OK;
}

err core_desk_take(struct core *core, slice content) {
    struct proto_notice in;
    struct told t;
    if (proto_notice_decode(content, &in) != OK || !read_text(in.text, &t) ||
        !is_for_us(core, &t)) {
        core->counters.dropped++;
        return OK;
    }
    if (is_known(core, t.id)) {
        core->counters.repeats++;
        return OK;
    }
    return keep(core, &in);
}

/* ---- The user ---- */

static err write_wording(struct core *core, slice lines) {
    slice line;
    buf_clear(&core->wording);
    while (take(&lines, "wording ", &line)) {
        if (core->wording.n > 0)
            TRY(buf_append_byte(&core->wording, '\n'));
        TRY(buf_append(&core->wording, line));
    }
    return OK;
}

static err show(struct core *core, const struct desk_notice *n, struct core_desk_notice *out) {
    struct told t;
    if (!read_text(n->r.text, &t))
        return ERR_DAMAGED;
    TRY(write_wording(core, t.wording));
    *out = (struct core_desk_notice){.number = n->r.number,
                                     .time = n->r.time,
                                     .read = n->r.state == NOTICE_READ,
                                     .id = t.id,
                                     .case_id = t.case_id,
                                     .wording = buf_slice(&core->wording),
                                     .text = n->r.text};
    memcpy(out->receipt, t.receipt, sizeof out->receipt);
    memcpy(out->signature, n->r.signature, sizeof out->signature);
    return crypto_sha256.hash(out->reference, &out->text, 1);
}

err core_desk_notice_at(struct core *core, size_t i, struct core_desk_notice *out) {
    for (size_t at = 0; at < core->notices.n; at++) {
        const struct desk_notice *n = core->notices.p[at];
        if (n->r.state != NOTICE_WAITS && i-- == 0)
            return show(core, n, out);
    }
    return ERR_NOT_FOUND;
}

err core_desk_notice_read(struct core *core, uint64_t number, uint64_t now) {
    TRY(core_enter(core, now));
    for (size_t i = 0; i < core->notices.n; i++) {
        struct desk_notice *n = core->notices.p[i];
        if (n->r.number != number || n->r.state != NOTICE_UNREAD)
            continue;
        TRY(core_txn_begin(core));
        n->r.state = NOTICE_READ;
        return core_txn_end(core, save(core, n));
    }
    return OK;
}

uint32_t core_desk_unread(const struct core *core) {
    uint32_t count = 0;
    for (size_t i = 0; i < core->notices.n; i++)
        count += ((const struct desk_notice *)core->notices.p[i])->r.state == NOTICE_UNREAD;
    return count;
}
