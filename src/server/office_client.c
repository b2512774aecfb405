#include "server/office_client.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "server/office.h"
#include "server/operator_client.h"
#include "server/process.h"
#include "sys/files.h"

enum { PATH = 1024, ID = 65, PRIVATE = 0600 };

struct hand_in {
    struct operator_talk talk;
    buf paper; /* empty: there is only something to ask */
    size_t sent;
    bool put, json;
    struct proto_office_put what;
    const char *to;                  /* where what an order gives goes */
    char id[ID];                     /* of the order that was written out, */
    struct proto_order_written done; /* which the server is told; id: none yet */
    bool told;
};

/* ---- What is in force ---- */

enum { DAY = 32 };

static void day_of(char text[DAY], uint64_t ms) {
    int year, month, day;
    time_date(ms, &year, &month, &day);
    snprintf(text, DAY, "%04d-%02d-%02d", year, month, day);
}

static void print_since(const struct proto_office_is *in, bool json) {
    reader r = reader_of(in->since.bytes);
    struct proto_office_since since;
    for (uint32_t i = 0; i < in->since.count && proto_office_since_read(&r, &since) == OK; i++) {
        char day[DAY];
        day_of(day, since.time);
        if (json)
            printf("%s{\"%s\":\"%.*s\",\"time\":%llu}", i == 0 ? "" : ",",
                   since.freeze ? "freeze" : "lift_notice", (int)since.id.n,
                   (const char *)since.id.p, (unsigned long long)since.time);
        else
            printf("%s %.*s: here since %s\n", since.freeze ? "freeze" : "lift notice",
                   (int)since.id.n, (const char *)since.id.p, day);
    }
}

/* The office's name may hold a quote; nothing that a terminal obeys. */
static void print_name(slice name) {
    for (size_t i = 0; i < name.n; i++)
        printf("%s%c", name.p[i] == '"' || name.p[i] == '\\' ? "\\" : "", name.p[i]);
}

static uint64_t rests_until(const struct proto_office_is *in) {
    return in->pins > 1 ? in->pinned + MAIL_OFFICE_ANEW_REST : 0;
}

static void print_object(const struct proto_office_is *in) {
    char server[HEX_TEXT], office[HEX_TEXT], list[HEX_TEXT];
    hex_text(in->server, server);
    hex_text(in->office_hash, office);
    hex_text(in->suspensions_hash, list);
    printf("{\"server\":\"%s\",\"server_number\":%llu,\"pins\":%u", server,
           (unsigned long long)in->server_number, in->pins);
    if (in->office > 0) {
        printf(",\"pinned\":%llu,\"office\":%llu,\"office_hash\":\"%s\",\"name\":\"",
               (unsigned long long)in->pinned, (unsigned long long)in->office, office);
        print_name(in->name);
        printf("\"");
    }
    if (rests_until(in) > 0)
        printf(",\"rests_until\":%llu", (unsigned long long)rests_until(in));
    if (in->suspensions > 0)
        printf(",\"suspensions\":%llu,\"suspensions_hash\":\"%s\"",
               (unsigned long long)in->suspensions, list);
    printf(",\"since\":[");
    print_since(in, true);
    printf("]}\n");
}

static void print_lines(const struct proto_office_is *in) {
    char server[HEX_TEXT], office[HEX_TEXT], list[HEX_TEXT], day[DAY];
    hex_text(in->server, server);
    hex_text(in->office_hash, office);
    hex_text(in->suspensions_hash, list);
    printf("server %s\nserver-number %llu\n", server, (unsigned long long)in->server_number);
    if (in->office == 0)
        printf("no office file is pinned\n");
    else
        printf("office %llu %s\nname %.*s\n", (unsigned long long)in->office, office,
               (int)in->name.n, (const char *)in->name.p);
    day_of(day, in->pinned);
    if (in->pins > 0)
        printf("pinned on %s, %s\n", day,
               in->pins == 1 ? "for the first time" : "anew, in the place of another office");
    day_of(day, rests_until(in));
    if (rests_until(in) > 0)
        printf("since it was pinned anew: no release until %s\n", day);
    if (in->suspensions == 0)
        printf("there is no suspension list: no order is carried out\n");
    else
        printf("suspensions %llu %s\n", (unsigned long long)in->suspensions, list);
    print_since(in, false);
}

