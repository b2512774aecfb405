/* Handles: claiming, keeping, changing and dropping ours, and finding somebody by theirs.
 *
 * A command is first a job in memory: its names are stretched, one in each turn, since that takes a
 * fifth of a second and can't be cut. A claim is then stored, and goes on after a restart; what is
 * looked for ends with the host. One request about cards is under way at a time, the errand: it
 * asks for the price, works in slices, a slice in each turn, and asks. All of that goes over an
 * anonymous session of its own, which says nothing of who else is written to or looked for. */
#include "core/internal.h"

enum claim_state {
    CLAIM_WANTED = 1,
    CLAIM_HELD,
    CLAIM_UNWANTED, /* to be dropped */
    CLAIM_GONE      /* dropped: own devices are to hear of it */
};
enum { PIN_LEAST = 4, PIN_MOST = 12, RENEW_WEEKS = 26, LAPSE_WEEKS = 52, TRIES_MAX = 8 };
enum { CLAIMS_MAX = 16 };          /* another own device's word makes no more */
enum { BITS_MOST = 32 };           /* an hour's work: more is not done, whoever asks for it */
#define CARD_TIME (26 * TIME_WEEK) /* who looks is shown none that is older */
#define VERSION_STEP ((uint64_t)1 << 40)
#define APART_LEAST TIME_HOUR
#define APART_MOST TIME_DAY
#define RETRY_FIRST (30 * TIME_SECOND)
#define RETRY_MOST TIME_HOUR

/* ---- Claims ---- */

void core_claim_free(struct core *core, struct claim *claim) {
    wipe(&claim->r, sizeof claim->r);
    buf_free(&claim->bytes);
    mem_free(core->mem, claim, sizeof *claim);
}

static const slice claim_name = {(const uint8_t *)"claim", 5};

static err claim_save(struct core *core, struct claim *c) {
    TRY(record_claim_settle(&c->bytes, &c->r));
    return core_put(core, TABLE_STATE, claim_name, c->r.number, buf_slice(&c->bytes));
}

err core_handle_bound_all(struct core *core) {
    for (size_t i = 0; i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        if (core_sync_bound(core, &c->r.made))
            TRY(claim_save(core, c));
    }
    return OK;
}

/* A card with another address is there, or none: whoever found the old one has a week to ask. */
static err address_over(struct core *core, const uint8_t address[PROTO_ADDRESS]) {
    return core_address_revoke_at(core, address, core->now + TIME_WEEK);
}

static err claim_remove(struct core *core, struct claim *c) {
    for (size_t i = 0; i < core->claims.n; i++)
        if (core->claims.p[i] == c)
            core_list_remove(&core->claims, i);
    err e = core_delete(core, TABLE_STATE, claim_name, c->r.number);
    if (e == OK && c->r.address.n == PROTO_ADDRESS)
        e = address_over(core, c->r.address.p);
    if (e == OK && c->r.fresh.n == PROTO_ADDRESS) /* in a card whose put no answer came to */
        e = address_over(core, c->r.fresh.p);
    core_claim_free(core, c);
    return e;
}

static struct claim *claim_find(const struct core *core, uint64_t number) {
    for (size_t i = 0; i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        if (c->r.number == number)
            return c;
    }
    return NULL;
}

/* At a random time of the next week, as what the server makes up changes. */
static uint64_t next_put(const struct core *core) {
    return time_week_start(time_week(core->now) + 1) + core_random(TIME_WEEK);
}

/* Another own device put the card: it is to do so again before we do. */
static uint64_t later_put(const struct core *core) {
    return core_moment(core, 2 * TIME_WEEK, 3 * TIME_WEEK);
}

/* The server has a newer card than ours, or none: the word of the own device that put or dropped it
 * comes within a day, if that is connected. */
static uint64_t doubted_put(const struct core *core) {
    return core_moment(core, 2 * TIME_DAY, 3 * TIME_DAY);
}

/* The server sees a card, put in nobody's name, and what an account says and hears: hours lie
 * between the two, so that it can't join them. */
static uint64_t apart(const struct core *core) {
    return core_moment(core, APART_LEAST, APART_MOST);
}

static err give_up(struct core *core, struct claim *c, uint64_t command, uint64_t at) {
    c->r.state = CLAIM_UNWANTED;
    c->r.command = command;
    c->r.put_at = at;
    c->r.tell_at = 0;
    return claim_save(core, c);
}

/* r's slices may borrow from anywhere. */
static err claim_add(struct core *core, const struct record_claim *r, struct claim **added) {
    struct claim *c = mem_new(core->mem, sizeof *c);
    if (c == NULL)
        return ERR_NO_MEMORY;
    c->bytes = buf_on(core->mem);
    c->r = *r;
    c->r.number = core_number(core);
    err e = claim_save(core, c);
    if (e == OK)
        e = core_list_add(core, &core->claims, c);
    if (e != OK)
        core_claim_free(core, c);
    else
        *added = c;
    return e;
}

