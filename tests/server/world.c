#include "world.h"

#include <stdlib.h>

#include "open.h"
#include "server/internal.h"

static void take_frame(void *ctx, const struct proto_edge_reply *reply) {
    struct world *w = ctx;
    CHECK(w->count < WORLD_FRAMES);
    struct frame *f = &w->frames[w->count++];
    *f = (struct frame){reply->session, reply->request, reply->type, reply->ends,
                        reply->device,  reply->drain,   {0}};
    CHECK_OK(buf_set(&f->body, reply->body));
}

static uint64_t now(void *ctx) {
    return ((struct world *)ctx)->now;
}

static bool crowded(void *ctx, uint64_t session) {
    (void)session;
    return ((struct world *)ctx)->crowded;
}

void world_init(struct world *w) {
    *w = (struct world){.plan = {-1, -1, ERR_DISK_FULL, false}};
    CHECK_OK(crypto_init());
    CHECK_OK(store_memory_open(&w->memory, NULL));
    CHECK_OK(store_faulty_open(&w->store, w->memory, &w->plan, NULL));
    w->now = 3000 * TIME_WEEK;
    w->config.limits = mail_limits_default;
    w->config.limits.live = false; /* most tests are of what is on the disk */
    w->config.keys[0].id = 1;
    memset(w->config.keys[0].key, 7, 32);
    w->config.ctx = w;
    w->config.now = now;
    w->config.emit = take_frame;
    w->config.crowded = crowded;
    w->config.chains = WORLD_CHAINS;
    w->config.chain_memory = calloc(1, mail_chains_size(WORLD_CHAINS));
    CHECK(w->config.chain_memory != NULL);
    CHECK_OK(mail_new(&w->mail, w->store, &w->config, NULL));
}

void world_restart(struct world *w) {
    mail_free(w->mail);
    CHECK_OK(mail_new(&w->mail, w->store, &w->config, NULL));
}

void world_fini(struct world *w) {
    mail_free(w->mail);
    free(w->config.chain_memory);
    store_close(w->store);
    for (size_t i = 0; i < w->count; i++)
        buf_free(&w->frames[i].body);
}

void world_sweep(struct world *w) {
    while (mail_sweep(w->mail))
        world_commit(w);
}

static bool count_row(void *ctx, struct store_key key, slice value) {
    (void)key, (void)value;
    ++*(size_t *)ctx;
    return true;
}

size_t world_rows(const struct world *w, uint8_t table) {
    size_t n = 0;
    CHECK_OK(store_scan_table(w->memory, table, count_row, &n));
    return n;
}

uint32_t world_ask(struct world *w, uint64_t session, uint16_t type, slice body) {
    struct proto_edge_request request = {
        .session = session, .request = ++w->requests, .type = type, .body = body};
    mail_request(w->mail, &request);
    return w->requests;
}

void world_commit(struct world *w) {
    size_t from = w->count;
    mail_commit(w->mail);
    for (int turns = 0; mail_waiting(w->mail) && turns < 1000; turns++)
        mail_commit(w->mail);
    if (w->hold_drains)
        return;
    for (size_t i = from; i < w->count; i++) {
        if (!w->frames[i].drain)
            continue;
        mail_drained(w->mail, w->frames[i].session);
        mail_commit(w->mail);
    }
}

const struct frame *world_answer(const struct world *w, uint32_t request) {
    for (size_t i = 0; i < w->count; i++)
        if (w->frames[i].request == request)
            return &w->frames[i];
    return NULL;
}

const struct frame *world_get(struct world *w, uint64_t session, uint16_t type, slice body,
                              uint16_t expected) {
    uint32_t request = world_ask(w, session, type, body);
    world_commit(w);
    const struct frame *f = world_answer(w, request);
    CHECK(f != NULL);
    CHECK_EQ(f->session, session);
    CHECK_EQ(f->type, expected);
    CHECK_OK(proto_message_check(f->type, buf_slice(&f->body)));
    return f;
}

uint16_t frame_reason(const struct frame *f) {
    struct proto_error error;
    CHECK(f != NULL);
    CHECK_EQ(f->type, PROTO_error);
    CHECK_OK(proto_error_decode(buf_slice(&f->body), &error));
    return error.reason;
}

