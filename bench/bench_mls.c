/* Operations of large groups, beside the time that their own primitives take.
 *
 *     bench_mls [MEMBERS...]      (2 10 100 1000 10000)
 *     bench_mls join MEMBERS
 *     bench_mls plant SUITE MEMBERS FOLDER
 *
 * In a group whose tree is full (everybody has committed) Anna commits, and Bert, who joined last,
 * processes. A line is: suite, members, operation, microseconds, those of primitives, with tabs
 * between (mls.sh makes a table of them). A figure is the median of several runs, of the process'
 * own time. "Primitives" is what of it was spent inside signatures, key encapsulation and AEAD,
 * hashes excepted: the linker puts a clock around each of these calls (meson.build).
 *
 * `join` measures just that, for groups that are too large for the rest.
 *
 * `plant` makes such a group for another library: its creator adds Anna and Bert, whose key
 * packages are in FOLDER, and writes their Welcome there.
 *
 * The full tree is made by the library's own treekem, member by member, without the 10,000 commits
 * that would lead there; what is measured after that is the public interface. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/primitives.h"
#include "crypto/crypto.h"
#include "mls/group.h"
#include "mls/leaf.h"

enum { NAME = 32, PATH = 500, RUNS_MAX = 30 };

static void must(bool condition, const char *what) {
    if (condition)
        return;
    fprintf(stderr, "bench_mls: %s failed\n", what);
    exit(1);
}

static err accept_all(void *ctx, const struct mls_member *before, const struct mls_member *member) {
    (void)ctx;
    (void)before;
    (void)member;
    return OK;
}
static const struct mls_auth auth = {.accept = accept_all};

/* ---- People ---- */

struct person {
    char name[NAME];
    buf pub, priv, key_package, secrets;
    struct mls_group *group;
};

static void person_make(struct person *p, const struct mls_suite *suite, size_t number) {
    *p = (struct person){{0}, {0}, {0}, {0}, {0}, NULL};
    snprintf(p->name, sizeof p->name, "person %zu", number);
    must(mls_signature_keys_new(suite, &p->pub, &p->priv) == OK, "a signature key");
}

static struct mls_leaf_params person_leaf(const struct person *p) {
    return (struct mls_leaf_params){.identity = slice_str(p->name),
                                    .signature_pub = buf_slice(&p->pub),
                                    .signature_priv = buf_slice(&p->priv)};
}

static void person_key_package(struct person *p, const struct mls_suite *suite) {
    struct mls_key_package_params params = {.leaf = person_leaf(p), .not_after = UINT64_MAX};
    must(mls_key_package_new(suite, &params, &p->key_package, &p->secrets) == OK, "a key package");
}

static void person_free(struct person *p) {
    buf_free(&p->pub);
    buf_free(&p->priv);
    buf_free(&p->key_package);
    buf_free(&p->secrets);
    mls_group_free(p->group);
}

/* ---- A group with a full tree ---- */

struct crowd {
    const struct mls_suite *suite;
    size_t n; /* members, Bert included */
    struct person anna, bert, cem;
    struct mls_committed c;
    buf message;
    buf start; /* Anna's group, before what is measured */
};

static void create(struct crowd *c) {
    struct mls_group_params params = {
        .suite = c->suite, .group_id = slice_str("crowd"), .leaf = person_leaf(&c->anna)};
    mls_group_free(c->anna.group);
    must(mls_group_create(&c->anna.group, &params, &auth) == OK, "creating");
}

/* Puts a member into the tree, and keys of its making over it. */
static void plant(struct crowd *c, size_t number, struct mls_treekem_private *keys) {
    struct mls_epoch *epoch = c->anna.group->epoch;
    struct person p;
    struct mls_leaf_node leaf;
    struct mls_treekem_secrets secrets;
    const struct mls_leaf_node *leaves[] = {&leaf};
    person_make(&p, c->suite, number);
    struct mls_leaf_params params = person_leaf(&p);
    must(mls_leaf_from_params(&leaf, &params, NULL, 0, NULL) == OK, "a leaf");
    leaf.source = MLS_LEAF_COMMIT;
    memset(keys, 0, sizeof *keys);
    must(mls_tree_add(&epoch->tree, leaves, 1, &keys->leaf) == OK, "adding a leaf");
    must(mls_treekem_create(&epoch->tree, keys, &leaf, buf_slice(&p.priv), slice_str("crowd"),
                            &secrets) == OK,
         "a path");
    mls_treekem_secrets_wipe(&secrets);
    mls_leaf_node_free(&leaf, NULL);
    person_free(&p);
}

