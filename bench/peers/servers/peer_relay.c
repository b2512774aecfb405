/* The bare relay's frames: see relay.c. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"

enum { HEAD = 8 };

static void head(char out[HEAD], size_t rest, unsigned to) {
    uint32_t length = htonl((uint32_t)(4 + rest)), number = htonl(to);
    memcpy(out, &length, 4);
    memcpy(out + 4, &number, 4);
}

static void begin(struct peer *p) {
    char bytes[HEAD];
    head(bytes, 0, p->number);
    bytes_add(&p->out, bytes, HEAD);
}

static void message(struct peer *p, unsigned to, uint64_t stamp) {
    char bytes[HEAD + PEER_TEXT + 1];
    head(bytes, PEER_TEXT, to);
    snprintf(bytes + HEAD, PEER_STAMP + 1, "%016llx", (unsigned long long)stamp);
    memset(bytes + HEAD + PEER_STAMP, 'x', PEER_TEXT - PEER_STAMP);
    bytes_add(&p->out, bytes, HEAD + PEER_TEXT);
}

static size_t take(struct peer *p, const char *in, size_t n) {
    size_t done = 0;
    while (n - done >= HEAD) {
        uint32_t length;
        unsigned long long stamp = 0;
        memcpy(&length, in + done, 4);
        size_t whole = 4 + ntohl(length);
        if (n - done < whole)
            break;
        if (whole == HEAD) {
            p->ready = true;
        } else {
            must(sscanf(in + done + HEAD, "%16llx", &stamp) == 1, "a relay's message");
            peer_got(p, stamp);
        }
        done += whole;
    }
    return done;
}

const struct protocol protocol_relay = {"relay", begin, take, message, NULL};
