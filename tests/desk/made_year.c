/* made_year DIR CASES SEED BATCH [evil|years]: the year 2026 in the ledger of a desk's folder, as
 * its moves would have left it, without the moves: the leaves are the real ones, with all that a
 * move says in its own, but case by case and not by time. evil: one case each of what an audit has
 * to find. years: the three years up to it as well, with more cases in each than before. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "crypto/crypto.h"
#include "desk/internal.h"
#include "desk/ledger.h"
#include "merkle/fields.h"

static uint64_t state;
static bool years;

static void must(err e, const char *what) {
    if (e == OK)
        return;
    fprintf(stderr, "made_year: %s: %s\n", what, err_text(e));
    exit(1);
}

static uint64_t chance(uint64_t n) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % n;
}

static const char *pick(const char *const *words, size_t n) {
    return words[chance(n)];
}
#define PICK(...)                            \
    pick((const char *const[]){__VA_ARGS__}, \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* "move:to" of each kind of history. */
static const char *const histories[] = {
    "classify:received call-back:authenticated open:in-review verdict:in-review verdict:in-review "
    "verdict:in-review decide:cleared notify:notified renew:in-review verdict:in-review "
    "verdict:in-review verdict:in-review decide:cleared release:released deliver:released "
    "close:closed",
    "classify:received call-back:authenticated open:in-review verdict:in-review verdict:in-review "
    "verdict:in-review decide:in-review reject:rejected close:closed purge:purged",
    "classify:received call-back:authenticated open:in-review verdict:in-review decide:narrowed "
    "narrow:in-review verdict:in-review decide:cleared release:released deliver:released",
    "classify:received hold:held",
    "classify:received hold:held lapse:lapsed",
    "classify:received hold:held resume:received",
    "classify:received forge:forged confirm-forged:forged close:closed",
    "classify:received withdraw:withdrawn",
    "classify:received not-held:not-held close:closed",
    "classify:received call-back:authenticated preserve:authenticated preserve:authenticated "
    "open:in-review",
    "classify:received call-back:authenticated preserve:authenticated",
    "classify:received reject:rejected challenge:rejected compel:rejected compel:rejected",
    "classify:received reject:rejected challenge:challenged compel:compelled release:released",
    "classify:received call-back:authenticated open:in-review verdict:in-review decide:cleared "
    "release:released after-verdict:released deliver:released",
    "",
};
enum { HISTORIES = sizeof histories / sizeof histories[0], TOGETHER = 1000 };

struct made {
    char id[DESK_ID], from[32], to[32], filing[65];
    const char *issuer, *beneficiary, *regime, *process, *path, *category, *notice, *reason, *asked;
    uint64_t number, time, accounts, list;
};