/* All but Bert. Anna's keys are made again in the end, so that she has those above her. */
static void fill_tree(struct crowd *c) {
    struct mls_epoch *epoch = c->anna.group->epoch;
    struct mls_treekem_private keys;
    struct mls_treekem_secrets secrets;
    struct mls_leaf_node leaf;
    for (size_t i = 1; i + 1 < c->n; i++)
        plant(c, i, &keys);
    must(mls_leaf_node_copy(&leaf, mls_tree_leaf(&epoch->tree, 0), NULL) == OK, "a leaf");
    must(mls_treekem_create(&epoch->tree, &epoch->keys, &leaf, buf_slice(&c->anna.priv),
                            slice_str("crowd"), &secrets) == OK,
         "a path");
    must(mls_epoch_encode(epoch, NULL) == OK, "the context");
    mls_secret_tree_free(&epoch->messages);
    uint8_t encryption[CRYPTO_HASH_MAX] = {1};
    struct mls_limits limits = mls_limits_or_default(NULL);
    must(mls_secret_tree_init(&epoch->messages, c->suite, epoch->tree.width, encryption, &limits,
                              NULL) == OK,
         "the secret tree");
    mls_leaf_node_free(&leaf, NULL);
}

static void commit(struct crowd *c, const struct mls_commit_params *params) {
    mls_committed_free(&c->c, NULL);
    must(mls_group_commit(c->anna.group, params, &auth, &c->c) == OK, "a commit");
}

static void apply(struct crowd *c) {
    mls_staged_apply(c->anna.group, c->c.staged);
    c->c.staged = NULL;
}

static void join(struct crowd *c) {
    struct mls_join_params params = {.welcome = buf_slice(&c->c.welcomes[0]),
                                     .own = {buf_slice(&c->bert.key_package),
                                             buf_slice(&c->bert.secrets),
                                             buf_slice(&c->bert.priv)}};
    uint32_t sender;
    mls_group_free(c->bert.group);
    must(mls_group_join(&c->bert.group, &params, &auth, &sender) == OK, "joining");
}

static void process(struct crowd *c, bool keep) {
    struct mls_received r;
    must(mls_group_process(c->bert.group, buf_slice(&c->c.commit), &auth, &r) == OK, "processing");
    if (keep) {
        mls_staged_apply(c->bert.group, r.commit);
        r.commit = NULL;
    }
    mls_received_free(&r);
}

/* ---- Operations, each measured alone ---- */

struct operation {
    const char *name;
    void (*before)(struct crowd *c); /* not measured; NULL: nothing */
    void (*run)(struct crowd *c);
    void (*commit)(struct crowd *c); /* of Anna, once before all runs; NULL: none */
};

static slice bert_key, cem_key;
static uint32_t gone;
static struct mls_commit_params params_of(bool add, bool remove) {
    struct mls_commit_params p = {.wire = MLS_PRIVATE_MESSAGE, .tree_in_welcome = true};
    if (add) {
        p.adds = &cem_key;
        p.add_count = 1;
    }
    if (remove) {
        p.removes = &gone;
        p.remove_count = 1;
    }
    return p;
}

static void run_add(struct crowd *c) {
    struct mls_commit_params p = params_of(true, false);
    commit(c, &p);
}
static void run_remove(struct crowd *c) {
    struct mls_commit_params p = params_of(false, true);
    commit(c, &p);
}
static void run_update(struct crowd *c) {
    struct mls_commit_params p = params_of(false, false);
    struct mls_leaf_params leaf = person_leaf(&c->anna);
    p.leaf = &leaf;
    commit(c, &p);
}
static void run_empty(struct crowd *c) {
    struct mls_commit_params p = params_of(false, false);
    commit(c, &p);
}
static void run_process(struct crowd *c) {
    process(c, false);
}
static void run_join(struct crowd *c) {
    join(c);
}
static void run_send(struct crowd *c) {
    buf_clear(&c->message);
    must(mls_group_protect(c->anna.group, SLICE_EMPTY, slice_str("a short text"), 200,
                           &c->message) == OK,
         "sending");
}
static void run_receive(struct crowd *c) {
    struct mls_received r;
    must(mls_group_process(c->bert.group, buf_slice(&c->message), &auth, &r) == OK, "receiving");
    mls_received_free(&r);
}

