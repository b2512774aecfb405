#include "desk/hi1_answer.h"

#include <stdio.h>

#include "base/text.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "desk/hi1_out.h"

static const struct {
    const char *word;
    enum hi1_word authorisation, task;
} answers[] = {
#define X(word, name) {word, HI1_WORD_##name##_AUTHORISATION, HI1_WORD_##name##_TASK},
    HI1_ANSWERS(X)
#undef X
};

bool hi1_answer_of(slice word, enum hi1_answer *answer) {
    for (size_t i = 0; i < HI1_ANSWER_COUNT; i++)
        if (slice_equal(word, slice_str(answers[i].word))) {
            *answer = (enum hi1_answer)i;
            return true;
        }
    return false;
}

bool hi1_answer_fits(const struct hi1_filing *f, enum hi1_answer answer) {
    bool produce = f->authorisation.legal_type == HI1_EPOC;
    return answer == HI1_ANSWER_DISCLOSED   ? produce
           : answer == HI1_ANSWER_PRESERVED ? !produce
                                            : answer < HI1_ANSWER_COUNT;
}

void hi1_time_text(uint64_t ms, char text[HI1_TIME]) {
    int year, month, day;
    unsigned seconds = (unsigned)(ms % TIME_DAY / TIME_SECOND);
    time_date(ms, &year, &month, &day);
    snprintf(text, HI1_TIME, "%04d-%02d-%02dT%02u:%02u:%02uZ", year, month, day, seconds / 3600,
             seconds / 60 % 60, seconds % 60);
}

/* ---- Parts ---- */

static void say(struct hi1_out *o, const char *name, const char *text) {
    hi1_out_put(o, name, slice_str(text));
}

static void party(struct hi1_out *o, const char *name, const struct hi1_party *p) {
    hi1_out_open(o, name);
    hi1_out_put(o, "CountryCode", p->country);
    hi1_out_put(o, "UniqueIdentifier", p->id);
    hi1_out_close(o);
}

struct envelope {
    const struct hi1_party *from, *to;
    slice transaction;
    uint64_t time;
};

static void header(struct hi1_out *o, const struct hi1_filing *f, const struct envelope *e) {
    char time[HI1_TIME];
    hi1_time_text(e->time, time);
    hi1_out_open(o, "Header");
    party(o, "SenderIdentifier", e->from);
    party(o, "ReceiverIdentifier", e->to);
    hi1_out_put(o, "TransactionIdentifier", e->transaction);
    say(o, "Timestamp", time);
    hi1_out_open(o, "Version");
    hi1_out_put(o, "ETSIVersion", f->etsi_version);
    hi1_out_put(o, "NationalProfileOwner", f->profile_owner);
    hi1_out_put(o, "NationalProfileVersion", f->profile_version);
    hi1_out_close(o);
    hi1_out_close(o);
}

/* Of a dictionary. */
static void entry(struct hi1_out *o, const char *name, const char *owner, const char *dictionary,
                  const char *value) {
    hi1_out_open(o, name);
    say(o, "common:Owner", owner);
    say(o, "common:Name", dictionary);
    say(o, "common:Value", value);
    hi1_out_close(o);
}

/* ---- The response ---- */

/* A status of an object, and its type; NULL: it has none. */
struct status {
    const char *prefix, *type, *element, *dictionary, *value;
};

static void created(struct hi1_out *o, const struct hi1_object *object, const struct status *s) {
    hi1_out_open(o, "ActionResponse");
    hi1_out_bare(o, "ActionIdentifier", object->action);
    hi1_out_open(o, "CREATEResponse");
    hi1_out_put(o, "Identifier", object->id);
    if (s != NULL) {
        hi1_out_open(o, "HI1Object");
        hi1_out_type(o, s->prefix, s->type);
        hi1_out_put(o, "ObjectIdentifier", object->id);
        entry(o, s->element, "ETSI", s->dictionary, s->value);
        hi1_out_close(o);
    }
    hi1_out_close(o);
    hi1_out_close(o);
}

