#include "desk/store.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>

enum { STATEMENTS_MAX = 192, WAIT_MS = 5000 };

struct prepared {
    const char *sql; /* its address is its name */
    sqlite3_stmt *statement;
    bool taken;
};
struct desk_store {
    sqlite3 *db;
    struct prepared prepared[STATEMENTS_MAX];
    size_t n;
};

/* Each step leads from the version of its index to the next; what is there is never changed, only
 * added to. */
static const char *const steps[] = {
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    /* Office files and suspension lists, signed, as they came. */
    "CREATE TABLE documents (kind TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL,"
    " bytes BLOB NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (kind, version));"
    /* Since when a lift notice or a freeze is in the list, and how long witnesses saw a notice. */
    "CREATE TABLE since (kind TEXT NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL,"
    " witnessed INTEGER NOT NULL, PRIMARY KEY (kind, id));"
    "CREATE TABLE cases (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key BLOB NOT NULL,"
    " open INTEGER NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " hold INTEGER NOT NULL, path INTEGER NOT NULL, authority TEXT NOT NULL, regime TEXT NOT NULL,"
    " category TEXT NOT NULL, process TEXT NOT NULL, carve_outs TEXT NOT NULL,"
    " issuer TEXT NOT NULL, beneficiary TEXT NOT NULL, asked INTEGER NOT NULL,"
    " fields INTEGER NOT NULL, accounts INTEGER NOT NULL, filing BLOB NOT NULL,"
    " enrolled INTEGER NOT NULL, number INTEGER NOT NULL, head BLOB NOT NULL,"
    " round INTEGER NOT NULL, order_hash BLOB NOT NULL, order_made INTEGER NOT NULL,"
    " order_office INTEGER NOT NULL, order_list INTEGER NOT NULL, order_server INTEGER NOT NULL,"
    " waits INTEGER NOT NULL, received INTEGER NOT NULL, deadline INTEGER NOT NULL,"
    " since INTEGER NOT NULL, notified INTEGER NOT NULL, objected INTEGER NOT NULL,"
    " bar_until INTEGER NOT NULL, preserved_until INTEGER NOT NULL, released INTEGER NOT NULL,"
    " delivered INTEGER NOT NULL, told_late INTEGER NOT NULL, alarm INTEGER NOT NULL);"
    /* Those without a deadline are behind all that have one. */
    "CREATE INDEX cases_queue ON cases (open,"
    " (CASE deadline WHEN 0 THEN 9223372036854775807 ELSE deadline END), id);"
    "CREATE INDEX cases_filing ON cases (filing);"
    "CREATE INDEX cases_state ON cases (state, deadline, id);"
    "CREATE TABLE moves (case_id TEXT NOT NULL REFERENCES cases (id), number INTEGER NOT NULL,"
    " move INTEGER NOT NULL, from_state INTEGER NOT NULL, to_state INTEGER NOT NULL,"
    " person TEXT NOT NULL, role INTEGER NOT NULL, round INTEGER NOT NULL, made INTEGER NOT NULL,"
    " hash BLOB NOT NULL, order_hash BLOB NOT NULL, seconds INTEGER NOT NULL,"
    " pending INTEGER NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (case_id, number)) WITHOUT ROWID;"
    "CREATE INDEX moves_person ON moves (person, case_id);"
    "CREATE TABLE seats (case_id TEXT NOT NULL REFERENCES cases (id), round INTEGER NOT NULL,"
    " lens INTEGER NOT NULL, person TEXT NOT NULL, out INTEGER NOT NULL, number INTEGER NOT NULL,"
    " verdict INTEGER NOT NULL, beneficiary TEXT NOT NULL, late INTEGER NOT NULL,"
    " PRIMARY KEY (case_id, round, lens, person)) WITHOUT ROWID;"
    "CREATE INDEX seats_person ON seats (person, case_id);"
    "CREATE TABLE sealed (case_id TEXT NOT NULL REFERENCES cases (id), kind INTEGER NOT NULL,"
    " number INTEGER NOT NULL, person TEXT NOT NULL, time INTEGER NOT NULL, size INTEGER NOT NULL,"
    " bytes BLOB NOT NULL, PRIMARY KEY (case_id, kind, number));"
    "CREATE TABLE wraps (case_id TEXT NOT NULL REFERENCES cases (id), person TEXT NOT NULL,"
    " key BLOB NOT NULL, wrap BLOB NOT NULL, PRIMARY KEY (case_id, person)) WITHOUT ROWID;"
    "CREATE TABLE person_keys (person TEXT NOT NULL, credential TEXT NOT NULL,"
    " wrapped BLOB NOT NULL, PRIMARY KEY (person, credential)) WITHOUT ROWID;"
    "CREATE TABLE away (person TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE duty (person TEXT NOT NULL, begins INTEGER NOT NULL, until INTEGER NOT NULL,"
    " PRIMARY KEY (person, begins)) WITHOUT ROWID;"
    "CREATE TABLE tasks (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, case_id TEXT NOT NULL,"
    " number INTEGER NOT NULL DEFAULT 0, roles INTEGER NOT NULL, opened INTEGER NOT NULL,"
    " due INTEGER NOT NULL, done INTEGER NOT NULL);"
    "CREATE INDEX tasks_open ON tasks (done, due);"
    "CREATE INDEX tasks_case ON tasks (case_id, kind);"
    /* The ledger's: leaves that no batch holds yet, and what opens them. */
    "CREATE TABLE pending_leaves (leaf INTEGER PRIMARY KEY AUTOINCREMENT, entry BLOB NOT NULL,"
    " filler BLOB NOT NULL, case_id TEXT NOT NULL, number INTEGER NOT NULL,"
    " place INTEGER);"
    "CREATE INDEX leaves_case ON pending_leaves (case_id, number);"
    "CREATE TABLE leaf_fields (leaf INTEGER NOT NULL REFERENCES pending_leaves (leaf),"
    " slot INTEGER NOT NULL, salt BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (leaf, slot))"
    " WITHOUT ROWID;"
    "CREATE TABLE pending_notices (notice INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,"
    " version INTEGER NOT NULL, hash BLOB NOT NULL);",
    /* A batch without a root is begun: its leaves have their places, and no file says so yet. */
    "CREATE TABLE batches (batch INTEGER PRIMARY KEY, first INTEGER NOT NULL,"
    " size INTEGER NOT NULL, time INTEGER NOT NULL, root BLOB, note BLOB);"
    "CREATE UNIQUE INDEX leaves_place ON pending_leaves (place);"
    "CREATE TABLE document_leaves (leaf INTEGER PRIMARY KEY REFERENCES pending_leaves (leaf),"
    " kind TEXT NOT NULL, version INTEGER NOT NULL, UNIQUE (kind, version));"
    "CREATE TABLE publications (number INTEGER PRIMARY KEY, hash BLOB NOT NULL,"
    " note BLOB NOT NULL);"
    /* Every cosignature that came, and the size that each witness is known to know. */
    "CREATE TABLE cosigned (event INTEGER PRIMARY KEY AUTOINCREMENT, witness TEXT NOT NULL,"
    " size INTEGER NOT NULL, seconds INTEGER NOT NULL, lines BLOB NOT NULL);"
    "CREATE INDEX cosigned_witness ON cosigned (witness, event);"
    "CREATE TABLE witnesses (witness TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;",
    /* Why the server refused what was carried. */
    "ALTER TABLE tasks ADD COLUMN reason TEXT NOT NULL DEFAULT '';",
    /* Who lacks the key of a case, found when a file changes. */
    "CREATE TABLE lacks (case_id TEXT NOT NULL REFERENCES cases (id), person TEXT NOT NULL,"
    " PRIMARY KEY (case_id, person)) WITHOUT ROWID;"
    "CREATE INDEX wraps_person ON wraps (person, key);"
    "CREATE INDEX cases_open ON cases (id) WHERE open = 1;"
    /* How much came with a filing, and what nobody classified yet. */
    "ALTER TABLE cases ADD COLUMN size INTEGER NOT NULL DEFAULT 0;"
    "UPDATE cases SET size = (SELECT coalesce(sum(size), 0) FROM sealed"
    " WHERE case_id = cases.id AND kind IN (0, 1));"
    "CREATE INDEX cases_unread ON cases (enrolled, size) WHERE state = 0 AND regime = '';"
    /* Of those without a deadline, those of enrolled authorities come first; then as they came. */
    "DROP INDEX cases_queue;"
    "CREATE INDEX cases_queue ON cases (open, (CASE deadline WHEN 0 THEN 9223372036854775807"
    " - enrolled ELSE deadline END));",
    /* The desk's own moves come after those of persons, which have one more: 'write'. */
    "UPDATE moves SET move = move + 1 WHERE move >= 26;",
    /* What nobody classified yet is counted as it comes and goes: a flood is refused by a look. */
    "DROP INDEX cases_unread;"
    "CREATE TABLE unread (enrolled INTEGER PRIMARY KEY, n INTEGER NOT NULL, size INTEGER NOT NULL);"
    "INSERT INTO unread SELECT value, (SELECT count(*) FROM cases WHERE state = 0 AND regime = ''"
    " AND enrolled = value), (SELECT coalesce(sum(size), 0) FROM cases WHERE state = 0"
    " AND regime = '' AND enrolled = value) FROM (SELECT 0 AS value UNION SELECT 1);"
    "CREATE TRIGGER unread_came AFTER INSERT ON cases WHEN new.state = 0 AND new.regime = '' BEGIN"
    " UPDATE unread SET n = n + 1, size = size + new.size WHERE enrolled = new.enrolled; END;"
    "CREATE TRIGGER unread_went AFTER UPDATE OF state, regime ON cases WHEN old.state = 0"
    " AND old.regime = '' AND (new.state != 0 OR new.regime != '') BEGIN"
    " UPDATE unread SET n = n - 1, size = size - old.size WHERE enrolled = old.enrolled; END;",
    /* Pictures of what was attached may be many times as large as the file. */
    "CREATE TRIGGER unread_grew AFTER UPDATE OF size ON cases WHEN new.state = 0"
    " AND new.regime = '' BEGIN"
    " UPDATE unread SET size = size + new.size - old.size WHERE enrolled = new.enrolled; END;",
    /* A notice is given once the server has it. Before, it was believed. */
    ("ALTER TABLE cases ADD COLUMN told INTEGER NOT NULL DEFAULT 0;"
     "UPDATE cases SET told = max(notified, told_late);"),
};
enum { VERSION = sizeof steps / sizeof steps[0] };