static bool take_state(struct hand_in *h, slice body) {
    struct proto_office_is in;
    if (proto_office_is_decode(body, &in) != OK)
        return false;
    if (h->json)
        print_object(&in);
    else
        print_lines(&in);
    h->talk.code = EXIT_FINE;
    h->talk.answered = true;
    return true;
}

/* ---- What an order gave ---- */

static err write_out(const struct hand_in *h, const char *end, slice content) {
    char path[PATH];
    int n = snprintf(path, sizeof path, "%s/%s.%s", h->to, h->id, end);
    err e = n < 0 || n >= PATH ? ERR_TOO_LARGE : sys_file_write(path, content, PRIVATE);
    if (e == OK)
        printf("%s\n", path);
    else
        fprintf(stderr, "sottod: %s: %s; the same order writes it again\n", path, err_text(e));
    return e;
}

static bool take_given(struct hand_in *h, slice body) {
    struct proto_carried_out in;
    if (proto_carried_out_decode(body, &in) != OK || in.id.n >= ID)
        return false;
    h->talk.answered = true;
    memcpy(h->id, in.id.p, in.id.n);
    if ((in.package.n > 0 && write_out(h, in.sealed ? "cms" : "txt", in.package) != OK) ||
        write_out(h, "manifest", in.manifest) != OK)
        return false;
    h->done.id = slice_str(h->id);
    memcpy(h->done.order, in.order, sizeof h->done.order);
    return true;
}

/* ---- The talk ---- */

static bool take_refusal(struct hand_in *h, slice body) {
    struct proto_office_refused in;
    if (proto_office_refused_decode(body, &in) != OK)
        return false;
    enum office_reason reason = (enum office_reason)in.reason;
    fprintf(stderr, "sottod: refused, nothing has changed: %s: %s", office_reason_name(reason),
            office_reason_text(reason));
    if (in.line > 0)
        fprintf(stderr, " (line %u)", in.line);
    fprintf(stderr, "\n");
    h->talk.answered = true;
    return true;
}

static bool answer(struct operator_talk *talk, const struct proto_frame *frame) {
    struct hand_in *h = (struct hand_in *)talk;
    switch (frame->type) {
    case PROTO_ok:
        if (h->told)
            h->talk.code = EXIT_FINE;
        return true;
    case PROTO_carried_out:
        return take_given(h, frame->body);
    case PROTO_office_is:
        return take_state(h, frame->body);
    case PROTO_office_refused:
        return take_refusal(h, frame->body);
    default:
        return false;
    }
}

static bool next(struct operator_talk *talk, uint32_t request, writer *w) {
    struct hand_in *h = (struct hand_in *)talk;
    size_t left = h->paper.n - h->sent;
    if (h->put && (h->done.id.n == 0 || h->told))
        return false;
    if (h->put) {
        h->told = true;
        proto_frame_write(w, request, PROTO_order_written);
        proto_order_written_write(w, &h->done);
        return true;
    }
    if (left > 0) {
        size_t n = left < PROTO_OFFICE_PART ? left : PROTO_OFFICE_PART;
        struct proto_office_part part = {.at = (uint32_t)h->sent,
                                         .bytes = slice_of(h->paper.p + h->sent, n)};
        proto_frame_write(w, request, PROTO_office_part);
        proto_office_part_write(w, &part);
        h->sent += n;
        return true;
    }
    h->put = true;
    proto_frame_write(w, request, h->paper.n > 0 ? PROTO_office_put : PROTO_office_get);
    if (h->paper.n > 0)
        proto_office_put_write(w, &h->what);
    return true;
}