static void task(struct hi1_out *o, const struct hi1_task *t, const struct hi1_words *w,
                 enum hi1_answer answer) {
    static const struct {
        const char *type, *dictionary;
    } kinds[] = {[HI1_DISCLOSURE] = {"LDTaskObject", "LDTaskStatus"},
                 [HI1_PRESERVATION] = {"LPTaskObject", "LPTaskStatus"},
                 [HI1_INTERCEPTION] = {"LITaskObject", "TaskStatus"}};
    /* What is demanded live is refused, whatever is said of the rest. */
    enum hi1_word word =
        t->kind == HI1_INTERCEPTION ? HI1_WORD_REJECTED_TASK : answers[answer].task;
    created(o, &t->object,
            &(struct status){"task", kinds[t->kind].type, "task:Status", kinds[t->kind].dictionary,
                             w->each[word]});
}

static void objects(struct hi1_out *o, const struct hi1_filing *f, const struct hi1_words *w,
                    enum hi1_answer answer) {
    created(o, &f->authorisation.object,
            &(struct status){"auth", "AuthorisationObject", "auth:AuthorisationStatus",
                             "AuthorisationStatus", w->each[answers[answer].authorisation]});
    for (size_t i = 0; i < f->tasks.n; i++)
        task(o, &f->tasks.p[i], w, answer);
    for (size_t i = 0; i < f->documents.n; i++)
        created(o, &f->documents.p[i].object, NULL);
}

err hi1_respond(buf *out, const struct hi1_filing *f, const struct hi1_words *w,
                enum hi1_answer answer, uint64_t time) {
    struct hi1_out o;
    /* As it came, but for the time: who sent the request finds it again. */
    const struct envelope envelope = {&f->sender, &f->receiver, f->transaction, time};
    hi1_out_begin(&o, out, f->json);
    header(&o, f, &envelope);
    hi1_out_open(&o, "Payload");
    hi1_out_open(&o, "ResponsePayload");
    hi1_out_open(&o, "ActionResponses");
    hi1_out_list(&o, "ActionResponse");
    objects(&o, f, w, answer);
    for (int i = 0; i < 4; i++)
        hi1_out_close(&o);
    return hi1_out_end(&o);
}

/* ---- The delivery ---- */

enum { UUID_TEXT = 37, PARTS = 2 };

/* A UUID (version 4 in its form) of a hash. */
static err uuid_of(slice what, slice of, char text[UUID_TEXT]) {
    uint8_t h[32];
    slice parts[] = {slice_str("sotto hi1 delivery"), what, of};
    TRY(crypto_sha256.hash(h, parts, sizeof parts / sizeof parts[0]));
    h[6] = (uint8_t)((h[6] & 0x0F) | 0x40);
    h[8] = (uint8_t)((h[8] & 0x3F) | 0x80);
    snprintf(text, UUID_TEXT,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0], h[1],
             h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14],
             h[15]);
    return OK;
}

/* One of the two things that are delivered. */
struct part {
    slice bytes;
    const char *content_type, *specification;
};

static err binary(struct hi1_out *o, const struct part *part) {
    buf data = {0}, checksum = {0};
    uint8_t hash[32];
    err e = crypto_sha256.hash(hash, &part->bytes, 1);
    if (e == OK)
        e = base64_encode(&data, part->bytes);
    if (e == OK)
        e = hex_encode(&checksum, SLICE_ARRAY(hash));
    if (e == OK) {
        hi1_out_open(o, "delivery:Delivery");
        hi1_out_open(o, "delivery:BinaryData");
        hi1_out_put(o, "delivery:Data", buf_slice(&data));
        say(o, "delivery:ContentType", part->content_type);
        hi1_out_put(o, "delivery:Checksum", buf_slice(&checksum));
        hi1_out_close(o);
        hi1_out_close(o);
    }
    buf_free(&data);
    buf_free(&checksum);
    return e;
}

