/* People: contact links, petnames, device lists. */
#include "core/internal.h"

#include "base/text.h"

/* ---- Text from people ---- */

/* UTF-8 without control characters, but for line ends and tabs. */
bool core_text_valid(slice text) {
    uint32_t point;
    for (size_t i = 0, n; i < text.n; i += n) {
        n = utf8_decode(slice_of(text.p + i, text.n - i), &point);
        if (n == 0 || (point < 0x20 && point != '\n' && point != '\t') || point == 0x7f)
            return false;
    }
    return true;
}

/* What user interfaces call ourselves, and how they begin what is no message. */
static bool reserved(slice name) {
    bool you = name.n == 3;
    for (size_t i = 0; you && i < 3; i++)
        you = (name.p[i] | 0x20) == (uint8_t) "you"[i];
    return you || (name.n > 0 && name.p[0] == '*');
}

err core_name_check(slice name) {
    if (name.n > CORE_NAME_MAX)
        return ERR_TOO_LARGE;
    if (reserved(name))
        return ERR_MALFORMED;
    bool seen = name.n == 0;
    for (size_t i = 0; i < name.n;) {
        uint32_t point;
        i += text_point(slice_of(name.p + i, name.n - i), &point);
        if (text_is_unsafe(point))
            return ERR_MALFORMED;
        seen = seen || !text_is_blank(point);
    }
    return seen ? OK : ERR_MALFORMED;
}

/* Somebody else who is called so; or NULL. */
static struct contact *namesake(const struct core *core, const uint8_t account[16], slice petname) {
    for (size_t i = 0; petname.n > 0 && i < core->contacts.n; i++) {
        struct contact *c = core->contacts.p[i];
        if (slice_equal(c->r.petname, petname) && memcmp(c->r.account, account, 16) != 0)
            return c;
    }
    return NULL;
}

/* Two of one petname could not be told apart. */
err core_contact_petname_free(const struct core *core, const uint8_t account[16], slice petname) {
    return namesake(core, account, petname) == NULL ? OK : ERR_EXISTS;
}

/* ---- Objects ---- */

void core_contact_free(struct core *core, struct contact *contact) {
    buf_free(&contact->bytes);
    mem_free(core->mem, contact, sizeof *contact);
}

struct contact *core_contact_lookup(const struct core *core, const uint8_t account[16]) {
    for (size_t i = 0; i < core->contacts.n; i++) {
        struct contact *c = core->contacts.p[i];
        if (memcmp(c->r.account, account, 16) == 0)
            return c;
    }
    return NULL;
}

static err contact_save(struct core *core, struct contact *contact) {
    TRY(record_contact_settle(&contact->bytes, &contact->r));
    return core_put(core, TABLE_CONTACT, slice_str("contact"), contact->r.number,
                    buf_slice(&contact->bytes));
}

/* So long the address of a card holds after another is put, and a link's is rarely taken back. */
#define LINK_TIME TIME_WEEK

/* link_until of a link that is over: it stays the later one of the two, so that another own device,
 * which knows the same link as fresh, does not bring it back. */
static uint64_t link_over(uint64_t until) {
    return until | 1;
}

static bool link_is_over(const struct record_contact *r) {
    return (r->link_until & 1) != 0;
}

static bool link_is_fresh(const struct core *core, const struct record_contact *r) {
    return !link_is_over(r) && core->now < r->link_until;
}

/* As a time that is too far ahead is bounded. */
static bool bound_link(const struct core *core, uint64_t *until) {
    uint64_t most = link_over(core->now + LINK_TIME + TIME_DAY);
    if (*until <= most)
        return false;
    *until = (*until & 1) != 0 ? most : most - 1;
    return true;
}

err core_contact_bound_all(struct core *core) {
    for (size_t i = 0; i < core->contacts.n; i++) {
        struct contact *c = core->contacts.p[i];
        bool link = bound_link(core, &c->r.link_until);
        if (core_sync_bound(core, &c->r.changed) || link)
            TRY(contact_save(core, c));
    }
    return OK;
}

