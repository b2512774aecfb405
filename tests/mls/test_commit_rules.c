/* What a member refuses from another member (RFC 9420 sections 6, 7.3, 12.2, 12.4.2). Messages are
 * taken apart, changed, and signed and tagged again as a malicious member can. */
#include <stdlib.h>

#include "mls/framing.h"
#include "mls/group.h"
#include "mls/key_package.h"
#include "mls/labels.h"
#include "mls/leaf.h"
#include "mls/proposals.h"
#include "mls/tree_hash.h"
#include "tests/mls/people.h"

enum { ANNA = 0, BERT = 1, CARLA = 2, DORA = 3, MEMBERS = 4 };

/* Anna, Bert, Carla and Dora are members; Evan is outside, with a key package. Anna is malicious,
 * and Bert reads. */
struct scene {
    struct person people[MEMBERS], evan, *all[MEMBERS];
    buf before; /* Bert's state */
};

static void scene_begin(struct scene *s) {
    static const char *const names[] = {"anna", "bert", "carla", "dora"};
    slice adds[3];
    memset(s, 0, sizeof(*s));
    for (int i = 0; i < MEMBERS; i++) {
        person_init(&s->people[i], MLS_SUITE_X25519_CHACHA, names[i]);
        s->all[i] = &s->people[i];
        person_key_package(&s->people[i], false);
        if (i > 0)
            adds[i - 1] = buf_slice(&s->people[i].key_package);
    }
    person_init(&s->evan, MLS_SUITE_X25519_CHACHA, "evan");
    person_key_package(&s->evan, false);
    person_create(&s->people[0], "group");
    struct mls_commit_params params = {
        .adds = adds, .add_count = 3, .wire = MLS_PUBLIC_MESSAGE, .tree_in_welcome = true};
    people_commit(&s->people[0], &params, NULL, 0, s->all + 1, 3);
    for (int i = MEMBERS - 1; i >= 0; i--) { /* so that the tree is full */
        params = (struct mls_commit_params){.wire = MLS_PUBLIC_MESSAGE};
        people_commit(&s->people[i], &params, s->all, MEMBERS, NULL, 0);
    }
    CHECK_OK(mls_group_save(s->people[BERT].group, &s->before));
}

/* Whatever was refused, Bert's group is as it was, and goes on. */
static void scene_end(struct scene *s) {
    buf after = {0};
    CHECK_OK(mls_group_save(s->people[BERT].group, &after));
    CHECK_SLICE(buf_slice(&after), buf_slice(&s->before));
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    people_commit(&s->people[ANNA], &params, s->all, MEMBERS, NULL, 0);
    people_agree(s->all, MEMBERS);
    for (int i = 0; i < MEMBERS; i++)
        person_free(&s->people[i]);
    person_free(&s->evan);
    buf_free(&s->before);
    buf_free(&after);
}

/* ---- Forging ---- */

enum { KEEP_SIGNATURE = 1, KEEP_TAG = 2 };
typedef void change(struct scene *s, struct mls_public_message *m);

static void sign_and_tag(struct scene *s, struct mls_public_message *m, int how, buf *out) {
    struct mls_group *g = s->people[ANNA].group;
    slice context = buf_slice(&g->epoch->context_bytes);
    buf_clear(out);
    if ((how & KEEP_SIGNATURE) == 0)
        CHECK_OK(
            mls_framing_sign(g->suite, &m->auth, context, buf_slice(&s->people[ANNA].priv), NULL));
    if ((how & KEEP_TAG) == 0) {
        CHECK_OK(mls_public_message_protect(g->suite, &m->auth, context,
                                            g->epoch->secrets.membership_key, out, NULL));
        return;
    }
    writer w = writer_on(out);
    mls_message_begin(&w, MLS_PUBLIC_MESSAGE);
    mls_public_message_write(&w, m);
    CHECK_OK(writer_result(&w));
}

/* Bert's answer to a message of Anna's that was changed. */
static err answer(struct scene *s, slice message, change *how, int keep,
                  const struct mls_auth *auth) {
    struct mls_public_message m;
    struct mls_received r;
    buf forged = {0};
    reader body = reader_of(slice_of(message.p + 4, message.n - 4));
    CHECK_OK(mls_public_message_read(&body, &m, NULL));
    how(s, &m);
    sign_and_tag(s, &m, keep, &forged);
    err e = mls_group_process(s->people[BERT].group, buf_slice(&forged), auth, &r);
    mls_received_free(&r);
    mls_public_message_free(&m, NULL);
    buf_free(&forged);
    return e;
}

/* Anna's commit with these parameters, changed. */
static err commit_answer(struct scene *s, const struct mls_commit_params *given, change *how,
                         int keep) {
    struct mls_commit_params params = *given;
    struct mls_committed c;
    params.wire = MLS_PUBLIC_MESSAGE;
    CHECK_OK(mls_group_commit(s->people[ANNA].group, &params, &people_auth, &c));
    err e = answer(s, buf_slice(&c.commit), how, keep, &people_auth);
    mls_committed_free(&c, NULL);
    return e;
}

struct forgery {
    const char *what;
    change *how;
    int keep;
    err expected;
};

static void try_all(const struct forgery *f, size_t n, const struct mls_commit_params *params) {
    struct scene s;
    scene_begin(&s);
    for (size_t i = 0; i < n; i++) {
        err e = commit_answer(&s, params, f[i].how, f[i].keep);
        if (e != f[i].expected)
            test_fail(__FILE__, __LINE__, "%s: got %s, expected %s", f[i].what, err_name(e),
                      err_name(f[i].expected));
    }
    scene_end(&s);
}
#define TRY_ALL(list, params) try_all((list), sizeof(list) / sizeof((list)[0]), (params))

/* ---- Frames ---- */

static struct mls_framed_content *content(struct mls_public_message *m) {
    return &m->auth.content;
}