/* ---- What own devices know of it ---- */

/* It holds the claim's keys: wipe it. */
static struct record_claim as_told(const struct claim *c) {
    struct record_claim r = c->r;
    if (r.state == CLAIM_GONE)
        r.state = CLAIM_UNWANTED;
    r.number = r.command = r.put_at = r.tell_at = r.gaps = 0;
    r.sent = r.doubt = false;
    r.address = r.fresh = SLICE_EMPTY;
    return r;
}

/* What a command claimed may go again with it, and others would have given up theirs. */
static bool is_settled(const struct claim *c) {
    return c->r.state == CLAIM_HELD && c->r.command == 0;
}

err core_handle_export(struct core *core, size_t i, buf *item) {
    const struct claim *c = core->claims.p[i];
    if (!is_settled(c))
        return ERR_NOT_FOUND;
    struct record_claim r = as_told(c);
    err e = record_claim_write(item, &r);
    wipe(&r, sizeof r);
    return e;
}

/* That it is held, or that it is not any more, a while from now. All that they are to hear of comes
 * together, in the order in which it was claimed. */
static err tell_later(struct core *core, struct claim *c) {
    if (!core_devices_shares(core))
        return OK;
    uint64_t at = c->r.tell_at = apart(core);
    for (size_t i = 0; i < core->claims.n; i++) {
        c = core->claims.p[i];
        if (c->r.tell_at == 0)
            continue;
        c->r.tell_at = at;
        TRY(claim_save(core, c));
    }
    return OK;
}

static err tell(struct core *core, struct claim *c) {
    struct record_claim r = as_told(c);
    err e = core_sync_tell_claim(core, &r);
    wipe(&r, sizeof r);
    c->r.tell_at = 0;
    if (e != OK)
        return e;
    return c->r.state == CLAIM_GONE ? claim_remove(core, c) : claim_save(core, c);
}

static err tell_own_devices(struct core *core) {
    for (size_t i = 0; i < core->claims.n;) {
        struct claim *c = core->claims.p[i];
        size_t before = core->claims.n;
        if (c->r.tell_at != 0)
            TRY(tell(core, c));
        i += core->claims.n == before;
    }
    return OK;
}

/* For how long it has been due that no command waits for. */
static uint64_t since_due(const struct core *core, const struct claim *c) {
    bool due = c->r.state != CLAIM_GONE && c->r.put_at != 0 && c->r.put_at < core->now;
    return due ? core->now - c->r.put_at : 0;
}

/* UINT64_MAX: there is nothing. While a card is due it waits for that, and then for hours. */
static uint64_t tell_due(const struct core *core) {
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; core->caught_up && i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        if (since_due(core, c) > 0)
            return UINT64_MAX;
        if (c->r.tell_at != 0)
            at = c->r.tell_at > core->now + APART_MOST ? 0 : c->r.tell_at; /* the clock was wrong */
    }
    return at;
}

static bool fits(const struct core *core, const struct record_claim *told) {
    buf form = buf_on(core->mem);
    bool fits = (told->state == CLAIM_HELD || told->state == CLAIM_UNWANTED) &&
                told->version < (uint64_t)1 << 62 && lookup_handle_form(told->name, &form) == OK &&
                slice_equal(told->name, buf_slice(&form));
    buf_free(&form);
    return fits;
}

/* An account has one handle, the one that was claimed last. Whoever claimed another gives it up. */
static err give_up_older(struct core *core, const struct claim *newer) {
    for (size_t i = 0; i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        uint64_t made = newer->r.made;
        if (c->r.state != CLAIM_HELD ||
            memcmp(c->r.by, core->account.r.device, sizeof c->r.by) != 0 ||
            !core_sync_later(core, &made, newer->r.by, c->r.made, c->r.by))
            continue;
        TRY(give_up(core, c, c->r.command, c->r.command != 0 ? 0 : apart(core)));
    }
    return OK;
}

static err import_new(struct core *core, const struct record_claim *told) {
    struct record_claim r = *told;
    struct claim *c;
    if (core->claims.n >= CLAIMS_MAX)
        return OK;
    (void)core_sync_bound(core, &r.made);
    r.command = r.tell_at = 0;
    r.sent = r.doubt = false;
    r.address = r.fresh = SLICE_EMPTY;
    r.put_at = later_put(core);
    r.gaps = core->counters.gaps;
    err e = claim_add(core, &r, &c);
    wipe(&r, sizeof r);
    return e == OK ? give_up_older(core, c) : e;
}

