#include "mls_people.h"

#include <sodium.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "mls/types.h"

struct person people[PEOPLE], server;
const struct mls_limits limits = {
    .past_epochs = PAST, .out_of_order = 256, .forward = 4096, .proposals = 8};

void require(bool holds) {
    if (!holds)
        abort();
}

uint8_t take(reader *in) {
    uint8_t byte = 0;
    (void)!reader_u8(in, &byte);
    return byte;
}

/* ---- The only randomness there is: an input that fails does so again ---- */

static uint64_t drawn;

static const char *random_name(void) {
    return "counted";
}

static void random_bytes(void *const out, const size_t n) {
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    put_u64(seed, drawn++);
    randombytes_buf_deterministic(out, n, seed);
}

static uint32_t random_number(void) {
    uint32_t number;
    random_bytes(&number, sizeof(number));
    return number;
}

static randombytes_implementation counted = {
    .implementation_name = random_name, .random = random_number, .buf = random_bytes};

/* ---- What the application says ---- */

static err accept(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    return member->identity.n == 1 ? OK : ERR_MLS_CREDENTIAL;
}

static err find_psk(void *ctx, slice id, buf *secret) {
    (void)ctx;
    return slice_equal(id, slice_str(KNOWN_PSK)) ? buf_append(secret, slice_str("secret"))
                                                 : ERR_MLS_PSK;
}

static err accept_extensions(void *ctx, const struct mls_extension *extensions, size_t count) {
    (void)ctx;
    (void)extensions;
    (void)count;
    return OK;
}

const struct mls_auth auth = {
    .accept = accept, .psk = find_psk, .extensions = accept_extensions, .outside = true};

/* ---- People ---- */

const struct mls_suite *people_suite(void) {
    return mls_suite_find(MLS_SUITE_X25519_CHACHA);
}

static struct mls_leaf_params leaf_of(const struct person *p) {
    static const uint16_t proposals[] = {MLS_PROPOSAL_SELF_REMOVE, CUSTOM_PROPOSAL};
    static const uint16_t extensions[] = {CUSTOM_EXTENSION};
    return (struct mls_leaf_params){.identity = slice_str(p->name),
                                    .signature_pub = buf_slice(&p->pub),
                                    .signature_priv = buf_slice(&p->priv),
                                    .supported_proposals = proposals,
                                    .supported_proposal_count = 2,
                                    .supported_extensions = extensions,
                                    .supported_extension_count = 1};
}

struct mls_leaf_params people_leaf(int who) {
    return leaf_of(&people[who]);
}

struct mls_own_key_package people_own(int who) {
    const struct person *p = &people[who];
    return (struct mls_own_key_package){buf_slice(&p->key_package), buf_slice(&p->secrets),
                                        buf_slice(&p->priv)};
}

static void make_person(struct person *p, char name, bool last_resort) {
    p->name[0] = name;
    require(mls_signature_keys_new(people_suite(), &p->pub, &p->priv) == OK);
    struct mls_key_package_params params = {.leaf = leaf_of(p), .last_resort = last_resort};
    require(mls_key_package_new(people_suite(), &params, &p->key_package, &p->secrets) == OK);
}

void people_begin(void) {
    if (people[0].pub.n == 0) {
        require(randombytes_set_implementation(&counted) == 0 && crypto_init() == OK);
        for (int i = 0; i < PEOPLE; i++)
            make_person(&people[i], (char)('a' + i), i == LAST_RESORT);
        make_person(&server, 's', false);
    }
    drawn = UINT64_C(1) << 32;
}

int people_at(const struct mls_group *group, uint32_t leaf) {
    struct mls_member member;
    require(mls_group_member(group, leaf, &member) == OK);
    int who = member.identity.p[0] - 'a';
    require(who >= 0 && who < PEOPLE);
    return who;
}

uint32_t people_leaf_of(const struct mls_group *group, int who) {
    struct mls_member member;
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++)
        if (mls_group_member(group, i, &member) == OK && member.identity.p[0] == 'a' + who)
            return i;
    return UINT32_MAX;
}

size_t people_extensions(uint8_t kind, struct mls_extension out[3]) {
    /* No extensions, one proposal (SelfRemove), no credentials. */
    static const uint8_t required[] = {0, 2, 0, MLS_PROPOSAL_SELF_REMOVE, 0};
    static buf senders;
    if (senders.n == 0) {
        writer w = writer_on(&senders);
        size_t mark = writer_open(&w);
        writer_vec(&w, buf_slice(&server.pub));
        writer_u16(&w, MLS_CREDENTIAL_BASIC);
        writer_vec(&w, slice_str(server.name));
        writer_close(&w, mark);
        require(writer_result(&w) == OK);
    }
    out[0] = (struct mls_extension){MLS_EXTENSION_EXTERNAL_SENDERS, buf_slice(&senders)};
    out[1] = (struct mls_extension){MLS_EXTENSION_REQUIRED_CAPABILITIES, SLICE_ARRAY(required)};
    out[2] = (struct mls_extension){CUSTOM_EXTENSION, slice_str("x")};
    return kind % 4;
}

bool same_epoch(const struct mls_group *a, const struct mls_group *b) {
    return slice_equal(mls_group_tree_hash(a), mls_group_tree_hash(b)) &&
           slice_equal(mls_group_confirmed_transcript_hash(a),
                       mls_group_confirmed_transcript_hash(b)) &&
           (mls_group_is_observer(a) || mls_group_is_observer(b) ||
            slice_equal(mls_group_epoch_authenticator(a), mls_group_epoch_authenticator(b)));
}

/* ---- Changing ---- */

uint8_t change(reader *in, buf *bytes) {
    uint8_t how = take(in);
    if (how == 0)
        return 0;
    for (int i = 0; i < (how & 3) + 1; i++) {
        size_t at = ((size_t)take(in) << 8 | take(in)) % bytes->n;
        bytes->p[at] ^= take(in);
    }
    if (how & CHANGE_SHORTER)
        bytes->n -= take(in) % bytes->n;
    if (how & CHANGE_LONGER)
        require(buf_append_byte(bytes, take(in)) == OK);
    return how;
}
