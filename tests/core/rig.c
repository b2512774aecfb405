#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "core/internal.h"

/* ---- The server ---- */

static void send_to_client(void *ctx, struct session *s, slice message) {
    struct link *link = (struct link *)((char *)s - offsetof(struct link, session));
    writer w = writer_on(&link->incoming);
    (void)ctx;
    if (!link->open || link->client->deaf)
        return;
    writer_vec(&w, message);
    CHECK_OK(writer_result(&w));
}

static void take_request(void *ctx, struct session *s, const struct proto_edge_request *request) {
    struct rig *rig = ctx;
    struct link *link = (struct link *)((char *)s - offsetof(struct link, session));
    rig->request = request;
    enum verdict v = rig->on_request == NULL
                         ? PASS
                         : rig->on_request(rig, link->client, request->type, request->body);
    if (v == PASS)
        mail_request(rig->mail, request);
    if (v == CUT)
        link->open = false;
}

static void take_reply(void *ctx, const struct proto_edge_reply *reply) {
    struct rig *rig = ctx;
    if (reply->session == 0) {
        struct proto_invite_made made;
        CHECK_OK(proto_invite_made_decode(reply->body, &made));
        reader r = reader_of(made.codes.bytes);
        struct proto_code code;
        for (rig->code_count = 0; r.n > 0 && rig->code_count < RIG_CLIENTS; rig->code_count++) {
            CHECK_OK(proto_code_read(&r, &code));
            memcpy(rig->codes[rig->code_count], code.bytes, 16);
        }
        return;
    }
    struct link *link = &rig->links[(reply->session - 1) % RIG_LINKS];
    if (!link->open || link->client == NULL || link->session.id != reply->session)
        return;
    rig->reply = reply;
    enum verdict v =
        rig->on_reply == NULL ? PASS : rig->on_reply(rig, link->client, reply->type, reply->body);
    if (v == PASS)
        session_reply(&link->session, &rig->env, reply);
    if (v == CUT)
        link->open = false;
}

static uint64_t server_now(void *ctx) {
    return ((struct rig *)ctx)->now;
}

void (*rig_prepare)(struct rig *rig);

static void server_init(struct rig *rig) {
    rig->config.limits = mail_limits_default;
    rig->config.limits.takes_address = 1000;
    rig->config.limits.takes_mailbox = 1000;
    rig->config.limits.find_bits = 4;
    rig->config.limits.claim_bits = 8;
    rig->config.limits.orders_mailbox = 2000;
    rig->config.keys[0].id = 1;
    memset(rig->config.keys[0].key, 7, 32);
    rig->config.ctx = rig;
    rig->config.now = server_now;
    rig->config.emit = take_reply;
    rig->config.chains = RIG_CHAINS;
    rig->config.chain_memory = calloc(1, mail_chains_size(RIG_CHAINS));
    CHECK(rig->config.chain_memory != NULL);
    CHECK_OK(crypto_ed25519.generate(rig->identity, rig->identity_seed));
    if (rig_prepare != NULL)
        rig_prepare(rig);
    if (rig->store == NULL)
        CHECK_OK(store_memory_open(&rig->store, NULL));
    CHECK_OK(mail_new(&rig->mail, rig->store, &rig->config, NULL));
    CHECK_OK(session_key_make(&rig->env.keys[0], 1, rig->identity_seed, time_week(rig->now) + 4));
    rig->env.limits = session_limits_default;
    rig->env.limits.rate = 0;
    rig->env.ctx = rig;
    rig->env.send = send_to_client;
    rig->env.request = take_request;
}

static void server_turn(struct rig *rig) {
    for (int i = 0; mail_waiting(rig->mail) && i < 1000; i++) {
        mail_commit(rig->mail);
        for (size_t j = 0; j < rig->link_count; j++)
            if (rig->links[j].open)
                mail_drained(rig->mail, rig->links[j].session.id);
    }
}

/* ---- Links ---- */

