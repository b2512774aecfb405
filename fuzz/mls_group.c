/* A group of three that others join and leave, one who only follows it, and somebody among them who
 * lies. The input is a list of commands: who does what, and how it is changed on its way (see
 * mls_lies.h). Who reads something that was changed refuses it and is the same as before. What is
 * as it was sent all accept, or all refuse; and after each command all agree. */
#include "mls/group.h"
#include "mls_lies.h"
#include "mls_people.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whoever sits at WATCHER only follows. */
enum { MEMBERS = 3, WATCHER = PEOPLE, SEATS = PEOPLE + 1, COMMANDS = 16, HELD = 8, PARTS = 64 };

struct held { /* an application message, and the seats that it still is to be read at */
    buf message;
    uint64_t epoch;
    unsigned readers;
};

struct world {
    struct mls_group *group[SEATS]; /* NULL: nobody */
    bool lost[SEATS];               /* could not follow a commit */
    buf parts[SEATS][PARTS];
    struct held held[HELD];
    size_t held_count;
    buf leaving[SEATS]; /* the SelfRemoves of this epoch */
    size_t leaving_count;
    bool save_staged;
};

static bool takes_part(const struct world *w, int seat) {
    return w->group[seat] != NULL && !w->lost[seat] && !mls_group_is_out(w->group[seat]);
}

static void clear_parts(struct world *w, int seat) {
    for (int i = 0; i < PARTS; i++)
        buf_free(&w->parts[seat][i]);
}

static void sit(struct world *w, int seat, struct mls_group *group) {
    mls_group_free(w->group[seat]);
    w->group[seat] = group;
    w->lost[seat] = false;
    clear_parts(w, seat);
    for (size_t i = 0; i < w->held_count; i++)
        w->held[i].readers &= ~(1u << seat);
}

static void forget_leavers(struct world *w) {
    while (w->leaving_count > 0)
        buf_free(&w->leaving[--w->leaving_count]);
}

/* ---- Accepting ---- */

static void reload_staged(const struct mls_group *group, struct mls_staged **staged) {
    buf saved = {0}, again = {0};
    require(mls_staged_save(*staged, &saved) == OK);
    mls_staged_free(*staged);
    require(mls_staged_load(staged, group, buf_slice(&saved)) == OK);
    require(mls_staged_save(*staged, &again) == OK);
    require(slice_equal(buf_slice(&saved), buf_slice(&again)));
    buf_free(&saved);
    buf_free(&again);
}

static void apply(struct world *w, int seat, struct mls_staged *staged) {
    if (w->save_staged)
        reload_staged(w->group[seat], &staged);
    mls_staged_apply(w->group[seat], staged);
    require(mls_group_pending_proposals(w->group[seat]) == 0);
}

/* What the newest at a seat may lack: a proposal, room for one more, a key of a time before it. */
static bool lacks(err e) {
    return e == ERR_MISSING || e == ERR_REPEAT || e == ERR_FULL || e == ERR_MLS_PSK;
}

/* Nothing is taken twice. */
static err deliver(struct world *w, int seat, const struct sent *s) {
    struct mls_received r;
    struct mls_header header;
    require(mls_message_header(buf_slice(&s->message), &header) == OK);
    err e = mls_group_process(w->group[seat], buf_slice(&s->message), &auth, &r);
    bool blind = seat == WATCHER && header.wire == MLS_PRIVATE_MESSAGE;
    require(blind ? e == ERR_DENIED : e == OK || lacks(e) || !s->sure);
    if (header.kind == MLS_COMMIT && e != OK)
        w->lost[seat] = true;
    if (e == OK && r.commit != NULL) {
        apply(w, seat, r.commit);
        r.commit = NULL;
    }
    mls_received_free(&r);
    require(e != ERR_BUG && (e != OK || mls_group_process(w->group[seat], buf_slice(&s->message),
                                                          &auth, &r) != OK));
    return blind || lacks(e) ? ERR_MISSING : e;
}

/* Those who lack nothing are of one mind. */
static void spread(struct world *w, int from, const struct sent *s) {
    err mind = ERR_MISSING;
    for (int i = 0; i < SEATS; i++) {
        if (i == from || !takes_part(w, i))
            continue;
        if (s->different) {
            sent_refuse(w->group[i], s);
            continue;
        }
        err e = deliver(w, i, s);
        require(e == ERR_MISSING || mind == ERR_MISSING || e == mind);
        mind = e == ERR_MISSING ? mind : e;
    }
}