/* Stores a new contact, or what is new about a known one. r's slices may borrow from anywhere. */
static err contact_put(struct core *core, struct record_contact *r) {
    struct contact *c = core_contact_lookup(core, r->account);
    if (c != NULL) {
        r->number = c->r.number;
        c->r = *r;
        return contact_save(core, c);
    }
    c = mem_new(core->mem, sizeof *c);
    if (c == NULL)
        return ERR_NO_MEMORY;
    c->bytes = buf_on(core->mem);
    r->number = core_number(core);
    c->r = *r;
    err e = contact_save(core, c);
    if (e == OK)
        e = core_list_add(core, &core->contacts, c);
    if (e != OK)
        core_contact_free(core, c);
    return e == OK ? core_request_of_contact(core, c->r.account) : e;
}

/* ---- Links and cards: a part `contact` that a device of its identity signed ---- */

err core_contact_write(const struct core *core, const char *label, slice bound,
                       const uint8_t address[PROTO_ADDRESS], uint64_t expires, bool once,
                       buf *content) {
    const struct record_account *a = &core->account.r;
    struct proto_contact contact = {
        .name = a->name, .devices = a->devices, .expires = expires, .once = once};
    memcpy(contact.server, a->server_identity, sizeof contact.server);
    memcpy(contact.device, a->device, sizeof contact.device);
    contact.addresses = (struct proto_list){slice_of(address, PROTO_ADDRESS), 1};
    TRY(proto_contact_encode(content, &contact));
    return lookup_contact_sign(a->device_seed, label, bound, content);
}

err core_contact_link_write(const struct core *core, const uint8_t address[PROTO_ADDRESS],
                            uint64_t expires, bool once, buf *link) {
    slice server = core->account.r.server;
    buf content = buf_on(core->mem);
    err e = core_contact_write(core, PROTO_LABEL_CONTACT_LINK, server, address, expires, once,
                               &content);
    if (e == OK)
        e = proto_link_write(link, "contact", server, buf_slice(&content));
    buf_free(&content);
    return e;
}

err core_contact_check(const struct core *core, const char *label, slice bound, slice content,
                       struct proto_contact *contact, struct proto_device_list *list) {
    TRY(lookup_contact_check(core->account.r.server_identity, label, bound, content, contact,
                             list));
    TRY(core_name_check(contact->name));
    return contact->expires <= core->now / TIME_SECOND ? ERR_EXPIRED : OK;
}

enum { PLACE = 16 + PROTO_ADDRESS }; /* a device and an address of it */

/* Whether the addresses and what is known of their link are better in a than in b. */
static bool newer_link(const struct record_contact *a, const struct record_contact *b) {
    if (link_over(a->link_until) == link_over(b->link_until) && link_is_over(a) != link_is_over(b))
        return link_is_over(a);
    return a->version != b->version ? a->version > b->version : a->link_until > b->link_until;
}

/* This address in the place of the one that was known of its device, and what is known of the
 * others that are still in the list. */
static err merge_places(const struct proto_contact *contact, const struct proto_device_list *list,
                        slice known, buf *places) {
    struct proto_device device;
    TRY(buf_append(places, SLICE_ARRAY(contact->device)));
    TRY(buf_append(places, contact->addresses.bytes));
    for (size_t at = 0; at + PLACE <= known.n; at += PLACE)
        if (memcmp(known.p + at, contact->device, 16) != 0 &&
            lookup_devices_has(list, known.p + at, &device))
            TRY(buf_append(places, slice_of(known.p + at, PLACE)));
    return OK;
}

err core_contact_learn_devices(struct core *core, const uint8_t account[16], slice devices,
                               uint32_t version) {
    struct contact *c = core_contact_lookup(core, account);
    if (c == NULL || c->r.version >= version)
        return OK;
    c->r.devices = devices;
    c->r.version = version;
    return contact_save(core, c);
}

/* Two devices gave one petname to two people: all of them leave it to whom it was given last. */
static err settle_petname(struct core *core, struct record_contact *r) {
    struct contact *other = namesake(core, r->account, r->petname);
    if (other == NULL)
        return OK;
    struct core_notice notice = {.kind = CORE_NOTICE_PETNAME, .text = r->petname};
    core_action_notice(core, &notice);
    if (!core_sync_later(core, &r->changed, r->by, other->r.changed, other->r.by)) {
        r->petname = SLICE_EMPTY;
        return OK;
    }
    other->r.petname = SLICE_EMPTY;
    return contact_save(core, other);
}

