#include "scene.h"

#include "base/text.h"
#include "base/time.h"
#include "server/internal.h"

void scene_begin_at(struct scene *s, bool with_office) {
    desk_init(&s->d);
    person_join(&s->ann, &s->d.w, 1);
    for (int i = 0; i < 16; i++)
        snprintf(s->account + 2 * i, 3, "%02x", s->ann.account[i]);
    if (with_office)
        desk_pin_plain(&s->d);
}

void scene_begin(struct scene *s) {
    scene_begin_at(s, true);
    CHECK_EQ(desk_list(&s->d, "", SCENE_TWO), OFFICE_OK);
}

void scene_end(struct scene *s) {
    person_fini(&s->ann);
    desk_fini(&s->d);
}

static const char *text_or(const char *text, const char *otherwise) {
    return text == NULL ? otherwise : text;
}

static void say_version(buf *out, const char *word, uint64_t version, const uint8_t *hash) {
    static const uint8_t none[32];
    people_say(out, "%s %d ", word, hash == NULL ? 1 : (int)version);
    CHECK_OK(hex_encode(out, slice_of(hash == NULL ? none : hash, 32)));
    people_say(out, "\n");
}

static void write_text(struct scene *s, buf *out, const struct told *told) {
    struct desk *d = &s->d;
    uint64_t number = desk_get(d)->server_number;
    bool release = told->until == NULL && !told->notice;
    people_say(out, "sotto %s 1\nid %s\ncase c-1\naccount ",
               release        ? "release"
               : told->notice ? "notice"
                              : "preservation",
               text_or(told->id, "o-1"));
    if (told->account == NULL)
        people_say(out, "id %s\n", s->account);
    else
        people_say(out, "%s\n", told->account);
    if (release)
        people_say(out, "fields exists created devices\npath ordinary\n");
    if (told->notice) {
        people_say(out, "receipt ");
        CHECK_OK(hex_encode(out, SLICE_ARRAY(d->w.config.identity)));
        people_say(out, "\nwording A court has asked.\n");
    } else {
        people_say(out, "authority de-court\nbeneficiary DE\nregime eu-epoc\n");
    }
    if (told->until != NULL)
        people_say(out, "until %s\n", told->until);
    people_say(out, "server ");
    CHECK_OK(hex_encode(out, SLICE_ARRAY(d->w.config.identity)));
    people_say(out, "\nserver-number %llu\n", (unsigned long long)number);
    say_version(out, "office", d->office == NULL ? 0 : d->office->version,
                d->office == NULL ? NULL : d->office->document.hash);
    say_version(out, "suspensions", d->list == NULL ? 0 : d->list->version,
                d->list == NULL ? NULL : d->list->document.hash);
    people_say(out, "made %s\n", text_or(told->made, "2026-10-01T00:00:00Z"));
}

void scene_write(struct scene *s, buf *out, const struct told *told) {
    static const struct told honest = {0};
    told = told == NULL ? &honest : told;
    write_text(s, out, told);
    if (told->old != NULL)
        people_replace(out, told->old, told->by);
    people_sign_all(out, desk_signers, 5, told->who == 0 ? SCENE_FOUR : told->who);
    if (told->after != NULL)
        people_replace(out, told->after, told->after_by);
    if (told->stranger != NULL)
        people_replace(out, people_ids[APPROVER], told->stranger);
}

const struct frame *scene_hand_in(struct scene *s, const struct told *told) {
    buf text = {0};
    scene_write(s, &text, told);
    const struct frame *f = desk_put(&s->d, MAIL_OFFICE_ORDER, buf_slice(&text), NULL);
    buf_free(&text);
    return f;
}

void scene_refused(struct scene *s, const char *what, const struct told *told,
                   enum office_reason reason) {
    const struct frame *f = scene_hand_in(s, told);
    if (f->type != PROTO_office_refused || s->d.reason != reason)
        test_fail(__FILE__, __LINE__, "%s: %s, expected %s", what, office_reason_name(s->d.reason),
                  office_reason_name(reason));
    CHECK_EQ(world_rows(&s->d.w, MAIL_CARRIED), 0);
}

struct proto_carried_out scene_given(const struct frame *f) {
    struct proto_carried_out out = {.sealed = false};
    CHECK_EQ(f->type, PROTO_carried_out);
    if (f->type == PROTO_carried_out)
        CHECK_OK(proto_carried_out_decode(buf_slice(&f->body), &out));
    return out;
}

const char *scene_letter(const struct frame *f) {
    static char text[PROTO_PACKAGE_MAX + 1];
    struct proto_carried_out r = scene_given(f);
    memcpy(text, r.package.p, r.package.n);
    text[r.package.n] = 0;
    return text;
}

void scene_delete_account(struct scene *s) {
    struct proto_account_delete in = {.week = time_week(s->d.w.now)};
    uint8_t fields[20];
    buf body = {0};
    memcpy(fields, s->ann.account, 16);
    put_u32(fields + 16, in.week);
    CHECK_OK(crypto_sign_labeled(in.proof, s->ann.identity_priv, PROTO_LABEL_DELETE,
                                 SLICE_ARRAY(fields)));
    CHECK_OK(proto_account_delete_encode(&body, &in));
    world_get(&s->d.w, s->ann.session, PROTO_account_delete, buf_slice(&body), PROTO_ok);
    buf_free(&body);
}