/* ---- Joining ---- */

/* A Welcome that was changed is for nobody, or what was changed is another's part in it. */
static struct mls_group *join(reader *in, int who, const struct mls_group *by, slice welcome,
                              const struct mls_group *parent) {
    buf tree = {0}, changed = {0};
    struct mls_join_params params = {.welcome = welcome, .own = people_own(who), .limits = &limits};
    struct mls_group *group;
    uint32_t sender;
    params.parent = parent;
    require(mls_group_tree(by, &tree) == OK && buf_append(&changed, welcome) == OK);
    params.tree = buf_slice(&tree);
    (void)change(in, &changed);
    if (!slice_equal(buf_slice(&changed), welcome)) {
        params.welcome = buf_slice(&changed);
        err e = mls_group_join(&group, &params, &auth, &sender);
        require(e != ERR_BUG && (e != OK || same_epoch(group, by)));
        mls_group_free(group);
        params.welcome = welcome;
    }
    err e = mls_group_join(&group, &params, &auth, &sender);
    require(e == OK || e == ERR_MLS_PSK);
    require(e != OK || same_epoch(group, by));
    buf_free(&changed);
    buf_free(&tree);
    return group;
}

static void join_all(reader *in, struct world *w, const struct mls_group *by,
                     const struct mls_committed *c) {
    for (size_t i = 0; i < c->added_count; i++) {
        int who = people_at(by, c->added[i]);
        const buf *welcome = &c->welcomes[c->welcome_count > 1 ? i : 0];
        sit(w, who, join(in, who, by, buf_slice(welcome), NULL));
    }
}

/* ---- Commands ---- */

/* All but Updates also in commits, by value. */
static struct mls_propose proposal_of(reader *in, const struct mls_group *group, uint8_t kind,
                                      struct mls_extension extensions[3]) {
    static const uint16_t types[] = {
        MLS_PROPOSAL_UPDATE, MLS_PROPOSAL_REMOVE,      MLS_PROPOSAL_ADD,
        MLS_PROPOSAL_PSK,    MLS_PROPOSAL_SELF_REMOVE, CUSTOM_PROPOSAL,
        MLS_PROPOSAL_PSK,    MLS_PROPOSAL_REINIT,      MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS};
    uint8_t what = take(in);
    struct mls_propose p = {.type = types[kind % 9],
                            .leaf = what % (PEOPLE + 1),
                            .key_package = buf_slice(&people[what % PEOPLE].key_package),
                            .psk_id = slice_str(what == 9 ? "unknown" : KNOWN_PSK),
                            .resumption = kind % 9 == 6,
                            .epoch = mls_group_epoch(group) - what % (PAST + 2),
                            .group_id = slice_str("next"),
                            .suite = people_suite(),
                            .content = slice_str("custom")};
    p.extensions = extensions;
    p.extension_count = people_extensions(what, extensions);
    return p;
}

static enum mls_wire wire_of(uint8_t flags) {
    return flags & 1 ? MLS_PRIVATE_MESSAGE : MLS_PUBLIC_MESSAGE;
}

static struct liar liar_of(const struct mls_group *group) {
    return (struct liar){group, buf_slice(&group->epoch->signature_priv)};
}

static void propose(reader *in, struct world *w, int who) {
    struct mls_group *from = w->group[who];
    uint8_t kind = take(in);
    struct mls_extension extensions[3];
    struct mls_propose what = proposal_of(in, from, kind >> 1, extensions);
    struct liar liar = liar_of(from);
    struct sent s = {.sure = true};
    if (mls_group_propose(from, &what, &auth, wire_of(kind), &s.message) == OK) {
        sent_on_its_way(in, &liar, &s);
        spread(w, who, &s);
        if (what.type == MLS_PROPOSAL_SELF_REMOVE && !s.different)
            require(buf_append(&w->leaving[w->leaving_count++], buf_slice(&s.message)) == OK);
    }
    sent_free(&s);
}