static void nothing(struct scene *s, struct mls_public_message *m) {
    (void)s;
    (void)m;
}
static void other_group(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->group_id.p[0] ^= 1;
}
static void next_epoch(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->epoch++;
}
static void last_epoch(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->epoch--;
}
static void as_carla(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->sender.index = CARLA;
}
static void as_bert(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->sender.index = BERT;
}
static void as_nobody(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->sender.index = 4;
}
static void as_far_away(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->sender.index = UINT32_MAX;
}
static void as_outsider(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->sender = (struct mls_sender){MLS_SENDER_EXTERNAL, 0};
}
static void as_new_member(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->sender = (struct mls_sender){MLS_SENDER_NEW_MEMBER_COMMIT, 0};
}
static void as_application(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->kind = MLS_APPLICATION;
}
static void other_signature(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->auth.signature.p[5] ^= 1;
}
static void no_signature(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->auth.signature.n = 0;
}
static void other_data(struct scene *s, struct mls_public_message *m) {
    (void)s;
    CHECK_OK(buf_set(&content(m)->authenticated_data, slice_str("not signed")));
}
static void other_confirmation(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->auth.confirmation_tag.p[31] ^= 1;
}
static void short_confirmation(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->auth.confirmation_tag.n = 31;
}
static void no_confirmation(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->auth.confirmation_tag.n = 0;
}
static void other_membership(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->membership_tag.p[0] ^= 1;
}
static void no_membership(struct scene *s, struct mls_public_message *m) {
    (void)s;
    m->membership_tag.n = 0;
}

/* bug tag-length */
TEST(frames_that_lie_are_refused) {
    static const struct forgery forgeries[] = {
        {"nothing is changed", nothing, KEEP_SIGNATURE, OK},
        {"another group", other_group, 0, ERR_MLS_GROUP_ID}, /* rule 8.1-1 */
        {"a later epoch", next_epoch, 0, ERR_EARLY},
        {"an earlier epoch", last_epoch, 0, ERR_MLS_EPOCH}, /* rule 12.4.2-1 */
        {"in Carla's name", as_carla, 0, ERR_SIGNATURE},    /* rule 12.4.2-4 */
        {"in the reader's name", as_bert, 0, ERR_MLS_OWN_MESSAGE},
        {"in a blank leaf's name", as_nobody, 0, ERR_MLS_SENDER},
        {"in the name of a leaf outside", as_far_away, 0, ERR_MLS_SENDER},
        {"from an external sender", as_outsider, KEEP_TAG, ERR_MLS_SENDER},
        {"from a new member", as_new_member, KEEP_TAG, ERR_MLS_PROPOSAL_LIST},
        {"an application message in clear", as_application, 0, ERR_DENIED},
        {"another signature", other_signature, KEEP_SIGNATURE, ERR_SIGNATURE}, /* rule 12.4.2-4 */
        {"no signature", no_signature, KEEP_SIGNATURE, ERR_SIGNATURE},         /* rule 12.4.2-4 */
        {"data that isn't signed", other_data, KEEP_SIGNATURE, ERR_SIGNATURE}, /* rule 12.4.2-4 */
        {"another confirmation tag", other_confirmation, 0,
         ERR_MLS_CONFIRMATION_TAG}, /* rule 12.4.2-9 */
        {"a shorter confirmation tag", short_confirmation, 0,
         ERR_MLS_CONFIRMATION_TAG},                                            /* rule 12.4.2-9 */
        {"no confirmation tag", no_confirmation, 0, ERR_MLS_CONFIRMATION_TAG}, /* rule 12.4.2-9 */
        {"another membership tag", other_membership, KEEP_SIGNATURE | KEEP_TAG,
         ERR_MLS_MEMBERSHIP_TAG}, /* rule 12.4.2-2 */
        {"no membership tag", no_membership, KEEP_SIGNATURE | KEEP_TAG,
         ERR_MLS_MEMBERSHIP_TAG}, /* rule 12.4.2-2 */
        {"changed by who has no membership key", other_confirmation, KEEP_SIGNATURE | KEEP_TAG,
         ERR_MLS_MEMBERSHIP_TAG}, /* rule 12.4.2-2 */
    };
    struct mls_commit_params empty = {0};
    TRY_ALL(forgeries, &empty);
}

/* bugs decode-panic, trailing-bytes */
TEST(bytes_that_are_no_message_are_refused) {
    struct scene s;
    struct mls_committed c;
    struct mls_commit_params params = {.wire = MLS_PUBLIC_MESSAGE};
    scene_begin(&s);
    CHECK_OK(mls_group_commit(s.people[ANNA].group, &params, &people_auth, &c));
    struct person *bert = &s.people[BERT];
    CHECK_ERR(person_process(bert, SLICE_EMPTY), ERR_TRUNCATED);
    for (size_t n = 1; n < c.commit.n; n++)
        CHECK_ERR(person_process(bert, slice_of(c.commit.p, n)), ERR_TRUNCATED);
    CHECK_OK(buf_append_byte(&c.commit, 0));
    CHECK_ERR(person_process(bert, buf_slice(&c.commit)), ERR_TRAILING);
    c.commit.p[3] = MLS_WELCOME;
    CHECK_ERR(person_process(bert, buf_slice(&c.commit)), ERR_UNKNOWN_TYPE);
    c.commit.p[1] = 2;
    CHECK_ERR(person_process(bert, buf_slice(&c.commit)), ERR_MLS_VERSION);
    mls_committed_free(&c, NULL);
    scene_end(&s);
}

TEST(a_commit_is_good_for_one_epoch_only) {
    struct scene s;
    struct mls_committed c;
    struct mls_commit_params params = {.wire = MLS_PRIVATE_MESSAGE};
    buf application = {0}, proposal = {0};
    scene_begin(&s);
    struct person *anna = &s.people[ANNA], *bert = &s.people[BERT];
    CHECK_OK(people_propose_update(anna->group, NULL, MLS_PRIVATE_MESSAGE, &proposal));
    CHECK_OK(mls_group_commit(anna->group, &params, &people_auth, &c));
    for (int i = 1; i < MEMBERS; i++)
        CHECK_OK(person_process(&s.people[i], buf_slice(&c.commit)));
    CHECK_ERR(person_process(bert, buf_slice(&c.commit)), ERR_MLS_EPOCH); /* rule 12.4.2-1 */
    CHECK_ERR(person_process(bert, buf_slice(&proposal)), ERR_MLS_EPOCH); /* rule 12.1-2 */
    mls_staged_apply(anna->group, c.staged);
    c.staged = NULL;
    mls_committed_free(&c, NULL);
    /* What comes before the commit that leads there has to wait. */
    CHECK_OK(mls_group_commit(anna->group, &params, &people_auth, &c));
    mls_staged_apply(anna->group, c.staged);
    c.staged = NULL;
    CHECK_OK(mls_group_protect(anna->group, SLICE_EMPTY, slice_str("hello"), 0, &application));
    CHECK_ERR(person_process(bert, buf_slice(&application)), ERR_EARLY);
    for (int i = 1; i < MEMBERS; i++)
        CHECK_OK(person_process(&s.people[i], buf_slice(&c.commit)));
    CHECK_OK(person_process(bert, buf_slice(&application)));
    CHECK_ERR(person_process(bert, buf_slice(&application)), ERR_REPEAT);
    mls_committed_free(&c, NULL);
    buf_free(&application);
    buf_free(&proposal);
    buf_clear(&s.before);
    CHECK_OK(mls_group_save(bert->group, &s.before));
    scene_end(&s);
}

