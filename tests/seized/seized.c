/* The seized disk. A hundred people with handles and forty conversations live through a day on a
 * simulated clock; some of them stay away, so that items and blobs wait, every tenth has a second
 * device, and some get a notice of the request desk. Then everything that the clients know is
 * looked for in every byte of three images of the server's folder: a backup made in the middle of
 * the day, the disk as it is when the plug is pulled, and after a clean stop. Each kind of thing is
 * planted once in each form, to show that the search would find it.
 *
 * What an analyst can still say of the disk is printed by analyst.c. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyst.h"
#include "core/content.h"
#include "core/internal.h"
#include "desk.h"
#include "known.h"
#include "server/held.h"
#include "server/keys.h"
#include "spy.h"
#include "tests/core/rig.h"

enum {
    PEOPLE = SEIZED_PEOPLE,
    DEVICES = RIG_CLIENTS, /* those after the people are second ones of every tenth */
    CONVERSATIONS = SEIZED_CONVERSATIONS,
    MEMBERS_MAX = 7,   /* beside who made it */
    MESSAGES = PEOPLE, /* in an hour */
    AWAY_FROM = 12,    /* the hour from which every third stays away */
    PATH = 512
};

static struct rig rig;
static struct store *disk; /* beneath rig.store */
static char root[PATH];    /* of all images */
static struct support_random chance = {20261126};
static struct seized_group groups[CONVERSATIONS];
static bool online[DEVICES];
static void on_file(struct client *c, const struct core_action *a);
static uint64_t flushed; /* commits before the last flush, whose log is gone */

static uint64_t below(uint64_t n) {
    return support_next(&chance) % n;
}

/* Letters and digits that nothing else has. */
static const char *words(char *text, size_t n, const char *first) {
    size_t at = (size_t)snprintf(text, n + 1, "%s ", first);
    for (; at < n; at++)
        text[at] = "abcdefghijklmnopqrstuvwxyz 0123456789"[below(37)];
    text[n] = 0;
    return text;
}

/* ---- Folders ---- */

static const char *below_root(const char *name) {
    static char path[2 * PATH];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

/* The database's own threads may delete it meanwhile. */
static void copy_file(const char *from, const char *to) {
    static uint8_t part[1 << 16];
    FILE *in = fopen(from, "rb");
    if (in == NULL)
        return;
    FILE *out = fopen(to, "wb");
    CHECK(out != NULL);
    for (size_t n; (n = fread(part, 1, sizeof part, in)) > 0;)
        CHECK(fwrite(part, 1, n, out) == n);
    fclose(in);
    CHECK(fclose(out) == 0);
}

static void copy_folder(const char *from, const char *to) {
    DIR *d = opendir(from);
    CHECK(d != NULL && mkdir(to, 0700) == 0);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char a[2 * PATH], b[2 * PATH];
        struct stat s;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(a, sizeof a, "%s/%s", from, e->d_name);
        snprintf(b, sizeof b, "%s/%s", to, e->d_name);
        if (stat(a, &s) == 0 && S_ISDIR(s.st_mode))
            copy_folder(a, b);
        else
            copy_file(a, b);
    }
    closedir(d);
}

static void remove_folder(const char *path) {
    DIR *d = opendir(path);
    CHECK(d != NULL);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char below_it[2 * PATH];
        struct stat s;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(below_it, sizeof below_it, "%s/%s", path, e->d_name);
        if (stat(below_it, &s) == 0 && S_ISDIR(s.st_mode))
            remove_folder(below_it);
        else
            CHECK(unlink(below_it) == 0);
    }
    closedir(d);
    CHECK(rmdir(path) == 0);
}

static void image(const char *name) {
    char from[2 * PATH];
    snprintf(from, sizeof from, "%s", below_root("server"));
    copy_folder(from, below_root(name));
}

/* ---- The server ---- */

static void prepare(struct rig *r) {
    char why[1024], path[1024];
    struct keys keys;
    struct store_rocksdb_options options = {.memtable = 4 << 20, .cache = 8 << 20};
    r->now = 2960 * TIME_WEEK + TIME_DAY; /* no clock says so today */
    r->reuses_links = true;
    CHECK_OK(keys_load(&keys, below_root("server"), true, why));
    memcpy(r->config.keys, keys.address, sizeof keys.address);
    memcpy(r->config.pepper, keys.pepper, sizeof keys.pepper);
    memcpy(r->identity, keys.identity, sizeof keys.identity);
    memcpy(r->identity_seed, keys.identity_priv, sizeof keys.identity_priv);
    r->config.limits.find_bits = r->config.limits.claim_bits = 4; /* the work isn't the question */
    CHECK_OK(keys_path(path, below_root("server"), "store"));
    CHECK_OK(store_rocksdb_open(&disk, path, &options));
    r->store = spy_open(disk);
}