static struct link *find_link(struct rig *rig, struct client *c, uint32_t number) {
    for (size_t i = 0; i < rig->link_count; i++)
        if (rig->links[i].client == c && rig->links[i].number == number && rig->links[i].open)
            return &rig->links[i];
    return NULL;
}

static void open_link(struct rig *rig, struct client *c, uint32_t number) {
    if (c->away) {
        core_link_down(c->core, number, ERR_CLOSED, rig->now);
        return;
    }
    size_t i = rig->reuses_links ? 1 : rig->link_count; /* the first is nobody's */
    while (i < rig->link_count && rig->links[i].client != NULL)
        i++;
    CHECK(i < RIG_LINKS);
    bool fresh = i == rig->link_count;
    rig->link_count += fresh;
    struct link *link = &rig->links[i];
    uint64_t generation = fresh ? 0 : link->generation + 1;
    *link = (struct link){.client = c, .number = number, .generation = generation, .open = true};
    session_init(&link->session, generation * RIG_LINKS + i + 1, &rig->env, rig->now);
}

static void close_link(struct rig *rig, struct link *link) {
    link->open = false;
    buf_free(&link->incoming);
    mail_closed(rig->mail, link->session.id);
    session_wipe(&link->session);
    link->client = NULL;
}

static void keep_notice(struct client *c, const struct core_notice *notice) {
    CHECK(c->count < RIG_NOTICES);
    struct notice *n = &c->notices[c->count++];
    n->notice = *notice;
    CHECK(notice->text.n < sizeof n->text);
    if (notice->text.n > 0)
        memcpy(n->text, notice->text.p, notice->text.n);
    n->text[notice->text.n] = 0;
    n->notice.text = slice_of(n->text, notice->text.n);
}

/* What a network sees of a frame is one of nine sizes. */
static void transmit(struct rig *rig, struct link *link, slice message) {
    static const size_t sizes[] = {256, 512, 1024, 2048, 4096, 8192, 16384, 33024, 65519};
    bool fits = session_opening(&link->session);
    for (size_t i = 0; !fits && i < sizeof sizes / sizeof sizes[0]; i++)
        fits = message.n == sizes[i] + NOISE_TAG;
    CHECK(fits);
    session_receive(&link->session, &rig->env, message, rig->now);
}

static bool client_turn(struct rig *rig, struct client *c) {
    struct core_action action;
    bool moved = false;
    while (c->core != NULL && core_next_action(c->core, &action)) {
        struct link *link = find_link(rig, c, action.link);
        moved = true;
        if (action.kind == CORE_CONNECT)
            open_link(rig, c, action.link);
        else if (action.kind == CORE_TRANSMIT && link != NULL)
            transmit(rig, link, action.bytes);
        else if (action.kind == CORE_DISCONNECT && link != NULL)
            close_link(rig, link);
        else if (action.kind == CORE_WAKE)
            c->wake = action.at;
        else if (action.kind == CORE_NOTICE)
            keep_notice(c, &action.notice);
        else if (c->on_file != NULL)
            c->on_file(c, &action);
    }
    return moved;
}

static bool link_turn(struct rig *rig, struct link *link) {
    struct client *c = link->client;
    uint32_t number = link->number;
    if (c == NULL)
        return false;
    if (link->open && !link->told_up) {
        link->told_up = true;
        core_link_up(c->core, number, rig->now);
        return true;
    }
    if (link->incoming.n > 0) {
        reader r = reader_of(buf_slice(&link->incoming));
        slice message;
        buf copy = {0};
        CHECK_OK(reader_vec(&r, &message));
        CHECK_OK(buf_set(&copy, message));
        buf_consume(&link->incoming, link->incoming.n - r.n);
        core_link_message(c->core, number, buf_slice(&copy), rig->now);
        buf_free(&copy);
        return true;
    }
    if (!link->open || session_ended(&link->session)) {
        close_link(rig, link);
        core_link_down(c->core, number, ERR_CLOSED, rig->now);
        return true;
    }
    return false;
}