/* ---- Lists of proposals (section 12.2) ---- */

/* A new proposal by value at the end of the commit's list. */
static struct mls_proposal *append(struct mls_public_message *m, uint16_t type) {
    struct mls_commit *c = &content(m)->commit;
    size_t n = c->proposal_count, size = sizeof(*c->proposals);
    c->proposals = mem_resize(NULL, c->proposals, n * size, (n + 1) * size);
    memset(&c->proposals[n], 0, size);
    c->proposal_count++;
    c->proposals[n].proposal = mem_new(NULL, sizeof(*c->proposals[n].proposal));
    c->proposals[n].proposal->type = type;
    return c->proposals[n].proposal;
}

/* Empty, to be filled. */
static void append_reference(struct mls_public_message *m) {
    struct mls_commit *c = &content(m)->commit;
    append(m, MLS_PROPOSAL_REMOVE);
    struct mls_proposal_or_ref *last = &c->proposals[c->proposal_count - 1];
    mem_free(NULL, last->proposal, sizeof(*last->proposal));
    last->proposal = NULL;
}

static void append_remove(struct mls_public_message *m, uint32_t leaf) {
    append(m, MLS_PROPOSAL_REMOVE)->removed = leaf;
}

static struct mls_key_package *append_add(struct mls_public_message *m, const struct person *who) {
    struct mls_proposal *p = append(m, MLS_PROPOSAL_ADD);
    p->key_package = mem_new(NULL, sizeof(*p->key_package));
    CHECK_OK(mls_key_package_open(buf_slice(&who->key_package), p->key_package, NULL));
    return p->key_package;
}

static struct mls_psk_id *append_psk(struct mls_public_message *m) {
    struct mls_psk_id *id = &append(m, MLS_PROPOSAL_PSK)->psk;
    id->type = MLS_PSK_EXTERNAL;
    CHECK_OK(buf_resize(&id->nonce, 32));
    return id;
}

static void append_extensions(struct mls_public_message *m, uint16_t type, slice data) {
    struct mls_extension e = {type, data};
    CHECK_OK(mls_extensions_from(&append(m, MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS)->extensions, &e,
                                 1, NULL));
}

static void drop_path(struct mls_public_message *m) {
    struct mls_commit *c = &content(m)->commit;
    if (c->has_path)
        mls_update_path_free(&c->path, NULL);
    c->has_path = false;
}

static void no_path(struct scene *s, struct mls_public_message *m) {
    (void)s;
    drop_path(m);
}
static void remove_without_path(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_remove(m, CARLA);
    drop_path(m);
}
static void add_without_path(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->evan);
    drop_path(m);
}
static void remove_committer(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_remove(m, ANNA);
}
static void remove_blank(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_remove(m, 4);
}
static void remove_far_away(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_remove(m, UINT32_MAX);
}
static void remove_twice(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_remove(m, CARLA);
    append_remove(m, CARLA);
}
static void update_by_committer(struct scene *s, struct mls_public_message *m) {
    struct mls_proposal *p = append(m, MLS_PROPOSAL_UPDATE);
    p->leaf = mem_new(NULL, sizeof(*p->leaf));
    CHECK_OK(mls_leaf_node_copy(p->leaf, mls_tree_leaf(&s->people[ANNA].group->epoch->tree, ANNA),
                                NULL));
}
static void unknown_reference(struct scene *s, struct mls_public_message *m) {
    (void)s;
    struct mls_commit *c = &content(m)->commit;
    append_reference(m);
    CHECK_OK(buf_resize(&c->proposals[c->proposal_count - 1].reference, 32));
}
static void short_reference(struct scene *s, struct mls_public_message *m) {
    struct mls_commit *c = &content(m)->commit;
    unknown_reference(s, m);
    c->proposals[c->proposal_count - 1].reference.n = 3;
}
static void external_init(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append(m, MLS_PROPOSAL_EXTERNAL_INIT);
}
static void reinit_with_another(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append(m, MLS_PROPOSAL_REINIT)->version = MLS_VERSION_10;
    append_remove(m, CARLA);
}
static void reinit_of_an_older_version(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append(m, MLS_PROPOSAL_REINIT)->version = 0;
}
static void add_twice(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->evan);
    append_add(m, &s->evan);
}
static void add_member(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->people[CARLA]);
}
static void add_another_suite(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->evan)->suite = MLS_SUITE_XWING_CHACHA;
}
static void add_another_version(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->evan)->version = 2;
}
static void add_with_one_key(struct scene *s, struct mls_public_message *m) {
    struct mls_key_package *kp = append_add(m, &s->evan);
    CHECK_OK(buf_set(&kp->init_key, buf_slice(&kp->leaf.encryption_key)));
}
static void add_with_short_key(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->evan)->init_key.n = 31;
}
static void add_forged(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->evan)->init_key.p[0] ^= 1;
}
static void add_forged_leaf(struct scene *s, struct mls_public_message *m) {
    append_add(m, &s->evan)->leaf.credential.identity.p[0] ^= 1;
}
static void unknown_psk(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_psk(m);
}
static void psk_twice(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_psk(m);
    append_psk(m);
}
static void psk_of_a_short_nonce(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_psk(m)->nonce.n = 31;
}
static void psk_for_a_branch(struct scene *s, struct mls_public_message *m) {
    (void)s;
    struct mls_psk_id *id = append_psk(m);
    id->type = MLS_PSK_RESUMPTION;
    id->usage = MLS_PSK_BRANCH;
}
static void psk_for_a_reinit(struct scene *s, struct mls_public_message *m) {
    (void)s;
    struct mls_psk_id *id = append_psk(m);
    id->type = MLS_PSK_RESUMPTION;
    id->usage = MLS_PSK_REINIT;
}
static void psk_of_an_epoch_not_kept(struct scene *s, struct mls_public_message *m) {
    (void)s;
    struct mls_psk_id *id = append_psk(m);
    id->type = MLS_PSK_RESUMPTION;
    id->usage = MLS_PSK_APPLICATION;
    CHECK_OK(buf_set(&id->id, slice_str("group")));
    id->epoch = 77;
}
static void psk_of_another_group(struct scene *s, struct mls_public_message *m) {
    psk_of_an_epoch_not_kept(s, m);
    struct mls_commit *c = &content(m)->commit;
    struct mls_psk_id *id = &c->proposals[c->proposal_count - 1].proposal->psk;
    CHECK_OK(buf_set(&id->id, slice_str("other")));
    id->epoch = content(m)->epoch;
}
static void too_many_psks(struct scene *s, struct mls_public_message *m) {
    (void)s;
    for (int i = 0; i <= MLS_PSKS_MAX; i++)
        append_psk(m)->nonce.p[0] = (uint8_t)i;
}
static void extensions_twice(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_extensions(m, MLS_EXTENSION_EXTERNAL_SENDERS, SLICE_EMPTY);
    append_extensions(m, MLS_EXTENSION_EXTERNAL_SENDERS, SLICE_EMPTY);
}
static void extension_not_understood(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_extensions(m, 0xfe55, SLICE_EMPTY);
}
static void extension_that_requires(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_extensions(m, MLS_EXTENSION_REQUIRED_CAPABILITIES, slice_of("\x02\xfe\x55\0\0", 5));
}