static err delivery_object(struct hi1_out *o, const struct hi1_filing *f, const struct hi1_words *w,
                           const struct hi1_delivery *d, const struct part *part, size_t number,
                           const char *id) {
    char delivery[UUID_TEXT], sequence[DECIMAL_TEXT];
    TRY(uuid_of(slice_str("delivery"), d->package, delivery));
    decimal_text(number + 1, sequence);
    hi1_out_open(o, "HI1Object");
    hi1_out_type(o, "delivery", "DeliveryObject");
    say(o, "ObjectIdentifier", id);
    hi1_out_put(o, "CountryCode", f->receiver.country);
    hi1_out_put(o, "OwnerIdentifier", f->receiver.id);
    hi1_out_open(o, "AssociatedObjects");
    hi1_out_list(o, "AssociatedObject");
    hi1_out_put(o, "AssociatedObject", d->task->object.id);
    hi1_out_close(o);
    hi1_out_close(o);
    hi1_out_open(o, "delivery:Reference");
    hi1_out_put(o, "delivery:LDID", d->task->reference);
    hi1_out_close(o);
    say(o, "delivery:DeliveryID", delivery);
    hi1_out_bare(o, "delivery:SequenceNumber", slice_str(sequence));
    hi1_out_bare(o, "delivery:LastSequence", slice_str(number + 1 == PARTS ? "true" : "false"));
    hi1_out_open(o, "delivery:Manifest");
    entry(o, "delivery:Specification", w->each[HI1_WORD_MANIFEST_OWNER],
          w->each[HI1_WORD_MANIFEST_NAME], part->specification);
    hi1_out_close(o);
    TRY(binary(o, part));
    hi1_out_close(o);
    return OK;
}

static err deliver(struct hi1_out *o, const struct hi1_filing *f, const struct hi1_words *w,
                   const struct hi1_delivery *d, const struct part *part, size_t number) {
    char id[UUID_TEXT], action[DECIMAL_TEXT];
    TRY(uuid_of(slice_str(part->specification), d->package, id));
    decimal_text(number, action);
    hi1_out_open(o, "ActionRequest");
    hi1_out_bare(o, "ActionIdentifier", slice_str(action));
    hi1_out_open(o, "DELIVER");
    say(o, "Identifier", id);
    TRY(delivery_object(o, f, w, d, part, number, id));
    hi1_out_close(o);
    hi1_out_close(o);
    return OK;
}

err hi1_deliver(buf *out, const struct hi1_filing *f, const struct hi1_words *w,
                const struct hi1_delivery *d) {
    const struct part parts[PARTS] = {
        {d->package, d->sealed ? "application/cms" : "text/plain; charset=utf-8",
         w->each[HI1_WORD_PACKAGE]},
        {d->manifest, "text/plain; charset=utf-8", w->each[HI1_WORD_MANIFEST]}};
    struct hi1_out o;
    char transaction[UUID_TEXT];
    err e = uuid_of(slice_str("transaction"), d->package, transaction);
    /* A request of our own: we send it, and they receive it. */
    const struct envelope envelope = {&f->receiver, &f->sender, slice_str(transaction), d->time};
    hi1_out_begin(&o, out, f->json);
    header(&o, f, &envelope);
    hi1_out_open(&o, "Payload");
    hi1_out_open(&o, "RequestPayload");
    hi1_out_open(&o, "ActionRequests");
    hi1_out_list(&o, "ActionRequest");
    for (size_t i = 0; e == OK && i < PARTS; i++)
        e = deliver(&o, f, w, d, &parts[i], i);
    for (int i = 0; i < 4; i++)
        hi1_out_close(&o);
    err ended = hi1_out_end(&o);
    return e == OK ? ended : e;
}