/* The card has that device's address now. */
static err import_put(struct core *core, struct claim *c, const struct record_claim *told) {
    uint32_t week = time_week(core->now);
    /* In doubt ours may be of a put that was refused. */
    if (told->version <= c->r.version && !c->r.doubt)
        return OK;
    if (c->r.address.n == PROTO_ADDRESS)
        TRY(address_over(core, c->r.address.p));
    c->r.address = SLICE_EMPTY;
    c->r.sent = c->r.doubt = false;
    c->r.gaps = core->counters.gaps;
    if (told->version > c->r.version)
        c->r.version = told->version;
    c->r.renewed = told->renewed < week ? told->renewed : week;
    if (c->r.state == CLAIM_HELD)
        c->r.put_at = later_put(core);
    return claim_save(core, c);
}

/* A card that we put since we heard of it last may have come after the drop. */
static err import_drop(struct core *core, struct claim *c) {
    if (!c->r.sent)
        return claim_remove(core, c);
    return c->r.state == CLAIM_UNWANTED ? OK : give_up(core, c, 0, apart(core));
}

err core_handle_import(struct core *core, const struct record_claim *told) {
    struct claim *c = NULL;
    if (!fits(core, told))
        return OK;
    for (size_t i = 0; c == NULL && i < core->claims.n; i++) {
        c = core->claims.p[i];
        if (c->r.state == CLAIM_GONE || memcmp(c->r.place, told->place, sizeof c->r.place) != 0)
            c = NULL;
    }
    bool held = told->state == CLAIM_HELD;
    if (c == NULL)
        return held ? import_new(core, told) : OK;
    /* What a command of ours is about ends with that. */
    if (c->r.command != 0 || !equal_secret(c->r.seed, told->seed, sizeof c->r.seed))
        return OK;
    return held ? import_put(core, c, told) : import_drop(core, c);
}

/* ---- The end of commands ---- */

static bool command_waits(const struct core *core, uint64_t command) {
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        if (c->r.command == command && c->r.state != CLAIM_HELD)
            return true;
    }
    return false;
}

/* What the command claimed is held: what we had before is given up, as a part of it. */
static err give_up_others(struct core *core, uint64_t command) {
    for (size_t i = 0; i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        bool ends = c->r.state == CLAIM_GONE || (c->r.state == CLAIM_UNWANTED && c->r.put_at == 0);
        if (ends || (command != 0 && c->r.command == command))
            continue;
        TRY(give_up(core, c, command, 0));
    }
    return OK;
}

/* One of the command's claims is held, or dropped. */
static err command_through(struct core *core, uint64_t command) {
    if (command == 0 || command_waits(core, command))
        return OK;
    TRY(give_up_others(core, command));
    if (command_waits(core, command))
        return OK;
    for (size_t i = 0; i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        if (c->r.command != command)
            continue;
        c->r.command = 0;
        TRY(claim_save(core, c));
        TRY(tell_later(core, c));
    }
    core_action_done(core, command, OK, 0, SLICE_EMPTY, 0);
    return OK;
}

/* The claim is not to be had, nor what was claimed with it. */
static err command_failed(struct core *core, uint64_t command, uint16_t reason) {
    for (size_t i = core->claims.n; i-- > 0;) {
        struct claim *c = core->claims.p[i];
        if (c->r.command != command)
            continue;
        TRY(c->r.state == CLAIM_WANTED ? claim_remove(core, c) : give_up(core, c, 0, 0));
    }
    core_action_done(core, command, ERR_DENIED, reason, SLICE_EMPTY, 0);
    return OK;
}

/* ---- Putting a card ---- */

static bool lacks_address(const struct core *core, const struct claim *c) {
    return c->r.state != CLAIM_UNWANTED && !c->r.empty && c->r.fresh.n == 0 &&
           core->address_count == 0;
}

/* An address for the card: it is kept until the card is there, so that none is lost. */
static err take_address(struct core *core, struct claim *c) {
    uint8_t address[PROTO_ADDRESS];
    if (c->r.empty || c->r.fresh.n > 0)
        return OK;
    TRY(core_stock_take_address(core, address));
    c->r.fresh = SLICE_ARRAY(address);
    return claim_save(core, c); /* which copies it */
}

static err seal(struct core *core, const struct claim *c, uint8_t card[PROTO_CARD]) {
    struct proto_card_content content = {.pin = c->r.empty};
    struct lookup_card_keys keys;
    buf contact = buf_on(core->mem);
    memcpy(keys.place, c->r.place, sizeof keys.place);
    memcpy(keys.key, c->r.key, sizeof keys.key);
    err e = OK;
    if (!c->r.empty)
        e = core_contact_write(core, PROTO_LABEL_CONTACT_CARD, SLICE_ARRAY(c->r.place),
                               c->r.fresh.p, (core->now + CARD_TIME) / TIME_SECOND, false,
                               &contact);
    content.contact = buf_slice(&contact);
    if (e == OK)
        e = lookup_card_seal(&keys, &content, card);
    wipe(&keys, sizeof keys);
    buf_free(&contact);
    return e;
}

static bool renewal_due(const struct core *core, const struct claim *c) {
    return time_week(core->now) >= c->r.renewed + RENEW_WEEKS;
}