static void commit(reader *in, struct world *w, int who) {
    struct mls_group *from = w->group[who];
    uint8_t flags = take(in), add = take(in), kind = take(in);
    slice adds[2] = {buf_slice(&people[(add & 15) % PEOPLE].key_package),
                     buf_slice(&people[(add >> 4) % PEOPLE].key_package)};
    struct mls_extension extensions[3];
    struct mls_propose value = proposal_of(in, from, kind & 15, extensions);
    struct mls_leaf_params leaf = people_leaf(who);
    struct mls_commit_params params = {.adds = adds,
                                       .add_count = (kind >> 5 & 3) % 3,
                                       .proposals = &value,
                                       .proposal_count = kind >> 7,
                                       .wire = wire_of(flags),
                                       .leaf = kind & 16 ? &leaf : NULL,
                                       .without_pending = (flags & 8) != 0,
                                       .pending_psks = (flags & 16) != 0,
                                       .tree_in_welcome = (flags & 32) != 0,
                                       .external_pub = (flags & 64) != 0,
                                       .welcome_each = (flags & 128) != 0};
    struct liar liar = liar_of(from);
    struct mls_committed c;
    err e = mls_group_commit(from, &params, &auth, &c);
    require(e != ERR_BUG);
    if (e != OK)
        return;
    struct sent s = {.sure = true};
    buf_move(&s.message, &c.commit);
    sent_on_its_way(in, &liar, &s);
    spread(w, who, &s);
    if (!s.different) {
        apply(w, who, c.staged);
        c.staged = NULL;
        forget_leavers(w);
        join_all(in, w, from, &c);
    }
    mls_committed_free(&c, NULL);
    sent_free(&s);
}

/* The external sender, or who is outside and wants to come in. */
static void propose_from_outside(reader *in, struct world *w, int who) {
    const struct mls_group *group = w->group[who];
    uint8_t kind = take(in);
    struct mls_extension extensions[3];
    struct mls_propose what = proposal_of(in, group, kind >> 1, extensions);
    struct mls_outsider from = {.suite = people_suite(),
                                .group_id = mls_group_id(group),
                                .epoch = mls_group_epoch(group),
                                .new_member = (kind & 1) != 0,
                                .signature_priv = buf_slice(&server.priv)};
    for (int i = 0; from.new_member && i < PEOPLE; i++)
        if (slice_equal(buf_slice(&people[i].key_package), what.key_package))
            from.signature_priv = buf_slice(&people[i].priv);
    struct liar liar = {group, from.signature_priv};
    struct sent s = {0};
    err e = mls_outsider_propose(&from, &what, &s.message);
    require(e != ERR_BUG);
    if (e == OK) {
        sent_on_its_way(in, &liar, &s);
        spread(w, SEATS, &s);
    }
    sent_free(&s);
}

/* By a commit of its own: somebody from outside, or who is in and starts anew. */
static void join_by_commit(reader *in, struct world *w, int by) {
    uint8_t who = take(in) % PEOPLE, flags = take(in);
    slice psk = slice_str(KNOWN_PSK), leaving[SEATS];
    buf info = {0}, tree = {0};
    uint32_t leaf = people_leaf_of(w->group[by], who);
    struct mls_external_params params = {.leaf = people_leaf(who),
                                         .resync = leaf != UINT32_MAX,
                                         .removed = leaf,
                                         .psk_ids = &psk,
                                         .psk_count = flags & 1,
                                         .limits = &limits};
    for (size_t i = 0; i < w->leaving_count; i++)
        leaving[i] = buf_slice(&w->leaving[i]);
    params.self_removes = leaving;
    params.self_remove_count = flags & 2 ? w->leaving_count : 0;
    if (mls_group_info(w->group[by], (flags & 4) != 0, (flags & 8) == 0, &info) == OK &&
        mls_group_tree(w->group[by], &tree) == OK) {
        struct mls_group *joined;
        struct liar liar = {w->group[by], buf_slice(&people[who].priv)};
        struct sent s = {.sure = true};
        params.group_info = buf_slice(&info);
        params.tree = buf_slice(&tree);
        err e = mls_group_join_external(&joined, &params, &auth, &s.message);
        require(e != ERR_BUG);
        if (e == OK) {
            sent_on_its_way(in, &liar, &s);
            spread(w, SEATS, &s);
            if (s.different) {
                mls_group_free(joined);
            } else {
                forget_leavers(w);
                sit(w, who, joined);
            }
        }
        sent_free(&s);
    }
    buf_free(&info);
    buf_free(&tree);
}