void world_refused(struct world *w, uint64_t session, uint16_t type, slice body, uint16_t reason) {
    const struct frame *f = world_get(w, session, type, body, PROTO_error);
    CHECK_EQ(frame_reason(f), reason);
    CHECK_EQ(f->ends, proto_reason_closes(reason));
}

const struct frame *world_next(struct world *w, uint64_t session) {
    while (w->read < w->count) {
        const struct frame *f = &w->frames[w->read++];
        if (f->request == 0 && f->session == session)
            return f;
    }
    return NULL;
}

/* ---- People ---- */

static buf body; /* the one that was asked for last */

static buf *fresh(void) {
    buf_clear(&body);
    return &body;
}

/* Of everybody there ever was; the newest first. */
static uint8_t privs[256][32];
static size_t priv_count;

void person_new_key(struct person *p) {
    crypto_x25519_generate(p->mailbox_key, p->mailbox_priv);
    memcpy(privs[priv_count++ % 256], p->mailbox_priv, 32);
}

static void make_list(struct person *p) {
    struct proto_device_list list = {.version = 1};
    struct proto_device device;
    buf devices = {0};
    writer w = writer_on(&devices);
    memcpy(list.identity, p->identity, 32);
    memcpy(device.id, p->device, 16);
    memcpy(device.key, p->key, 32);
    PROTO_LIST_ADD(device, &w, &list.devices, &device);
    list.devices.bytes = buf_slice(&devices);
    CHECK_OK(proto_device_list_encode(&p->devices, &list));
    CHECK_OK(crypto_sign_labeled(p->devices.p + p->devices.n - 64, p->identity_priv,
                                 PROTO_LABEL_DEVICE_LIST,
                                 slice_of(p->devices.p, p->devices.n - 64)));
    buf_free(&devices);
}

void person_init(struct person *p, struct world *w, uint64_t session) {
    uint8_t digest[32];
    struct proto_invite_made made;
    *p = (struct person){.session = session};
    CHECK_OK(crypto_ed25519.generate(p->identity, p->identity_priv));
    CHECK_OK(crypto_ed25519.generate(p->key, p->key_priv));
    person_new_key(p);
    crypto_random(p->device, 16);
    crypto_random(p->hash, 64);
    slice part = SLICE_ARRAY(p->identity);
    CHECK_OK(crypto_sha256.hash(digest, &part, 1));
    memcpy(p->account, digest, 16);
    make_list(p);
    uint32_t request = ++w->requests;
    mail_operator(w->mail, request, PROTO_invite_make, slice_of("\1", 1));
    world_commit(w);
    CHECK_OK(proto_invite_made_decode(buf_slice(&world_answer(w, request)->body), &made));
    CHECK_EQ(made.codes.count, 1);
    memcpy(p->code, made.codes.bytes.p, 16);
}

void person_fini(struct person *p) {
    buf_free(&p->devices);
    buf_free(&body);
}

slice person_register_body(struct person *p) {
    struct proto_register_account in = {.devices = buf_slice(&p->devices)};
    memcpy(in.code, p->code, 16);
    memcpy(in.device, p->device, 16);
    memcpy(in.mailbox_key, p->mailbox_key, 32);
    CHECK_OK(crypto_sign_labeled(in.proof, p->key_priv, PROTO_LABEL_LOGIN, SLICE_ARRAY(p->hash)));
    CHECK_OK(proto_register_account_encode(fresh(), &in));
    return buf_slice(&body);
}

slice person_login_body(struct person *p) {
    struct proto_login in;
    memcpy(in.account, p->account, 16);
    memcpy(in.device, p->device, 16);
    CHECK_OK(crypto_sign_labeled(in.proof, p->key_priv, PROTO_LABEL_LOGIN, SLICE_ARRAY(p->hash)));
    CHECK_OK(proto_login_encode(fresh(), &in));
    return buf_slice(&body);
}

uint32_t person_prove(struct person *p, struct world *w, uint16_t type, slice bytes) {
    struct proto_edge_request request = {.session = p->session,
                                         .request = ++w->requests,
                                         .type = type,
                                         .proof = SLICE_ARRAY(p->hash),
                                         .body = bytes};
    mail_request(w->mail, &request);
    return w->requests;
}