/* A put that renews claims the place if it is free, also one that another own device just dropped:
 * so one that does not goes before it. */
static bool renews(const struct core *core, const struct claim *c) {
    return c->r.state == CLAIM_WANTED || c->r.doubt || (c->there && renewal_due(core, c));
}

static err sign(const struct claim *c, const char *label, buf *body) {
    return crypto_sign_labeled(body->p + body->n - 64, c->r.seed, label,
                               slice_of(body->p, body->n - 64));
}

static err put_body(struct core *core, const struct claim *c, buf *body) {
    const struct work *work = &core->errand.work;
    uint8_t card[PROTO_CARD];
    struct proto_card_put m = {.renew = core->errand.renews,
                               .version = c->r.version,
                               .sealed = SLICE_ARRAY(card),
                               .nonce = work->nonce};
    memcpy(m.place, c->r.place, sizeof m.place);
    memcpy(m.challenge, work->challenge, sizeof m.challenge);
    TRY(crypto_ed25519.public_of(m.owner, c->r.seed));
    TRY(seal(core, c, card));
    TRY(proto_card_put_encode(body, &m));
    return sign(c, PROTO_LABEL_CARD_PUT, body);
}

static err drop_body(const struct core *core, const struct claim *c, buf *body) {
    const struct work *work = &core->errand.work;
    struct proto_card_drop m = {.version = c->r.version, .nonce = work->nonce};
    memcpy(m.place, c->r.place, sizeof m.place);
    memcpy(m.challenge, work->challenge, sizeof m.challenge);
    TRY(proto_card_drop_encode(body, &m));
    return sign(c, PROTO_LABEL_CARD_DROP, body);
}

/* A request is never sent with a version that another one may have had. */
static err claim_body(struct core *core, struct claim *c, buf *body) {
    bool put = core->errand.work.type == PROTO_card_put;
    if (put && lacks_address(core, c))
        return ERR_AGAIN;
    TRY(core_txn_begin(core));
    c->r.version += put && c->r.doubt ? core_random(VERSION_STEP) + 1 : 1;
    c->r.sent = c->r.sent || put;
    err e = put ? take_address(core, c) : OK;
    if (e == OK)
        e = claim_save(core, c);
    TRY(core_txn_end(core, e));
    return put ? put_body(core, c, body) : drop_body(core, c, body);
}

/* ---- What comes back ---- */

/* So no two errands go over one session. */
static void errand_over(struct core *core) {
    memset(&core->errand, 0, sizeof core->errand);
    core_session_lane_close(core, LANE_ERRAND);
}

static err claim_put(struct core *core, struct claim *c) {
    bool renewed = core->errand.renews;
    uint64_t command = c->r.command;
    uint8_t over[PROTO_ADDRESS];
    bool replaces = c->r.address.n == PROTO_ADDRESS;
    if (replaces)
        memcpy(over, c->r.address.p, sizeof over);
    c->r.address = c->r.fresh;
    c->r.fresh = SLICE_EMPTY;
    if (c->r.state == CLAIM_WANTED)
        c->r.state = CLAIM_HELD;
    c->r.doubt = false;
    c->r.gaps = core->counters.gaps;
    if (renewed)
        c->r.renewed = time_week(core->now);
    c->there = renewal_due(core, c);
    c->r.put_at = c->there ? core->now : next_put(core);
    TRY(claim_save(core, c));
    if (is_settled(c))
        TRY(tell_later(core, c));
    if (replaces)
        TRY(address_over(core, over));
    return command_through(core, command);
}

/* The place is somebody else's: a new claim fails; one that we held lapsed while we were away. */
static err claim_taken(struct core *core, struct claim *c) {
    if (c->r.command != 0)
        return command_failed(core, c->r.command, PROTO_REASON_TAKEN);
    core_action_trouble(core, ERR_DENIED, PROTO_REASON_TAKEN,
                        "our handle lapsed, and somebody else holds it now");
    return claim_remove(core, c);
}

/* Words of own devices were lost since the card was surely ours. */
static bool may_be_dropped(const struct core *core, const struct claim *c) {
    return core->counters.gaps > c->r.gaps && core_devices_shares(core);
}

static err claim_dropped(struct core *core, struct claim *c) {
    uint64_t command = c->r.command;
    c->r.state = CLAIM_GONE;
    c->r.command = 0;
    TRY(tell_later(core, c));
    if (c->r.tell_at == 0)
        TRY(claim_remove(core, c));
    return command_through(core, command);
}