/* ---- What the server is told, and must not write ---- */

static void know_addresses(const struct proto_list *list) {
    for (reader r = reader_of(list->bytes); r.n > 0;) {
        struct proto_address address;
        CHECK_OK(proto_address_read(&r, &address));
        known_add(KNOWN_ADDRESS, SLICE_ARRAY(address.bytes));
    }
}

/* Of a message what is far from the group's id; of a blob that stands for one, what opens it. */
static void know_item(slice item) {
    struct proto_blob_reference blob;
    enum proto_item_kind kind;
    slice content;
    CHECK_OK(proto_item_read(item, &kind, &content));
    if (kind == PROTO_ITEM_MESSAGE && content.n >= 164)
        known_add(KNOWN_ITEM, slice_of(content.p + 100, 64));
    if (kind == PROTO_ITEM_BLOB && proto_blob_reference_decode(content, &blob) == OK)
        known_add(KNOWN_KEY, SLICE_ARRAY(blob.key));
}

static void know_commit(slice body) {
    struct proto_commit m;
    CHECK_OK(proto_commit_decode(body, &m));
    known_add(KNOWN_GROUP, SLICE_ARRAY(m.group));
    known_add(KNOWN_TOKEN, SLICE_ARRAY(m.token));
    known_add(KNOWN_TOKEN, SLICE_ARRAY(m.roster_hash));
    know_item(m.item);
    know_addresses(&m.addresses);
    for (reader r = reader_of(m.letters.bytes); r.n > 0;) {
        struct proto_letter letter;
        CHECK_OK(proto_letter_read(&r, &letter));
        known_add(KNOWN_ADDRESS, SLICE_ARRAY(letter.address));
        know_item(letter.item);
    }
    for (reader r = reader_of(m.replaces.bytes); r.n > 0;) {
        struct proto_roster_new roster;
        CHECK_OK(proto_roster_new_read(&r, &roster));
        known_add(KNOWN_KEY, SLICE_ARRAY(roster.key));
    }
}

static void know_send(slice body) {
    struct proto_send m;
    CHECK_OK(proto_send_decode(body, &m));
    know_addresses(&m.addresses);
    know_item(m.item);
}

static void know_roster_send(slice body) {
    struct proto_roster_send m;
    CHECK_OK(proto_roster_send_decode(body, &m));
    known_add(KNOWN_TOKEN, SLICE_ARRAY(m.roster_hash));
    known_add(KNOWN_KEY, SLICE_ARRAY(m.key));
    know_item(m.item);
}

static void know_key_packages(slice body) {
    struct proto_key_package_put m;
    CHECK_OK(proto_key_package_put_decode(body, &m));
    for (reader r = reader_of(m.key_packages.bytes); r.n > 0;) {
        struct proto_key_package key_package;
        CHECK_OK(proto_key_package_read(&r, &key_package));
        known_add(KNOWN_KEY_PACKAGE, slice_of(key_package.bytes.p, 64));
    }
}

static void know_link(slice body) {
    struct proto_link_put m;
    CHECK_OK(proto_link_put_decode(body, &m));
    known_add(KNOWN_LINK, SLICE_ARRAY(m.id));
    known_add(KNOWN_LINK, slice_of(m.bytes.p, m.bytes.n < 64 ? m.bytes.n : 64));
}

static enum verdict on_request(struct rig *r, struct client *from, uint16_t type, slice body) {
    struct proto_card_put card;
    struct proto_register_account account;
    (void)r, (void)from;
    if (type == PROTO_commit)
        know_commit(body);
    if (type == PROTO_send)
        know_send(body);
    if (type == PROTO_roster_send)
        know_roster_send(body);
    if (type == PROTO_key_package_put)
        know_key_packages(body);
    if (type == PROTO_link_put)
        know_link(body);
    if (type == PROTO_card_put && proto_card_put_decode(body, &card) == OK)
        known_add(KNOWN_PLACE, SLICE_ARRAY(card.place));
    if (type == PROTO_register_account && proto_register_account_decode(body, &account) == OK)
        known_add(KNOWN_CODE, SLICE_ARRAY(account.code));
    return PASS;
}