/* Another own device checked it. What is known here stays, but for what is newer there. */
err core_contact_import(struct core *core, const struct record_contact *contact) {
    struct proto_device_list list;
    struct record_contact r = *contact;
    const struct contact *known = core_contact_lookup(core, contact->account);
    uint8_t account[16];
    bool newer;
    TRY(core_account_id(r.identity, account));
    bool signed_list = r.version > 0 && lookup_devices_check(r.devices, &list) == OK &&
                       memcmp(list.identity, r.identity, sizeof r.identity) == 0 &&
                       list.version == r.version;
    if (memcmp(account, r.account, sizeof account) != 0 || (r.version > 0 && !signed_list) ||
        core_name_check(r.name) != OK || core_name_check(r.petname) != OK ||
        memcmp(r.account, core->account.r.account, sizeof r.account) == 0 ||
        (known == NULL && core->contacts.n >= CONTACTS_MAX) ||
        (known != NULL && memcmp(known->r.identity, r.identity, sizeof r.identity) != 0))
        return OK;
    (void)core_sync_bound(core, &r.changed);
    (void)bound_link(core, &r.link_until);
    bool newer_address = known == NULL || newer_link(&r, &known->r);
    if (known != NULL && !core_sync_later(core, &r.changed, r.by, known->r.changed, known->r.by)) {
        r.petname = known->r.petname;
        r.verified = known->r.verified;
        r.changed = known->r.changed;
        memcpy(r.by, known->r.by, sizeof r.by);
    }
    TRY(settle_petname(core, &r));
    if (known != NULL && known->r.name.n > 0)
        r.name = known->r.name; /* its own word comes to each device */
    if (known != NULL && known->r.version > r.version) {
        r.devices = known->r.devices;
        r.version = known->r.version;
    }
    if (!newer_address) {
        r.addresses = known->r.addresses;
        r.once = known->r.once;
        r.link_until = known->r.link_until;
    }
    if (known != NULL && known->r.leaves.n > 0)
        r.leaves = known->r.leaves;
    TRY(contact_put(core, &r));
    if (!signed_list)
        return OK;
    return core_devices_learn(core, r.account, contact->devices, &newer);
}

static err put_and_tell(struct core *core, struct record_contact *r) {
    bool newer;
    TRY(contact_put(core, r));
    TRY(core_devices_learn(core, r->account, r->devices, &newer));
    return core_sync_contact(core, r->account);
}

static err keep_contact(struct core *core, struct record_contact *r,
                        const struct proto_contact *contact, const struct proto_device_list *list) {
    buf places = buf_on(core->mem);
    err e = merge_places(contact, list, r->addresses, &places);
    r->addresses = buf_slice(&places);
    if (e == OK)
        e = core_txn_begin(core);
    if (e == OK)
        e = core_txn_end(core, put_and_tell(core, r));
    buf_free(&places);
    return e;
}

err core_contact_take(struct core *core, const struct proto_contact *contact,
                      const struct proto_device_list *list, slice petname, uint8_t account[16]) {
    struct record_contact r = {0};
    if (memcmp(list->identity, core->account.r.identity, sizeof list->identity) == 0)
        return ERR_DENIED;
    TRY(core_account_id(list->identity, account));
    TRY(core_contact_petname_free(core, account, petname));
    const struct contact *known = core_contact_lookup(core, account);
    if (known == NULL && core->contacts.n >= CONTACTS_MAX)
        return ERR_LIMIT;
    if (known != NULL) {
        if (list->version < known->r.version)
            return ERR_LATE;
        r = known->r;
    }
    memcpy(r.account, account, sizeof r.account);
    memcpy(r.identity, list->identity, sizeof r.identity);
    r.name = contact->name;
    r.devices = contact->devices;
    r.version = list->version;
    r.once = contact->once;
    r.link_until = (core->now + LINK_TIME) & ~(uint64_t)1;
    if (petname.n > 0) {
        r.petname = petname;
        core_sync_stamp(core, &r.changed, r.by);
    }
    TRY(keep_contact(core, &r, contact, list));
    core_pump(core);
    return OK;
}

