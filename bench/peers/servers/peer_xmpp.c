/* XMPP (RFC 6120, 6121), as little of it as a client needs: SASL PLAIN, a resource, presence,
 * messages to full addresses; acknowledgements by XEP-0198. */
#define _GNU_SOURCE
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"

enum step { OPENING, AUTHENTICATING, OPENING_AGAIN, BINDING, MANAGING, READY };

static bool has(const char *in, size_t n, const char *text) {
    return memmem(in, n, text, strlen(text)) != NULL;
}

static void open_stream(struct peer *p) {
    bytes_text(&p->out, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
                        "xmlns:stream='http://etherx.jabber.org/streams' to='localhost' "
                        "version='1.0'>");
}

static void begin(struct peer *p) {
    p->step = OPENING;
    open_stream(p);
}

static void authenticate(struct peer *p) {
    unsigned char plain[64], coded[128];
    int n = snprintf((char *)plain, sizeof plain, "%cu%u%cp", 0, p->number, 0);
    EVP_EncodeBlock(coded, plain, n);
    bytes_text(&p->out,
               "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%s</auth>",
               (char *)coded);
}

static void bind_resource(struct peer *p) {
    bytes_text(&p->out, "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
                        "<resource>r</resource></bind></iq>");
}

/* Until it is ready each answer is awaited alone, so all that came belongs to it. */
static size_t log_in(struct peer *p, const char *in, size_t n) {
    must(!has(in, n, "<failure") && !has(in, n, "<stream:error"), "an XMPP login");
    switch ((enum step)p->step) {
    case OPENING:
    case OPENING_AGAIN:
        if (!has(in, n, "</stream:features>"))
            return 0;
        if (p->step == OPENING)
            authenticate(p);
        else
            bind_resource(p);
        p->step++;
        return n;
    case AUTHENTICATING:
        if (!has(in, n, "<success"))
            return 0;
        open_stream(p);
        p->step++;
        return n;
    case BINDING:
        if (!has(in, n, "</iq>"))
            return 0;
        bytes_text(&p->out, "<presence/>");
        if (peer_asks)
            bytes_text(&p->out, "<enable xmlns='urn:xmpp:sm:3'/>");
        p->step = peer_asks ? MANAGING : READY;
        break;
    case MANAGING: /* its own presence may come before the answer */
        if (!has(in, n, "<enabled"))
            return 0;
        p->step = READY;
        break;
    default:
        break;
    }
    p->ready = p->step == READY;
    return p->ready ? 0 : n;
}

static void take_message(struct peer *p, const char *at, size_t n) {
    const char *body = memmem(at, n, "<body>", 6);
    unsigned long long stamp = 0;
    if (body != NULL && sscanf(body + 6, "%16llx", &stamp) == 1)
        peer_got(p, stamp);
}

/* Stanzas in order: a message goes up to its end, everything else up to its first '>' in it. */
static size_t take_stanzas(struct peer *p, const char *in, size_t n) {
    static const char end[] = "</message>";
    size_t done = 0;
    while (done < n) {
        const char *at = in + done;
        size_t left = n - done;
        const char *stop = memchr(at, '>', left);
        if (stop == NULL)
            break;
        size_t used = (size_t)(stop + 1 - at);
        if (left >= 8 && memcmp(at, "<message", 8) == 0) {
            const char *tail = memmem(at, left, end, sizeof end - 1);
            if (tail == NULL)
                break;
            used = (size_t)(tail - at) + sizeof end - 1;
            take_message(p, at, used);
        } else if (memcmp(at, "<a ", 3) == 0) {
            peer_taken(p);
        }
        done += used;
    }
    return done;
}

static size_t take(struct peer *p, const char *in, size_t n) {
    size_t done = p->ready ? 0 : log_in(p, in, n);
    return p->ready ? take_stanzas(p, in, n) : done;
}

static void message(struct peer *p, unsigned to, uint64_t stamp) {
    static char filler[PEER_TEXT - PEER_STAMP + 1];
    if (filler[0] == 0)
        memset(filler, 'x', sizeof filler - 1);
    bytes_text(&p->out,
               "<message to='u%u@localhost/r' type='chat' id='%u'><body>%016llx%s</body></message>",
               to, p->waiting, (unsigned long long)stamp, filler);
}

static void ask(struct peer *p) {
    bytes_text(&p->out, "<r xmlns='urn:xmpp:sm:3'/>");
}

const struct protocol protocol_xmpp = {"xmpp", begin, take, message, ask};
