/* What the server counts for its operator: sums over everybody, none of a person, a connection or a
 * conversation. Each edge tells mail what it counted with every ping, and `sottod metrics` prints
 * all of it in Prometheus' text format.
 *
 *   E(name, kind, help)   of an edge: the sum over edges, of counters the dead ones' too
 *   M(name, kind, help)   of the mail process */
#ifndef SOTTO_SERVER_METRICS_H
#define SOTTO_SERVER_METRICS_H

#include "base/slice.h"

/* clang-format off */
#define METRICS(E, M)                                                                              \
    E(connections, gauge, "connections that are open")                                             \
    E(accepted_total, counter, "connections that came")                                            \
    E(failed_total, counter, "connections that ended before they were a carrier's")                \
    E(sessions, gauge, "connections of which the handshake is done")                               \
    E(requests_total, counter, "frames that were handed to mail")                                  \
    E(replies_total, counter, "frames from mail that were handed to clients")                      \
    E(held_bytes, gauge, "bytes in the buffers of connections")                                    \
    E(mail_queue_bytes, gauge, "bytes that wait for mail")                                         \
    M(edges, gauge, "edges that mail knows")                                                       \
    M(devices, gauge, "sessions that proved a device")                                             \
    M(mailboxes_loaded, gauge, "mailboxes in memory")                                              \
    M(commits_total, counter, "batches that were made durable")                                    \
    M(commit_microseconds_total, counter, "time that they took")                                   \
    M(commit_failures_total, counter, "batches that could not be stored")                          \
    M(items_taken_total, counter, "items that mailboxes took")                                     \
    M(items_passed_total, counter, "of them, those that were acknowledged before they were written") \
    M(items_refused_total, counter, "items that a full mailbox refused")                           \
    M(deliveries_total, counter, "items that were handed to devices")                              \
    M(store_fails, gauge, "1 while nothing can be stored")                                         \
    M(store_bytes, gauge, "bytes of the store's files")                                            \
    M(memtable_bytes, gauge, "bytes of what was written last, in memory")                          \
    M(process_start_days, gauge, "day of the mail process's start, since 1970")
/* clang-format on */

#define METRIC_NOTHING(name, kind, help)
#define METRIC_ID(name, kind, help) METRIC_##name,
enum { METRICS(METRIC_ID, METRIC_NOTHING) METRICS_EDGE };
enum { METRICS(METRIC_NOTHING, METRIC_ID) METRICS_MAIL };

/* An edge's, as it tells them: encoded, then added to. */
MUST err metrics_encode(buf *out, const uint64_t edge[METRICS_EDGE]);
MUST err metrics_decode(slice bytes, uint64_t edge[METRICS_EDGE]);
/* Keeps an edge's counters when it is gone, and forgets its gauges. */
void metrics_bury(uint64_t gone[METRICS_EDGE], const uint64_t edge[METRICS_EDGE]);
/* Appends the text. */
MUST err metrics_write(buf *out, const uint64_t edges[METRICS_EDGE],
                       const uint64_t mail[METRICS_MAIL]);

#endif