static void show(const struct crowd *c, const char *name, double seconds, double primitives) {
    printf("%04x\t%zu\t%s\t%.1f\t%.1f\n", mls_suite_id(c->suite), c->n, name, 1e6 * seconds,
           1e6 * primitives);
    fflush(stdout);
}

static double run_once(struct crowd *c, const struct operation *op, bool count) {
    if (op->before != NULL)
        op->before(c);
    primitives_count(count);
    double from = primitives_now();
    op->run(c);
    double took = primitives_now() - from;
    return count ? primitives_seconds() : took;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Otherwise the receiver of a commit would step over the keys of all those that were only measured.
 */
static void start_again(struct crowd *c) {
    mls_group_free(c->anna.group);
    must(mls_group_load(&c->anna.group, buf_slice(&c->start), NULL) == OK, "loading");
}

/* The median of some runs: as many as half a second gives, at least three if they are short. */
static void measure(struct crowd *c, const struct operation *op) {
    double times[RUNS_MAX], primitives[RUNS_MAX], spent = 0;
    int n = 0;
    if (op->commit != NULL) {
        start_again(c);
        op->commit(c);
    }
    while (n < RUNS_MAX && spent < 10 && (n < 3 || spent < 0.5)) {
        times[n] = run_once(c, op, false);
        primitives[n] = run_once(c, op, true);
        spent += times[n++];
    }
    qsort(times, (size_t)n, sizeof *times, compare);
    qsort(primitives, (size_t)n, sizeof *primitives, compare);
    show(c, op->name, times[n / 2], primitives[n / 2]);
}

static size_t heap(void) {
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

static void run_save(struct crowd *c) {
    apply(c);
    buf_clear(&c->message);
    must(mls_group_save(c->anna.group, &c->message) == OK, "saving");
}
static void free_bert(struct crowd *c) {
    mls_group_free(c->bert.group);
    c->bert.group = NULL;
}
static void run_load(struct crowd *c) {
    must(mls_group_load(&c->bert.group, buf_slice(&c->message), NULL) == OK, "loading");
}

/* Anna's group, as it is after each commit; loaded, it takes Bert's place. */
static void measure_storage(struct crowd *c) {
    static const struct operation save = {"apply, save", run_empty, run_save, NULL};
    static const struct operation load = {"load", free_bert, run_load, NULL};
    measure(c, &save);
    printf("%04x\t%zu\tsaved bytes\t%zu\n", mls_suite_id(c->suite), c->n, c->message.n);
    measure(c, &load);
    size_t with = heap();
    free_bert(c);
    printf("%04x\t%zu\theap bytes\t%zu\n", mls_suite_id(c->suite), c->n, with - heap());
}

static slice *all;
static void run_add_many(struct crowd *c) {
    struct mls_commit_params p = {
        .wire = MLS_PRIVATE_MESSAGE, .adds = all, .add_count = c->n - 1, .tree_in_welcome = true};
    commit(c, &p);
}

static void add_many(struct crowd *c) {
    static const struct operation op = {"add many: commit", create, run_add_many, NULL};
    struct person *people = calloc(c->n, sizeof *people);
    all = calloc(c->n, sizeof *all);
    must(people != NULL && all != NULL, "memory");
    for (size_t i = 1; i < c->n; i++) {
        person_make(&people[i], c->suite, i);
        person_key_package(&people[i], c->suite);
        all[i - 1] = buf_slice(&people[i].key_package);
    }
    measure(c, &op);
    for (size_t i = 1; i < c->n; i++)
        person_free(&people[i]);
    free(people);
    free(all);
}

static void measure_group(const struct mls_suite *suite, size_t n, bool only_join) {
    static const struct operation create_op = {"create", NULL, create, NULL};
    static const struct operation join_op = {"join", NULL, run_join, NULL};
    static const struct operation operations[] = {
        {"add: commit", NULL, run_add, NULL},
        {"add: process", NULL, run_process, run_add},
        {"update: commit", NULL, run_update, NULL},
        {"update: process", NULL, run_process, run_update},
        {"empty: commit", NULL, run_empty, NULL},
        {"empty: process", NULL, run_process, run_empty},
        {"send", NULL, run_send, NULL},
        {"receive", run_send, run_receive, NULL},
    };
    static const struct operation removing[] = {
        {"remove: commit", NULL, run_remove, NULL},
        {"remove: process", NULL, run_process, run_remove},
    };
    struct crowd c = {.suite = suite, .n = n};
    person_make(&c.anna, suite, 0);
    person_make(&c.bert, suite, n - 1);
    person_make(&c.cem, suite, n);
    person_key_package(&c.bert, suite);
    person_key_package(&c.cem, suite);
    bert_key = buf_slice(&c.bert.key_package);
    cem_key = buf_slice(&c.cem.key_package);
    if (!only_join) {
        measure(&c, &create_op);
        add_many(&c);
    }
    create(&c);
    fill_tree(&c);
    struct mls_commit_params first = {.adds = &bert_key, .add_count = 1, .tree_in_welcome = true};
    commit(&c, &first);
    apply(&c);
    must(mls_group_save(c.anna.group, &c.start) == OK, "saving");
    measure(&c, &join_op);
    for (size_t i = 0; !only_join && i < sizeof operations / sizeof *operations; i++)
        measure(&c, &operations[i]);
    gone = (uint32_t)(n / 2);
    for (size_t i = 0; !only_join && n > 2 && i < sizeof removing / sizeof *removing; i++)
        measure(&c, &removing[i]);
    if (!only_join)
        measure_storage(&c);
    mls_committed_free(&c.c, NULL);
    buf_free(&c.message);
    buf_free(&c.start);
    person_free(&c.anna);
    person_free(&c.bert);
    person_free(&c.cem);
}

static buf read_file(const char *folder, const char *name) {
    char path[PATH];
    buf bytes = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    must(f != NULL, path);
    for (int byte; (byte = getc(f)) != EOF;)
        must(buf_append_byte(&bytes, (uint8_t)byte) == OK, "memory");
    fclose(f);
    return bytes;
}

static void write_file(const char *folder, const char *name, slice bytes) {
    char path[PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    must(f != NULL && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && fclose(f) == 0, path);
}

/* Their Anna takes the place of leaf 1, and so shares only the root with Bert, as ours does. */
static void plant_for(const struct mls_suite *suite, size_t n, const char *folder) {
    struct crowd c = {.suite = suite, .n = n};
    buf anna = read_file(folder, "anna"), bert = read_file(folder, "bert");
    slice adds[] = {buf_slice(&anna), buf_slice(&bert)};
    const uint32_t place = 1;
    struct mls_commit_params p = {.adds = adds,
                                  .add_count = 2,
                                  .removes = &place,
                                  .remove_count = 1,
                                  .tree_in_welcome = true};
    person_make(&c.anna, suite, 0);
    create(&c);
    fill_tree(&c);
    commit(&c, &p);
    write_file(folder, "welcome", buf_slice(&c.c.welcomes[0]));
    mls_committed_free(&c.c, NULL);
    person_free(&c.anna);
    buf_free(&anna);
    buf_free(&bert);
}

int main(int argc, char **argv) {
    static const uint16_t suites[] = {MLS_SUITE_X25519_AES128, MLS_SUITE_X25519_CHACHA,
                                      MLS_SUITE_XWING_CHACHA};
    static const size_t standard[] = {2, 10, 100, 1000, 10000};
    size_t count = argc > 1 ? (size_t)argc - 1 : sizeof standard / sizeof *standard;
    must(crypto_init() == OK, "starting");
    if (argc == 5 && strcmp(argv[1], "plant") == 0) {
        const struct mls_suite *suite = mls_suite_find((uint16_t)strtoul(argv[2], NULL, 16));
        must(suite != NULL, "finding the suite");
        plant_for(suite, (size_t)strtoul(argv[3], NULL, 10), argv[4]);
        return 0;
    }
    bool only_join = argc == 3 && strcmp(argv[1], "join") == 0;
    for (size_t s = 0; s < sizeof suites / sizeof *suites; s++)
        for (size_t i = only_join; i < count; i++)
            measure_group(mls_suite_find(suites[s]),
                          argc > 1 ? (size_t)strtoul(argv[i + 1], NULL, 10) : standard[i],
                          only_join);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "bench_mls: most memory at once: %ld MiB\n", usage.ru_maxrss / 1024);
    return 0;
}