int desk_store_version(void) {
    return VERSION;
}

static err err_of(int code) {
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return OK;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
                       code == SQLITE_CONSTRAINT_ROWID
                   ? ERR_EXISTS
                   : ERR_BUG;
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* a table is not as it should be: the statements are constant */
        return ERR_DAMAGED;
    case SQLITE_NOMEM:
        return ERR_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_BUSY;
    case SQLITE_TOOBIG:
        return ERR_TOO_LARGE;
    default:
        return ERR_IO;
    }
}

static err run_text(struct desk_store *s, const char *sql) {
    return err_of(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

/* ---- Statements ---- */

/* The one that is ready, or a new one; a second of the same while the first is being read. */
static err take(struct desk_store *s, const char *sql, size_t *place) {
    for (size_t i = 0; i < s->n; i++)
        if (s->prepared[i].sql == sql && !s->prepared[i].taken) {
            s->prepared[i].taken = true;
            *place = i;
            return OK;
        }
    if (s->n == STATEMENTS_MAX)
        return ERR_BUG;
    struct prepared *p = &s->prepared[s->n];
    TRY(err_of(sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &p->statement, NULL)));
    p->sql = sql;
    p->taken = true;
    *place = s->n++;
    return OK;
}

static void give_back(struct desk_store *s, size_t place) {
    struct prepared *p = &s->prepared[place];
    sqlite3_reset(p->statement);
    sqlite3_clear_bindings(p->statement);
    p->taken = false;
}

static int bind_slice(sqlite3_stmt *st, int at, slice v, bool text) {
    if (text)
        return sqlite3_bind_text64(st, at, v.n == 0 ? "" : (const char *)v.p, v.n, SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    return v.n == 0 ? sqlite3_bind_zeroblob(st, at, 0)
                    : sqlite3_bind_blob64(st, at, v.p, v.n, SQLITE_TRANSIENT);
}

static err bind(sqlite3_stmt *st, const char *values, va_list *args) {
    int code = SQLITE_OK;
    for (int at = 1; *values != '\0' && code == SQLITE_OK; values++, at++) {
        if (*values == 'i')
            code = sqlite3_bind_int64(st, at, va_arg(*args, sqlite3_int64));
        else if (*values == 's')
            code = bind_slice(st, at, slice_str(va_arg(*args, const char *)), true);
        else if (*values == 't' || *values == 'b')
            code = bind_slice(st, at, va_arg(*args, slice), *values == 't');
        else if (*values != 'n')
            return ERR_BUG;
    }
    return err_of(code);
}

static err begin_rows(struct desk_rows *q, struct desk_store *s, const char *sql,
                      const char *values, va_list *args) {
    q->store = s;
    q->statement = NULL;
    TRY(take(s, sql, &q->place));
    q->statement = s->prepared[q->place].statement;
    if ((size_t)sqlite3_bind_parameter_count(q->statement) != strlen(values))
        return ERR_BUG;
    return bind(q->statement, values, args);
}

void desk_rows_begin(struct desk_rows *q, struct desk_store *s, const char *sql, const char *values,
                     ...) {
    va_list args;
    va_start(args, values);
    q->result = begin_rows(q, s, sql, values, &args);
    va_end(args);
}

bool desk_rows_next(struct desk_rows *q) {
    if (q->result != OK)
        return false;
    int code = sqlite3_step(q->statement);
    q->result = err_of(code);
    return code == SQLITE_ROW;
}

err desk_rows_end(struct desk_rows *q) {
    if (q->statement != NULL)
        give_back(q->store, q->place);
    q->statement = NULL;
    return q->result;
}

err desk_store_run(struct desk_store *s, const char *sql, const char *values, ...) {
    struct desk_rows q;
    va_list args;
    va_start(args, values);
    q.result = begin_rows(&q, s, sql, values, &args);
    va_end(args);
    (void)desk_rows_next(&q);
    return desk_rows_end(&q);
}

err desk_store_number(struct desk_store *s, uint64_t *out, const char *sql, const char *values,
                      ...) {
    struct desk_rows q;
    va_list args;
    va_start(args, values);
    q.result = begin_rows(&q, s, sql, values, &args);
    va_end(args);
    *out = desk_rows_next(&q) ? desk_row_number(&q, 0) : 0;
    return desk_rows_end(&q);
}

uint64_t desk_row_number(struct desk_rows *q, int column) {
    return (uint64_t)sqlite3_column_int64(q->statement, column);
}

slice desk_row_bytes(struct desk_rows *q, int column) {
    const void *p = sqlite3_column_blob(q->statement, column);
    return slice_of(p, (size_t)sqlite3_column_bytes(q->statement, column));
}

void desk_row_text(struct desk_rows *q, int column, char *out, size_t n) {
    slice s = desk_row_bytes(q, column);
    size_t length = s.n < n ? s.n : n - 1;
    if (length > 0)
        memcpy(out, s.p, length);
    out[length] = '\0';
}

void desk_row_copy(struct desk_rows *q, int column, void *out, size_t n) {
    slice s = desk_row_bytes(q, column);
    if (s.n == n)
        memcpy(out, s.p, n);
    else
        memset(out, 0, n);
}

int64_t desk_store_last(struct desk_store *s) {
    return sqlite3_last_insert_rowid(s->db);
}

uint64_t desk_store_changed(struct desk_store *s) {
    return (uint64_t)sqlite3_changes(s->db);
}

/* ---- Transactions ---- */

err desk_store_begin(struct desk_store *s) {
    return desk_store_run(s, "BEGIN IMMEDIATE", "");
}

err desk_store_commit(struct desk_store *s) {
    return desk_store_run(s, "COMMIT", "");
}

void desk_store_undo(struct desk_store *s) {
    if (sqlite3_get_autocommit(s->db) == 0)
        (void)run_text(s, "ROLLBACK");
}

err desk_store_tidy(struct desk_store *s) {
    uint64_t busy;
    TRY(desk_store_number(s, &busy, "PRAGMA wal_checkpoint(TRUNCATE)", ""));
    return busy == 0 ? OK : ERR_BUSY;
}

err desk_store_changes(struct desk_store *s, uint64_t *changes) {
    return desk_store_number(s, changes, "PRAGMA data_version", "");
}

/* ---- Opening ---- */

static err step_up(struct desk_store *s, int version) {
    char next[48];
    (void)snprintf(next, sizeof next, "PRAGMA user_version = %d", version + 1);
    TRY(run_text(s, steps[version]));
    return run_text(s, next);
}

static err steps_go(struct desk_store *s, int last) {
    uint64_t version;
    TRY(desk_store_number(s, &version, "PRAGMA user_version", ""));
    if (version > VERSION)
        return ERR_DAMAGED;
    for (; version < (uint64_t)last; version++)
        TRY(step_up(s, (int)version));
    return OK;
}

static err migrate(struct desk_store *s, int last) {
    TRY(desk_store_begin(s));
    err e = steps_go(s, last);
    if (e == OK)
        e = desk_store_commit(s);
    if (e != OK)
        desk_store_undo(s);
    return e;
}

/* secure_delete: what is purged is overwritten. */
static const char setup_text[] = "PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL;"
                                 "PRAGMA foreign_keys = ON;"
                                 "PRAGMA secure_delete = ON;"
                                 "PRAGMA temp_store = MEMORY;"
                                 "PRAGMA trusted_schema = OFF;"
                                 "PRAGMA cell_size_check = ON;"
                                 "PRAGMA journal_size_limit = 4194304;";

static err open_at(struct desk_store *s, const char *path, int last) {
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    TRY(err_of(sqlite3_open_v2(path, &s->db, flags, NULL)));
    TRY(err_of(sqlite3_busy_timeout(s->db, WAIT_MS)));
    TRY(run_text(s, setup_text));
    return migrate(s, last);
}

err desk_store_open(struct desk_store **out, const char *path) {
    return desk_store_open_as(out, path, VERSION);
}

err desk_store_open_as(struct desk_store **out, const char *path, int version) {
    *out = NULL;
    struct desk_store *s = mem_new(NULL, sizeof *s);
    if (s == NULL)
        return ERR_NO_MEMORY;
    err e = open_at(s, path, version);
    if (e == OK)
        *out = s;
    else
        desk_store_close(s);
    return e;
}

void desk_store_close(struct desk_store *s) {
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        sqlite3_finalize(s->prepared[i].statement);
    sqlite3_close(s->db);
    mem_free(NULL, s, sizeof *s);
}

/* ---- Settings ---- */

err desk_meta_get(struct desk_store *s, const char *name, buf *value) {
    struct desk_rows q;
    desk_rows_begin(&q, s, "SELECT value FROM meta WHERE name = ?", "s", name);
    bool found = desk_rows_next(&q);
    if (found)
        q.result = buf_append(value, desk_row_bytes(&q, 0));
    TRY(desk_rows_end(&q));
    return found ? OK : ERR_NOT_FOUND;
}

err desk_meta_set(struct desk_store *s, const char *name, slice value) {
    return desk_store_run(s, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", "sb", name,
                          value);
}

err desk_meta_number(struct desk_store *s, const char *name, uint64_t *value) {
    return desk_store_number(s, value, "SELECT value FROM meta WHERE name = ?", "s", name);
}

err desk_meta_number_set(struct desk_store *s, const char *name, uint64_t value) {
    return desk_store_run(s, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", "si", name,
                          value);
}
