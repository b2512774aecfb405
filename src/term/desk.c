#include "term/desk.h"

#include "base/text.h"
#include "host/terminal.h"

/* As it stands in the public office file. */
static void key_text(buf *out, const uint8_t key[32]) {
    if (base64_encode(out, slice_of(key, 32)) != OK)
        buf_clear(out);
}

/* ---- The desk ---- */

static void desk_object(struct line *l, const struct core_desk *d, slice key, slice offered) {
    line_object(l, "desk");
    line_str(l, "name", d->name);
    line_str(l, "origin", d->origin);
    line_num(l, "office", d->version);
    line_hex(l, "office_hash", SLICE_ARRAY(d->hash));
    line_str(l, "key", key);
    if (d->changed)
        line_str(l, "offered", offered);
    line_num(l, "waiting", d->waiting);
    line_num(l, "refused", d->refused);
    line_object_end(l);
}

static void desk_lines(struct line *l, const struct core_desk *d, slice key, slice offered) {
    line_add(l, "request desk: ");
    line_text(l, d->name);
    line_add(l, "\npages:        ");
    line_text(l, d->origin);
    line_add(l, "\noffice file:  version %llu, hash ", (unsigned long long)d->version);
    for (size_t i = 0; i < sizeof d->hash; i++)
        line_add(l, "%02x", d->hash[i]);
    line_add(l, "\nnotice key:   ");
    line_text(l, key);
    if (d->refused > 0)
        line_add(l, "\nrefused:      %u notices, which this key did not sign",
                 (unsigned)d->refused);
    if (!d->changed)
        return;
    line_add(l, "\n\nTHE SERVER NOW NAMES ANOTHER KEY: ");
    line_text(l, offered);
    line_add(l,
             "\nUntil you accept it, what it signed is not shown (%u now). Compare it with the "
             "office file on the\ndesk's pages, and ask elsewhere too; then `sotto desk --accept ",
             (unsigned)d->waiting);
    line_text(l, offered);
    line_add(l, "`.");
}

bool desk_show(struct job *job) {
    struct core_desk d;
    struct line l = {0};
    buf key = {0}, offered = {0};
    if (core_desk_get(job_core(job), &d) != OK)
        return false;
    key_text(&key, d.key);
    key_text(&offered, d.offered);
    if (job->out.json)
        desk_object(&l, &d, buf_slice(&key), buf_slice(&offered));
    else
        desk_lines(&l, &d, buf_slice(&key), buf_slice(&offered));
    buf_free(&key);
    buf_free(&offered);
    line_end(&l, &job->out, OUT_NORMAL);
    return true;
}

/* ---- Notices ---- */

static void notice_object(struct line *l, const struct core_desk *d,
                          const struct core_desk_notice *n) {
    line_object(l, "notice");
    line_num(l, "number", n->number);
    line_num(l, "time", n->time);
    line_bool(l, "read", n->read);
    line_str(l, "desk", d->name);
    line_str(l, "origin", d->origin);
    line_str(l, "id", n->id);
    line_str(l, "case", n->case_id);
    line_hex(l, "receipt", SLICE_ARRAY(n->receipt));
    line_hex(l, "reference", SLICE_ARRAY(n->reference));
    line_str(l, "wording", n->wording);
    line_str(l, "signed", n->text);
    line_hex(l, "signature", SLICE_ARRAY(n->signature));
    line_object_end(l);
}

static void hash_line(struct line *l, const char *word, const uint8_t hash[32]) {
    line_add(l, "\n%s ", word);
    for (size_t i = 0; i < 32; i++)
        line_add(l, "%02x", hash[i]);
}

static void notice_lines(struct line *l, const struct core_desk *d,
                         const struct core_desk_notice *n) {
    char when[HOST_TIME];
    host_time_text(n->time, when);
    line_add(l, "*** %s, a notice from the request desk of this server, ", when);
    line_text(l, d->name);
    line_add(l, " ***\n    | ");
    line_lines(l, n->wording, "    | ");
    line_add(l, "\ncase ");
    line_text(l, n->case_id);
    hash_line(l, "receipt", n->receipt);
    hash_line(l, "reference", n->reference);
    line_add(l, "\nTo object, name the case and the reference: whoever asked does not have it. The "
                "desk's pages, as\nthis server says: ");
    line_text(l, d->origin);
    line_add(l, "\n***");
}

err desk_show_notices(struct job *job, bool all, uint64_t *last) {
    struct core_desk d;
    struct core_desk_notice n;
    *last = 0;
    if (core_desk_get(job_core(job), &d) != OK)
        return OK;
    for (size_t i = 0; core_desk_notice_at(job_core(job), i, &n) == OK; i++) {
        struct line l = {0};
        if (n.read && !all)
            continue;
        if (job->out.json)
            notice_object(&l, &d, &n);
        else
            notice_lines(&l, &d, &n);
        line_end(&l, &job->out, OUT_NORMAL);
        *last = n.number;
    }
    return job->out.failed;
}

err desk_read(struct job *job, uint64_t last) {
    struct core_desk_notice n;
    for (size_t i = 0; core_desk_notice_at(job_core(job), i, &n) == OK; i++)
        if (!n.read && n.number <= last)
            TRY(core_desk_notice_read(job_core(job), n.number, host_now()));
    return OK;
}