static struct hand_in hand_in(bool json) {
    return (struct hand_in){.talk = {.what = "answer", .next = next, .answer = answer},
                            .json = json};
}

int office_client_show(const char *data, bool json) {
    struct hand_in h = hand_in(json);
    return operator_client_talk(data, &h.talk);
}

/* ---- A file ---- */

static bool read_hash(uint8_t hash[32], const char *text) {
    buf bytes = {0};
    bool good = hex_decode(&bytes, slice_str(text)) == OK && bytes.n == 32;
    if (good)
        memcpy(hash, bytes.p, 32);
    else
        fprintf(stderr, "sottod: %s: a hash has 64 hexadecimal digits\n", text);
    buf_free(&bytes);
    return good;
}

static bool read_verb(struct hand_in *h, const char *verb, const char *hash, const char *sightings,
                      bool anew) {
    bool is_pin = strcmp(verb, "pin") == 0;
    h->what.what = is_pin && anew                     ? MAIL_OFFICE_ANEW
                   : is_pin                           ? MAIL_OFFICE_PIN
                   : strcmp(verb, "suspensions") == 0 ? MAIL_OFFICE_SUSPENSIONS
                                                      : MAIL_OFFICE_CHANGE;
    bool known = is_pin || strcmp(verb, "suspensions") == 0 || strcmp(verb, "change") == 0;
    bool fits = (is_pin || !anew) && (sightings == NULL || h->what.what == MAIL_OFFICE_SUSPENSIONS);
    if (known && is_pin == (hash != NULL) && fits)
        return hash == NULL || read_hash(h->what.pin, hash);
    fprintf(stderr,
            "sottod: office %s: it is one of `pin HASH FILE`, `change FILE`, "
            "`suspensions FILE`, `show`; see --help\n",
            verb);
    return false;
}

/* One more file of what is handed in; *n: its bytes. */
static err read_file(struct hand_in *h, const char *file, size_t *n) {
    buf content = {0};
    err e = sys_file_read(file, OFFICE_DOCUMENT_MAX, &content);
    if (e == OK)
        e = content.n == 0 ? ERR_MALFORMED : buf_append(&h->paper, buf_slice(&content));
    *n = content.n;
    if (e != OK)
        fprintf(stderr, "sottod: %s: %s\n", file, err_text(e));
    buf_free(&content);
    return e;
}

static err read_paper(struct hand_in *h, const char *file, const char *sightings) {
    size_t n = 0;
    TRY(crypto_init());
    TRY(read_file(h, file, &n));
    if (sightings != NULL) {
        TRY(read_file(h, sightings, &n));
        h->what.sightings = (uint32_t)n;
    }
    slice paper = buf_slice(&h->paper);
    return crypto_sha256.hash(h->what.hash, &paper, 1);
}

static int put_file(const char *data, struct hand_in *h, const char *file, const char *sightings) {
    err e = read_paper(h, file, sightings);
    int code = e == OK ? operator_client_talk(data, &h->talk) : EXIT_USAGE;
    buf_free(&h->paper);
    return code;
}

int office_client_put(const char *data, const char *verb, const char *hash, const char *file,
                      const char *sightings, bool anew, bool json) {
    struct hand_in h = hand_in(json);
    return read_verb(&h, verb, hash, sightings, anew) ? put_file(data, &h, file, sightings)
                                                      : EXIT_USAGE;
}

/* The server carries out nothing for somebody who could not write it down. */
int office_client_order(const char *data, const char *file, const char *to) {
    struct hand_in h = hand_in(false);
    h.what.what = MAIL_OFFICE_ORDER;
    h.to = to;
    err e = sys_dir_check(to);
    if (e == OK)
        return put_file(data, &h, file, NULL);
    fprintf(stderr, "sottod: %s: %s\n", to, err_text(e));
    return EXIT_USAGE;
}