static void leaf(struct desk *d, const struct made *m, const char *move) {
    /* Of two who sign: receive, classify, call-back, and the first of them came before. */
    bool preserved = strcmp(move, "preserve") == 0 && m->number == 5;
    char number[DECIMAL_TEXT], accounts[DECIMAL_TEXT], list[DECIMAL_TEXT], time[OFFICE_TIME_TEXT];
    struct merkle_field fields[MERKLE_SLOTS];
    size_t n = 0;
    decimal_text(m->number, number);
    decimal_text(m->accounts, accounts);
    decimal_text(m->list, list);
    office_time_write(m->time, time);
    const struct {
        enum merkle_slot slot;
        const char *value;
    } values[] = {
        {MERKLE_SLOT_MOVE, move},         {MERKLE_SLOT_CASE, m->id},
        {MERKLE_SLOT_NUMBER, number},     {MERKLE_SLOT_FROM, m->from},
        {MERKLE_SLOT_TO, m->to},          {MERKLE_SLOT_TIME, time},
        {MERKLE_SLOT_ISSUER, m->issuer},  {MERKLE_SLOT_BENEFICIARY, m->beneficiary},
        {MERKLE_SLOT_REGIME, m->regime},  {MERKLE_SLOT_PROCESS, m->process},
        {MERKLE_SLOT_PATH, m->path},      {MERKLE_SLOT_CATEGORY, m->category},
        {MERKLE_SLOT_ACCOUNTS, accounts}, {MERKLE_SLOT_OUTCOME, preserved ? "preserved" : ""},
        {MERKLE_SLOT_REASON, m->reason},  {MERKLE_SLOT_NOTICE, m->notice},
        {MERKLE_SLOT_ASKED, m->asked},    {MERKLE_SLOT_FIELDS, m->asked},
        {MERKLE_SLOT_ORDER, m->filing},   {MERKLE_SLOT_FILING, m->filing},
        {MERKLE_SLOT_OFFICE, "1"},        {MERKLE_SLOT_LIST, list},
        {MERKLE_SLOT_PERSON_ROLES, ""},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        fields[n++] = (struct merkle_field){.slot = (size_t)values[i].slot,
                                            .name = merkle_slot_name(values[i].slot),
                                            .value = slice_str(values[i].value)};
    must(desk_ledger_leaf(d, fields, n, slice_str(m->id), m->number), "leaf");
}

/* One more move, some hours later. */
static void move_on(struct desk *d, struct made *m, const char *move, const char *to) {
    m->number++;
    if (m->number > 1)
        m->time += (1 + chance(90)) * TIME_HOUR;
    snprintf(m->to, sizeof m->to, "%s", to);
    leaf(d, m, move);
    snprintf(m->from, sizeof m->from, "%s", to);
}

static void begin(struct made *m, uint64_t i) {
    uint64_t first;
    if (!time_of_date(2026, 1, 1, &first))
        abort();
    *m = (struct made){.issuer = "",
                       .beneficiary = "",
                       .regime = "",
                       .process = "",
                       .path = "",
                       .category = "",
                       .notice = "",
                       .reason = "",
                       .asked = "",
                       .accounts = 1 + chance(4),
                       .list = 1,
                       .time = first + chance(365 * 24) * TIME_HOUR};
    if (years)
        m->time -= chance(1 + chance(4)) * 365 * TIME_DAY;
    snprintf(m->id, sizeof m->id, "c%07llu", (unsigned long long)i);
    snprintf(m->filing, sizeof m->filing, "%064llx", (unsigned long long)i);
}

static void classify(struct made *m) {
    m->issuer = PICK("DE", "DE", "FR", "JP", "US", "US", "US", "US", "HK", "GB", "IN", "IN", "BR");
    m->beneficiary = chance(10) == 0 ? "CN" : m->issuer;
    m->regime = PICK("national", "us-2703d", "eu-epoc");
    m->process = PICK("national-order", "subpoena-grand-jury", "search-warrant", "epoc");
    m->path = chance(12) == 0 ? "emergency" : "ordinary";
    m->category = PICK("subscriber", "traffic");
    m->asked = PICK("exists created", "exists created seen");
}

static void make_case(struct desk *d, uint64_t i) {
    struct made m;
    char history[512], *rest = history, *word;
    begin(&m, i);
    move_on(d, &m, "receive", "received");
    snprintf(history, sizeof history, "%s", histories[chance(HISTORIES)]);
    while ((word = strtok_r(rest, " ", &rest)) != NULL) {
        char *to = strchr(word, ':');
        *to++ = '\0';
        if (strcmp(word, "classify") == 0)
            classify(&m);
        m.reason = "";
        if (strcmp(word, "reject") == 0)
            m.reason = PICK("not-authentic", "overbroad", "no-legal-basis", "not-necessary");
        if (strcmp(word, "after-verdict") == 0)
            m.reason = PICK("block", "clear");
        if (strcmp(word, "notify") == 0)
            m.notice = chance(8) == 0 ? "barred" : "told";
        move_on(d, &m, word, to);
    }
}

/* ---- What must be found ---- */

static void make_evil(struct desk *d, uint64_t i) {
    struct made m;
    begin(&m, i); /* made twice */
    move_on(d, &m, "receive", "received");
    m.from[0] = '\0';
    leaf(d, &m, "receive");
    snprintf(m.from, sizeof m.from, "received");
    move_on(d, &m, "withdraw", "withdrawn");
    begin(&m, i + 1); /* a jump */
    move_on(d, &m, "receive", "received");
    snprintf(m.from, sizeof m.from, "cleared");
    move_on(d, &m, "withdraw", "withdrawn");
    begin(&m, i + 2); /* back in time */
    move_on(d, &m, "receive", "received");
    m.time -= 300 * TIME_HOUR;
    move_on(d, &m, "withdraw", "withdrawn");
    begin(&m, i + 3); /* released for whom the list of version 2 suspends */
    m.list = 2;
    move_on(d, &m, "receive", "received");
    classify(&m);
    m.issuer = m.beneficiary = "HK";
    move_on(d, &m, "release", "released");
    begin(&m, i + 4); /* under a list that nobody saw */
    m.list = 9;
    move_on(d, &m, "receive", "received");
    move_on(d, &m, "withdraw", "withdrawn");
}

int main(int argc, char **argv) {
    struct desk *d;
    if (argc < 5)
        return fprintf(stderr, "made_year DIR CASES SEED BATCH [evil|years]\n"), 2;
    uint64_t cases = strtoull(argv[2], NULL, 10), first = strtoull(argv[3], NULL, 10) * 1000000;
    state = first + 1;
    years = argc > 5 && strcmp(argv[5], "years") == 0;
    must(crypto_init(), "crypto");
    must(desk_open(&d, argv[1]), argv[1]);
    must(desk_meta_number_set(d->store, "batch_size", strtoull(argv[4], NULL, 10)), "batch");
    must(desk_begin(d), "begin");
    for (uint64_t i = 0; i < cases; i++) {
        make_case(d, first + i);
        if (i % TOGETHER == TOGETHER - 1) {
            must(desk_end(d, OK), "end");
            must(desk_begin(d), "begin");
        }
    }
    if (argc > 5 && strcmp(argv[5], "evil") == 0)
        make_evil(d, first + cases);
    must(desk_end(d, OK), "end");
    desk_close(d);
    return 0;
}
