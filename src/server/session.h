/* The edge's side of one connection, pure: carrier messages in, carrier messages out.
 *
 *   client                                server
 *   frame client_hello, in clear   ->
 *                                  <-     frame server_hello, in clear
 *   Noise NK, first message        ->            prologue: both hellos' carrier messages, whole
 *                                  <-     Noise NK, second message      (both payloads empty)
 *   one sealed frame a carrier message, both ways
 *
 * A hello is a frame as any other (request 0, type, body). The first frame that is not a ping
 * decides what the session is for its whole life: anonymous, or a device's. Frames are checked
 * whole (proto_message_check) before they are handed up. Any bad input is answered with one error
 * frame (of request 0 before the handshake ends, in clear) and ends the session.
 *
 * A session owns no memory: what it needs to work on is in the environment, shared by all sessions
 * of a process. */
#ifndef SOTTO_SERVER_SESSION_H
#define SOTTO_SERVER_SESSION_H

#include "noise/noise.h"
#include "proto/proto.h"

/* ---- The Noise key in use ---- */

struct session_key {
    uint32_t number; /* of this key; never 0, never used twice while a process lives */
    uint32_t until;  /* the last week in which it may be used */
    uint8_t pub[NOISE_KEY], priv[NOISE_KEY];
    uint8_t signature[64]; /* the identity's, over what server_hello says */
};
/* A fresh key, signed by the server's identity (an Ed25519 seed). */
MUST err session_key_make(struct session_key *key, uint32_t number, const uint8_t identity[32],
                          uint32_t until);

/* ---- One session ---- */

enum session_state {
    SESSION_HELLO,     /* client_hello is due */
    SESSION_HANDSHAKE, /* the first Noise message is due */
    SESSION_FRESH,     /* nothing but pings yet */
    SESSION_ANON,
    SESSION_PROVING,  /* a proof is with the mail process */
    SESSION_UNPROVED, /* the proof was refused for a passing reason; another may follow */
    SESSION_DEVICE,
    SESSION_ENDED
};

struct session {
    uint64_t id;
    uint8_t state;
    bool offers_aes, aes; /* as the hellos say */
    uint16_t pending;     /* requests that were handed up and not yet answered */
    uint16_t chunks;      /* those among them that ask for a blob's chunk, at most */
    uint32_t key;         /* number of the session_key of the hello */
    int32_t tokens;       /* of the rate limit; negative: in debt */
    uint32_t refilled;    /* when, in ms, wrapping */
    struct noise_cipher send, receive;
    uint8_t
        hash[NOISE_HASH]; /* what a device signs; wiped once the session is proved or anonymous */
};

/* A frame costs one token and one more for each 8 KiB of it; a send or a commit one more for each
 * address and letter and for each KiB that an address gets; address_make one for each address. */
struct session_limits {
    uint32_t rate;    /* tokens a second; 0: no limit */
    uint32_t burst;   /* most tokens that can be saved */
    uint16_t pending; /* requests under way; the carrier should pause at this number */
};
/* As an operator who sets nothing has them. */
extern const struct session_limits session_limits_default;

/* Requests for a blob's chunk under way: what a client doesn't read, others' memory holds. */
enum { SESSION_CHUNKS = 8 };

/* What sessions share: the keys (keys[1].number is 0 or the key before), limits, a working buffer,
 * and where their output goes. */
struct session_env {
    struct session_key keys[2];
    struct session_limits limits;
    buf plain, sealed; /* start as empty bufs; session_env_fini frees them */
    buf opened;        /* one too: the frame at hand, which answering leaves alone */
    void *ctx;
    /* One carrier message to the client. The bytes are valid during the call. */
    void (*send)(void *ctx, struct session *s, slice message);
    /* A valid frame for the mail process. Slices are valid during the call. It may call
     * session_reply for the same session before it returns. */
    void (*request)(void *ctx, struct session *s, const struct proto_edge_request *request);
};
void session_env_fini(struct session_env *env);

void session_init(struct session *s, uint64_t id, const struct session_env *env, uint64_t now);
/* One carrier message from the client. Afterwards look at session_ended. */
void session_receive(struct session *s, struct session_env *env, slice message, uint64_t now);
/* A frame from the mail process. */
void session_reply(struct session *s, struct session_env *env,
                   const struct proto_edge_reply *reply);
/* Tells the client why (an error frame of request 0) and ends. */
void session_end(struct session *s, struct session_env *env, enum proto_reason reason);
/* True: send what is queued, then close the carrier; the session takes nothing more. */
static inline bool session_ended(const struct session *s) {
    return s->state == SESSION_ENDED;
}
/* How many ms the carrier should not read: rate (0: none). Not reading is all that a client that
 * asks too much gets; no request is refused for it. */
uint32_t session_delay(struct session *s, const struct session_env *env, uint64_t now);
/* Too many requests under way: don't read until one is answered. */
bool session_crowded(const struct session *s, const struct session_env *env);
/* True while no handshake was finished: these are given less time. */
static inline bool session_opening(const struct session *s) {
    return s->state < SESSION_FRESH;
}
void session_wipe(struct session *s);

#endif