static err claim_answered(struct core *core, struct claim *c, err e, uint16_t reason) {
    bool put = core->errand.work.type == PROTO_card_put;
    if (e == OK) {
        c->failures = 0;
        return put ? claim_put(core, c) : claim_dropped(core, c);
    }
    if (!put && (reason == PROTO_REASON_NONE || reason == PROTO_REASON_TAKEN))
        return claim_dropped(core, c);
    if (reason == PROTO_REASON_TAKEN)
        return claim_taken(core, c);
    if (reason == PROTO_REASON_LIMIT && c->r.state == CLAIM_WANTED && c->r.command != 0)
        return command_failed(core, c->r.command, reason);
    if (c->r.state == CLAIM_HELD && reason == PROTO_REASON_NONE && may_be_dropped(core, c)) {
        core_action_trouble(core, ERR_DENIED, reason,
                            "our handle is gone from the server, dropped by another of our devices "
                            "or lost there; claim it again to keep it");
        return claim_remove(core, c);
    }
    if (c->r.state == CLAIM_HELD && !c->r.doubt &&
        (reason == PROTO_REASON_OLD || reason == PROTO_REASON_NONE)) {
        c->r.doubt = true;
        c->r.put_at = doubted_put(core);
        return claim_save(core, c);
    }
    if (reason == PROTO_REASON_OLD)
        c->r.version += core_random(VERSION_STEP);
    c->not_before = core->now + core_backoff(c->failures++, RETRY_FIRST, RETRY_MOST);
    return claim_save(core, c);
}

static void claim_came(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    struct claim *c;
    (void)body;
    if (core->errand.step != ERRAND_ASKED || core->errand.number != request->number)
        return;
    if (e == OK && type != PROTO_ok) {
        core_session_bad_answer(core, ANON);
        errand_over(core);
        return;
    }
    bool again = e == ERR_CLOSED || (reason == PROTO_REASON_WORK && core->errand.tries < TRIES_MAX);
    if (again) {
        core->errand.step = ERRAND_PRICE;
        return;
    }
    if (core_txn_begin(core) == OK) {
        c = claim_find(core, request->number);
        (void)!core_txn_end(core, c == NULL ? OK : claim_answered(core, c, e, reason));
    }
    errand_over(core);
}

/* ---- Finding ---- */

static void job_over(struct core *core) {
    struct handle_job *job = &core->job;
    buf_free(&job->form);
    buf_free(&job->pin);
    wipe(job->keys, sizeof job->keys);
    *job = (struct handle_job){.form = buf_on(core->mem), .pin = buf_on(core->mem)};
}

static void find_end(struct core *core, err e, uint16_t reason) {
    uint64_t command = core->job.command;
    errand_over(core);
    job_over(core);
    core_action_done(core, command, e, reason, SLICE_EMPTY, 0);
}

static err found(struct core *core, slice sealed) {
    struct proto_card_content content;
    struct proto_contact contact;
    struct proto_device_list list;
    const struct lookup_card_keys *keys = &core->job.keys[0];
    buf plain = buf_on(core->mem);
    err e = lookup_card_open(keys, sealed, &plain, &content);
    if (e == OK && content.pin)
        e = ERR_DENIED;
    if (e == OK)
        e = core_contact_check(core, PROTO_LABEL_CONTACT_CARD, SLICE_ARRAY(keys->place),
                               content.contact, &contact, &list);
    if (e == OK)
        e = buf_set(&core->found, content.contact);
    buf_free(&plain);
    return e;
}

static void find_came(struct core *core, const struct request *request, err e, uint16_t reason,
                      uint16_t type, slice body) {
    struct proto_card card;
    if (core->errand.step != ERRAND_ASKED || core->errand.number != request->number)
        return;
    if (e == ERR_CLOSED || (reason == PROTO_REASON_WORK && core->errand.tries < TRIES_MAX)) {
        core->errand.step = ERRAND_PRICE;
    } else if (e != OK) {
        find_end(core, e, reason);
    } else if (type != PROTO_card || proto_card_decode(body, &card) != OK) {
        core->errand.step = ERRAND_PRICE;
        core_session_bad_answer(core, ANON);
    } else {
        find_end(core, found(core, card.sealed), 0);
    }
}

static err find_body(const struct core *core, buf *body) {
    struct proto_card_get m = {.nonce = core->errand.work.nonce};
    memcpy(m.place, core->errand.work.place, sizeof m.place);
    return proto_card_get_encode(body, &m);
}

/* ---- The errand ---- */

static void too_dear(struct core *core) {
    struct claim *c = claim_find(core, core->errand.number);
    if (core->errand.work.type == PROTO_card_get) {
        find_end(core, ERR_LIMIT, PROTO_REASON_LIMIT);
        return;
    }
    if (c != NULL)
        c->not_before = core->now + RETRY_MOST;
    errand_over(core);
}

