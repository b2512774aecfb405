/* A person who has a code makes their keys: two passkeys, an SSH key if they have one, and the key
 * for what is sealed, wrapped under each passkey. */
#include "desk/enrolment.h"
#include "desk/pages/page.h"

enum { KEYS_MAX = 8, LINE_MAX = 2048 };

static err enrol(struct page *p) {
    page_begin(p, WORD_ENROL);
    page_element(p, "p", WORD_ENROL_LEAD);
    page_form(p, "/enrol", NULL);
    page_input(p, &(struct page_input){
                      .name = "code", .label = WORD_CODE, .hint = WORD_CODE_HINT, .needed = true});
    page_submit(p, WORD_NEXT);
    html_close(&p->h);
    return page_end(p);
}
PAGE(enrol, PAGE_OPEN)

/* A code that is wrong, used or over is told alike. */
static err no_code(struct page *p, err e) {
    if (e == ERR_NOT_FOUND || e == ERR_EXPIRED)
        return page_message(p, 403, WORD_ENROL, WORD_CODE_WRONG);
    return page_error(p, e, NULL);
}

/* Before there is an office the passkeys are bound to the host of this page, as the script finds
 * it: the people of the first office file have to enrol, too. */
static void bound_to(struct page *p) {
    const struct office *o = desk_office(p->desk);
    if (o == NULL)
        return;
    html_attr(&p->h, "data-rp", o->rp);
    html_attr(&p->h, "data-service", o->name);
}

static err keys_form(struct page *p, slice code, const char *id) {
    page_begin_with(p, WORD_ENROL, slice_str(id));
    page_element(p, "p", WORD_ENROL_KEYS);
    html_open(&p->h, "form", "method", "post", "action", "/enrol/keys", "class", "form",
              "data-script", "enrol", "data-id", id, NULL);
    bound_to(p);
    page_hidden(p, "code", code);
    page_hidden(p, "seal", SLICE_EMPTY);
    static const char *const HIDDEN[] = {"passkeys", "wrapped"};
    for (size_t i = 0; i < 2; i++)
        html_element(&p->h, "textarea", SLICE_EMPTY, "name", HIDDEN[i], "hidden", "", "aria-label",
                     HIDDEN[i], NULL);
    page_input(p,
               &(struct page_input){
                   .name = "ssh", .label = WORD_SSH_KEYS, .hint = WORD_SSH_KEYS_HINT, .lines = 3});
    html_open(&p->h, "p", "class", "actions", NULL);
    page_press(p, "passkey", WORD_MAKE_PASSKEY);
    html_element(&p->h, "button", slice_str(page_word(p, WORD_ENROL_DONE)), "type", "submit",
                 "disabled", "", "data-press", "enrol", NULL);
    html_close(&p->h);
    page_status(p);
    html_close(&p->h);
    return page_end(p);
}

static err enrol_begin(struct page *p) {
    char id[DESK_ENROLMENT_ID];
    buf code = buf_on(NULL);
    err e = page_field(p, "code", &code);
    if (e == OK)
        e = desk_enrolment_find(desk_folder(p->desk), buf_slice(&code), p->now, id);
    e = e == OK ? keys_form(p, buf_slice(&code), id) : no_code(p, e);
    buf_free(&code);
    return e;
}
PAGE(enrol_begin, PAGE_OPEN)

/* ---- What the browser made ---- */

static bool key_text(slice s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return s.n > 0 && s.n <= LINE_MAX;
}

/* Lines "passkey ...", as they will stand in the office file; its reader is the judge of them. */
static err add_passkeys(buf *lines, slice passkeys) {
    size_t n = 0;
    for (slice line; slice_line(&passkeys, &line); n++) {
        slice rest = line;
        if (n == KEYS_MAX || !key_text(line) || !slice_skip(&rest, slice_str("passkey ")))
            return ERR_MALFORMED;
        TRY(buf_append(lines, line));
        TRY(buf_append_byte(lines, '\n'));
    }
    return n > 0 && passkeys.n == 0 ? OK : ERR_MALFORMED;
}