static void custom(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append(m, 0xfe66);
}
static void extensions_without_path(struct scene *s, struct mls_public_message *m) {
    (void)s;
    append_extensions(m, MLS_EXTENSION_EXTERNAL_SENDERS, SLICE_EMPTY);
    drop_path(m);
}

TEST(lists_of_proposals_that_break_a_rule_are_refused) {
    static const struct forgery forgeries[] = {
        {"an empty commit without path", no_path, 0, ERR_MLS_PATH_REQUIRED},      /* rule 12.4-1 */
        {"a Remove without path", remove_without_path, 0, ERR_MLS_PATH_REQUIRED}, /* rule 12.4-3 */
        {"GroupContextExtensions without path", extensions_without_path, 0,
         ERR_MLS_PATH_REQUIRED}, /* rule 12.4-4 */
        {"an Add without path is fine, but for the tag", add_without_path, 0,
         ERR_MLS_CONFIRMATION_TAG},
        {"the committer removes itself", remove_committer, 0,
         ERR_MLS_PROPOSAL_LIST}, /* rule 12.2-3 */
        {"Remove of a blank leaf", remove_blank, 0,
         ERR_MLS_PROPOSAL_LIST}, /* rules 12.1.3-1, 12.2-1 */
        {"Remove of a leaf outside the tree", remove_far_away, 0,
         ERR_MLS_PROPOSAL_LIST}, /* rules 12.1.3-1, 12.2-1 */
        {"two Removes of one leaf", remove_twice, 0, ERR_MLS_PROPOSAL_LIST}, /* rule 12.2-4 */
        {"an Update by the committer", update_by_committer, 0,
         ERR_MLS_PROPOSAL_LIST},                                       /* rule 12.2-2 */
        {"a reference to nothing", unknown_reference, 0, ERR_MISSING}, /* rule 12.4-5 */
        {"a reference of another length", short_reference, 0, ERR_MALFORMED},
        {"ExternalInit", external_init, 0, ERR_MLS_PROPOSAL_LIST},              /* rule 12.2-10 */
        {"ReInit with another", reinit_with_another, 0, ERR_MLS_PROPOSAL_LIST}, /* rule 12.2-9 */
        {"ReInit to an older version", reinit_of_an_older_version, 0,
         ERR_MLS_VERSION},                                                   /* rule 12.1.5-1 */
        {"Add of another suite", add_another_suite, 0, ERR_MLS_SUITE},       /* rule 10.1-1 */
        {"Add of another version", add_another_version, 0, ERR_MLS_VERSION}, /* rule 10.1-2 */
        {"Add with init key and encryption key the same", add_with_one_key, 0,
         ERR_MLS_KEY_PACKAGE},                                                     /* rule 10.1-5 */
        {"Add with a short init key", add_with_short_key, 0, ERR_MLS_KEY_PACKAGE}, /* rule 10-1 */
        {"Add with a wrong signature", add_forged, 0, ERR_SIGNATURE}, /* rules 10.1-4, 12.1.1-1 */
        {"Add with a wrong signature of the leaf", add_forged_leaf, 0,
         ERR_SIGNATURE},                                             /* rule 12.1.1-1 */
        {"a PSK that isn't known", unknown_psk, 0, ERR_MLS_PSK},     /* rule 12.4.2-5 */
        {"the same PSK twice", psk_twice, 0, ERR_MLS_PROPOSAL_LIST}, /* rule 12.2-7 */
        {"a PSK with a short nonce", psk_of_a_short_nonce, 0,
         ERR_MLS_PROPOSAL_LIST},                                            /* rule 12.1.4-3 */
        {"a PSK for a branch", psk_for_a_branch, 0, ERR_MLS_PROPOSAL_LIST}, /* rule 12.1.4-2 */
        {"a PSK for a reinitialisation", psk_for_a_reinit, 0,
         ERR_MLS_PROPOSAL_LIST},                                               /* rule 12.1.4-1 */
        {"a type that not all members know", custom, 0, ERR_MLS_CAPABILITIES}, /* rule 12.2-11 */
        {"a PSK of another group", psk_of_another_group, 0, ERR_MLS_PSK},      /* rule 12.4.2-5 */
        {"a PSK of an epoch not kept", psk_of_an_epoch_not_kept, 0,
         ERR_MLS_PSK}, /* rule 12.4.2-5 */
        {"too many PSKs", too_many_psks, 0, ERR_LIMIT},
        {"two sets of extensions", extensions_twice, 0, ERR_MLS_PROPOSAL_LIST}, /* rule 12.2-8 */
        {"an extension that members don't understand", extension_not_understood, 0,
         ERR_MLS_CAPABILITIES}, /* rule 12.1.7-1 */
        {"a required capability that members don't have", extension_that_requires, 0,
         ERR_MLS_CAPABILITIES}, /* rule 11.1-2 */
    };
    struct mls_commit_params empty = {0};
    TRY_ALL(forgeries, &empty);
}