static enum verdict on_reply(struct rig *r, struct client *to, uint16_t type, slice body) {
    struct proto_address_made made;
    (void)r, (void)to;
    if (type == PROTO_address_made && proto_address_made_decode(body, &made) == OK)
        know_addresses(&made.addresses);
    return PASS;
}

/* ---- The people ---- */

static void forget_notices(void) {
    for (size_t i = 0; i < DEVICES; i++)
        rig.clients[i].count = 0;
}

static void know_device(struct client *c) {
    struct core_status s = rig_status(c);
    memcpy(c->account, s.account, CORE_ACCOUNT);
    known_add(KNOWN_ACCOUNT, SLICE_ARRAY(s.account));
    known_add(KNOWN_ACCOUNT, SLICE_ARRAY(s.identity));
    known_add(KNOWN_ACCOUNT, SLICE_ARRAY(s.device));
    known_add_time(rig.now);
}

/* Of no more than looks, but a picture of one's own. */
static void choose_picture(struct client *c) {
    uint8_t bytes[3000] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1";
    slice picture = SLICE_ARRAY(bytes);
    support_fill(&chance, bytes + 24, sizeof bytes - 24);
    known_add(KNOWN_FILE, slice_of(bytes + 1000, 400));
    CHECK_OK(core_profile_set(c->core, 0, NULL, &picture, rig.now));
}

static void begin_person(size_t i) {
    char name[64];
    uint64_t command;
    struct client *c = rig_client(&rig, i);
    snprintf(name, sizeof name, "Person %03zu Quillfeather", i);
    known_add(KNOWN_NAME, slice_str(name));
    c->on_file = on_file;
    core_online(c->core, true, rig.now);
    CHECK_OK(core_account_create(c->core, rig_join_link(&rig), slice_str(name), rig.now, &command));
    rig_finish(c, command, OK);
    know_device(c);
    online[i] = true;
    if (i % 4 == 0)
        choose_picture(c);
}

static void pass_until(struct client *c, enum core_linking_state state) {
    struct core_linking l;
    for (int i = 0; i < 50; i++) {
        core_linking_get(c->core, &l);
        if (l.state == state)
            return;
        rig_pass(&rig, TIME_SECOND / 2);
    }
    CHECK(false);
}

static void link_device(struct client *first, size_t i) {
    struct core_linking l;
    uint64_t a, b;
    buf code = {0};
    struct client *c = rig_client(&rig, i);
    c->on_file = on_file;
    core_online(c->core, true, rig.now);
    CHECK_OK(core_device_link(c->core, slice_str("here:1"), rig.now, &a));
    pass_until(c, CORE_LINKING_CODE);
    core_linking_get(c->core, &l);
    CHECK_OK(buf_set(&code, l.code));
    CHECK_OK(core_device_link_take(first->core, buf_slice(&code), rig.now, &b));
    pass_until(first, CORE_LINKING_DIGITS);
    pass_until(c, CORE_LINKING_DIGITS);
    CHECK_OK(core_device_link_confirm(first->core, true, rig.now));
    CHECK_OK(core_device_link_confirm(c->core, true, rig.now));
    rig_finish(first, b, OK);
    rig_finish(c, a, OK);
    know_device(c);
    online[i] = true;
    buf_free(&code);
}

static void claim_handle(size_t i) {
    struct lookup_card_keys keys;
    char name[64];
    uint64_t command;
    struct client *c = &rig.clients[i];
    snprintf(name, sizeof name, "quillfeather%03zu", i);
    known_add(KNOWN_HANDLE, slice_str(name));
    known_add_time(rig.now);
    CHECK_OK(lookup_card_stretch(c->core->account.r.server_identity, c->core->config.handle_memory,
                                 slice_str(name), SLICE_EMPTY, &keys));
    known_add(KNOWN_KEY, SLICE_ARRAY(keys.key));
    CHECK_OK(core_handle_claim(c->core, slice_str(name), SLICE_EMPTY, rig.now, &command));
    rig_finish(c, command, OK);
}

static bool is_member(const struct seized_group *g, size_t person) {
    for (size_t i = 0; i < g->count; i++)
        if (g->members[i] == person)
            return true;
    return false;
}

static bool acquainted[PEOPLE][PEOPLE];