static void follow(reader *in, struct world *w, int by) {
    struct mls_group *group;
    buf info = {0}, tree = {0};
    uint8_t flags = take(in);
    if (mls_group_info(w->group[by], (flags & 1) != 0, (flags & 2) != 0, &info) == OK) {
        require(mls_group_tree(w->group[by], &tree) == OK);
        require(mls_group_observe(&group, buf_slice(&info), buf_slice(&tree), &limits, &auth,
                                  NULL) == OK);
        sit(w, WATCHER, group);
    }
    buf_free(&info);
    buf_free(&tree);
}

/* ---- Application messages: late, out of order, again ---- */

/* Whoever was there when it was sent reads it once. */
static void read_held(struct world *w, struct held *held) {
    struct mls_received r;
    for (int i = 0; i < SEATS; i++) {
        struct mls_group *group = w->group[i];
        if (group == NULL)
            continue;
        bool due = (held->readers & 1u << i) != 0 && held->epoch + PAST >= mls_group_epoch(group);
        err e = mls_group_process(group, buf_slice(&held->message), &auth, &r);
        require(due ? e == OK : e != OK && e != ERR_BUG);
        require(!due || slice_equal(r.application, slice_str("text")));
        mls_received_free(&r);
        held->readers &= ~(1u << i);
    }
}

static void talk(reader *in, struct world *w, int who) {
    uint8_t flags = take(in);
    struct held *held = &w->held[w->held_count];
    if (w->held_count == HELD || mls_group_protect(w->group[who], slice_str("aad"),
                                                   slice_str("text"), flags >> 1, &held->message))
        return;
    w->held_count++;
    held->epoch = mls_group_epoch(w->group[who]);
    for (int i = 0; i < PEOPLE; i++)
        held->readers |= i != who && takes_part(w, i) ? 1u << i : 0;
    if (flags & 1)
        read_held(w, held);
}

static void hear(reader *in, struct world *w, int who) {
    if (w->held_count == 0)
        return;
    struct held *held = &w->held[take(in) % w->held_count];
    struct liar liar = liar_of(w->group[who]);
    struct sent s = {0};
    require(buf_append(&s.message, buf_slice(&held->message)) == OK);
    sent_on_its_way(in, &liar, &s);
    for (int i = 0; s.different && i < SEATS; i++)
        if (w->group[i] != NULL)
            sent_refuse(w->group[i], &s);
    if (!s.different)
        read_held(w, held);
    sent_free(&s);
}

/* ---- The rest ---- */

struct shelf {
    buf *parts;
    uint32_t at;
};

static err put_part(void *ctx, uint32_t part, slice value) {
    struct shelf *s = ctx;
    require(part < PARTS);
    return buf_set(&s->parts[part], value);
}

static err next_part(void *ctx, uint32_t *part, slice *value) {
    struct shelf *s = ctx;
    while (s->at < PARTS && s->parts[s->at].n == 0)
        s->at++;
    if (s->at == PARTS)
        return ERR_NOT_FOUND;
    *part = s->at;
    *value = buf_slice(&s->parts[s->at++]);
    return OK;
}

static void reload(reader *in, struct world *w, int who) {
    uint8_t how = take(in);
    int seat = how & 2 ? WATCHER : who;
    struct mls_group *group = w->group[seat], *loaded;
    struct shelf shelf = {w->parts[seat], 0};
    struct mls_parts parts = {put_part, next_part, &shelf};
    buf saved = {0}, again = {0};
    w->save_staged = (how & 4) != 0;
    if (group == NULL)
        return;
    require(mls_group_save(group, &saved) == OK);
    if (how & 1) {
        require(mls_group_save_parts(group, &parts) == OK);
        require(mls_group_load_parts(&loaded, &parts, NULL) == OK);
    } else {
        require(mls_group_load(&loaded, buf_slice(&saved), NULL) == OK);
        clear_parts(w, seat);
    }
    mls_group_free(group);
    w->group[seat] = loaded;
    require(mls_group_save(loaded, &again) == OK);
    require(slice_equal(buf_slice(&saved), buf_slice(&again)));
    buf_free(&saved);
    buf_free(&again);
}

