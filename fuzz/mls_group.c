/* Three members, and somebody who is one of them and lies. The input is a list of commands: who
 * says what, and how it is changed on its way (with or without signing and tagging it again). A
 * reader never accepts what was changed, is the same after a refusal, and all agree in the end. */
#include <stdlib.h>

#include "crypto/crypto.h"
#include "mls/framing.h"
#include "mls/group.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMBERS = 3, COMMANDS = 12 };

static void require(bool holds) {
    if (!holds)
        abort();
}

static err accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return OK;
}

static const struct mls_auth auth = {.accept = accept};

struct member {
    buf pub, priv, key_package, secrets;
    struct mls_group *group;
};

/* ---- The group, made once and loaded for each input ---- */

static buf saved[MEMBERS];
static buf outsider; /* a key package */

static void make_member(struct member *m, const char *name) {
    const struct mls_suite *suite = mls_suite_find(MLS_SUITE_X25519_CHACHA);
    require(mls_signature_keys_new(suite, &m->pub, &m->priv) == OK);
    struct mls_key_package_params params = {.leaf = {.identity = slice_str(name),
                                                     .signature_pub = buf_slice(&m->pub),
                                                     .signature_priv = buf_slice(&m->priv)}};
    require(mls_key_package_new(suite, &params, &m->key_package, &m->secrets) == OK);
}

static void free_member(struct member *m) {
    buf_free(&m->pub);
    buf_free(&m->priv);
    buf_free(&m->key_package);
    buf_free(&m->secrets);
    mls_group_free(m->group);
}

static void make_group(struct member m[MEMBERS]) {
    struct mls_group_params params = {.suite = mls_suite_find(MLS_SUITE_X25519_CHACHA),
                                      .group_id = slice_str("fuzz"),
                                      .leaf = {.identity = slice_str("a"),
                                               .signature_pub = buf_slice(&m[0].pub),
                                               .signature_priv = buf_slice(&m[0].priv)}};
    slice adds[] = {buf_slice(&m[1].key_package), buf_slice(&m[2].key_package)};
    struct mls_commit_params commit = {
        .adds = adds, .add_count = 2, .wire = MLS_PUBLIC_MESSAGE, .tree_in_welcome = true};
    struct mls_committed c;
    uint32_t sender;
    require(mls_group_create(&m[0].group, &params, &auth) == OK);
    require(mls_group_commit(m[0].group, &commit, &auth, &c) == OK);
    mls_staged_apply(m[0].group, c.staged);
    c.staged = NULL;
    for (int i = 1; i < MEMBERS; i++) {
        struct mls_join_params join = {
            .welcome = buf_slice(&c.welcomes[0]),
            .own = {buf_slice(&m[i].key_package), buf_slice(&m[i].secrets), buf_slice(&m[i].priv)}};
        require(mls_group_join(&m[i].group, &join, &auth, &sender) == OK);
    }
    mls_committed_free(&c, NULL);
}

static void make_once(void) {
    static const char *const names[] = {"a", "b", "c"};
    struct member m[MEMBERS] = {{{0}, {0}, {0}, {0}, NULL}}, extra = {{0}, {0}, {0}, {0}, NULL};
    if (saved[0].n != 0)
        return;
    require(crypto_init() == OK);
    for (int i = 0; i < MEMBERS; i++)
        make_member(&m[i], names[i]);
    make_member(&extra, "d");
    make_group(m);
    for (int i = 0; i < MEMBERS; i++) {
        require(mls_group_save(m[i].group, &saved[i]) == OK);
        free_member(&m[i]);
    }
    buf_move(&outsider, &extra.key_package);
    free_member(&extra);
}

/* ---- Commands ---- */

static uint8_t take(reader *in) {
    uint8_t byte = 0;
    (void)!reader_u8(in, &byte);
    return byte;
}

/* What a member says; a commit is staged, and applied if it goes out as it is. */
static bool say(struct mls_group *from, uint8_t what, buf *message, struct mls_staged **staged) {
    enum mls_wire wire = what & 8 ? MLS_PRIVATE_MESSAGE : MLS_PUBLIC_MESSAGE;
    uint32_t other = (mls_group_own_leaf(from) + 1) % MEMBERS;
    slice add = buf_slice(&outsider);
    struct mls_commit_params params = {.wire = wire, .without_pending = (what & 16) != 0};
    struct mls_propose proposal = {.leaf = other, .key_package = add};
    struct mls_committed c;
    switch (what & 7) {
    case 0:
        return mls_group_protect(from, SLICE_EMPTY, slice_str("text"), what >> 4, message) == OK;
    case 1:
        proposal.type = MLS_PROPOSAL_UPDATE;
        return mls_group_propose(from, &proposal, &auth, wire, message) == OK;
    case 2:
        proposal.type = MLS_PROPOSAL_REMOVE;
        return mls_group_propose(from, &proposal, &auth, wire, message) == OK;
    case 3:
        proposal.type = MLS_PROPOSAL_ADD;
        return mls_group_propose(from, &proposal, &auth, wire, message) == OK;
    case 4:
        params.adds = &add;
        params.add_count = 1;
        break;
    case 5:
        params.removes = &other;
        params.remove_count = 1;
        break;
    default:
        break;
    }
    if (mls_group_commit(from, &params, &auth, &c) != OK)
        return false;
    buf_move(message, &c.commit);
    *staged = c.staged;
    c.staged = NULL;
    mls_committed_free(&c, NULL);
    return true;
}