err core_contact_accept(struct core *core, slice contact_link, slice petname, uint64_t now,
                        uint8_t account[CORE_ACCOUNT]) {
    TRY(core_enter(core, now));
    if (!core->account.exists)
        return ERR_STATE;
    buf server = buf_on(core->mem), content = buf_on(core->mem);
    struct proto_contact contact;
    struct proto_device_list list;
    err e = core_name_check(petname);
    if (e == OK)
        e = proto_link_read(contact_link, "contact", &server, &content);
    if (e == OK)
        e = core_contact_check(core, PROTO_LABEL_CONTACT_LINK, buf_slice(&server),
                               buf_slice(&content), &contact, &list);
    if (e == OK)
        e = core_contact_take(core, &contact, &list, petname, account);
    buf_free(&server);
    buf_free(&content);
    return e;
}

/* ---- Changes ---- */

static err change(struct core *core, struct contact *c) {
    core_sync_stamp(core, &c->r.changed, c->r.by);
    TRY(core_txn_begin(core));
    err e = contact_save(core, c);
    if (e == OK)
        e = core_sync_contact(core, c->r.account);
    TRY(core_txn_end(core, e));
    core_pump(core);
    return OK;
}

err core_contact_rename(struct core *core, const uint8_t account[CORE_ACCOUNT], slice petname,
                        uint64_t now) {
    TRY(core_enter(core, now));
    TRY(core_name_check(petname));
    struct contact *c = core_contact_lookup(core, account);
    if (c == NULL)
        return ERR_NOT_FOUND;
    TRY(core_contact_petname_free(core, account, petname));
    c->r.petname = petname;
    return change(core, c);
}

err core_contact_set_verified(struct core *core, const uint8_t account[CORE_ACCOUNT], bool verified,
                              uint64_t now) {
    TRY(core_enter(core, now));
    struct contact *c = core_contact_lookup(core, account);
    if (c == NULL)
        return ERR_NOT_FOUND;
    c->r.verified = verified;
    return change(core, c);
}

/* A member's leaves name its devices; no list of its identity's is at hand, so its version is 0. */
static err meet(struct core *core, struct conversation *conversation, const uint8_t account[16],
                struct record_contact *r, buf *addresses) {
    struct mls_member member;
    struct leaf leaf;
    TRY(core_conversation_load(core, conversation));
    for (uint32_t i = 0; core_conversation_has(conversation, slice_of(account, 16), &i); i++) {
        TRY(mls_group_member(conversation->group, i, &member));
        TRY(core_leaf_read(&member, &leaf));
        if (addresses->n == PROTO_DEVICES_MAX * PLACE)
            return ERR_TOO_LARGE;
        memcpy(r->identity, leaf.identity, sizeof r->identity);
        TRY(buf_append(addresses, SLICE_ARRAY(leaf.device)));
        TRY(buf_append(addresses, SLICE_ARRAY(leaf.address)));
    }
    return addresses->n == 0 ? ERR_NOT_FOUND : OK;
}

static err keep_stranger(struct core *core, struct conversation *c, const uint8_t account[16],
                         slice petname) {
    struct record_contact r = {.petname = petname};
    buf devices = buf_on(core->mem), name = buf_on(core->mem);
    memcpy(r.account, account, sizeof r.account);
    core_sync_stamp(core, &r.changed, r.by);
    err e = meet(core, c, account, &r, &devices);
    if (e == OK)
        e = core_contact_name_of(core, c->r.number, account, &name);
    r.name = buf_slice(&name);
    r.addresses = buf_slice(&devices);
    if (e == OK)
        e = contact_put(core, &r);
    buf_free(&devices);
    buf_free(&name);
    return e;
}

err core_contact_keep_member(struct core *core, struct conversation *c, const uint8_t account[16],
                             slice petname) {
    struct contact *known = core_contact_lookup(core, account);
    if (known != NULL && petname.n == 0)
        return OK;
    if (known == NULL) {
        TRY(keep_stranger(core, c, account, petname));
    } else {
        known->r.petname = petname;
        core_sync_stamp(core, &known->r.changed, known->r.by);
        TRY(contact_save(core, known));
    }
    return core_sync_contact(core, account);
}