static void must_be_ok(struct world *w, uint32_t request) {
    world_commit(w);
    const struct frame *f = world_answer(w, request);
    CHECK(f != NULL && f->type == PROTO_ok && f->device);
}

/* Where the mailbox's positions begin: what its head says before the first item. */
static uint64_t first_position(const struct person *p, const struct world *w) {
    uint8_t name[32];
    uint64_t floor = 0;
    buf device = {0}, head = {0};
    memcpy(name, p->account, 16);
    memcpy(name + 16, p->device, 16);
    CHECK_OK(store_get(w->memory, NULL, mail_key(MAIL_DEVICE, SLICE_ARRAY(name), 0), &device));
    CHECK_EQ(device.n, 48);
    slice mailbox = slice_of(device.p + 32, MAIL_ID);
    CHECK_OK(store_get(w->memory, NULL, mail_key(MAIL_MAILBOX, mailbox, 0), &head));
    reader r = reader_of(buf_slice(&head));
    CHECK_OK(reader_u64(&r, &floor));
    buf_free(&device);
    buf_free(&head);
    return floor;
}

void person_join(struct person *p, struct world *w, uint64_t session) {
    person_init(p, w, session);
    must_be_ok(w, person_prove(p, w, PROTO_register_account, person_register_body(p)));
    p->start = first_position(p, w);
}

void person_login(struct person *p, struct world *w, uint64_t session) {
    p->session = session;
    must_be_ok(w, person_prove(p, w, PROTO_login, person_login_body(p)));
}

void world_begin(struct world *w, struct person *ann, struct person *bob) {
    world_init(w);
    person_join(ann, w, 1);
    person_join(bob, w, 2);
}

void world_end(struct world *w, struct person *ann, struct person *bob) {
    person_fini(ann);
    person_fini(bob);
    world_fini(w);
}

void person_address(struct person *p, struct world *w, struct proto_address *address) {
    struct proto_address_made made;
    const struct frame *f =
        world_get(w, p->session, PROTO_address_make, slice_of("\1", 1), PROTO_address_made);
    CHECK_OK(proto_address_made_decode(buf_slice(&f->body), &made));
    CHECK_EQ(made.addresses.count, 1);
    memcpy(address->bytes, made.addresses.bytes.p, PROTO_ADDRESS);
}

void person_counts_anew(struct person *p, struct world *w) {
    struct proto_mailbox_key_put in;
    struct proto_mailbox_key_set out;
    memcpy(in.key, p->mailbox_key, sizeof in.key);
    CHECK_OK(proto_mailbox_key_put_encode(fresh(), &in));
    const struct frame *f =
        world_get(w, p->session, PROTO_mailbox_key_put, buf_slice(&body), PROTO_mailbox_key_set);
    CHECK_OK(proto_mailbox_key_set_decode(buf_slice(&f->body), &out));
    memset(p->met, 0, sizeof p->met);
    p->start = out.up_to;
}

uint64_t person_position(const struct person *p, uint64_t number) {
    return number < WORLD_MET && p->met[number] != 0 ? p->met[number] : p->start + number;
}

void person_meets(struct person *p, uint64_t number, uint64_t position) {
    CHECK(number < WORLD_MET);
    CHECK(p->met[number] == 0 || p->met[number] == position);
    for (size_t i = 0; i < WORLD_MET; i++)
        CHECK(i == number || p->met[i] == 0 || (p->met[i] < position) == (i < number));
    CHECK(position >= p->start + number);
    p->met[number] = position;
}

void person_subscribe(struct person *p, struct world *w, uint64_t after) {
    struct proto_subscribe in = {.after = person_position(p, after)};
    CHECK_OK(proto_subscribe_encode(fresh(), &in));
    w->read = w->count;
    world_get(w, p->session, PROTO_subscribe, buf_slice(&body), PROTO_ok);
}

void person_ack(struct person *p, struct world *w, uint64_t up_to) {
    struct proto_ack in = {.up_to = up_to == UINT64_MAX ? up_to : person_position(p, up_to)};
    CHECK_OK(proto_ack_encode(fresh(), &in));
    (void)world_ask(w, p->session, PROTO_ack, buf_slice(&body));
    world_commit(w);
}

/* ---- Sending ---- */