/* The tree that an Add changes is not the one of Anna's path, so these come without. */
static void only_an_old_psk(struct scene *s, struct mls_public_message *m) {
    psk_of_an_epoch_not_kept(s, m);
    drop_path(m);
}
static void only_two_adds(struct scene *s, struct mls_public_message *m) {
    add_twice(s, m);
    drop_path(m);
}
/* Evan's, signed by him, with a credential of a type that nobody else supports. */
static void only_another_credential(struct scene *s, struct mls_public_message *m) {
    struct mls_key_package *kp = append_add(m, &s->evan);
    slice priv = buf_slice(&s->evan.priv);
    buf tbs = {0};
    kp->leaf.credential.type = MLS_CREDENTIAL_X509;
    kp->leaf.capabilities.credentials.data.p[1] = MLS_CREDENTIAL_X509; /* the low byte */
    CHECK_OK(mls_leaf_sign(s->evan.suite, &kp->leaf, priv, SLICE_EMPTY, 0, NULL));
    writer w = writer_on(&tbs);
    mls_key_package_write_unsigned(&w, kp);
    buf_free(&kp->signature);
    CHECK_OK(mls_label_sign(s->evan.suite, priv, "KeyPackageTBS", buf_slice(&tbs), &kp->signature,
                            NULL));
    buf_free(&tbs);
    drop_path(m);
}
static void only_a_member(struct scene *s, struct mls_public_message *m) {
    add_member(s, m);
    drop_path(m);
}

TEST(commits_without_path_that_break_a_rule_are_refused) {
    static const struct forgery forgeries[] = {
        {"a PSK of an epoch that isn't kept", only_an_old_psk, 0, ERR_MLS_PSK}, /* rule 12.4.2-5 */
        {"two Adds of one client", only_two_adds, 0, ERR_MLS_DUPLICATE_KEY},    /* rule 12.2-5 */
        {"Add of a member", only_a_member, 0, ERR_MLS_DUPLICATE_KEY}, /* rules 7.3-11, 12.2-6 */
        {"Add with a credential of a type that others don't support", only_another_credential, 0,
         ERR_MLS_CAPABILITIES}, /* rules 7.3-4, 12.2-12 */
    };
    struct mls_commit_params empty = {0};
    TRY_ALL(forgeries, &empty);
}

/* ---- Paths (sections 7.3, 12.4.2) ---- */

static struct mls_update_path *path_of(struct mls_public_message *m) {
    return &content(m)->commit.path;
}

static void resign_leaf(struct scene *s, struct mls_leaf_node *leaf) {
    CHECK_OK(mls_leaf_sign(s->people[ANNA].suite, leaf, buf_slice(&s->people[ANNA].priv),
                           slice_str("group"), ANNA, NULL));
}
static void leaf_not_signed(struct scene *s, struct mls_public_message *m) {
    (void)s;
    path_of(m)->leaf.signature.p[0] ^= 1;
}
static void leaf_of_another_group(struct scene *s, struct mls_public_message *m) {
    CHECK_OK(mls_leaf_sign(s->people[ANNA].suite, &path_of(m)->leaf,
                           buf_slice(&s->people[ANNA].priv), slice_str("other"), ANNA, NULL));
}
static void leaf_of_another_place(struct scene *s, struct mls_public_message *m) {
    CHECK_OK(mls_leaf_sign(s->people[ANNA].suite, &path_of(m)->leaf,
                           buf_slice(&s->people[ANNA].priv), slice_str("group"), BERT, NULL));
}
static void leaf_for_an_update(struct scene *s, struct mls_public_message *m) {
    path_of(m)->leaf.source = MLS_LEAF_UPDATE;
    resign_leaf(s, &path_of(m)->leaf);
}
static void leaf_with_the_old_key(struct scene *s, struct mls_public_message *m) {
    const struct mls_leaf_node *old = mls_tree_leaf(&s->people[ANNA].group->epoch->tree, ANNA);
    CHECK_OK(buf_set(&path_of(m)->leaf.encryption_key, buf_slice(&old->encryption_key)));
    resign_leaf(s, &path_of(m)->leaf);
}
static void leaf_with_carlas_key(struct scene *s, struct mls_public_message *m) {
    const struct mls_leaf_node *carla = mls_tree_leaf(&s->people[ANNA].group->epoch->tree, CARLA);
    CHECK_OK(buf_set(&path_of(m)->leaf.encryption_key, buf_slice(&carla->encryption_key)));
    resign_leaf(s, &path_of(m)->leaf);
}
static void leaf_with_an_unlisted_extension(struct scene *s, struct mls_public_message *m) {
    struct mls_extension e = {0xfe44, SLICE_EMPTY};
    mls_extensions_free(&path_of(m)->leaf.extensions, NULL);
    CHECK_OK(mls_extensions_from(&path_of(m)->leaf.extensions, &e, 1, NULL));
    resign_leaf(s, &path_of(m)->leaf);
}
static void leaf_with_another_parent_hash(struct scene *s, struct mls_public_message *m) {
    path_of(m)->leaf.parent_hash.p[0] ^= 1;
    resign_leaf(s, &path_of(m)->leaf);
}
static void leaf_without_parent_hash(struct scene *s, struct mls_public_message *m) {
    path_of(m)->leaf.parent_hash.n = 0;
    resign_leaf(s, &path_of(m)->leaf);
}
static void node_with_another_key(struct scene *s, struct mls_public_message *m) {
    (void)s;
    path_of(m)->nodes[1].encryption_key.p[0] ^= 1;
}
static void node_with_a_short_key(struct scene *s, struct mls_public_message *m) {
    (void)s;
    path_of(m)->nodes[1].encryption_key.n = 5;
}
static void node_with_no_key(struct scene *s, struct mls_public_message *m) {
    (void)s;
    memset(path_of(m)->nodes[1].encryption_key.p, 0, 32);
}
/* The one that stands at this very node. */
static void node_with_a_key_of_the_tree(struct scene *s, struct mls_public_message *m) {
    const struct mls_tree *tree = &s->people[BERT].group->epoch->tree;
    slice key = mls_tree_public_key(tree, mls_tree_math_root(tree->width));
    CHECK_EQ(key.n, 32);
    memcpy(path_of(m)->nodes[1].encryption_key.p, key.p, 32);
}
static void one_node_less(struct scene *s, struct mls_public_message *m) {
    (void)s;
    struct mls_update_path *p = path_of(m);
    size_t n = p->node_count, size = sizeof(*p->nodes);
    struct mls_update_path rest = {.nodes = mem_new(NULL, size), .node_count = 1};
    rest.nodes[0] = p->nodes[n - 1];
    mls_update_path_free(&rest, NULL);
    p->nodes = mem_resize(NULL, p->nodes, n * size, (n - 1) * size);
    p->node_count--;
}
static void one_secret_less(struct scene *s, struct mls_public_message *m) {
    (void)s;
    struct mls_update_path_node *node = &path_of(m)->nodes[0];
    CHECK_EQ(node->secret_count, 1);
    mls_hpke_ciphertext_free(&node->secrets[0], NULL);
    mem_free(NULL, node->secrets, sizeof(*node->secrets));
    node->secrets = NULL;
    node->secret_count = 0;
}
static void another_secret(struct scene *s, struct mls_public_message *m) {
    (void)s;
    path_of(m)->nodes[0].secrets[0].ciphertext.p[0] ^= 1;
}
static void short_secret(struct scene *s, struct mls_public_message *m) {
    (void)s;
    path_of(m)->nodes[0].secrets[0].ciphertext.n = 3;
}