static err check_meet(struct core *core, struct conversation *c, const uint8_t account[16]) {
    uint32_t leaf = 0;
    if (c == NULL || !core_conversation_open(c))
        return ERR_NOT_FOUND;
    if (memcmp(account, core->account.r.account, 16) == 0)
        return ERR_DENIED;
    if (core_contact_lookup(core, account) != NULL)
        return ERR_EXISTS;
    if (core->contacts.n >= CONTACTS_MAX)
        return ERR_LIMIT;
    TRY(core_conversation_load(core, c));
    return core_conversation_has(c, slice_of(account, 16), &leaf) ? OK : ERR_NOT_FOUND;
}

err core_contact_meet(struct core *core, uint32_t number, const uint8_t account[CORE_ACCOUNT],
                      slice petname, uint64_t now) {
    TRY(core_enter(core, now));
    TRY(core_name_check(petname));
    struct conversation *c = core_conversation_lookup(core, number);
    TRY(check_meet(core, c, account));
    TRY(core_contact_petname_free(core, account, petname));
    TRY(core_txn_begin(core));
    TRY(core_txn_end(core, core_contact_keep_member(core, c, account, petname)));
    core_pump(core);
    return OK;
}

/* ---- Whose key packages an addition needs ---- */

/* Of a leaf in a conversation that both are in we hear when it gets another address; one that is
 * known from elsewhere may hold no longer. */
err core_contact_living_address(struct core *core, const uint8_t identity[LEAF_IDENTITY],
                                uint32_t but, uint8_t address[PROTO_ADDRESS]) {
    struct mls_member member;
    struct leaf leaf;
    for (size_t i = 0; i < core->conversations.n; i++) {
        struct conversation *c = core->conversations.p[i];
        uint32_t at = 0;
        if (c->r.number == but || c->r.state != CORE_CONVERSATION_ACTIVE || c->r.spoiled ||
            c->r.behind)
            continue;
        TRY(core_conversation_load(core, c));
        if (!core_conversation_has(c, slice_of(identity, LEAF_IDENTITY), &at) ||
            core_unheard(c, at))
            continue;
        TRY(mls_group_member(c->group, at, &member));
        TRY(core_leaf_read(&member, &leaf));
        memcpy(address, leaf.address, PROTO_ADDRESS);
        return OK;
    }
    return ERR_NOT_FOUND;
}

/* The address of the device in these places; NULL: there is none. */
static const uint8_t *find_place(slice places, const uint8_t device[16]) {
    for (size_t at = 0; at + PLACE <= places.n; at += PLACE)
        if (memcmp(places.p + at, device, 16) == 0)
            return places.p + at + 16;
    return NULL;
}

/* What is known to have held once: the leaf that was heard last, and the link; a fresh link alone.
 */
static void find_ways(const struct core *core, const struct contact *c, const uint8_t *place,
                      uint8_t ways[2 * PROTO_ADDRESS]) {
    const uint8_t *link = place + 16, *leaf = find_place(c->r.leaves, place);
    bool heard = leaf != NULL && !link_is_fresh(core, &c->r) && core_address_holds(core, leaf[0]);
    memset(ways, 0, 2 * PROTO_ADDRESS);
    memcpy(ways, heard ? leaf : link, PROTO_ADDRESS);
    if (heard && core_address_holds(core, link[0]))
        memcpy(ways + PROTO_ADDRESS, link, PROTO_ADDRESS);
}

/* living: only if its address is known to hold. */
static err target(struct core *core, const struct contact *c, const uint8_t *place, bool living,
                  buf *targets) {
    uint8_t identity[LEAF_IDENTITY], ways[2 * PROTO_ADDRESS] = {0};
    memcpy(identity, c->r.account, 16);
    memcpy(identity + 16, place, 16);
    err e = living ? core_contact_living_address(core, identity, 0, ways) : OK;
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    if (!living)
        find_ways(core, c, place, ways);
    TRY(buf_append(targets, SLICE_ARRAY(identity)));
    return buf_append(targets, SLICE_ARRAY(ways));
}