/* Lines as `ssh-add -L` has them: kind, key, comment. */
static err add_ssh_keys(buf *lines, slice keys) {
    size_t n = 0;
    while (keys.n > 0) {
        slice line = slice_until(&keys, '\n');
        if (line.n == 0)
            continue;
        (void)slice_until(&line, ' ');
        slice key = slice_until(&line, ' ');
        if (n++ == KEYS_MAX || !key_text(key))
            return ERR_MALFORMED;
        TRY(buf_append(lines, slice_str("ssh-key ")));
        TRY(buf_append(lines, key));
        TRY(buf_append_byte(lines, '\n'));
    }
    return OK;
}

static err add_seal(buf *lines, slice seal) {
    uint8_t key[32];
    TRY(base64_decode_to(key, sizeof(key), seal));
    TRY(buf_append(lines, slice_str("seal ")));
    TRY(buf_append(lines, seal));
    return buf_append_byte(lines, '\n');
}

/* A code makes keys, and replaces none: credentials are no secrets. REPEAT. */
static err wrapped_are_new(struct page *p, const char *id, slice lines) {
    buf there = buf_on(NULL);
    err e = ERR_NOT_FOUND;
    for (slice line; e == ERR_NOT_FOUND && slice_line(&lines, &line);)
        e = desk_person_key_get(p->desk, slice_str(id), slice_until(&line, ' '), &there);
    buf_free(&there);
    return e == ERR_NOT_FOUND ? OK : e == OK ? ERR_REPEAT : e;
}

/* Each line a credential and the key that is wrapped for it. */
static err keep_wrapped(struct page *p, const char *id, slice lines) {
    buf wrapped = buf_on(NULL);
    err e = OK;
    size_t n = 0;
    for (slice line; e == OK && slice_line(&lines, &line);) {
        slice credential = slice_until(&line, ' ');
        buf_clear(&wrapped);
        e = n++ < KEYS_MAX && line.n < LINE_MAX ? base64_decode(&wrapped, line) : ERR_MALFORMED;
        if (e == OK)
            e = desk_person_key_put(p->desk, slice_str(id), credential, buf_slice(&wrapped));
    }
    buf_free(&wrapped);
    return e;
}

static err take(struct page *p, slice code, const char *id) {
    buf field = buf_on(NULL), lines = buf_on(NULL);
    err e = page_field(p, "seal", &field);
    if (e == OK)
        e = add_seal(&lines, buf_slice(&field));
    if (e == OK)
        e = page_field(p, "passkeys", &field);
    if (e == OK)
        e = add_passkeys(&lines, buf_slice(&field));
    if (e == OK)
        e = page_field(p, "ssh", &field);
    if (e == OK)
        e = add_ssh_keys(&lines, buf_slice(&field));
    if (e == OK)
        e = page_field(p, "wrapped", &field);
    if (e == OK)
        e = wrapped_are_new(p, id, buf_slice(&field));
    if (e == OK)
        e = desk_enrolment_end(desk_folder(p->desk), code, p->now, buf_slice(&lines));
    if (e == OK)
        e = keep_wrapped(p, id, buf_slice(&field));
    buf_free(&field);
    buf_free(&lines);
    return e;
}

static err enrol_keys(struct page *p) {
    char id[DESK_ENROLMENT_ID];
    buf code = buf_on(NULL);
    err e = page_field(p, "code", &code);
    if (e == OK)
        e = desk_enrolment_find(desk_folder(p->desk), buf_slice(&code), p->now, id);
    if (e == OK)
        e = take(p, buf_slice(&code), id);
    buf_free(&code);
    return e == OK ? page_message(p, 200, WORD_ENROL, WORD_ENROLLED) : no_code(p, e);
}
PAGE(enrol_keys, PAGE_OPEN)