TEST(paths_that_break_a_rule_are_refused) {
    static const struct forgery forgeries[] = {
        {"a leaf that isn't signed", leaf_not_signed, 0, ERR_SIGNATURE}, /* rules 7.3-2, 12.4.2-6 */
        {"a leaf signed for another group", leaf_of_another_group, 0,
         ERR_SIGNATURE}, /* rule 7.2-2 */
        {"a leaf signed for another place", leaf_of_another_place, 0,
         ERR_SIGNATURE},                                                           /* rule 7.2-2 */
        {"a leaf made for an Update", leaf_for_an_update, 0, ERR_MLS_LEAF_SOURCE}, /* rule 7.3-10 */
        {"the leaf's key stays", leaf_with_the_old_key, 0,
         ERR_MLS_DUPLICATE_KEY}, /* rule 12.4.2-7 */
        {"the leaf has another member's key", leaf_with_carlas_key, 0,
         ERR_MLS_DUPLICATE_KEY}, /* rule 7.3-12 */
        {"an extension that isn't listed", leaf_with_an_unlisted_extension, 0,
         ERR_MLS_EXTENSION}, /* rule 7.3-6 */
        {"another parent hash", leaf_with_another_parent_hash, 0,
         ERR_MLS_PARENT_HASH},                                                    /* rule 7.9.2-2 */
        {"no parent hash", leaf_without_parent_hash, 0, ERR_MLS_PARENT_HASH},     /* rule 7.9.2-2 */
        {"another key in a node", node_with_another_key, 0, ERR_MLS_PARENT_HASH}, /* rule 7.9.2-2 */
        {"a short key in a node", node_with_a_short_key, 0, ERR_MALFORMED},
        {"a key in a node that is none", node_with_no_key, 0, ERR_MLS_UPDATE_PATH},
        {"a key of the tree in a node", node_with_a_key_of_the_tree, 0,
         ERR_MLS_DUPLICATE_KEY},                                          /* rule 12.4.2-8 */
        {"a node is missing", one_node_less, 0, ERR_MLS_UPDATE_PATH},     /* rule 7.6-1 */
        {"a secret is missing", one_secret_less, 0, ERR_MLS_UPDATE_PATH}, /* rule 7.6-2 */
        {"another secret", another_secret, 0, ERR_CRYPTO},                /* rule 7.5-1 */
        {"a short secret", short_secret, 0, ERR_CRYPTO},                  /* rule 7.5-1 */
    };
    struct mls_commit_params empty = {0};
    TRY_ALL(forgeries, &empty);
}

/* A path that Anna makes by hand, so that only what `spoil` does to it is wrong. */
struct handmade {
    struct mls_epoch *next;
    struct mls_leaf_node leaf;
    struct mls_treekem_secrets secrets;
};

static err handmade_answer(struct scene *s, void (*spoil)(struct scene *s, struct handmade *h)) {
    struct mls_group *g = s->people[ANNA].group;
    struct handmade h;
    struct mls_public_message m = {0};
    struct mls_framed_content *c = content(&m);
    buf message = {0};
    CHECK_OK(mls_epoch_successor(&h.next, g->epoch, NULL));
    CHECK_OK(mls_leaf_node_copy(&h.leaf, mls_tree_leaf(&g->epoch->tree, ANNA), NULL));
    CHECK_OK(mls_treekem_create(&h.next->tree, &h.next->keys, &h.leaf,
                                buf_slice(&s->people[ANNA].priv), slice_str("group"), &h.secrets));
    spoil(s, &h);
    CHECK_OK(mls_epoch_encode(h.next, NULL));
    CHECK_OK(mls_treekem_encrypt(&h.next->tree, &h.next->keys, &h.secrets, NULL, 0,
                                 buf_slice(&h.next->context_bytes), &c->commit.path));
    c->commit.has_path = true;
    c->kind = MLS_COMMIT;
    c->epoch = g->epoch->context.epoch;
    c->sender = (struct mls_sender){MLS_SENDER_MEMBER, ANNA};
    m.auth.wire_format = MLS_PUBLIC_MESSAGE;
    CHECK_OK(mls_opaque_copy(&c->group_id, slice_str("group"), NULL));
    CHECK_OK(buf_resize(&m.auth.confirmation_tag, 32));
    sign_and_tag(s, &m, 0, &message);
    err e = person_process(&s->people[BERT], buf_slice(&message));
    mls_public_message_free(&m, NULL);
    mls_leaf_node_free(&h.leaf, NULL);
    mls_epoch_free(h.next, NULL);
    buf_free(&message);
    return e;
}

static void leave_as_is(struct scene *s, struct handmade *h) {
    (void)s;
    (void)h;
}
static void other_secrets(struct scene *s, struct handmade *h) {
    (void)s;
    h->secrets.secret[0][0] ^= 1;
}
/* The key of node x in the first node of the path, with parent hashes that fit. */
static void key_in_a_node(struct scene *s, struct handmade *h, uint32_t x) {
    struct mls_tree *tree = &h->next->tree;
    struct mls_parent_node node;
    uint8_t hash[CRYPTO_HASH_MAX];
    size_t n;
    CHECK_OK(mls_parent_node_copy(&node, mls_tree_parent(tree, h->secrets.path.node[0]), NULL));
    CHECK_OK(buf_set(&node.encryption_key, mls_tree_public_key(tree, x)));
    CHECK_OK(mls_tree_set_parent(tree, h->secrets.path.node[0], &node));
    CHECK_OK(mls_tree_hash_path(tree, &h->secrets.path, ANNA, hash, &n));
    CHECK_OK(buf_set(&h->leaf.parent_hash, slice_of(hash, n)));
    resign_leaf(s, &h->leaf);
    CHECK_OK(mls_tree_set_leaf(tree, ANNA, &h->leaf));
    mls_parent_node_free(&node, NULL);
}