static err add_targets(struct core *core, const struct contact *c, bool living, buf *targets) {
    struct proto_device_list list = {0};
    struct proto_device device;
    if (c->r.version > 0)
        TRY(proto_device_list_decode(c->r.devices, &list));
    slice places = c->r.addresses;
    for (size_t at = 0; at + PLACE <= places.n; at += PLACE)
        if (c->r.version == 0 || lookup_devices_has(&list, places.p + at, &device))
            TRY(target(core, c, places.p + at, living, targets));
    return OK;
}

/* A device that is reached adds the others; one that is in the tree and was not reached would be
 * added by nobody. */
err core_contact_targets(struct core *core, const uint8_t account[16], buf *targets) {
    const struct contact *c = core_contact_lookup(core, account);
    size_t before = targets->n;
    if (c == NULL)
        return ERR_NOT_FOUND;
    if (!link_is_fresh(core, &c->r))
        TRY(add_targets(core, c, true, targets));
    return targets->n > before ? OK : add_targets(core, c, false, targets);
}

/* The leaf's address in the place of this one. */
static err leaf_place(struct conversation *c, const uint8_t account[16], uint8_t *place) {
    struct mls_member member;
    struct leaf leaf;
    uint8_t identity[LEAF_IDENTITY];
    uint32_t at = 0;
    memcpy(identity, account, 16);
    memcpy(identity + 16, place, 16);
    if (!core_conversation_has(c, SLICE_ARRAY(identity), &at))
        return OK;
    TRY(mls_group_member(c->group, at, &member));
    TRY(core_leaf_read(&member, &leaf));
    memcpy(place + 16, leaf.address, PROTO_ADDRESS);
    return OK;
}

err core_contact_met(struct core *core, struct conversation *c, const uint8_t account[16]) {
    struct contact *contact = core_contact_lookup(core, account);
    buf places = buf_on(core->mem);
    if (contact == NULL || !contact->r.once)
        return OK;
    err e = buf_set(&places, contact->r.addresses);
    for (size_t at = 0; e == OK && at + PLACE <= places.n; at += PLACE)
        e = leaf_place(c, account, places.p + at);
    contact->r.addresses = buf_slice(&places);
    contact->r.once = false;
    contact->r.link_until = link_over(contact->r.link_until);
    if (e == OK)
        e = contact_save(core, contact);
    if (e == OK)
        e = core_sync_contact(core, account);
    buf_free(&places);
    return e;
}

/* This address in the place of the one that was heard of its device before; the oldest makes room.
 */
static err merge_leaf(const struct leaf *leaf, slice known, buf *leaves) {
    TRY(buf_append(leaves, SLICE_ARRAY(leaf->device)));
    TRY(buf_append(leaves, SLICE_ARRAY(leaf->address)));
    for (size_t at = 0; at + PLACE <= known.n && leaves->n < PLACE * PROTO_DEVICES_MAX; at += PLACE)
        if (memcmp(known.p + at, leaf->device, 16) != 0)
            TRY(buf_append(leaves, slice_of(known.p + at, PLACE)));
    return OK;
}

err core_contact_heard(struct core *core, const struct leaf *leaf) {
    struct contact *contact = core_contact_lookup(core, leaf->account);
    buf leaves = buf_on(core->mem);
    if (contact == NULL)
        return OK;
    const uint8_t *known = find_place(contact->r.leaves, leaf->device);
    bool same = known != NULL && memcmp(known, leaf->address, PROTO_ADDRESS) == 0;
    if (same && link_is_over(&contact->r))
        return OK;
    err e = merge_leaf(leaf, contact->r.leaves, &leaves);
    contact->r.leaves = buf_slice(&leaves);
    contact->r.link_until = link_over(contact->r.link_until);
    if (e == OK)
        e = contact_save(core, contact);
    buf_free(&leaves);
    return e;
}

/* ---- Names ---- */