void rig_run(struct rig *rig) {
    bool moved = true;
    for (int turns = 0; moved; turns++) {
        CHECK(turns < 100000);
        moved = false;
        for (size_t i = 0; i < RIG_CLIENTS; i++)
            moved = client_turn(rig, &rig->clients[i]) || moved;
        server_turn(rig);
        for (size_t i = 0; i < rig->link_count; i++)
            moved = link_turn(rig, &rig->links[i]) || moved;
    }
}

void rig_pass(struct rig *rig, uint64_t ms) {
    uint64_t end = rig->now + ms;
    rig_run(rig);
    for (int turns = 0; turns < 100000; turns++) {
        uint64_t next = end;
        for (size_t i = 0; i < RIG_CLIENTS; i++)
            if (rig->clients[i].core != NULL && rig->clients[i].wake < next)
                next = rig->clients[i].wake;
        if (next > rig->now)
            rig->now = next;
        for (size_t i = 0; i < RIG_CLIENTS; i++) {
            struct client *c = &rig->clients[i];
            if (c->core != NULL && c->wake <= rig->now) {
                c->wake = UINT64_MAX;
                core_wake(c->core, rig->now);
            }
        }
        rig_run(rig);
        if (rig->now >= end)
            return;
    }
    CHECK(false);
}

void rig_cut(struct rig *rig, struct client *c) {
    for (size_t i = 0; i < rig->link_count; i++) {
        struct link *link = &rig->links[i];
        if (link->client != c)
            continue;
        uint32_t number = link->number;
        close_link(rig, link);
        if (c->core != NULL)
            core_link_down(c->core, number, ERR_CLOSED, rig->now);
    }
}

static struct link *auth_link(struct client *c) {
    for (size_t i = 0; i < c->rig->link_count; i++)
        if (c->rig->links[i].client == c && c->rig->links[i].open &&
            c->rig->links[i].session.state == SESSION_DEVICE)
            return &c->rig->links[i];
    return NULL;
}

void rig_reply(struct client *c, uint16_t type, slice body) {
    struct link *link = auth_link(c);
    CHECK(link != NULL);
    struct proto_edge_reply reply = {.session = link->session.id, .type = type, .body = body};
    session_reply(&link->session, &c->rig->env, &reply);
    rig_run(c->rig);
}

void rig_deliver(struct client *c, uint64_t position, slice mark, slice item) {
    struct proto_parcel parcel = {.marked = mark.n > 0, .item = item};
    struct proto_delivery d = {.position = position};
    struct crypto_chain chain;
    buf sealed = {0}, body = {0};
    if (parcel.marked)
        memcpy(parcel.mark, mark.p, sizeof parcel.mark);
    CHECK_OK(proto_parcel_encode(&sealed, &parcel));
    size_t n = sealed.n;
    CHECK_OK(buf_resize(&sealed, n + CRYPTO_CHAIN_TAG));
    CHECK_OK(crypto_chain_begin(&chain, c->core->account.r.mailbox_key));
    CHECK_OK(crypto_chain_seal(&chain, sealed.p, slice_of(sealed.p, n)));
    memcpy(d.chain, chain.name, sizeof d.chain);
    d.number = chain.first;
    d.sealed = buf_slice(&sealed);
    CHECK_OK(proto_delivery_encode(&body, &d));
    rig_reply(c, PROTO_delivery, buf_slice(&body));
    buf_free(&sealed);
    buf_free(&body);
}

bool rig_open(struct client *c, uint16_t type, slice body, buf *plain, slice *mark, slice *item) {
    struct proto_delivery sealed;
    struct delivery d = {0};
    if (type != PROTO_delivery || proto_delivery_decode(body, &sealed) != OK ||
        core_unseal(c->core, &sealed, plain, &d) != OK)
        return false;
    *mark = d.mark;
    *item = d.item;
    return true;
}