static void price_came(struct core *core, const struct request *request, err e, uint16_t reason,
                       uint16_t type, slice body) {
    struct proto_work price;
    struct errand *errand = &core->errand;
    (void)reason;
    if (errand->step != ERRAND_PRICED || errand->number != request->number)
        return;
    errand->step = ERRAND_PRICE;
    if (e != OK) {
        errand->not_before = e == ERR_CLOSED ? 0 : core->now + RETRY_FIRST;
        return;
    }
    if (type != PROTO_work || proto_work_decode(body, &price) != OK) {
        core_session_bad_answer(core, ANON);
        return;
    }
    memcpy(errand->work.challenge, price.challenge, sizeof errand->work.challenge);
    errand->work.bits = errand->renews ? price.claim_bits : price.find_bits;
    if (errand->work.bits > BITS_MOST) {
        too_dear(core);
        return;
    }
    errand->work.nonce = core_random(UINT64_MAX);
    errand->link = core_session_lane_link(core, LANE_ERRAND);
    errand->tries++;
    errand->step = ERRAND_WORK;
}

static void ask_price(struct core *core) {
    struct errand *errand = &core->errand;
    if (core->now >= errand->not_before && core_session_lane_room(core, LANE_ERRAND) &&
        core_session_lane_request(core, LANE_ERRAND, PROTO_work_get, SLICE_EMPTY, price_came,
                                  errand->number) == OK)
        errand->step = ERRAND_PRICED;
}

/* The claim can't be asked for now: another time. */
static void put_off(struct core *core, struct claim *c) {
    if (c != NULL)
        c->not_before = core->now + RETRY_FIRST;
    errand_over(core);
}

/* A command waits for what has no time. By a clock that was wrong one may lie too far off. */
static uint64_t claim_due(const struct core *core, const struct claim *c) {
    uint64_t at = c->r.put_at;
    if (at > core->now + 3 * TIME_WEEK || (at != 0 && at < core->cards_at))
        at = core->cards_at;
    return at > c->not_before ? at : c->not_before;
}

/* A card that is put the moment an account comes would say whose it is. Who never stays so long
 * puts it all the same, a day later. */
void core_handle_caught_up(struct core *core) {
    bool late = false;
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        late = late || since_due(core, c) > TIME_DAY;
    }
    if (core->cards_at <= core->now || late)
        core->cards_at = late ? core_shortly(core) : core_soon(core);
}

/* What waits for something else than a time: an address, or the mailbox. There may be what another
 * own device did to the card since. */
static bool claim_waits(const struct core *core, const struct claim *c) {
    bool heard = core->caught_up && !core_waiting_blobs_due(core, false);
    return c->r.state == CLAIM_GONE || lacks_address(core, c) || (c->r.put_at != 0 && !heard);
}

static bool is_put(const struct claim *c) {
    return c->r.state != CLAIM_UNWANTED;
}

/* Whether what was begun is still what is to be done: words came meanwhile. */
static bool holds(const struct core *core, const struct claim *c) {
    return c != NULL && is_put(c) == (core->errand.work.type == PROTO_card_put) &&
           claim_due(core, c) <= core->now && !claim_waits(core, c);
}

static void ask(struct core *core) {
    struct errand *errand = &core->errand;
    bool finds = errand->work.type == PROTO_card_get;
    struct claim *c = finds ? NULL : claim_find(core, errand->number);
    if (!finds && !holds(core, c)) {
        errand_over(core);
        return;
    }
    buf body = buf_on(core->mem);
    err e = finds ? find_body(core, &body) : claim_body(core, c, &body);
    if (e == OK)
        e = core_session_lane_request(core, LANE_ERRAND, errand->work.type, buf_slice(&body),
                                      finds ? find_came : claim_came, errand->number);
    buf_free(&body);
    if (e == OK)
        errand->step = ERRAND_ASKED;
    else if (finds)
        find_end(core, e, 0);
    else
        put_off(core, claim_find(core, errand->number));
}

static void work(struct core *core) {
    struct errand *errand = &core->errand;
    bool room = core_session_lane_room(core, LANE_ERRAND);
    if (core_session_lane_link(core, LANE_ERRAND) != errand->link) {
        errand->step = ERRAND_PRICE;
        return;
    }
    err e = errand->worked ? OK : core_work_slice(&errand->work);
    errand->worked = e == OK;
    if (errand->worked && room) {
        errand->worked = false;
        ask(core);
    }
}

/* With a PIN the name's own claim comes first: only then is it known that the name can be had. */
static struct claim *next_claim(const struct core *core) {
    for (size_t i = 0; i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        if (claim_due(core, c) <= core->now && !claim_waits(core, c))
            return c;
    }
    return NULL;
}

static void begin(struct core *core, uint16_t type, const uint8_t *place, uint64_t number) {
    core->errand = (struct errand){.step = ERRAND_PRICE, .number = number};
    core->errand.work.type = type;
    memcpy(core->errand.work.place, place, sizeof core->errand.work.place);
}

static void next_errand(struct core *core) {
    struct claim *c;
    if (core->job.kind == JOB_FIND && core->job.stretched == core->job.names) {
        begin(core, PROTO_card_get, core->job.keys[0].place, core->job.command);
    } else if ((c = next_claim(core)) != NULL) {
        bool put = is_put(c);
        begin(core, put ? PROTO_card_put : PROTO_card_drop, c->r.place, c->r.number);
        core->errand.renews = put && renews(core, c);
    } else if (tell_due(core) <= core->now && core_txn_begin(core) == OK) {
        (void)!core_txn_end(core, tell_own_devices(core));
    }
}