/* What somebody calls itself weighs more than what a third person says it does. */
err core_contact_learn_name(struct core *core, const uint8_t account[16], slice name,
                            bool own_word) {
    buf value = buf_on(core->mem);
    if (name.n == 0 || core_name_check(name) != OK ||
        memcmp(account, core->account.r.account, 16) == 0)
        return OK;
    struct contact *c = core_contact_lookup(core, account);
    err e = core_get(core, TABLE_CONTACT, slice_of(account, 16), 0, &value);
    bool fresh = e == ERR_NOT_FOUND;
    if (fresh && c == NULL && core->counters.names >= NAMES_MAX)
        return OK;
    if (fresh || (e == OK && own_word)) {
        core->counters_dirty = core->counters_dirty || fresh;
        core->counters.names += fresh;
        buf_clear(&value);
        e = buf_append(&value, name);
        if (e == OK)
            e = core_put(core, TABLE_CONTACT, slice_of(account, 16), 0, buf_slice(&value));
    }
    if (e == OK && own_word && c != NULL && !slice_equal(c->r.name, name)) {
        c->r.name = name;
        e = contact_save(core, c);
    }
    buf_free(&value);
    return e;
}

err core_contact_name_of(struct core *core, uint32_t conversation, const uint8_t account[16],
                         buf *name) {
    const struct contact *c = core_contact_lookup(core, account);
    if (core->account.exists && memcmp(account, core->account.r.account, 16) == 0)
        return buf_append(name, core->account.r.name);
    if (c != NULL && c->r.petname.n > 0)
        return buf_append(name, c->r.petname);
    err e = core_said_find(core, conversation, account, name);
    if (e != ERR_NOT_FOUND)
        return e;
    if (c != NULL && c->r.name.n > 0)
        return buf_append(name, c->r.name);
    e = core_get(core, TABLE_CONTACT, slice_of(account, 16), 0, name);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* ---- Accessors ---- */

static void fill(const struct contact *c, struct core_contact *contact) {
    struct proto_device_list list;
    memset(contact, 0, sizeof *contact);
    memcpy(contact->account, c->r.account, sizeof contact->account);
    memcpy(contact->identity, c->r.identity, sizeof contact->identity);
    contact->petname = c->r.petname;
    contact->name = c->r.name;
    contact->list_version = c->r.version;
    contact->verified = c->r.verified;
    if (c->r.version == 0)
        contact->devices = (uint32_t)(c->r.addresses.n / PLACE);
    else if (proto_device_list_decode(c->r.devices, &list) == OK)
        contact->devices = list.devices.count;
}

err core_contact_at(const struct core *core, size_t i, struct core_contact *contact) {
    if (i >= core->contacts.n)
        return ERR_NOT_FOUND;
    fill(core->contacts.p[i], contact);
    return OK;
}

err core_contact_get(const struct core *core, const uint8_t account[CORE_ACCOUNT],
                     struct core_contact *contact) {
    const struct contact *c = core_contact_lookup(core, account);
    if (c == NULL)
        return ERR_NOT_FOUND;
    fill(c, contact);
    return OK;
}

bool core_contact_id_begins(const uint8_t account[CORE_ACCOUNT], slice text) {
    buf hex = buf_on(NULL);
    bool begins = text.n >= 4 && text.n <= 32 && hex_encode(&hex, slice_of(account, 16)) == OK &&
                  memcmp(hex.p, text.p, text.n) == 0;
    buf_free(&hex);
    return begins;
}

/* 2 for the petname, which we chose; 1 for its own name or the beginning of its id, which it could
 * choose; 0 for nothing of it. */
static int fits(const struct contact *c, slice text) {
    if (slice_equal(c->r.petname, text))
        return 2;
    return slice_equal(c->r.name, text) || core_contact_id_begins(c->r.account, text) ? 1 : 0;
}

err core_contact_search(const struct core *core, slice text, bool *petname,
                        const struct contact **found) {
    int rank = 0;
    size_t equals = 0;
    for (size_t i = 0; text.n > 0 && i < core->contacts.n; i++) {
        int r = fits(core->contacts.p[i], text);
        if (r > rank) {
            *found = core->contacts.p[i];
            rank = r;
            equals = 0;
        }
        equals += r > 0 && r == rank;
    }
    *petname = rank == 2;
    return rank == 0 ? ERR_NOT_FOUND : equals > 1 ? ERR_LIMIT : OK;
}

err core_contact_find(const struct core *core, slice text, struct core_contact *contact) {
    const struct contact *found = NULL;
    bool petname;
    TRY(core_contact_search(core, text, &petname, &found));
    fill(found, contact);
    return OK;
}
