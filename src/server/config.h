/* The server's configuration: defaults, then a file of `key = value` lines, then the command line.
 */
#ifndef SOTTO_SERVER_CONFIG_H
#define SOTTO_SERVER_CONFIG_H

#include "base/slice.h"

enum { CONFIG_TEXT = 512, CONFIG_USER = 64 };

/* What holds where the operator sets nothing: for the configuration, and for the mail logic and the
 * sessions as tests and the simulated world run them. */
#define CONFIG_MAILBOX_ITEMS 10000
#define CONFIG_MAILBOX_MEGABYTES 64
#define CONFIG_ITEM_DAYS 30
#define CONFIG_BLOB_GIGABYTES 10
#define CONFIG_BLOB_DAYS 30
#define CONFIG_INVITE_DAYS 28
#define CONFIG_UPLOAD_GIGABYTES 4
#define CONFIG_KEY_PACKAGES 200
#define CONFIG_CHAINS 32768
#define CONFIG_RATE 500
#define CONFIG_BURST 5000

struct config {
    char data[CONFIG_TEXT];
    char listen[CONFIG_TEXT], http[CONFIG_TEXT], public[CONFIG_TEXT];
    char certificate[CONFIG_TEXT], certificate_key[CONFIG_TEXT], pages[CONFIG_TEXT];
    char user[CONFIG_TEXT], registration[CONFIG_TEXT], sandbox[CONFIG_TEXT];
    char log[CONFIG_TEXT], log_format[CONFIG_TEXT];
    uint64_t edges, connections, source_connections;
    uint64_t invite_days, mailbox_items, mailbox_megabytes, item_days;
    uint64_t blob_gigabytes, blob_days, upload_gigabytes, key_packages;
    uint64_t idle_minutes, opening_seconds, rate, burst;
    uint64_t chains, memtable_megabytes, silent_seconds, unready_seconds, drain_seconds;
};

void config_init(struct config *c);

/* Sets one value. NOT_FOUND (no such key), MALFORMED or LIMIT (the value); `why` (CONFIG_TEXT
 * bytes) says what is wrong. */
MUST err config_set(struct config *c, slice key, slice value, char *why);
/* A whole file's text; errors name the line. */
MUST err config_parse(struct config *c, slice text, char *why);
/* What no single value shows. */
MUST err config_check(const struct config *c, char *why);

/* Appends every key with its default and what it is for, as a commented file. */
MUST err config_describe(buf *out);

#endif