/* A component's secret is the same for all, and each gets it once. */
static void export(reader *in, struct world *w, int who) {
    uint16_t component = take(in) % 4;
    uint8_t first[CRYPTO_HASH_MAX], other[CRYPTO_HASH_MAX];
    size_t n = sizeof(first), m = sizeof(other), o = sizeof(other);
    int next = (who + 1) % PEOPLE;
    err e = mls_group_safe_export(w->group[who], component, first, &n);
    require(e == OK || e == ERR_REPEAT || mls_group_is_ended(w->group[who]));
    require(mls_group_safe_export(w->group[who], component, other, &o) != OK);
    if (e == OK && takes_part(w, next) &&
        mls_group_safe_export(w->group[next], component, other, &m) == OK)
        require(slice_equal(slice_of(first, n), slice_of(other, m)));
}

/* The group that a ReInit announced takes the place of the old one; a branch is only looked at. */
static void go_on(reader *in, struct world *w, int who) {
    const struct mls_group *old = w->group[who];
    struct mls_group *next[SEATS] = {NULL};
    struct mls_committed c;
    bool ended = mls_group_is_ended(old);
    slice key_packages[PEOPLE];
    struct mls_resume_params params = {.leaf = people_leaf(who),
                                       .key_packages = key_packages,
                                       .group_id = slice_str("branch"),
                                       .limits = &limits};
    uint8_t flags = take(in);
    params.tree_in_welcome = (flags & 128) != 0;
    for (int i = 0; i < PEOPLE; i++)
        if (i != who && people_leaf_of(old, i) != UINT32_MAX && (flags >> i & 1) == 0)
            key_packages[params.count++] = buf_slice(&people[i].key_package);
    err e = ended ? mls_group_reinit(&next[who], old, &params, &auth, &c)
                  : mls_group_branch(&next[who], old, &params, &auth, &c);
    require(e != ERR_BUG);
    if (e != OK)
        return;
    for (size_t i = 0; i < c.added_count; i++) {
        int joiner = people_at(next[who], c.added[i]);
        if (takes_part(w, joiner))
            next[joiner] = join(in, joiner, next[who], buf_slice(&c.welcomes[0]), w->group[joiner]);
    }
    for (int i = 0; i < SEATS; i++)
        if (ended)
            sit(w, i, next[i]);
        else
            mls_group_free(next[i]);
    mls_committed_free(&c, NULL);
}

static void (*const commands[])(reader *in, struct world *w, int who) = {
    propose, commit, propose_from_outside, join_by_commit, follow, talk, hear, reload,
    export,  go_on};

static void command(reader *in, struct world *w) {
    uint8_t what = take(in);
    int who = what >> 4;
    who %= PEOPLE;
    if (takes_part(w, who))
        commands[(what & 15) % 10](in, w, who);
}

/* ---- The group, made once and loaded for each input ---- */

static buf saved[SEATS];

static void make_group(void) {
    struct world w = {0};
    struct mls_extension extensions[3];
    struct mls_group_params params = {.suite = people_suite(),
                                      .group_id = slice_str("fuzz"),
                                      .leaf = people_leaf(0),
                                      .extensions = extensions,
                                      .extension_count = people_extensions(1, extensions),
                                      .limits = &limits};
    /* Adds people 1 and 2, with the tree in the Welcome; then one follows. */
    static const uint8_t first[] = {0x01, 0x20, 0x21, 0x40, 0, 0, 0, 0, 0x04, 3};
    reader in = reader_of(SLICE_ARRAY(first));
    require(mls_group_create(&w.group[0], &params, &auth) == OK);
    command(&in, &w);
    command(&in, &w);
    for (int i = 0; i < SEATS; i++) {
        if (w.group[i] != NULL)
            require(mls_group_save(w.group[i], &saved[i]) == OK);
        sit(&w, i, NULL);
    }
}

static void agree(const struct world *w) {
    for (int i = 0; i < SEATS; i++)
        for (int j = 0; j < i; j++)
            require(!takes_part(w, i) || !takes_part(w, j) || same_epoch(w->group[i], w->group[j]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct world w = {0};
    reader in = {data, size};
    people_begin();
    if (saved[0].n == 0)
        make_group();
    people_begin();
    for (int i = 0; i < SEATS; i++)
        if (saved[i].n != 0)
            require(mls_group_load(&w.group[i], buf_slice(&saved[i]), NULL) == OK);
    for (int i = 0; i < COMMANDS && in.n > 0; i++) {
        command(&in, &w);
        agree(&w);
    }
    for (int i = 0; i < SEATS; i++)
        sit(&w, i, NULL);
    for (size_t i = 0; i < w.held_count; i++)
        buf_free(&w.held[i].message);
    forget_leavers(&w);
    return 0;
}
