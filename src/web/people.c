/* What the page looks at: people, and what is the account's. */
#include "web/calls.h"

static void put_contact(struct json *j, const struct core_contact *contact) {
    json_object(j, NULL);
    json_hex(j, "account", SLICE_ARRAY(contact->account));
    json_hex(j, "identity", SLICE_ARRAY(contact->identity));
    json_str(j, "petname", contact->petname);
    json_str(j, "name", contact->name);
    json_num(j, "devices", contact->devices);
    json_bool(j, "verified", contact->verified);
    json_object_end(j);
}

err call_contacts(struct call *c) {
    struct core_contact contact;
    struct core_status s;
    core_status_get(c->core, &s);
    json_array(c->out);
    for (size_t i = 0; i < s.contacts; i++) {
        TRY(core_contact_at(c->core, i, &contact));
        put_contact(c->out, &contact);
    }
    json_array_end(c->out);
    return OK;
}

err call_blocked(struct call *c) {
    struct core_blocked blocked;
    struct core_status s;
    core_status_get(c->core, &s);
    json_array(c->out);
    for (size_t i = 0; i < s.blocked; i++) {
        TRY(core_blocked_at(c->core, i, &blocked));
        json_object(c->out, NULL);
        json_hex(c->out, "account", SLICE_ARRAY(blocked.account));
        json_str(c->out, "name", blocked.name);
        json_num(c->out, "time", blocked.time);
        json_object_end(c->out);
    }
    json_array_end(c->out);
    return OK;
}

static bool put_device(void *ctx, const struct core_device *device) {
    struct json *j = ctx;
    json_object(j, NULL);
    json_hex(j, "device", SLICE_ARRAY(device->device));
    json_bool(j, "us", device->us);
    json_bool(j, "has_identity", device->has_identity);
    json_object_end(j);
    return true;
}

err call_devices(struct call *c) {
    json_array(c->out);
    TRY(core_devices(c->core, put_device, c->out));
    json_array_end(c->out);
    return OK;
}