static void carlas_key_in_a_node(struct scene *s, struct handmade *h) {
    key_in_a_node(s, h, 2 * CARLA);
}
static void one_key_in_two_nodes(struct scene *s, struct handmade *h) {
    key_in_a_node(s, h, h->secrets.path.node[1]);
}
/* As if Carla let Anna have her key. */
static void carlas_signature_key(struct scene *s, struct handmade *h) {
    CHECK_OK(buf_set(&h->leaf.signature_key, buf_slice(&s->people[CARLA].pub)));
    CHECK_OK(mls_leaf_sign(s->people[ANNA].suite, &h->leaf, buf_slice(&s->people[CARLA].priv),
                           slice_str("group"), ANNA, NULL));
    CHECK_OK(mls_tree_set_leaf(&h->next->tree, ANNA, &h->leaf));
}

TEST(paths_made_by_hand_are_held_to_the_same_rules) {
    struct scene s;
    scene_begin(&s);
    CHECK_ERR(handmade_answer(&s, leave_as_is), ERR_MLS_CONFIRMATION_TAG);       /* rule 12.4.2-9 */
    CHECK_ERR(handmade_answer(&s, other_secrets), ERR_MLS_UPDATE_PATH);          /* rule 7.5-2 */
    CHECK_ERR(handmade_answer(&s, carlas_key_in_a_node), ERR_MLS_DUPLICATE_KEY); /* rule 12.4.2-8 */
    CHECK_ERR(handmade_answer(&s, one_key_in_two_nodes), ERR_MLS_DUPLICATE_KEY); /* rule 12.4.2-8 */
    CHECK_ERR(handmade_answer(&s, carlas_signature_key), ERR_MLS_DUPLICATE_KEY); /* rule 7.3-11 */
    scene_end(&s);
}

/* ---- Credentials ---- */

struct judge {
    const char *refused;
    bool only_successors;
    int calls;
};

static err judge(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    struct judge *j = ctx;
    j->calls++;
    if (j->only_successors && before == NULL)
        return OK;
    return slice_equal(member->identity, slice_str(j->refused)) ? ERR_IDENTITY : OK;
}

static err judged(struct scene *s, const struct mls_commit_params *given, const char *refused,
                  int *calls) {
    struct judge j = {refused, false, 0};
    struct mls_auth auth = {.accept = judge, .ctx = &j};
    struct mls_committed c;
    struct mls_commit_params params = *given;
    params.wire = MLS_PUBLIC_MESSAGE;
    CHECK_OK(mls_group_commit(s->people[ANNA].group, &params, &people_auth, &c));
    err e = answer(s, buf_slice(&c.commit), nothing, KEEP_SIGNATURE, &auth);
    mls_committed_free(&c, NULL);
    *calls = j.calls;
    return e;
}

TEST(the_application_judges_each_leaf_that_enters) {
    struct scene s;
    int calls;
    scene_begin(&s);
    slice add = buf_slice(&s.evan.key_package);
    struct mls_commit_params params = {.adds = &add, .add_count = 1};
    CHECK_OK(judged(&s, &params, "nobody", &calls));
    CHECK_EQ(calls, 2); /* Evan, and the committer's new leaf */
    CHECK_ERR(judged(&s, &params, "evan", &calls), ERR_IDENTITY);
    CHECK_ERR(judged(&s, &params, "anna", &calls), ERR_IDENTITY);
    scene_end(&s);
}

/* ---- Proposals by themselves ---- */

static err propose_answer(struct scene *s, change *how) {
    buf message = {0};
    CHECK_OK(people_propose_update(s->people[ANNA].group, NULL, MLS_PUBLIC_MESSAGE, &message));
    err e = answer(s, buf_slice(&message), how, 0, &people_auth);
    mls_group_clear_proposals(s->people[ANNA].group);
    buf_free(&message);
    return e;
}

static struct mls_leaf_node *update_of(struct mls_public_message *m) {
    return content(m)->proposal.leaf;
}
static void update_for_a_commit(struct scene *s, struct mls_public_message *m) {
    update_of(m)->source = MLS_LEAF_COMMIT;
    resign_leaf(s, update_of(m));
}
static void update_keeps_its_key(struct scene *s, struct mls_public_message *m) {
    const struct mls_leaf_node *old = mls_tree_leaf(&s->people[ANNA].group->epoch->tree, ANNA);
    CHECK_OK(buf_set(&update_of(m)->encryption_key, buf_slice(&old->encryption_key)));
    resign_leaf(s, update_of(m));
}
static void update_takes_carlas_key(struct scene *s, struct mls_public_message *m) {
    const struct mls_leaf_node *c = mls_tree_leaf(&s->people[ANNA].group->epoch->tree, CARLA);
    CHECK_OK(buf_set(&update_of(m)->encryption_key, buf_slice(&c->encryption_key)));
    resign_leaf(s, update_of(m));
}
static void update_not_signed(struct scene *s, struct mls_public_message *m) {
    (void)s;
    update_of(m)->signature.p[0] ^= 1;
}
static void another_signature(struct scene *s, struct mls_public_message *m) {
    (void)s;
    content(m)->sender.index = CARLA;
}
static void become(struct mls_public_message *m, uint16_t type) {
    mls_proposal_free(&content(m)->proposal, NULL);
    content(m)->proposal.type = type;
}
static void become_blank_remove(struct scene *s, struct mls_public_message *m) {
    (void)s;
    become(m, MLS_PROPOSAL_REMOVE);
    content(m)->proposal.removed = 9;
}
static void become_external_init(struct scene *s, struct mls_public_message *m) {
    (void)s;
    become(m, MLS_PROPOSAL_EXTERNAL_INIT);
}
static void become_reinit(struct scene *s, struct mls_public_message *m) {
    (void)s;
    become(m, MLS_PROPOSAL_REINIT);
}

TEST(proposals_that_break_a_rule_are_not_kept) {
    static const struct {
        change *how;
        err expected;
    } forgeries[] = {
        {update_for_a_commit, ERR_MLS_LEAF_SOURCE},       /* rule 7.3-8 */
        {update_keeps_its_key, ERR_MLS_DUPLICATE_KEY},    /* rule 7.3-9 */
        {update_takes_carlas_key, ERR_MLS_DUPLICATE_KEY}, /* rule 7.3-12 */
        {update_not_signed, ERR_SIGNATURE},               /* rule 12.1.2-1 */
        {another_signature, ERR_SIGNATURE},               /* rule 12.1-1 */
        {become_blank_remove, ERR_MLS_PROPOSAL_LIST},     /* rule 12.1.3-1 */
        {become_external_init, ERR_MLS_PROPOSAL_LIST},    /* rule 12.1.6-1 */
        {become_reinit, ERR_MLS_VERSION},                 /* rule 12.1.5-1 */
    };
    struct scene s;
    scene_begin(&s);
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++)
        CHECK_ERR(propose_answer(&s, forgeries[i].how), forgeries[i].expected);
    CHECK_EQ(mls_group_pending_proposals(s.people[BERT].group), 0);
    scene_end(&s);
}