/* ---- Jobs ---- */

/* A place that is ours already could only be claimed with its own key. */
static bool is_ours(const struct core *core, const struct handle_job *job) {
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        if (c->r.state != CLAIM_GONE &&
            memcmp(c->r.place, job->keys[0].place, sizeof c->r.place) == 0)
            return true;
    }
    return false;
}

static err claim_one(struct core *core, struct record_claim *r,
                     const struct lookup_card_keys *keys) {
    struct claim *c;
    uint8_t owner[32];
    r->version = core_random(VERSION_STEP);
    memcpy(r->place, keys->place, sizeof r->place);
    memcpy(r->key, keys->key, sizeof r->key);
    TRY(crypto_ed25519.generate(owner, r->seed));
    return claim_add(core, r, &c);
}

static err claim_all(struct core *core, const struct handle_job *job) {
    struct record_claim r = {.state = CLAIM_WANTED,
                             .command = job->command,
                             .name = buf_slice(&job->form),
                             .pin = job->pin.n > 0};
    err e = OK;
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        r.made = c->r.made > r.made ? c->r.made : r.made;
    }
    core_sync_stamp(core, &r.made, r.by);
    for (unsigned i = 0; e == OK && i < job->names; i++) {
        r.empty = i + 1 < job->names;
        e = claim_one(core, &r, &job->keys[i]);
    }
    wipe(&r, sizeof r);
    return e;
}

/* One name in each turn. The last is the one with the PIN, if there is one. */
static void stretch(struct core *core) {
    struct handle_job *job = &core->job;
    bool with_pin = job->pin.n > 0 && job->stretched + 1 == job->names;
    err e = lookup_card_stretch(
        core->account.r.server_identity, core->config.handle_memory, buf_slice(&job->form),
        with_pin ? buf_slice(&job->pin) : SLICE_EMPTY, &job->keys[job->stretched]);
    if (e == OK && ++job->stretched < job->names)
        return;
    if (e == OK && job->kind == JOB_FIND)
        return;
    if (e == OK && is_ours(core, job))
        e = ERR_EXISTS;
    if (e == OK)
        e = core_txn_begin(core);
    if (e == OK)
        e = core_txn_end(core, claim_all(core, job));
    uint64_t command = job->command;
    job_over(core);
    if (e != OK)
        core_action_done(core, command, e, 0, SLICE_EMPTY, 0);
}

void core_handle_pump(struct core *core) {
    const struct record_account *a = &core->account.r;
    if (core->broken || !core->account.exists || !a->registered || a->deleted)
        return;
    if (core->job.kind != JOB_NONE && core->job.stretched < core->job.names)
        stretch(core);
    else if (core->errand.step == ERRAND_NONE)
        next_errand(core);
    if (core->errand.step == ERRAND_PRICE)
        ask_price(core);
    else if (core->errand.step == ERRAND_WORK)
        work(core);
}

/* At once while there is a slice to do. */
uint64_t core_handle_wake(const struct core *core) {
    const struct errand *errand = &core->errand;
    if (core->job.kind != JOB_NONE && core->job.stretched < core->job.names)
        return core->now;
    if (errand->step == ERRAND_WORK)
        return core->now;
    if (errand->step == ERRAND_PRICE && errand->not_before > core->now)
        return errand->not_before;
    if (errand->step != ERRAND_NONE)
        return UINT64_MAX;
    if (core->job.kind == JOB_FIND)
        return core->now;
    uint64_t at = tell_due(core);
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        uint64_t due = claim_due(core, c);
        if (due < at && !claim_waits(core, c))
            at = due;
    }
    return at > core->now ? at : core->now;
}

void core_handle_back(struct core *core, uint64_t step) {
    for (size_t i = 0; i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        c->not_before = c->not_before > step ? c->not_before - step : 0;
    }
    core->errand.not_before = 0;
    core->cards_at = core->cards_at > step ? core->cards_at - step : 0;
}

void core_handle_forget(struct core *core) {
    for (size_t i = 0; i < core->claims.n; i++)
        core_claim_free(core, core->claims.p[i]);
    if (core->errand.work.type != PROTO_card_get)
        errand_over(core);
}

void core_handle_fini(struct core *core) {
    job_over(core);
    errand_over(core);
    buf_free(&core->found);
}

/* ---- Commands ---- */

static err pin_check(slice pin) {
    if (pin.n == 0)
        return OK;
    for (size_t i = 0; i < pin.n; i++)
        if (pin.p[i] < '0' || pin.p[i] > '9')
            return ERR_MALFORMED;
    return pin.n < PIN_LEAST ? ERR_LENGTH : pin.n > PIN_MOST ? ERR_TOO_LARGE : OK;
}