static void meet(size_t a, size_t b) {
    if (acquainted[a][b])
        return;
    rig_meet(&rig.clients[a], &rig.clients[b]);
    acquainted[a][b] = acquainted[b][a] = true;
}

static void begin_group(size_t n) {
    struct seized_group *g = &groups[n];
    uint8_t accounts[MEMBERS_MAX][CORE_ACCOUNT];
    char title[64];
    uint64_t command;
    uint32_t number;
    g->members[g->count++] = below(PEOPLE);
    for (size_t wanted = 1 + below(MEMBERS_MAX); g->count <= wanted;) {
        size_t person = below(PEOPLE);
        if (is_member(g, person))
            continue;
        meet(g->members[0], person);
        memcpy(accounts[g->count - 1], rig.clients[person].account, CORE_ACCOUNT);
        g->members[g->count++] = person;
    }
    struct client *maker = &rig.clients[g->members[0]];
    snprintf(title, sizeof title, "Conversation %02zu about hedgehogs", n);
    known_add(KNOWN_TITLE, slice_str(title));
    known_add_time(rig.now);
    CHECK_OK(core_conversation_new(maker->core, slice_str(title),
                                   (const uint8_t(*)[CORE_ACCOUNT])accounts, g->count - 1, rig.now,
                                   &command, &number));
    rig_finish(maker, command, OK);
    struct core_conversation c;
    CHECK_OK(core_conversation_get(maker->core, number, &c));
    memcpy(g->id, c.group_id.p, sizeof g->id);
    forget_notices();
}

static uint32_t number_of(struct client *c, const struct seized_group *g) {
    struct core_conversation now;
    for (size_t i = 0; i < rig_status(c).conversations; i++)
        if (core_conversation_at(c->core, i, &now) == OK &&
            slice_equal(now.group_id, SLICE_ARRAY(g->id)))
            return now.number;
    return 0;
}

/* ---- The day ---- */

/* A file's bytes follow from its name. */
static void fill(const char *place, uint64_t offset, uint8_t *p, size_t n) {
    uint64_t seed = strtoull(place, NULL, 10);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(((offset + i) * 2654435761u + seed * 40503u) >> 9);
}

static uint64_t size_of(const char *place) {
    return 1000 + strtoull(place, NULL, 10) % 199000;
}

static void on_file(struct client *c, const struct core_action *a) {
    static uint8_t room[1 << 16];
    char place[24];
    slice name;
    if (a->kind != CORE_READ || core_file_place(c->core, a->command, &name) != OK)
        return;
    snprintf(place, sizeof place, "%.*s", (int)name.n, (const char *)name.p);
    uint64_t left = size_of(place) > a->offset ? size_of(place) - a->offset : 0;
    size_t n = a->count < left ? a->count : (size_t)left;
    CHECK(n <= sizeof room);
    fill(place, a->offset, room, n);
    core_file_bytes(c->core, a->command, a->offset, slice_of(room, n), rig.now);
}

static void send_file(struct client *c, uint32_t number) {
    char place[24], name[64];
    uint8_t first[400];
    uint64_t command;
    snprintf(place, sizeof place, "%llu", (unsigned long long)below(1u << 30));
    fill(place, 0, first, sizeof first);
    known_add(KNOWN_FILE, SLICE_ARRAY(first));
    snprintf(name, sizeof name, "hedgehog %s.jpg", place);
    known_add(KNOWN_FILE_NAME, slice_str(name));
    struct core_file_sending sending = {.place = slice_str(place),
                                        .name = slice_str(name),
                                        .type = slice_str("image/jpeg"),
                                        .size = size_of(place)};
    CHECK_OK(core_file_send(c->core, number, &sending, rig.now, &command));
}

static bool know_key(void *ctx, const struct core_message *m) {
    struct content content;
    (void)ctx;
    if (m->has_file && core_content_decode(m->content, &content) == OK && content.part.key.n >= 16)
        known_add(KNOWN_KEY, content.part.key);
    return true;
}

/* The keys of files, as their receivers have them. */
static void know_keys(void) {
    struct core_conversation now;
    for (size_t i = 0; i < PEOPLE; i++)
        for (size_t j = 0; j < rig_status(&rig.clients[i]).conversations; j++)
            if (core_conversation_at(rig.clients[i].core, j, &now) == OK)
                CHECK_OK(core_messages(rig.clients[i].core, now.number, 1, now.messages, know_key,
                                       NULL));
}