static struct proto_list address_list(buf *room, const struct proto_address *to, size_t count) {
    struct proto_list list = {0};
    writer w = writer_on(room);
    for (size_t i = 0; i < count; i++)
        PROTO_LIST_ADD(address, &w, &list, &to[i]);
    CHECK_OK(writer_result(&w));
    list.bytes = buf_slice(room);
    return list;
}

slice send_body(const struct proto_address *to, size_t count, slice item) {
    buf room = {0};
    struct proto_send in = {address_list(&room, to, count), item, 0};
    CHECK_OK(proto_send_encode(fresh(), &in));
    buf_free(&room);
    return buf_slice(&body);
}

int world_send(struct world *w, const struct proto_address *to, size_t count, slice item) {
    struct proto_sent sent;
    uint32_t request = world_ask(w, 999, PROTO_send, send_body(to, count, item));
    world_commit(w);
    const struct frame *f = world_answer(w, request);
    if (f == NULL || f->type != PROTO_sent)
        return -1;
    CHECK_OK(proto_sent_decode(buf_slice(&f->body), &sent));
    return (int)sent.refused.count;
}

slice commit_body(const uint8_t group, uint8_t token, uint8_t next, const struct proto_address *to,
                  size_t count, slice item, const struct proto_letter *letters,
                  size_t letter_count) {
    buf room = {0}, more = {0};
    uint8_t next_token[32];
    struct proto_commit in = {.addresses = address_list(&room, to, count), .item = item};
    memset(in.group, group, 32);
    memset(in.token, token, 32);
    memset(next_token, next, 32);
    memset(in.roster_hash, 0x55, 32);
    slice part = SLICE_ARRAY(next_token);
    CHECK_OK(crypto_blake2b_keyed(in.next, 32, SLICE_EMPTY, &part, 1));
    writer w = writer_on(&more);
    for (size_t i = 0; i < letter_count; i++)
        PROTO_LIST_ADD(letter, &w, &in.letters, &letters[i]);
    CHECK_OK(writer_result(&w));
    in.letters.bytes = buf_slice(&more);
    CHECK_OK(proto_commit_encode(fresh(), &in));
    buf_free(&room);
    buf_free(&more);
    return buf_slice(&body);
}

int world_commit_group(struct world *w, slice bytes) {
    struct proto_committed out;
    uint32_t request = world_ask(w, 999, PROTO_commit, bytes);
    world_commit(w);
    const struct frame *f = world_answer(w, request);
    if (f == NULL || f->type != PROTO_committed)
        return -1;
    CHECK_OK(proto_committed_decode(buf_slice(&f->body), &out));
    return out.taken;
}

void world_record(struct world *w, uint64_t session, struct proto_record *record) {
    const struct frame *f = world_get(w, session, PROTO_record_get, SLICE_EMPTY, PROTO_record);
    CHECK_OK(proto_record_decode(buf_slice(&f->body), record));
}

struct delivery frame_delivery(const struct frame *f) {
    static buf plains[4];
    static size_t next;
    struct proto_delivery sealed;
    struct proto_parcel parcel;
    buf *plain = &plains[next++ % 4];
    err e = ERR_CRYPTO;
    CHECK(f != NULL);
    CHECK_EQ(f->type, PROTO_delivery);
    CHECK_OK(proto_delivery_decode(buf_slice(&f->body), &sealed));
    for (size_t i = priv_count; e != OK && i-- > 0 && i + 256 >= priv_count;)
        e = delivery_open(&sealed, privs[i % 256], plain, &parcel);
    CHECK_OK(e);
    struct delivery d = {.position = sealed.position, .number = sealed.number, .item = parcel.item};
    memcpy(d.chain, sealed.chain, sizeof d.chain);
    memcpy(d.serial, parcel.serial, sizeof d.serial);
    if (parcel.marked) /* in plain, behind the serial and the flag */
        d.mark = slice_of(plain->p + sizeof d.serial + 1, PROTO_MARK);
    return d;
}

struct proto_caught_up frame_caught_up(const struct frame *f) {
    struct proto_caught_up c;
    CHECK(f != NULL);
    CHECK_EQ(f->type, PROTO_caught_up);
    CHECK_OK(proto_caught_up_decode(buf_slice(&f->body), &c));
    return c;
}
