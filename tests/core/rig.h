/* Cores and the server's own logic in one process: links are queues, the clock is a number, and a
 * test may stand in the way of any frame. */
#ifndef SOTTO_TESTS_CORE_RIG_H
#define SOTTO_TESTS_CORE_RIG_H

#include "base/time.h"
#include "core/content.h"
#include "core/core.h"
#include "proto/proto.h"
#include "server/mail.h"
#include "server/session.h"
#include "sotto/mls.h"
#include "support.h"
#include "test.h"

/* A program may have more, or fewer. */
#ifndef RIG_CLIENTS
#define RIG_CLIENTS 6
#endif
#ifndef RIG_NOTICES
#define RIG_NOTICES 1024
#endif
enum { RIG_LINKS = 8192, RIG_CHAINS = 16 };

struct rig;

struct notice {
    struct core_notice notice;
    char text[2048];
};

struct client {
    struct rig *rig;
    size_t index;
    struct core *core;
    struct store *memory, *store; /* the second wraps the first */
    struct store_fault_plan plan;
    struct core_config config;
    uint64_t wake;
    bool away; /* CONNECT fails */
    bool deaf; /* what the server says is lost */
    struct notice notices[RIG_NOTICES];
    size_t count;
    uint8_t account[CORE_ACCOUNT];
    /* READ and WRITE; NULL: nobody does either. */
    void (*on_file)(struct client *c, const struct core_action *action);
};

struct link {
    struct client *client;
    uint32_t number;
    uint64_t generation; /* of this place among the links */
    bool told_up, open;
    struct session session;
    buf incoming; /* opaque<V> messages for the client */
};

enum verdict { PASS = 0, DROP, CUT /* drop it, and the link */ };

struct rig {
    uint64_t now;
    struct store *store;
    struct mail *mail;
    struct mail_config config;
    struct session_env env;
    uint8_t identity[32], identity_seed[32];
    struct client clients[RIG_CLIENTS];
    struct link links[RIG_LINKS];
    size_t link_count;
    bool reuses_links; /* places of links that are gone: then a session's id is not its place */
    uint8_t codes[RIG_CLIENTS][16];
    size_t code_count;
    /* What a test may put in the way: NULL lets everything pass. */
    enum verdict (*on_request)(struct rig *rig, struct client *from, uint16_t type, slice body);
    enum verdict (*on_reply)(struct rig *rig, struct client *to, uint16_t type, slice body);
    const struct proto_edge_request *request; /* what a hook is called for */
    const struct proto_edge_reply *reply;
    unsigned hits; /* for the hooks' use */
};

/* Called before the mail logic begins: may set `store`, `config` and the identity. */
extern void (*rig_prepare)(struct rig *rig);
/* Of clients that are made from now on: core_config's. */
extern uint32_t rig_roster_above;

/* `count` clients with accounts, all of them online, in suite 0x0003; names "n0", "n1"... */
void rig_init(struct rig *rig, size_t count);
/* The same in the default suite; each knows all others. */
void rig_default(struct rig *rig, size_t count);
void rig_fini(struct rig *rig);
/* A client with an empty store; no account. */
struct client *rig_client(struct rig *rig, size_t index);
/* "sotto:join:..." with a fresh code; valid until the next call. */
slice rig_join_link(struct rig *rig);
void rig_account(struct rig *rig, size_t index);
/* The client dies and comes again over the same store. */
void rig_crash(struct client *c);
/* Everything that can happen now. */
void rig_run(struct rig *rig);
/* The same, while the clock moves from wake to wake for so long. */
void rig_pass(struct rig *rig, uint64_t ms);
/* The link of the client's first (AUTH) or second (ANON) session is cut. */
void rig_cut(struct rig *rig, struct client *c);

/* What a server of the test's own making would say on the authenticated session. */
void rig_reply(struct client *c, uint16_t type, slice body);
/* The item as a delivery, sealed to the client's key. */
void rig_deliver(struct client *c, uint64_t position, slice mark, slice item);
/* Opens a delivery to the client: false if it is none. mark and item point into plain. */
bool rig_open(struct client *c, uint16_t type, slice body, buf *plain, slice *mark, slice *item);
/* Whether it is a delivery with a mark (1) or without (0); -1: none. */
int rig_marked(struct client *c, uint16_t type, slice body);
/* A stranger's send to one address; the server's limits and answers are ignored. */
void rig_send(struct rig *rig, const uint8_t address[PROTO_ADDRESS], slice item);
/* The same with a blob. to: an address of any mailbox, which vouches for the bytes. */
void rig_put_blob(struct rig *rig, slice sealed, const struct proto_blob_reference *reference,
                  const uint8_t to[PROTO_ADDRESS]);

/* Items of a stranger's that name a blob; that of the second is uploaded first. */
void rig_name_blob(struct rig *rig, const uint8_t to[PROTO_ADDRESS],
                   const struct proto_blob_reference *reference);
void rig_send_blob(struct rig *rig, const uint8_t to[PROTO_ADDRESS], slice content);

/* The DONE of a command; NULL if it did not come. */
const struct notice *rig_done(const struct client *c, uint64_t command);
size_t rig_notices(const struct client *c, enum core_notice_kind kind);
const struct notice *rig_last(const struct client *c, enum core_notice_kind kind);
/* True if a session ended for this reason. */
bool rig_ended(const struct client *c, err why);
void rig_finish(struct client *c, uint64_t command, err expected);

/* `to` takes a link of `from`, which knows nothing of it. */
void rig_take_link(struct client *from, struct client *to);
/* Each of the two takes the other's contact link. */
void rig_meet(struct client *a, struct client *b);
void rig_meet_all(struct rig *rig, size_t count);
/* Client `fresh`, which has nothing yet, becomes a device of client `holder`'s account. */
struct client *rig_link(struct rig *rig, size_t holder, size_t fresh);
/* A conversation of clients[0] with the others; checks that all are in. Its number is 1 for all. */
void rig_conversation(struct rig *rig, size_t count);
/* `by` makes `whom` an administrator of conversation 1. */
void rig_admin(struct client *by, const struct client *whom);
/* It calls itself so everywhere from now on. */
MUST err rig_name(struct core *core, slice name, uint64_t now);
uint64_t rig_say(struct client *c, const char *text);
/* So much that it travels as a blob; until it is sent. */
void rig_say_much(struct client *c);
/* All texts of conversation 1, one a line. Valid until the next call. */
const char *rig_texts(struct client *c);
/* The members' last digit of names, as text: "012". */
const char *rig_members(struct client *c);
void rig_same_state(struct rig *rig, size_t count);
/* How often its store, which is in memory, has these bytes, in whatever table. */
size_t rig_stored(struct client *c, const char *word);
struct core_conversation rig_state(struct client *c);
struct core_status rig_status(struct client *c);

#endif