/* Signed and tagged by its sender again, if it still is a message in clear. */
static void repair(struct mls_group *from, buf *message) {
    struct mls_public_message m;
    uint16_t wire;
    reader body;
    if (mls_message_open(buf_slice(message), &wire, &body) != OK || wire != MLS_PUBLIC_MESSAGE ||
        mls_public_message_read(&body, &m, NULL) != OK)
        return;
    slice context = buf_slice(&from->epoch->context_bytes);
    buf again = {0};
    if (m.auth.content.sender.type == MLS_SENDER_MEMBER &&
        mls_framing_sign(from->suite, &m.auth, context, buf_slice(&from->epoch->signature_priv),
                         NULL) == OK &&
        mls_public_message_protect(from->suite, &m.auth, context,
                                   from->epoch->secrets.membership_key, &again, NULL) == OK)
        buf_move(message, &again);
    buf_free(&again);
    mls_public_message_free(&m, NULL);
}

/* Returns whether anything is different now. */
static bool spoil(reader *in, struct mls_group *from, buf *message) {
    uint8_t how = take(in);
    if (how == 0)
        return false;
    buf before = {0};
    require(buf_append(&before, buf_slice(message)) == OK);
    for (int i = 0; i < (how & 3) + 1; i++) {
        size_t at = ((size_t)take(in) << 8 | take(in)) % message->n;
        message->p[at] ^= take(in);
    }
    if (how & 4)
        message->n -= take(in) % message->n;
    if (how & 8)
        require(buf_append_byte(message, take(in)) == OK);
    if (how & 16)
        repair(from, message);
    bool different = !slice_equal(buf_slice(&before), buf_slice(message));
    buf_free(&before);
    return different;
}

/* A refusal leaves no trace. The keys that a secret tree derives while it looks are none, but show;
 * so only messages in clear are compared. */
static void refuse(struct mls_group *to, const buf *message, struct mls_received *r) {
    struct mls_header header;
    bool in_clear =
        mls_message_header(buf_slice(message), &header) == OK && header.wire == MLS_PUBLIC_MESSAGE;
    buf before = {0}, after = {0};
    require(mls_group_save(to, &before) == OK);
    err e = mls_group_process(to, buf_slice(message), &auth, r);
    require(e != ERR_BUG);
    if (e == OK) {
        /* Signed again, a proposal can be another valid one; and the confirmation tag of a commit
         * can't be checked by whom it removes. */
        require(r->kind == MLS_PROPOSAL ||
                (r->kind == MLS_COMMIT && mls_staged_removes_us(r->commit)));
        mls_group_clear_proposals(to);
    } else if (in_clear) {
        require(mls_group_save(to, &after) == OK);
        require(slice_equal(buf_slice(&before), buf_slice(&after)));
    }
    buf_free(&before);
    buf_free(&after);
}

struct world {
    struct mls_group *group[MEMBERS];
    bool lost[MEMBERS]; /* could not follow a commit that names a proposal that it doesn't have */
};

static void deliver(struct world *w, int to, const buf *message) {
    struct mls_received r;
    err e = mls_group_process(w->group[to], buf_slice(message), &auth, &r);
    require(e == OK || e == ERR_MISSING || e == ERR_REPEAT || e == ERR_FULL);
    w->lost[to] = e == ERR_MISSING;
    if (e == OK && r.commit != NULL) {
        mls_staged_apply(w->group[to], r.commit);
        r.commit = NULL;
    }
    mls_received_free(&r);
}

static bool takes_part(const struct world *w, int i) {
    return !w->lost[i] && !mls_group_is_out(w->group[i]);
}

static void spread(struct world *w, int who, const buf *message, bool different) {
    struct mls_received r;
    for (int i = 0; i < MEMBERS; i++) {
        if (i == who || !takes_part(w, i))
            continue;
        if (!different) {
            deliver(w, i, message);
            continue;
        }
        refuse(w->group[i], message, &r);
        mls_received_free(&r);
    }
}

static void command(reader *in, struct world *w) {
    uint8_t who = take(in) % MEMBERS, what = take(in);
    struct mls_staged *staged = NULL;
    buf message = {0};
    if (takes_part(w, who) && say(w->group[who], what, &message, &staged)) {
        bool different = spoil(in, w->group[who], &message);
        spread(w, who, &message, different);
        if (!different && staged != NULL) {
            mls_staged_apply(w->group[who], staged);
            staged = NULL;
        }
    }
    mls_staged_free(staged);
    buf_free(&message);
}

static void agree(const struct world *w) {
    for (int i = 0; i < MEMBERS; i++)
        for (int j = 0; j < i; j++)
            require(!takes_part(w, i) || !takes_part(w, j) ||
                    slice_equal(mls_group_epoch_authenticator(w->group[i]),
                                mls_group_epoch_authenticator(w->group[j])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct world w = {{NULL}, {false}};
    reader in = {data, size};
    make_once();
    for (int i = 0; i < MEMBERS; i++)
        require(mls_group_load(&w.group[i], buf_slice(&saved[i]), NULL) == OK);
    for (int i = 0; i < COMMANDS && in.n > 0; i++)
        command(&in, &w);
    agree(&w);
    for (int i = 0; i < MEMBERS; i++)
        mls_group_free(w.group[i]);
    return 0;
}