int rig_marked(struct client *c, uint16_t type, slice body) {
    buf plain = {0};
    slice mark, item;
    bool opened = rig_open(c, type, body, &plain, &mark, &item);
    buf_free(&plain);
    return !opened ? -1 : mark.n > 0;
}

void rig_send(struct rig *rig, const uint8_t address[PROTO_ADDRESS], slice item) {
    struct proto_send m = {.addresses = {slice_of(address, PROTO_ADDRESS), 1}, .item = item};
    buf body = {0};
    writer w = writer_on(&body);
    proto_send_write(&w, &m);
    CHECK_OK(writer_result(&w));
    /* Session 1 was a client's and is long gone: its answers go nowhere. */
    struct proto_edge_request request = {
        .session = 1, .request = 1, .type = PROTO_send, .body = buf_slice(&body)};
    mail_request(rig->mail, &request);
    rig_run(rig);
    buf_free(&body);
}

void rig_put_blob(struct rig *rig, slice sealed, const struct proto_blob_reference *reference,
                  const uint8_t to[PROTO_ADDRESS]) {
    for (uint32_t i = 0; i < reference->chunks; i++) {
        size_t at = (size_t)i * PROTO_CHUNK_MAX, n = sealed.n - at;
        struct proto_blob_put m = {.chunk = i, .chunks = reference->chunks};
        buf body = {0};
        m.bytes = slice_of(sealed.p + at, n < PROTO_CHUNK_MAX ? n : PROTO_CHUNK_MAX);
        memcpy(m.id, reference->id, sizeof m.id);
        memcpy(m.address, to, sizeof m.address);
        CHECK_OK(proto_blob_put_encode(&body, &m));
        struct proto_edge_request request = {
            .session = 1, .request = 1, .type = PROTO_blob_put, .body = buf_slice(&body)};
        mail_request(rig->mail, &request);
        rig_run(rig);
        buf_free(&body);
    }
}

void rig_name_blob(struct rig *rig, const uint8_t to[PROTO_ADDRESS],
                   const struct proto_blob_reference *reference) {
    buf content = {0}, item = {0};
    CHECK_OK(proto_blob_reference_encode(&content, reference));
    CHECK_OK(proto_item_write(&item, PROTO_ITEM_BLOB, buf_slice(&content)));
    rig_send(rig, to, buf_slice(&item));
    buf_free(&content);
    buf_free(&item);
}

void rig_send_blob(struct rig *rig, const uint8_t to[PROTO_ADDRESS], slice content) {
    buf sealed = {0};
    struct proto_blob_reference reference;
    CHECK_OK(core_blob_seal(content, &sealed, &reference));
    rig_put_blob(rig, buf_slice(&sealed), &reference, to);
    rig_name_blob(rig, to, &reference);
    buf_free(&sealed);
}

/* ---- Clients ---- */

uint32_t rig_roster_above;

struct client *rig_client(struct rig *rig, size_t index) {
    struct client *c = &rig->clients[index];
    memset(c, 0, sizeof *c);
    c->rig = rig;
    c->index = index;
    c->plan =
        (struct store_fault_plan){.fail_commit_in = -1, .fail_get_in = -1, .with = ERR_DISK_FULL};
    c->config.suite = MLS_SUITE_X25519_CHACHA;
    c->config.key_packages = 4;
    c->config.handle_memory = 65536;
    c->config.roster_above = rig_roster_above;
    c->wake = UINT64_MAX;
    CHECK_OK(store_memory_open(&c->memory, NULL));
    CHECK_OK(store_faulty_open(&c->store, c->memory, &c->plan, NULL));
    CHECK_OK(core_open(&c->core, c->store, &c->config, rig->now));
    return c;
}

