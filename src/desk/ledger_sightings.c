/* How long witnesses have known of a version of the suspension list: what a lift needs to show. */
#include "base/text.h"
#include "desk/ledger_internal.h"

/* What one witness's cosignatures show of one version: the first checkpoint with it, and the
 * newest. */
struct cosigned {
    uint64_t size, seconds;
    buf note;
};
struct sighting {
    uint64_t place;
    uint8_t entry[MERKLE_SEALED], salt[MERKLE_SALT];
    struct cosigned first, last;
    struct merkle_proof inclusion, consistency;
};

/* NOT_FOUND: no batch has it yet. */
static err read_leaf(struct desk *d, uint64_t version, struct sighting *s) {
    struct desk_rows q;
    desk_rows_begin(
        &q, d->store,
        "SELECT place, entry, salt FROM document_leaves JOIN pending_leaves USING (leaf)"
        " JOIN leaf_fields USING (leaf) WHERE kind = 'suspensions' AND version = ?"
        " AND slot = ? AND place IS NOT NULL",
        "ii", version, (int64_t)MERKLE_SLOT_DOCUMENT);
    bool found = desk_rows_next(&q);
    if (found) {
        s->place = desk_row_number(&q, 0);
        desk_row_copy(&q, 1, s->entry, sizeof s->entry);
        desk_row_copy(&q, 2, s->salt, sizeof s->salt);
    }
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

static const char oldest[] = "SELECT size, seconds, lines FROM cosigned WHERE witness = ?"
                             " AND size > ? ORDER BY seconds, event LIMIT 1";
static const char newest[] = "SELECT size, seconds, lines FROM cosigned WHERE witness = ?"
                             " AND size > ? ORDER BY event DESC LIMIT 1";

/* Appends the checkpoint, signed by the log and this witness. NOT_FOUND. */
static err read_cosigned(struct desk *d, const char *sql, slice witness, uint64_t place,
                         struct cosigned *c) {
    struct desk_rows q;
    buf lines = {0};
    desk_rows_begin(&q, d->store, sql, "ti", witness, place);
    bool found = desk_rows_next(&q);
    if (found) {
        c->size = desk_row_number(&q, 0);
        c->seconds = desk_row_number(&q, 1);
        q.result = buf_append(&lines, desk_row_bytes(&q, 2));
    }
    err e = desk_rows_end(&q);
    if (e == OK)
        e = found ? ledger_batch_note(d, c->size, &c->note) : ERR_NOT_FOUND;
    if (e == OK)
        e = buf_append(&c->note, buf_slice(&lines));
    buf_free(&lines);
    return e;
}

static err prove(struct desk *d, struct sighting *s) {
    struct merkle_tiles tiles = ledger_tiles(d);
    struct merkle_tile_reader r;
    struct merkle_source source;
    merkle_tile_reader_init(&r, &tiles, s->first.size);
    source = merkle_tile_source(&r);
    err e = merkle_inclusion_prove(&source, s->place, s->first.size, &s->inclusion);
    merkle_tile_reader_fini(&r);
    merkle_tile_reader_init(&r, &tiles, s->last.size);
    source = merkle_tile_source(&r);
    if (e == OK)
        e = merkle_consistency_prove(&source, s->first.size, s->last.size, &s->consistency);
    merkle_tile_reader_fini(&r);
    return e;
}

static void forget(struct sighting *s) {
    buf_free(&s->first.note);
    buf_free(&s->last.note);
}

/* By one witness, by its own times. NOT_FOUND if it saw nothing of it. Forget it in any case. */
static err sight(struct desk *d, slice witness, uint64_t version, struct sighting *s) {
    *s = (struct sighting){.place = 0};
    TRY(read_leaf(d, version, s));
    TRY(read_cosigned(d, oldest, witness, s->place, &s->first));
    TRY(read_cosigned(d, newest, witness, s->place, &s->last));
    return prove(d, s);
}

static uint64_t span(const struct sighting *s) {
    return s->last.seconds > s->first.seconds ? s->last.seconds - s->first.seconds : 0;
}

/* By the witness that has known it longest. NOT_FOUND if none saw it. Forget it in any case. */
static err sight_longest(struct desk *d, uint64_t version, struct sighting *s) {
    err result = ERR_NOT_FOUND;
    *s = (struct sighting){.place = 0};
    for (size_t i = 0; d->office != NULL && i < d->office->witnesses.n; i++) {
        struct sighting other;
        err e = sight(d, d->office->witnesses.p[i].text, version, &other);
        if (e == OK && (result != OK || span(&other) > span(s))) {
            forget(s);
            *s = other;
            result = OK;
            continue;
        }
        forget(&other);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
    }
    return result;
}

err desk_ledger_seen(struct desk *d, uint64_t version, uint64_t *duration) {
    struct sighting s;
    *duration = 0;
    err e = sight_longest(d, version, &s);
    if (e == OK) {
        struct office_witnessed w = {.index = s.place,
                                     .first = buf_slice(&s.first.note),
                                     .last = buf_slice(&s.last.note),
                                     .inclusion = s.inclusion,
                                     .consistency = s.consistency};
        merkle_leaf_hash(&w.leaf, SLICE_ARRAY(s.entry));
        /* Nothing that is wrong here counts: the duration stays 0. */
        (void)office_witnessed(d->office, &w, duration);
    }
    forget(&s);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- The text for a server ---- */

enum { SIGHTINGS_MOST = 64 };

struct told {
    struct sighting s;
    buf entry, first, last;
    struct office_hash inclusion[MERKLE_PROOF_MAX], consistency[MERKLE_PROOF_MAX];
};
struct told_all {
    struct told each[SIGHTINGS_MOST];
    struct office_sighting shown[SIGHTINGS_MOST];
    size_t n;
};

static struct office_hashes hashes_of(struct office_hash *out, const struct merkle_proof *proof) {
    for (size_t i = 0; i < proof->n; i++)
        memcpy(out[i].bytes, proof->path[i].bytes, MERKLE_HASH);
    return (struct office_hashes){out, proof->n};
}

static err tell(struct told *t, const uint8_t document[32], struct office_sighting *out) {
    TRY(base64_encode(&t->entry, SLICE_ARRAY(t->s.entry)));
    TRY(base64_encode(&t->first, buf_slice(&t->s.first.note)));
    TRY(base64_encode(&t->last, buf_slice(&t->s.last.note)));
    *out = (struct office_sighting){.entry = buf_slice(&t->entry),
                                    .place = t->s.place + 1,
                                    .first = buf_slice(&t->first),
                                    .last = buf_slice(&t->last)};
    memcpy(out->document, document, sizeof out->document);
    memcpy(out->salt, t->s.salt, sizeof out->salt);
    out->inclusion = hashes_of(t->inclusion, &t->s.inclusion);
    out->consistency = hashes_of(t->consistency, &t->s.consistency);
    return OK;
}

/* One of no duration shows nothing. */
static err tell_version(struct desk *d, struct told_all *all, uint64_t version,
                        const uint8_t document[32]) {
    struct told *t = &all->each[all->n];
    err e = sight_longest(d, version, &t->s);
    if (e == OK && span(&t->s) > 0) {
        e = tell(t, document, &all->shown[all->n]);
        all->n++;
        return e;
    }
    forget(&t->s);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err tell_all(struct desk *d, struct told_all *all) {
    struct desk_rows q;
    err e = OK;
    desk_rows_begin(&q, d->store,
                    "SELECT version, hash FROM documents WHERE kind = 'suspensions'"
                    " ORDER BY version DESC",
                    "");
    while (e == OK && all->n < SIGHTINGS_MOST && desk_rows_next(&q)) {
        uint8_t hash[32];
        desk_row_copy(&q, 1, hash, sizeof hash);
        e = tell_version(d, all, desk_row_number(&q, 0), hash);
    }
    err ended = desk_rows_end(&q);
    return e == OK ? ended : e;
}

static err write_all(const struct told_all *all, buf *text) {
    struct office_sightings sightings = {.each = {(struct office_sighting *)all->shown, all->n}};
    if (all->n == 0)
        return ERR_NOT_FOUND;
    return office_sightings_write(text, &sightings) == OFFICE_OK ? OK : ERR_NO_MEMORY;
}

err desk_ledger_sightings(struct desk *d, buf *text) {
    struct told_all *all = mem_new(NULL, sizeof *all);
    if (all == NULL)
        return ERR_NO_MEMORY;
    err e = tell_all(d, all);
    if (e == OK)
        e = write_all(all, text);
    for (size_t i = 0; i < all->n; i++) {
        forget(&all->each[i].s);
        buf_free(&all->each[i].entry);
        buf_free(&all->each[i].first);
        buf_free(&all->each[i].last);
    }
    mem_free(NULL, all, sizeof *all);
    return e;
}
