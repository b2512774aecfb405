/* The command line. */
#ifndef SOTTO_TERM_ARGS_H
#define SOTTO_TERM_ARGS_H

#include "base/slice.h"

struct command;

/* Which options a command takes besides the global ones. */
enum {
    OPTION_OFFLINE = 1,
    OPTION_NAME = 2,
    OPTION_AS = 4,
    OPTION_TITLE = 8,
    OPTION_LAST = 16,
    OPTION_UNTIL_IDLE = 32,
    OPTION_COUNT = 64,
    OPTION_DONE = 128,
    OPTION_QR = 256,
    OPTION_ONCE = 512,
    OPTION_DAYS = 1024,
    OPTION_MOST = 2048,
    OPTION_MANIFEST = 1 << 13, /* and --key, --log */
    OPTION_REPLY = 1 << 12,
    OPTION_OFF = 1 << 15,
    OPTION_NUMBERS = 1 << 23,
    OPTION_FILE = 1 << 16,
    OPTION_TO = 1 << 17,
    OPTION_FORCE = 1 << 18,
    OPTION_PROGRESS = 1 << 19,
    OPTION_PIN = 1 << 20,
    OPTION_ADD = 1 << 21,
    OPTION_YES = 1 << 22,
    OPTION_WORDS = 1 << 24,
    OPTION_CODE = 1 << 25,
    OPTION_PICTURE = 1 << 26,
    OPTION_IN = 1 << 27,
    OPTION_RESET = 1 << 28,
    OPTION_ACCEPT = 1 << 29,
    OPTION_NEW_FILE = 1 << 30
};

struct args {
    const struct command *command; /* NULL: none was named */
    const char *home;              /* NULL: the default */
    const char *passphrase_file;
    const char *new_file; /* of the passphrase that is to be */
    const char *proxy;    /* a proxy's place, or "none"; NULL: as before */
    const char *isolate;  /* "on", "off"; NULL: as before */
    const char *name, *as, *title, *pin;
    const char *picture;   /* a file's name, absolute */
    const char *file, *to; /* the same */
    const char *in;
    const char **words; /* what is neither an option nor the command */
    size_t word_count;
    uint64_t timeout; /* seconds */
    uint64_t last, until_idle, count, days, most, reply;
    bool json, no_passphrase, offline, done, qr, once, add, reset;
    bool has_last, has_until_idle, has_count, has_days, has_most, has_reply;
    bool off, numbers;
    bool by_words, yes;
    const char *code, *accept;
    const char *manifest, *key, *log;
    bool force, progress;
    bool help, version;
};

enum { ARGS_WHY = 160 };
/* Reads argv[1..argc): options may stand before and after the command; "--" ends them. Reorders
 * argv; args->words points into it. MALFORMED, and why in words: *why names the argument as it was
 * given, and args->json is set if --json stands anywhere before "--". */
MUST err args_parse(struct args *args, int argc, const char **argv, char why[ARGS_WHY]);

/* The words from this one on, with a space between each two. Appended. */
MUST err args_join(const struct args *args, size_t from, buf *text);

/* What was parsed, as a command line in a list of vectors, to hand it over; and back: *argv (with a
 * first element that stands for the program) points into *text, which is the copy that keeps it. */
MUST err args_pack(buf *out, const struct args *args);
MUST err args_unpack(slice packed, buf *text, buf *argv, int *argc);

#endif
