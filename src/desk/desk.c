/* The desk as a whole: its folder, and the signed files that are in force. */
#include "desk/ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "desk/internal.h"
#include "sys/files.h"
#include "sys/loop.h"

enum { PATH_LONGEST = 4096 };

/* ---- The clock ---- */

#ifdef DESK_TEST_CLOCK
/* Seconds, perhaps negative, from the file that the environment names. */
static int64_t clock_offset(void) {
    const char *path = getenv("SOTTO_DESK_CLOCK");
    buf text = {0};
    int64_t seconds = 0;
    if (path != NULL && sys_file_read(path, 64, &text) == OK && buf_append_byte(&text, 0) == OK)
        seconds = strtoll((const char *)text.p, NULL, 10);
    buf_free(&text);
    return seconds;
}
#else
static int64_t clock_offset(void) {
    return 0;
}
#endif

uint64_t desk_now(void) {
    return sys_clock_wall() + (uint64_t)(clock_offset() * 1000);
}

/* ---- Files in force ---- */

static err document_load(struct desk *d, const char *kind, buf *bytes) {
    struct desk_rows q;
    desk_rows_begin(&q, d->store,
                    "SELECT bytes FROM documents WHERE kind = ? ORDER BY version DESC LIMIT 1", "s",
                    kind);
    bool found = desk_rows_next(&q);
    if (found)
        q.result = buf_append(bytes, desk_row_bytes(&q, 0));
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

static err office_read(struct desk *d) {
    buf bytes = {0};
    struct office *o = NULL;
    err e = document_load(d, "office", &bytes);
    if (e == OK && office_load(&o, NULL, buf_slice(&bytes), NULL) != OFFICE_OK)
        e = ERR_DAMAGED;
    buf_free(&bytes);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    office_free(d->office);
    d->office = o;
    return OK;
}

static err list_read(struct desk *d) {
    buf bytes = {0};
    struct office_suspensions *s = NULL;
    err e = document_load(d, "suspensions", &bytes);
    if (e == OK && office_suspensions_load(&s, NULL, buf_slice(&bytes), NULL) != OFFICE_OK)
        e = ERR_DAMAGED;
    buf_free(&bytes);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    office_suspensions_free(d->list);
    d->list = s;
    return OK;
}

static err server_read(struct desk *d) {
    buf identity = {0};
    err e = desk_meta_get(d->store, "server", &identity);
    if (e == OK) {
        d->server_known = identity.n == sizeof d->server;
        if (d->server_known)
            memcpy(d->server, identity.p, sizeof d->server);
        e = desk_meta_number(d->store, "server-number", &d->server_number);
    }
    buf_free(&identity);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err files_read(struct desk *d) {
    TRY(office_read(d));
    TRY(list_read(d));
    return server_read(d);
}

/* Another process may have handed in a file. */
err desk_refresh(struct desk *d) {
    uint64_t changes;
    TRY(desk_store_changes(d->store, &changes));
    if (changes == d->changes)
        return OK;
    TRY(files_read(d));
    d->changes = changes;
    return OK;
}

err desk_begin(struct desk *d) {
    TRY(desk_store_begin(d->store));
    err e = desk_refresh(d);
    if (e != OK)
        desk_store_undo(d->store);
    return e;
}

/* What was undone may have been read already. */
err desk_end(struct desk *d, err result) {
    if (result == OK)
        result = desk_store_commit(d->store);
    if (result != OK)
        desk_store_undo(d->store);
    return result;
}

void desk_world_now(const struct desk *d, struct desk_world *w) {
    *w = (struct desk_world){.office = d->office,
                             .list = d->list,
                             .regimes = d->data.regimes,
                             .regime_count = d->data.regime_count,
                             .checklists = &d->data.checklists,
                             .cites = d->data.cites,
                             .processes = &d->data.processes,
                             .demands = &d->data.demands,
                             .grounds = &d->data.grounds,
                             .server_number = d->server_number,
                             .now = desk_now()};
    memcpy(w->server, d->server, sizeof w->server);
}

/* ---- Opening ---- */

static err open_in(struct desk *d, const char *folder) {
    char path[PATH_LONGEST];
    size_t n = strlen(folder);
    if (snprintf(path, sizeof path, "%s/desk.sqlite", folder) >= (int)sizeof path)
        return ERR_LIMIT;
    d->folder = mem_new(NULL, n + 1);
    if (d->folder == NULL)
        return ERR_NO_MEMORY;
    memcpy(d->folder, folder, n);
    TRY(crypto_init());
    TRY(desk_data_load(&d->data, folder));
    TRY(desk_store_open(&d->store, path));
    TRY(desk_store_changes(d->store, &d->changes));
    return files_read(d);
}

err desk_open(struct desk **out, const char *folder) {
    *out = NULL;
    struct desk *d = mem_new(NULL, sizeof *d);
    if (d == NULL)
        return ERR_NO_MEMORY;
    err e = open_in(d, folder);
    if (e == OK)
        *out = d;
    else
        desk_close(d);
    return e;
}

void desk_close(struct desk *d) {
    if (d == NULL)
        return;
    desk_store_close(d->store);
    office_free(d->office);
    office_suspensions_free(d->list);
    desk_data_free(&d->data);
    if (d->folder != NULL)
        mem_free(NULL, d->folder, strlen(d->folder) + 1);
    mem_free(NULL, d, sizeof *d);
}

const char *desk_folder(const struct desk *d) {
    return d->folder;
}
const struct office *desk_office(const struct desk *d) {
    return d->office;
}
const struct office_suspensions *desk_list(const struct desk *d) {
    return d->list;
}
bool desk_server(const struct desk *d, uint8_t identity[32], uint64_t *number) {
    memcpy(identity, d->server, sizeof d->server);
    *number = d->server_number;
    return d->server_known;
}
struct desk_cites desk_cites(const struct desk *d) {
    return d->data.cites;
}
bool desk_person_bound(const struct desk *d, const struct office_person *p) {
    return office_person_bound(p, d->list);
}

/* ---- Handing in ---- */

static err document_put(struct desk *d, const char *kind, uint64_t version,
                        const struct office_document *document) {
    slice bytes = buf_slice(&document->bytes);
    TRY(desk_store_run(d->store,
                       "INSERT INTO documents (kind, version, hash, bytes, time)"
                       " VALUES (?, ?, ?, ?, ?)",
                       "sibbi", kind, version, slice_of(document->hash, 32), bytes, desk_now()));
    return desk_ledger_document(d, kind, version, document->hash, bytes);
}

/* What a file in force means for keys and cases. */
static err file_binds(struct desk *d) {
    TRY(desk_wraps_take(d));
    return desk_settle_begin(d);
}

/* The file is in force, whatever comes of this: it is gone on with by desk_settle_more. */
static void settle_now(struct desk *d) {
    bool more;
    (void)!desk_settle_more(d, &more);
}

/* What was in force is again, after a failure. */
static err office_in_force(struct desk *d, struct office *next) {
    struct office *before = d->office;
    d->office = next;
    err e = document_put(d, "office", next->version, &next->document);
    if (e == OK)
        e = file_binds(d);
    e = desk_end(d, e);
    if (e != OK)
        d->office = before;
    else
        settle_now(d);
    office_free(e == OK ? before : next);
    return e;
}

err desk_office_pin(struct desk *d, slice bytes, const uint8_t hash[32], struct desk_why *why) {
    struct office *next;
    size_t line = 0;
    TRY(desk_begin(d));
    if (d->office != NULL)
        return desk_end(d, desk_refuse_text(why, OFFICE_PINNED, 0, 0));
    enum office_reason r = office_pin(&next, NULL, bytes, hash, &line);
    if (r != OFFICE_OK)
        return desk_end(d, desk_refuse_text(why, r, 0, line));
    return office_in_force(d, next);
}

/* The suspensions stay as they are. */
err desk_office_pin_anew(struct desk *d, slice bytes, const uint8_t hash[32],
                         struct desk_why *why) {
    struct office *next;
    size_t line = 0;
    TRY(desk_begin(d));
    if (d->office == NULL)
        return desk_end(d, desk_refuse(why, DESK_UNPINNED));
    enum office_reason r = office_pin(&next, NULL, bytes, hash, &line);
    if (r == OFFICE_OK && next->version <= d->office->version) {
        office_free(next);
        r = OFFICE_OLD;
    }
    if (r != OFFICE_OK)
        return desk_end(d, desk_refuse_text(why, r, 0, line));
    return office_in_force(d, next);
}

err desk_office_change(struct desk *d, slice bytes, struct desk_why *why) {
    struct office *next;
    size_t line = 0;
    TRY(desk_begin(d));
    if (d->office == NULL)
        return desk_end(d, desk_refuse(why, DESK_UNPINNED));
    enum office_reason r = office_change(&next, d->office, d->list, bytes, &line);
    if (r != OFFICE_OK)
        return desk_end(d, desk_refuse_text(why, r, 0, line));
    return office_in_force(d, next);
}

/* ---- The list, and since when what stands in it ---- */

enum { SINCE_MOST = OFFICE_SINCE_MAX };
struct since {
    struct office_since each[SINCE_MOST];
    char ids[SINCE_MOST][DESK_ID];
    size_t n;
};

static err since_read(struct desk *d, const char *kind, struct since *s) {
    struct desk_rows q;
    s->n = 0;
    desk_rows_begin(&q, d->store,
                    "SELECT id, time, witnessed FROM since WHERE kind = ? ORDER BY id", "s", kind);
    while (s->n < SINCE_MOST && desk_rows_next(&q)) {
        desk_row_text(&q, 0, s->ids[s->n], DESK_ID);
        s->each[s->n] = (struct office_since){slice_str(s->ids[s->n]), desk_row_number(&q, 1),
                                              desk_row_number(&q, 2)};
        s->n++;
    }
    return desk_rows_end(&q);
}

static void witnessed_add(struct since *s, const struct office_since *witnessed, size_t count) {
    for (size_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < count; j++)
            if (slice_equal(s->each[i].id, witnessed[j].id) &&
                witnessed[j].witnessed > s->each[i].witnessed)
                s->each[i].witnessed = witnessed[j].witnessed;
}

static bool has_id(const struct office_suspensions *list, bool notice, slice id) {
    for (size_t i = 0; notice && i < list->notices.n; i++)
        if (slice_equal(list->notices.p[i].id, id))
            return true;
    for (size_t i = 0; !notice && i < list->freezes.n; i++)
        if (slice_equal(list->freezes.p[i].id, id))
            return true;
    return false;
}

/* What our own ledger's witnesses say of each: of the version of the list in which it came. */
static err witnessed_see(struct desk *d, struct since *s) {
    for (size_t i = 0; i < s->n; i++) {
        uint64_t version, duration;
        TRY(desk_store_number(d->store, &version,
                              "SELECT MAX(version) FROM documents WHERE kind = 'suspensions'"
                              " AND time <= ?",
                              "i", s->each[i].time));
        TRY(desk_ledger_seen(d, version, &duration));
        if (duration > s->each[i].witnessed)
            s->each[i].witnessed = duration;
    }
    return OK;
}

err desk_notices_since(struct desk *d, desk_since_visit *visit, void *ctx) {
    struct since *s = mem_new(NULL, sizeof *s);
    if (s == NULL)
        return ERR_NO_MEMORY;
    err e = since_read(d, "notice", s);
    if (e == OK)
        e = witnessed_see(d, s);
    for (size_t i = 0; e == OK && i < s->n; i++)
        if (!visit(ctx, &s->each[i]))
            break;
    mem_free(NULL, s, sizeof *s);
    return e;
}

/* What left the list begins anew if it comes back. */
static err since_write(struct desk *d, const char *kind, const struct since *before,
                       const struct office_suspensions *list, bool notice) {
    for (size_t i = 0; i < before->n; i++)
        if (!has_id(list, notice, before->each[i].id))
            TRY(desk_store_run(d->store, "DELETE FROM since WHERE kind = ? AND id = ?", "st", kind,
                               before->each[i].id));
    size_t n = notice ? list->notices.n : list->freezes.n;
    for (size_t i = 0; i < n; i++)
        TRY(desk_store_run(d->store,
                           "INSERT OR IGNORE INTO since (kind, id, time, witnessed)"
                           " VALUES (?, ?, ?, 0)",
                           "sti", kind, notice ? list->notices.p[i].id : list->freezes.p[i].id,
                           desk_now()));
    return OK;
}

struct change {
    struct since notices, freezes;
};

static err list_in_force(struct desk *d, struct office_suspensions *next, const struct change *c) {
    struct office_suspensions *before = d->list;
    d->list = next;
    err e = document_put(d, "suspensions", next->version, &next->document);
    if (e == OK)
        e = since_write(d, "notice", &c->notices, next, true);
    if (e == OK)
        e = since_write(d, "freeze", &c->freezes, next, false);
    if (e == OK)
        e = file_binds(d);
    e = desk_end(d, e);
    if (e != OK)
        d->list = before;
    else
        settle_now(d);
    office_suspensions_free(e == OK ? before : next);
    return e;
}

static err list_change(struct desk *d, slice bytes, struct change *c,
                       const struct office_since *witnessed, size_t count, struct desk_why *why) {
    struct office_suspensions *next;
    size_t line = 0;
    TRY(desk_begin(d));
    if (d->office == NULL)
        return desk_end(d, desk_refuse(why, DESK_NO_OFFICE));
    err e = since_read(d, "notice", &c->notices);
    if (e == OK)
        e = since_read(d, "freeze", &c->freezes);
    if (e == OK)
        e = witnessed_see(d, &c->notices);
    if (e != OK)
        return desk_end(d, e);
    witnessed_add(&c->notices, witnessed, count);
    struct office_evidence evidence = {c->notices.each, c->freezes.each, c->notices.n, c->freezes.n,
                                       desk_now()};
    enum office_reason r =
        office_suspensions_change(&next, d->office, d->list, bytes, &evidence, &line);
    if (r != OFFICE_OK)
        return desk_end(d, desk_refuse_text(why, r, 0, line));
    return list_in_force(d, next, c);
}

err desk_list_change(struct desk *d, slice bytes, const struct office_since *witnessed,
                     size_t count, struct desk_why *why) {
    struct change *c = mem_new(NULL, sizeof *c);
    if (c == NULL)
        return ERR_NO_MEMORY;
    err e = list_change(d, bytes, c, witnessed, count, why);
    mem_free(NULL, c, sizeof *c);
    return e;
}

static err server_set(struct desk *d, const uint8_t identity[32], uint64_t number) {
    TRY(desk_meta_set(d->store, "server", slice_of(identity, 32)));
    TRY(desk_meta_number_set(d->store, "server-number", number));
    TRY(server_read(d));
    return desk_settle_begin(d);
}

err desk_server_set(struct desk *d, const uint8_t identity[32], uint64_t number) {
    TRY(desk_begin(d));
    err e = desk_end(d, server_set(d, identity, number));
    if (e == OK) {
        settle_now(d);
        return OK;
    }
    d->server_known = false;
    err read = server_read(d);
    return read == OK ? e : read;
}