static err ready(struct core *core, uint64_t now) {
    TRY(core_enter(core, now));
    const struct record_account *a = &core->account.r;
    return core->account.exists && a->registered && !a->deleted ? OK : ERR_STATE;
}

/* A command about our handle is under way. */
static bool claims_wait(const struct core *core) {
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        if (c->r.command != 0)
            return true;
    }
    return false;
}

static err start(struct core *core, enum handle_job_kind kind, slice name, slice pin, uint64_t now,
                 uint64_t *command) {
    buf form = buf_on(core->mem);
    TRY(ready(core, now));
    if (core->job.kind != JOB_NONE || (kind == JOB_CLAIM && claims_wait(core)))
        return ERR_LIMIT;
    TRY(pin_check(pin));
    err e = lookup_handle_form(name, &form);
    if (e == OK)
        e = core_command_number(core, command);
    if (e == OK)
        e = buf_set(&core->job.pin, pin);
    if (e != OK) {
        buf_free(&form);
        return e;
    }
    core->job.kind = kind;
    core->job.command = *command;
    core->job.stretched = 0;
    core->job.names = kind == JOB_CLAIM && pin.n > 0 ? 2 : 1;
    buf_move(&core->job.form, &form);
    if (kind == JOB_FIND)
        buf_clear(&core->found);
    return OK;
}

err core_handle_claim(struct core *core, slice name, slice pin, uint64_t now, uint64_t *command) {
    TRY(start(core, JOB_CLAIM, name, pin, now, command));
    core_pump(core);
    return OK;
}

err core_handle_find(struct core *core, slice name, slice pin, uint64_t now, uint64_t *command) {
    TRY(start(core, JOB_FIND, name, pin, now, command));
    core_pump(core);
    return OK;
}

err core_handle_drop(struct core *core, uint64_t now, uint64_t *command) {
    TRY(ready(core, now));
    bool any = false;
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        any = any || c->r.state < CLAIM_UNWANTED;
    }
    if (core->job.kind == JOB_CLAIM || claims_wait(core))
        return ERR_LIMIT;
    if (!any)
        return ERR_NOT_FOUND;
    TRY(core_txn_begin(core));
    *command = core_number(core);
    err e = OK;
    for (size_t i = 0; e == OK && i < core->claims.n; i++) {
        struct claim *c = core->claims.p[i];
        if (c->r.state != CLAIM_GONE)
            e = give_up(core, c, *command, 0);
    }
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

bool core_handle_give_up(struct core *core) {
    bool change = false, any = false;
    job_over(core);
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        any = any || c->r.state != CLAIM_GONE;
        change = change || c->r.state < CLAIM_UNWANTED ||
                 (c->r.state == CLAIM_UNWANTED && c->r.put_at > 0);
    }
    if (change && core_txn_begin(core) == OK)
        (void)!core_txn_end(core, give_up_others(core, 0));
    return !any;
}

/* ---- Accessors ---- */

err core_handle_get(const struct core *core, struct core_handle *handle) {
    const struct claim *best = NULL;
    for (size_t i = 0; i < core->claims.n; i++) {
        const struct claim *c = core->claims.p[i];
        if (c->r.state == CLAIM_GONE)
            continue;
        if (best == NULL || (c->r.state == CLAIM_HELD && best->r.state != CLAIM_HELD))
            best = c;
    }
    if (best == NULL)
        return ERR_NOT_FOUND;
    *handle = (struct core_handle){
        .name = best->r.name,
        .pin = best->r.pin,
        .state = best->r.state == CLAIM_HELD     ? CORE_HANDLE_HELD
                 : best->r.state == CLAIM_WANTED ? CORE_HANDLE_WANTED
                                                 : CORE_HANDLE_UNWANTED,
        .lapses_week = best->r.renewed + LAPSE_WEEKS,
    };
    return OK;
}

static err read_found(const struct core *core, struct proto_contact *contact,
                      struct proto_device_list *list) {
    if (core->found.n == 0)
        return ERR_NOT_FOUND;
    TRY(proto_contact_decode(buf_slice(&core->found), contact));
    return proto_device_list_decode(contact->devices, list);
}

err core_found_get(const struct core *core, struct core_contact *found) {
    struct proto_contact contact;
    struct proto_device_list list;
    TRY(read_found(core, &contact, &list));
    *found = (struct core_contact){
        .name = contact.name, .devices = list.devices.count, .list_version = list.version};
    memcpy(found->identity, list.identity, sizeof found->identity);
    return core_account_id(list.identity, found->account);
}

err core_found_accept(struct core *core, slice petname, uint64_t now,
                      uint8_t account[CORE_ACCOUNT]) {
    struct proto_contact contact;
    struct proto_device_list list;
    TRY(ready(core, now));
    TRY(core_name_check(petname));
    TRY(read_found(core, &contact, &list));
    return core_contact_take(core, &contact, &list, petname, account);
}