static void say(void) {
    static char text[40001];
    const struct seized_group *g = &groups[below(CONVERSATIONS)];
    size_t person = g->members[below(g->count)];
    size_t n = below(20) == 0 ? 20000 + below(20000) : 24 + below(400); /* a blob now and then */
    uint64_t command, message;
    struct client *c = &rig.clients[person];
    uint32_t number = number_of(c, g);
    if (!online[person] || number == 0)
        return;
    if (below(15) == 0)
        send_file(c, number);
    words(text, n, "the hedgehog said");
    known_add(KNOWN_TEXT, slice_of(text, n < 400 ? n : 400));
    known_add_time(rig.now);
    CHECK_OK(core_send_text(c->core, number, CORE_TEXT_PLAIN, slice_of(text, n), NULL, rig.now,
                            &command, &message));
    if (below(30) == 0)
        CHECK_OK(core_conversation_update(c->core, number, rig.now, &command));
}

/* ---- Notices of the request desk ---- */

static void give_notice(struct client *c) {
    char wording[200];
    (void)words(wording, sizeof wording - 1, "Hedgehogs were asked for");
    known_add(KNOWN_NOTICE, slice_str(wording));
    desk_notice(&rig, c->account, wording);
}

/* To some who are away, and some who are not. */
static void give_notices(void) {
    for (size_t i = 0; i < PEOPLE; i += 5)
        give_notice(&rig.clients[i]);
}

static void expect_notices(void) {
    size_t came = 0;
    for (size_t i = 0; i < DEVICES; i++)
        came += rig_status(&rig.clients[i]).notices;
    CHECK(came > 0);
}

static void come_and_go(int hour) {
    for (size_t i = 0; i < DEVICES; i++) {
        bool away = i % 3 == 0 && hour >= AWAY_FROM;
        bool now = !away && below(4) != 0;
        if (now != online[i])
            core_online(rig.clients[i].core, now, rig.now);
        online[i] = now;
    }
}

static void live_an_hour(int hour) {
    uint64_t end = rig.now + TIME_HOUR;
    come_and_go(hour);
    for (int i = 0; i < MESSAGES; i++) {
        say();
        rig_pass(&rig, below(TIME_HOUR / MESSAGES));
    }
    if (rig.now < end)
        rig_pass(&rig, end - rig.now);
    forget_notices();
}

static void flush(void) {
    CHECK_OK(store_rocksdb_flush(disk));
    flushed = spy_commits();
}

static void live(void) {
    rig_prepare = prepare;
    rig_roster_above = 4; /* so that there are sealed rosters, too */
    rig_init(&rig, 0);
    desk_begin(&rig);
    rig.on_request = on_request;
    rig.on_reply = on_reply;
    for (size_t i = 0; i < PEOPLE; i++)
        begin_person(i);
    for (size_t i = 0; i < PEOPLE; i++)
        claim_handle(i);
    forget_notices();
    for (size_t i = PEOPLE; i < DEVICES; i++)
        link_device(&rig.clients[(i - PEOPLE) * 10 % PEOPLE], i);
    forget_notices();
    for (size_t i = 0; i < CONVERSATIONS; i++)
        begin_group(i);
    for (int hour = 0; hour < 24; hour++) {
        flush();
        live_an_hour(hour);
        if (hour == AWAY_FROM)
            give_notices();
        if (hour == AWAY_FROM)
            image("backup");
    }
    give_notices();  /* so that they are in the log, too */
    image("pulled"); /* with the log of the last hour */
    expect_notices();
    know_keys();
}

/* ---- Looking ---- */

static void expect_nothing(const char *name) {
    struct finding first;
    uint64_t searched;
    size_t found = known_search(below_root(name), &first, &searched);
    printf("# %s: %llu bytes searched\n", name, (unsigned long long)searched);
    if (found > 0)
        printf("# %zu places; the first: %s, %s, in %s at %llu\n", found, known_texts[first.kind],
               known_forms[first.form], first.where, (unsigned long long)first.at);
    CHECK_EQ(found, 0);
    CHECK(searched > 100 * 1024);
}

/* Lives once, before the first test; what came of it stays. */
static void be_there(void) {
    static bool begun, lived;
    if (lived)
        return;
    CHECK(!begun); /* else it failed in the test before */
    begun = true;
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/sotto-seized.XXXXXX", tmp == NULL ? "/tmp" : tmp);
    CHECK(mkdtemp(root) != NULL && mkdir(below_root("server"), 0700) == 0);
    live();
    for (int kind = 0; kind < KNOWN_COUNT; kind++)
        printf("# known: %zu of \"%s\"\n", known_count((enum known_kind)kind), known_texts[kind]);
    known_prepare();
    lived = true;
}