slice rig_join_link(struct rig *rig) {
    static buf link;
    struct proto_invite_make make = {.count = 1};
    struct proto_invite invite;
    buf body = {0}, content = {0};
    writer w = writer_on(&body), v = writer_on(&content);
    proto_invite_make_write(&w, &make);
    CHECK_OK(writer_result(&w));
    mail_operator(rig->mail, 1, PROTO_invite_make, buf_slice(&body));
    server_turn(rig);
    memcpy(invite.server, rig->identity, sizeof invite.server);
    memcpy(invite.code, rig->codes[0], sizeof invite.code);
    proto_invite_write(&v, &invite);
    CHECK_OK(writer_result(&v));
    buf_clear(&link);
    CHECK_OK(proto_link_write(&link, "join", slice_str("here:1"), buf_slice(&content)));
    buf_free(&body);
    buf_free(&content);
    return buf_slice(&link);
}

void rig_account(struct rig *rig, size_t index) {
    struct client *c = rig_client(rig, index);
    char name[] = {'n', (char)('0' + index), 0};
    uint64_t command = 0;
    core_online(c->core, true, rig->now);
    CHECK_OK(core_account_create(c->core, rig_join_link(rig), slice_str(name), rig->now, &command));
    rig_pass(rig, TIME_SECOND);
    rig_finish(c, command, OK);
    memcpy(c->account, rig_status(c).account, CORE_ACCOUNT);
    /* So that tests know what is sent. */
    CHECK_OK(core_receipts_set(c->core, CORE_RECEIPTS_NONE, rig->now));
}

void rig_crash(struct client *c) {
    core_close(c->core);
    c->core = NULL;
    rig_cut(c->rig, c);
    server_turn(c->rig);
    CHECK_OK(core_open(&c->core, c->store, &c->config, c->rig->now));
    core_online(c->core, true, c->rig->now);
}

void rig_init(struct rig *rig, size_t count) {
    memset(rig, 0, sizeof *rig);
    rig->now = 3000 * TIME_WEEK;
    rig->link_count = 1; /* the first is nobody's */
    CHECK_OK(crypto_init());
    server_init(rig);
    for (size_t i = 0; i < count; i++)
        rig_account(rig, i);
}

void rig_default(struct rig *rig, size_t count) {
    rig_init(rig, 0);
    for (size_t i = 0; i < count; i++) {
        struct client *c = rig_client(rig, i);
        char name[] = {'n', (char)('0' + i), 0};
        uint64_t command;
        core_close(c->core);
        c->config.suite = 0;
        c->config.key_packages = 3;
        CHECK_OK(core_open(&c->core, c->store, &c->config, rig->now));
        core_online(c->core, true, rig->now);
        CHECK_OK(
            core_account_create(c->core, rig_join_link(rig), slice_str(name), rig->now, &command));
        rig_finish(c, command, OK);
        memcpy(c->account, rig_status(c).account, CORE_ACCOUNT);
        CHECK_EQ(rig_status(c).suite, MLS_SUITE_XWING_CHACHA);
        CHECK_OK(core_receipts_set(c->core, CORE_RECEIPTS_NONE, rig->now));
    }
    rig_meet_all(rig, count);
}

void rig_fini(struct rig *rig) {
    for (size_t i = 0; i < RIG_CLIENTS; i++) {
        struct client *c = &rig->clients[i];
        if (c->store == NULL)
            continue;
        core_close(c->core);
        c->core = NULL;
        store_close(c->store);
    }
    for (size_t i = 0; i < rig->link_count; i++)
        buf_free(&rig->links[i].incoming);
    mail_free(rig->mail);
    free(rig->config.chain_memory);
    store_close(rig->store);
    session_env_fini(&rig->env);
}

/* ---- Notices ---- */

const struct notice *rig_done(const struct client *c, uint64_t command) {
    for (size_t i = 0; i < c->count; i++)
        if (c->notices[i].notice.kind == CORE_NOTICE_DONE &&
            c->notices[i].notice.command == command)
            return &c->notices[i];
    return NULL;
}