err call_links(struct call *c) {
    struct core_link link;
    err e;
    json_array(c->out);
    for (size_t i = 0; (e = core_link_at(c->core, i, &link)) == OK; i++) {
        json_object(c->out, NULL);
        json_num(c->out, "number", link.number);
        json_num(c->out, "made", link.made);
        json_num(c->out, "expires", link.expires);
        json_bool(c->out, "once", link.once);
        json_bool(c->out, "used", link.used);
        json_bool(c->out, "over", link.over);
        json_object_end(c->out);
    }
    json_array_end(c->out);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* An object of one text. */
static void put_text(struct json *j, const char *name, slice text) {
    json_object(j, NULL);
    json_str(j, name, text);
    json_object_end(j);
}

err call_safety(struct call *c) {
    uint8_t identity[CORE_IDENTITY];
    char digits[CORE_SAFETY_DIGITS + 1];
    TRY(call_hex(c, 0, identity, sizeof identity));
    TRY(core_safety_number(c->core, identity, digits));
    put_text(c->out, "digits", slice_str(digits));
    return OK;
}

err call_words(struct call *c) {
    char words[CORE_WORDS];
    err e = core_words(c->core, words);
    if (e == OK)
        put_text(c->out, "words", slice_str(words));
    wipe(words, sizeof words);
    return e;
}

err call_linking(struct call *c) {
    static const char *const states[] = {"off", "opening", "code", "digits", "account", "joining"};
    struct core_linking l;
    core_linking_get(c->core, &l);
    bool known = (size_t)l.state < sizeof states / sizeof states[0];
    json_object(c->out, NULL);
    json_str(c->out, "state", slice_str(known ? states[l.state] : ""));
    json_bool(c->out, "is_new", l.is_new);
    json_str(c->out, "code", l.code);
    json_str(c->out, "digits", slice_str(l.digits));
    json_num(c->out, "until", l.until);
    json_object_end(c->out);
    return OK;
}

/* What there may be none of is null. */
static err none(struct call *c, err e) {
    if (e == ERR_NOT_FOUND)
        json_null(c->out, NULL);
    return e == ERR_NOT_FOUND ? OK : e;
}

err call_handle(struct call *c) {
    static const char *const states[] = {"", "wanted", "held", "unwanted"};
    struct core_handle h;
    err e = core_handle_get(c->core, &h);
    if (e != OK)
        return none(c, e);
    bool known = (size_t)h.state < sizeof states / sizeof states[0];
    json_object(c->out, NULL);
    json_str(c->out, "name", h.name);
    json_bool(c->out, "pin", h.pin);
    json_str(c->out, "state", slice_str(known ? states[h.state] : ""));
    json_num(c->out, "lapses_week", h.lapses_week);
    json_object_end(c->out);
    return OK;
}

err call_found(struct call *c) {
    struct core_contact contact;
    err e = core_found_get(c->core, &contact);
    if (e != OK)
        return none(c, e);
    put_contact(c->out, &contact);
    return OK;
}

err call_profile(struct call *c) {
    struct core_profile profile;
    uint32_t conversation;
    TRY(call_u32(c, 0, &conversation));
    TRY(core_profile_get(c->core, conversation, &profile));
    json_object(c->out, NULL);
    json_str(c->out, "name", profile.name);
    json_bool(c->out, "name_here", profile.name_here);
    json_base64(c->out, "picture", profile.picture);
    json_bool(c->out, "picture_here", profile.picture_here);
    json_object_end(c->out);
    return OK;
}

err call_picture(struct call *c) {
    static const char *const kinds[] = {"", "png", "jpeg", "webp"};
    uint8_t account[CORE_ACCOUNT];
    uint32_t conversation;
    slice picture;
    TRY(call_hex(c, 0, account, sizeof account));
    TRY(call_u32(c, 1, &conversation));
    err e = core_picture_get(c->core, account, conversation, &picture);
    if (e == ERR_NOT_FOUND)
        picture = SLICE_EMPTY;
    else if (e != OK)
        return e;
    json_object(c->out, NULL);
    json_base64(c->out, "picture", picture);
    json_str(c->out, "kind", slice_str(kinds[core_picture_kind(picture)]));
    json_object_end(c->out);
    return OK;
}

/* ---- The request desk ---- */

err call_desk(struct call *c) {
    struct core_desk desk;
    err e = core_desk_get(c->core, &desk);
    if (e != OK)
        return none(c, e);
    json_object(c->out, NULL);
    json_str(c->out, "name", desk.name);
    json_str(c->out, "origin", desk.origin);
    json_num(c->out, "version", desk.version);
    json_hex(c->out, "hash", SLICE_ARRAY(desk.hash));
    json_hex(c->out, "key", SLICE_ARRAY(desk.key));
    json_bool(c->out, "changed", desk.changed);
    json_hex(c->out, "offered", desk.changed ? SLICE_ARRAY(desk.offered) : SLICE_EMPTY);
    json_object_end(c->out);
    return OK;
}

err call_notices(struct call *c) {
    struct core_desk_notice n;
    err e;
    json_array(c->out);
    for (size_t i = 0; (e = core_desk_notice_at(c->core, i, &n)) == OK; i++) {
        json_object(c->out, NULL);
        json_num(c->out, "number", n.number);
        json_num(c->out, "time", n.time);
        json_bool(c->out, "read", n.read);
        json_str(c->out, "id", n.id);
        json_str(c->out, "case_id", n.case_id);
        json_hex(c->out, "reference", SLICE_ARRAY(n.reference));
        json_str(c->out, "wording", n.wording);
        json_object_end(c->out);
    }
    json_array_end(c->out);
    return e == ERR_NOT_FOUND ? OK : e;
}

err call_record_get(struct call *c) {
    struct core_record r;
    err e = core_record_get(c->core, &r);
    if (e != OK)
        return none(c, e);
    json_object(c->out, NULL);
    json_num(c->out, "created_week", r.created_week);
    json_num(c->out, "seen_week", r.seen_week);
    json_num(c->out, "devices", r.devices);
    json_num(c->out, "items", r.items);
    json_num(c->out, "bytes", r.bytes);
    json_name(c->out, "beside");
    json_array(c->out);
    for (size_t i = 0; i < r.beside_count; i++) {
        json_object(c->out, NULL);
        json_str(c->out, "name", r.beside[i].name);
        json_num(c->out, "count", r.beside[i].count);
        json_num(c->out, "bytes", r.beside[i].bytes);
        json_object_end(c->out);
    }
    json_array_end(c->out);
    json_object_end(c->out);
    return OK;
}