TEST(a_backup_of_a_running_server_shows_nothing) {
    be_there();
    expect_nothing("backup");
}

TEST(a_disk_whose_plug_was_pulled_shows_nothing) {
    be_there();
    expect_nothing("pulled");
}

TEST(no_row_shows_anything_and_none_but_its_own_an_account) {
    struct finding first;
    be_there();
    size_t found = known_search_rows(disk, &first);
    if (found > 0)
        printf("# %zu places; the first: %s, in %s\n", found, known_texts[first.kind], first.where);
    CHECK_EQ(found, 0);
}

/* ---- Planting ---- */

static void plant(slice what, enum known_form form, size_t before) {
    uint8_t noise[4096];
    buf text = {0};
    CHECK(mkdir(below_root("planted"), 0700) == 0 || errno == EEXIST);
    FILE *f = fopen(below_root("planted/file"), "wb");
    CHECK(f != NULL);
    known_write(&text, what, form, before);
    support_fill(&chance, noise, sizeof noise);
    CHECK(fwrite(noise, 1, 1000 + below(9), f) > 0);
    CHECK(fwrite(text.p, 1, text.n, f) == text.n);
    CHECK(fwrite(noise, 1, sizeof noise, f) == sizeof noise && fclose(f) == 0);
    buf_free(&text);
}

/* Text without a plus or a slash is the same in both, as digits without a letter are. */
static bool may_look_alike(enum known_form a, enum known_form b) {
    bool base64 = a >= FORM_BASE64 && b >= FORM_BASE64;
    bool hex = a != FORM_RAW && b != FORM_RAW && a < FORM_BASE64 && b < FORM_BASE64;
    return a == b || base64 || hex;
}

static void expect_planted(enum known_kind kind, slice what, enum known_form form, size_t before) {
    struct finding first;
    uint64_t searched;
    plant(what, form, before);
    size_t found = known_search(below_root("planted"), &first, &searched);
    bool right = found > 0 && first.kind == kind && may_look_alike(first.form, form);
    if (!right)
        printf("# %s as %s was not found\n", known_texts[kind], known_forms[form]);
    CHECK(right);
}

TEST(everything_is_found_where_it_is_planted) {
    be_there();
    for (int kind = 0; kind < KNOWN_COUNT; kind++) {
        if (kind == KNOWN_ACCOUNT)
            continue;
        size_t count = known_count((enum known_kind)kind);
        CHECK(count > 0);
        slice what = known_get((enum known_kind)kind, below(count));
        for (int form = 0; form < FORM_COUNT; form++)
            for (size_t before = 0; before < (form < FORM_BASE64 ? 1u : 3u); before++)
                expect_planted((enum known_kind)kind, what, (enum known_form)form, before);
    }
}

static void expect_in_a_row(enum known_kind kind) {
    struct store *s;
    struct store_batch *batch;
    struct finding first;
    buf work = {0};
    struct held_expiry row = {.what = known_get(kind, below(known_count(kind)))};
    CHECK_OK(store_memory_open(&s, NULL));
    CHECK_OK(store_batch_new(&batch, NULL));
    CHECK_OK(held_expiry_put(batch, slice_str("x"), 1, &work, &row));
    CHECK_OK(store_commit_now(s, batch));
    CHECK(known_search_rows(s, &first) > 0);
    CHECK_EQ(first.kind, kind);
    store_batch_free(batch);
    store_close(s);
    buf_free(&work);
}

TEST(what_is_in_a_row_that_is_not_its_own_is_found) {
    be_there();
    expect_in_a_row(KNOWN_ACCOUNT);
    expect_in_a_row(KNOWN_GROUP);
}

/* ---- What can be said all the same ---- */

TEST(what_an_analyst_can_say_is_told) {
    be_there();
    analyst_begin(disk, groups, CONVERSATIONS, rig.clients, PEOPLE);
    analyst_tell(flushed);
}

TEST(a_stopped_server_s_disk_shows_nothing) {
    be_there();
    rig_fini(&rig); /* closes the store */
    image("stopped");
    expect_nothing("stopped");
    known_free();
    remove_folder(root);
}

TEST_MAIN