size_t rig_notices(const struct client *c, enum core_notice_kind kind) {
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += c->notices[i].notice.kind == kind;
    return n;
}

const struct notice *rig_last(const struct client *c, enum core_notice_kind kind) {
    for (size_t i = c->count; i-- > 0;)
        if (c->notices[i].notice.kind == kind)
            return &c->notices[i];
    return NULL;
}

bool rig_ended(const struct client *c, err why) {
    for (size_t i = 0; i < c->count; i++)
        if (c->notices[i].notice.kind == CORE_NOTICE_CONNECTION &&
            c->notices[i].notice.error == why)
            return true;
    return false;
}

void rig_finish(struct client *c, uint64_t command, err expected) {
    for (int i = 0; i < 100 && rig_done(c, command) == NULL; i++)
        rig_pass(c->rig, TIME_SECOND);
    const struct notice *done = rig_done(c, command);
    CHECK(done != NULL);
    CHECK_ERR(done->notice.error, expected);
}

/* ---- Conversations ---- */

void rig_take_link(struct client *from, struct client *to) {
    uint64_t command;
    uint8_t account[CORE_ACCOUNT];
    CHECK_OK(core_link_new(from->core, false, CORE_LINK_DAYS * TIME_DAY, from->rig->now, &command));
    rig_finish(from, command, OK);
    const struct notice *done = rig_done(from, command);
    CHECK_OK(core_contact_accept(to->core, done->notice.text, SLICE_EMPTY, to->rig->now, account));
    CHECK_SLICE(SLICE_ARRAY(account), SLICE_ARRAY(from->account));
}

void rig_meet(struct client *a, struct client *b) {
    rig_take_link(a, b);
    rig_take_link(b, a);
}

void rig_meet_all(struct rig *rig, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            rig_meet(&rig->clients[i], &rig->clients[j]);
}

static struct core_linking linking_at(struct rig *rig, struct client *c,
                                      enum core_linking_state state) {
    struct core_linking l = {0};
    for (int i = 0; i < 50 && l.state != state; i++) {
        rig_pass(rig, TIME_SECOND / 2);
        core_linking_get(c->core, &l);
    }
    CHECK_EQ(l.state, state);
    return l;
}

struct client *rig_link(struct rig *rig, size_t holder, size_t fresh) {
    struct client *c = rig_client(rig, fresh), *of = &rig->clients[holder];
    uint64_t shows = 0, takes = 0;
    buf code = {0};
    core_online(c->core, true, rig->now);
    CHECK_OK(core_device_link(c->core, slice_str("here:1"), rig->now, &shows));
    CHECK_OK(buf_set(&code, linking_at(rig, c, CORE_LINKING_CODE).code));
    CHECK_OK(core_device_link_take(of->core, buf_slice(&code), rig->now, &takes));
    struct core_linking a = linking_at(rig, of, CORE_LINKING_DIGITS),
                        b = linking_at(rig, c, CORE_LINKING_DIGITS);
    CHECK(strcmp(a.digits, b.digits) == 0);
    CHECK_EQ(strlen(a.digits), CORE_LINKING_DIGIT_COUNT);
    CHECK_OK(core_device_link_confirm(of->core, true, rig->now));
    CHECK_OK(core_device_link_confirm(c->core, true, rig->now));
    rig_finish(of, takes, OK);
    rig_finish(c, shows, OK);
    rig_pass(rig, TIME_MINUTE);
    memcpy(c->account, of->account, CORE_ACCOUNT);
    buf_free(&code);
    return c;
}

void rig_conversation(struct rig *rig, size_t count) {
    uint8_t accounts[RIG_CLIENTS][CORE_ACCOUNT];
    struct client *maker = &rig->clients[0];
    uint64_t command;
    uint32_t number;
    for (size_t i = 1; i < count; i++)
        memcpy(accounts[i - 1], rig->clients[i].account, CORE_ACCOUNT);
    CHECK_OK(core_conversation_new(maker->core, slice_str("us"),
                                   (const uint8_t(*)[CORE_ACCOUNT])accounts, count - 1, rig->now,
                                   &command, &number));
    CHECK_EQ(number, 1);
    rig_finish(maker, command, OK);
    rig_pass(rig, TIME_SECOND);
    rig_same_state(rig, count);
}

