#include "analyst.h"

#include <stdlib.h>

#include "server/held.h"
#include "spy.h"

enum { MAX = SEIZED_PEOPLE, WAIT = 512 };

struct waiting {
    uint64_t position, commit;
    uint32_t size;
};

static size_t people;
static uint8_t mailboxes[MAX][16];
static bool together[MAX][MAX]; /* the truth */
static double score[MAX][MAX];
static struct waiting waiting[MAX][WAIT];
static size_t waiting_count[MAX];

/* ---- What is there ---- */

static const struct client *clients;

static bool take_device(void *ctx, struct store_key key, slice value) {
    struct held_device device;
    (void)ctx;
    CHECK_OK(held_device_read(value, &device));
    for (size_t i = 0; i < people; i++) {
        struct core_status s;
        core_status_get(clients[i].core, &s);
        if (memcmp(s.device, key.name.p + CORE_ACCOUNT, CORE_DEVICE) == 0)
            memcpy(mailboxes[i], device.mailbox, 16);
    }
    return true;
}

static size_t person_of(const uint8_t *mailbox) {
    for (size_t i = 0; i < people; i++)
        if (memcmp(mailboxes[i], mailbox, 16) == 0)
            return i;
    return MAX;
}

static uint64_t commit_of(const uint8_t *mailbox, uint64_t position) {
    size_t count;
    const struct spied *items = spy_items(&count);
    for (size_t i = 0; i < count; i++)
        if (items[i].position == position && memcmp(items[i].mailbox, mailbox, 16) == 0)
            return items[i].commit;
    return 0;
}

static bool take_item(void *ctx, struct store_key key, slice value) {
    size_t person = person_of(key.name.p);
    (void)ctx;
    if (person == MAX || waiting_count[person] == WAIT)
        return true;
    waiting[person][waiting_count[person]++] =
        (struct waiting){key.number, commit_of(key.name.p, key.number), (uint32_t)value.n};
    return true;
}

void analyst_begin(struct store *s, const struct seized_group *groups, size_t group_count,
                   const struct client *all, size_t count) {
    clients = all;
    people = count;
    CHECK_OK(store_scan_table(s, MAIL_DEVICE, take_device, NULL));
    CHECK_OK(store_scan_table(s, MAIL_ITEM, take_item, NULL));
    for (size_t g = 0; g < group_count; g++)
        for (size_t i = 0; i < groups[g].count; i++)
            for (size_t j = 0; j < groups[g].count; j++)
                together[groups[g].members[i]][groups[g].members[j]] = true;
}

/* ---- Guessing ---- */

static void clear(void) {
    memset(score, 0, sizeof score);
}

struct pair {
    size_t a, b;
    double score;
};

static int likelier(const void *x, const void *y) {
    const struct pair *a = x, *b = y;
    return a->score < b->score ? 1 : a->score > b->score ? -1 : 0;
}

/* Of as many pairs as there are true ones, those that he thinks likeliest, among `of`. */
static void show(const char *how, const bool of[MAX]) {
    static struct pair pairs[MAX * MAX];
    size_t n = 0, truths = 0, guessed = 0, right = 0;
    for (size_t a = 0; a < people; a++)
        for (size_t b = a + 1; b < people; b++)
            if (of[a] && of[b]) {
                pairs[n++] = (struct pair){a, b, score[a][b]};
                truths += together[a][b];
            }
    qsort(pairs, n, sizeof *pairs, likelier);
    for (size_t i = 0; i < n && guessed < truths && pairs[i].score > 0; i++, guessed++)
        right += together[pairs[i].a][pairs[i].b];
    printf("# analyst, %s: of %zu pairs of mailboxes %zu share a conversation; he names %zu and is "
           "right "
           "in %.0f of 100, by chance in %.0f\n",
           how, n, truths, guessed, guessed == 0 ? 0 : 100.0 * (double)right / (double)guessed,
           n == 0 ? 0 : 100.0 * (double)truths / (double)n);
}

/* Two mailboxes that got items of one size in one record. from: the first record that is there. */
static void guess_by_records(uint64_t from, bool of[MAX]) {
    size_t count;
    const struct spied *items = spy_items(&count);
    clear();
    memset(of, 0, MAX * sizeof *of);
    for (size_t i = 0; i < count; i++) {
        size_t a = person_of(items[i].mailbox);
        if (items[i].commit < from || a == MAX)
            continue;
        of[a] = true;
        for (size_t j = i; j-- > 0 && items[j].commit == items[i].commit;) {
            size_t b = person_of(items[j].mailbox);
            if (b != MAX && b != a && items[j].size == items[i].size)
                score[a < b ? a : b][a < b ? b : a]++;
        }
    }
}

/* The same of what waits, if sequence numbers told which items were written together. */
static void guess_by_sequence(bool of[MAX]) {
    clear();
    for (size_t a = 0; a < people; a++) {
        of[a] = waiting_count[a] > 0;
        for (size_t b = a + 1; b < people; b++)
            for (size_t i = 0; i < waiting_count[a]; i++)
                for (size_t j = 0; j < waiting_count[b]; j++)
                    score[a][b] += waiting[a][i].commit == waiting[b][j].commit &&
                                   waiting[a][i].size == waiting[b][j].size;
    }
}

/* How long a row of sizes both have in common, in order. */
static size_t common(size_t a, size_t b) {
    static size_t row[WAIT + 1];
    memset(row, 0, sizeof row);
    for (size_t i = 0; i < waiting_count[a]; i++) {
        size_t before = 0;
        for (size_t j = 0; j < waiting_count[b]; j++) {
            size_t old = row[j + 1];
            if (waiting[a][i].size == waiting[b][j].size)
                row[j + 1] = before + 1;
            else if (row[j] > row[j + 1])
                row[j + 1] = row[j];
            before = old;
        }
    }
    return row[waiting_count[b]];
}

/* Weeks are all the same within a day; what is left are sizes and their order. */
static void guess_by_sizes(bool of[MAX]) {
    clear();
    for (size_t a = 0; a < people; a++) {
        of[a] = waiting_count[a] >= 4;
        for (size_t b = a + 1; b < people; b++) {
            size_t less = waiting_count[a] < waiting_count[b] ? waiting_count[a] : waiting_count[b];
            size_t more = waiting_count[a] + waiting_count[b] - less;
            if (less >= 4)
                score[a][b] = (double)common(a, b) / (double)more;
        }
    }
}

void analyst_tell(uint64_t flushed) {
    static bool of[MAX];
    size_t count, items = 0, most = 0;
    (void)spy_items(&count);
    for (size_t i = 0; i < people; i++) {
        items += waiting_count[i];
        most = waiting_count[i] > most ? waiting_count[i] : most;
    }
    printf("# analyst: %zu mailboxes, %zu items wait, up to %zu in one; %zu were ever written\n",
           people, items, most, count);
    CHECK(count > 0 && items > 0);
    guess_by_records(0, of);
    show("all records of the log, had they been kept", of);
    guess_by_records(flushed + 1, of);
    show("the log of the last hour, as it stood when the plug was pulled", of);
    guess_by_sequence(of);
    show("sequence numbers of what waits", of);
    guess_by_sizes(of);
    show("weeks and sizes of what waits", of);
}
