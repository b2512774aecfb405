/* What members call themselves in one conversation alone: a row for each conversation. While that
 * is a request, whatever they call themselves stays in it. */
#include "core/internal.h"

enum { SAID_MAX = 256 }; /* in one conversation; the oldest goes first */
static const char said_name[] = "said";

static err load(struct core *core, uint32_t conversation, buf *row) {
    err e = core_get(core, TABLE_PROFILE, slice_str(said_name), conversation, row);
    return e == ERR_NOT_FOUND ? OK : e;
}

static err next(reader *r, slice *bytes, struct record_said *said) {
    if (reader_vec(r, bytes) != OK)
        return ERR_DAMAGED;
    return record_said_read(*bytes, said);
}

static err store(struct core *core, uint32_t conversation, const buf *row) {
    if (row->n == 0)
        return core_delete(core, TABLE_PROFILE, slice_str(said_name), conversation);
    return core_put(core, TABLE_PROFILE, slice_str(said_name), conversation, buf_slice(row));
}

/* said's name borrows from row. */
static err find(struct core *core, uint32_t conversation, const uint8_t account[16], buf *row,
                struct record_said *said) {
    slice bytes;
    TRY(load(core, conversation, row));
    for (reader r = reader_of(buf_slice(row)); r.n > 0;) {
        TRY(next(&r, &bytes, said));
        if (memcmp(said->account, account, sizeof said->account) == 0)
            return OK;
    }
    return ERR_NOT_FOUND;
}

/* One that holds everywhere is empty if nothing is said of this conversation; one that holds here
 * is if nothing is to be shown. */
err core_said_find(struct core *core, uint32_t conversation, const uint8_t account[16], buf *name) {
    struct record_said said;
    buf row = buf_on(core->mem);
    err e = find(core, conversation, account, &row, &said);
    if (e == OK)
        e = said.name.n == 0 && said.everywhere ? ERR_NOT_FOUND : buf_append(name, said.name);
    buf_free(&row);
    return e;
}

err core_said_changed(struct core *core, uint32_t conversation, const uint8_t account[16],
                      uint64_t *changed) {
    struct record_said said;
    buf row = buf_on(core->mem);
    err e = find(core, conversation, account, &row, &said);
    *changed = e == OK ? said.changed : 0;
    buf_free(&row);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* All but this account's. */
static err copy_others(slice row, const uint8_t account[16], writer *w) {
    struct record_said said;
    slice bytes;
    size_t count = 0;
    for (reader r = reader_of(row); r.n > 0; count++)
        TRY(next(&r, &bytes, &said));
    for (reader r = reader_of(row); r.n > 0; count--) {
        TRY(next(&r, &bytes, &said));
        if (count < SAID_MAX && memcmp(said.account, account, sizeof said.account) != 0)
            writer_vec(w, bytes);
    }
    return writer_result(w);
}

err core_said_put(struct core *core, uint32_t conversation, const struct record_said *said) {
    buf row = buf_on(core->mem), fresh = buf_on(core->mem), bytes = buf_on(core->mem);
    writer w = writer_on(&fresh);
    err e = load(core, conversation, &row);
    if (e == OK)
        e = copy_others(buf_slice(&row), said->account, &w);
    if (e == OK)
        e = record_said_write(&bytes, said);
    writer_vec(&w, buf_slice(&bytes));
    if (e == OK)
        e = writer_result(&w);
    if (e == OK)
        e = store(core, conversation, &fresh);
    buf_free(&row);
    buf_free(&fresh);
    buf_free(&bytes);
    return e;
}

/* What was said in a request holds everywhere from now on. */
static err hold(struct core *core, const struct record_said *said) {
    struct record_said known = {.changed = said->changed};
    memcpy(known.account, said->account, sizeof known.account);
    TRY(core_contact_learn_name(core, said->account, said->name, true));
    return core_said_put(core, 0, &known);
}

err core_said_adopt(struct core *core, uint32_t conversation) {
    struct record_said said;
    slice bytes;
    buf row = buf_on(core->mem), rest = buf_on(core->mem);
    writer w = writer_on(&rest);
    err e = load(core, conversation, &row);
    for (reader r = reader_of(buf_slice(&row)); e == OK && r.n > 0;) {
        e = next(&r, &bytes, &said);
        if (e == OK && said.everywhere)
            e = hold(core, &said);
        else if (e == OK)
            writer_vec(&w, bytes);
    }
    if (e == OK)
        e = writer_result(&w);
    if (e == OK && row.n > 0)
        e = store(core, conversation, &rest);
    buf_free(&row);
    buf_free(&rest);
    return e;
}

err core_said_forget(struct core *core, uint32_t conversation) {
    return core_delete(core, TABLE_PROFILE, slice_str(said_name), conversation);
}