void rig_admin(struct client *by, const struct client *whom) {
    uint64_t command;
    CHECK_OK(core_conversation_role(by->core, 1, whom->account, true, by->rig->now, &command));
    rig_finish(by, command, OK);
}

err rig_name(struct core *core, slice name, uint64_t now) {
    return core_profile_set(core, 0, &name, NULL, now);
}

uint64_t rig_say(struct client *c, const char *text) {
    uint64_t command, message;
    CHECK_OK(core_send_text(c->core, 1, CORE_TEXT_PLAIN, slice_str(text), NULL, c->rig->now,
                            &command, &message));
    return command;
}

void rig_say_much(struct client *c) {
    uint64_t command, message;
    buf text = {0};
    CHECK_OK(buf_resize(&text, 20000));
    memset(text.p, 'x', text.n);
    CHECK_OK(core_send_text(c->core, 1, CORE_TEXT_PLAIN, buf_slice(&text), NULL, c->rig->now,
                            &command, &message));
    rig_finish(c, command, OK);
    buf_free(&text);
}

struct texts {
    char text[8192];
    size_t n;
};

static bool add_text(void *ctx, const struct core_message *m) {
    struct texts *t = ctx;
    if (m->kind != CORE_MESSAGE_CONTENT)
        return true;
    CHECK(t->n + m->text.n + 2 < sizeof t->text);
    if (m->text.n > 0)
        memcpy(t->text + t->n, m->text.p, m->text.n);
    t->n += m->text.n;
    t->text[t->n++] = '\n';
    t->text[t->n] = 0;
    return true;
}

const char *rig_texts(struct client *c) {
    static struct texts t;
    memset(&t, 0, sizeof t);
    CHECK_OK(core_messages(c->core, 1, 0, UINT64_MAX, add_text, &t));
    return t.text;
}

static bool add_member(void *ctx, const struct core_member *m) {
    struct texts *t = ctx;
    t->text[t->n++] = m->name.n > 0 ? (char)m->name.p[m->name.n - 1] : '?';
    t->text[t->n] = 0;
    return true;
}

const char *rig_members(struct client *c) {
    static struct texts t;
    memset(&t, 0, sizeof t);
    CHECK_OK(core_members(c->core, 1, add_member, &t));
    return t.text;
}

struct search {
    slice word;
    size_t count;
};

static bool search(void *ctx, struct store_key key, slice value) {
    struct search *s = ctx;
    (void)key;
    for (size_t i = 0; i + s->word.n <= value.n; i++)
        s->count += memcmp(value.p + i, s->word.p, s->word.n) == 0;
    return true;
}

size_t rig_stored(struct client *c, const char *word) {
    struct search s = {.word = slice_str(word)};
    for (uint8_t table = 0; table < STORE_TABLES_MAX; table++)
        CHECK_OK(store_scan_table(c->memory, table, search, &s));
    return s.count;
}

struct core_conversation rig_state(struct client *c) {
    struct core_conversation state;
    CHECK_OK(core_conversation_get(c->core, 1, &state));
    return state;
}

struct core_status rig_status(struct client *c) {
    struct core_status status;
    core_status_get(c->core, &status);
    return status;
}

void rig_same_state(struct rig *rig, size_t count) {
    uint8_t first[32], other[32];
    CHECK_OK(core_conversation_authenticator(rig->clients[0].core, 1, first));
    for (size_t i = 1; i < count; i++) {
        CHECK_OK(core_conversation_authenticator(rig->clients[i].core, 1, other));
        CHECK_SLICE(SLICE_ARRAY(other), SLICE_ARRAY(first));
    }
}