TEST(a_proposal_is_kept_once_and_not_without_end) {
    struct scene s;
    buf message = {0};
    scene_begin(&s);
    struct person *anna = &s.people[ANNA], *bert = &s.people[BERT];
    CHECK_OK(people_propose_remove(anna->group, CARLA, MLS_PUBLIC_MESSAGE, &message));
    CHECK_OK(person_process(bert, buf_slice(&message)));
    CHECK_ERR(person_process(bert, buf_slice(&message)), ERR_REPEAT);
    CHECK_ERR(people_propose_remove(anna->group, CARLA, MLS_PUBLIC_MESSAGE, &message), ERR_REPEAT);
    err e = OK;
    size_t n = 0;
    for (; e == OK && n < 1000; n++) {
        buf_clear(&message);
        e = people_propose_update(anna->group, NULL, MLS_PRIVATE_MESSAGE, &message);
    }
    CHECK_ERR(e, ERR_FULL);
    CHECK_EQ(mls_group_pending_proposals(anna->group), MLS_PROPOSALS);
    /* It is hers alone that is full. */
    buf_clear(&message);
    CHECK_OK(people_propose_remove(bert->group, CARLA, MLS_PUBLIC_MESSAGE, &message));
    CHECK_OK(person_process(anna, buf_slice(&message)));
    mls_group_clear_proposals(anna->group);
    mls_group_clear_proposals(bert->group);
    buf_free(&message);
    scene_end(&s);
}

/* A commit that names an Update of the committer's own, and one that updates and removes one leaf.
 */
static void name_all(struct scene *s, struct mls_public_message *m) {
    struct mls_group *bert = s->people[BERT].group;
    for (size_t i = 0; i < bert->pending_count; i++) {
        struct mls_commit *c = &content(m)->commit;
        append_reference(m);
        CHECK_OK(buf_append(&c->proposals[c->proposal_count - 1].reference,
                            slice_of(bert->pending[i]->ref, 32)));
    }
}

static void name_all_without_path(struct scene *s, struct mls_public_message *m) {
    name_all(s, m);
    drop_path(m);
}

TEST(references_are_held_to_the_same_rules) {
    struct scene s;
    buf message = {0};
    struct mls_commit_params empty = {.without_pending = true};
    scene_begin(&s);
    struct person *bert = &s.people[BERT];
    CHECK_OK(people_propose_update(s.people[ANNA].group, NULL, MLS_PUBLIC_MESSAGE, &message));
    CHECK_OK(person_process(bert, buf_slice(&message)));
    CHECK_ERR(commit_answer(&s, &empty, name_all, 0), ERR_MLS_PROPOSAL_LIST); /* rule 12.2-2 */
    mls_group_clear_proposals(bert->group);
    buf_clear(&message);
    CHECK_OK(people_propose_update(s.people[CARLA].group, NULL, MLS_PUBLIC_MESSAGE, &message));
    CHECK_OK(person_process(bert, buf_slice(&message)));
    CHECK_ERR(commit_answer(&s, &empty, name_all_without_path, 0),
              ERR_MLS_PATH_REQUIRED); /* rule 12.4-2 */
    buf_clear(&message);
    CHECK_OK(people_propose_remove(s.people[DORA].group, CARLA, MLS_PUBLIC_MESSAGE, &message));
    CHECK_OK(person_process(bert, buf_slice(&message)));
    CHECK_ERR(commit_answer(&s, &empty, name_all, 0), ERR_MLS_PROPOSAL_LIST); /* rule 12.2-4 */
    mls_group_clear_proposals(bert->group);
    for (int i = 0; i < MEMBERS; i++)
        mls_group_clear_proposals(s.people[i].group);
    buf_free(&message);
    scene_end(&s);
}

/* ---- Private messages ---- */

TEST(a_private_message_with_a_wrong_signature_uses_up_nothing) {
    struct scene s;
    struct mls_authenticated_content forged = {0};
    buf wrong = {0}, right = {0};
    scene_begin(&s);
    struct mls_group *g = s.people[ANNA].group;
    struct mls_secret_tree copy;
    forged.wire_format = MLS_PRIVATE_MESSAGE;
    forged.content.kind = MLS_APPLICATION;
    forged.content.epoch = g->epoch->context.epoch;
    forged.content.sender = (struct mls_sender){MLS_SENDER_MEMBER, ANNA};
    CHECK_OK(mls_opaque_copy(&forged.content.group_id, slice_str("group"), NULL));
    CHECK_OK(mls_opaque_copy(&forged.content.application, slice_str("forged"), NULL));
    CHECK_OK(buf_resize(&forged.signature, 64));
    CHECK_OK(mls_secret_tree_copy(&copy, &g->epoch->messages));
    struct mls_protection p = {g->suite, g->epoch->secrets.sender_data, &copy, NULL};
    CHECK_OK(mls_private_message_protect(&p, &forged, 0, &wrong));
    CHECK_OK(mls_group_protect(g, SLICE_EMPTY, slice_str("true"), 0, &right));
    for (int i = 0; i < 3; i++)
        CHECK_ERR(person_process(&s.people[BERT], buf_slice(&wrong)), ERR_SIGNATURE);
    CHECK_OK(person_process(&s.people[BERT], buf_slice(&right)));
    buf_clear(&s.before);
    CHECK_OK(mls_group_save(s.people[BERT].group, &s.before));
    mls_authenticated_content_free(&forged, NULL);
    mls_secret_tree_free(&copy);
    buf_free(&wrong);
    buf_free(&right);
    scene_end(&s);
}

TEST(a_generation_too_far_ahead_is_refused) {
    struct scene s;
    buf message = {0};
    scene_begin(&s);
    for (int i = 0; i <= MLS_FORWARD + 1; i++) {
        buf_clear(&message);
        CHECK_OK(mls_group_protect(s.people[ANNA].group, SLICE_EMPTY, SLICE_EMPTY, 0, &message));
    }
    CHECK_ERR(person_process(&s.people[BERT], buf_slice(&message)), ERR_MLS_GENERATION);
    buf_clear(&s.before);
    CHECK_OK(mls_group_save(s.people[BERT].group, &s.before));
    buf_free(&message);
    scene_end(&s);
}

TEST_MAIN
