/* What WebAssembly's host calls. After each of these the core's actions were carried out, by calls
 * of web/host.h. docs/WEB-CALLS.md shows how they fit together. */
#ifndef SOTTO_WEB_WEB_H
#define SOTTO_WEB_WEB_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

/* Where the next call finds the n bytes that it takes; NULL without memory, or for none. */
EXPORT(web_room) uint8_t *web_room(size_t n);
/* Ends with a NUL. */
EXPORT(web_error_name) const char *web_error_name(int e);

/* The passphrase is in the room. 0, or an error: NOT_FOUND without `create` if there is no store;
 * PASSPHRASE; STATE if it is open. Offline at first. */
EXPORT(web_open) int web_open(size_t n, int create);
/* The passphrase is in the room, n bytes long, and the new one behind it. 0, or an error:
 * PASSPHRASE; CLOSED. */
EXPORT(web_relock) int web_relock(size_t n, size_t fresh);
/* The same for a secret that opens it as well (store_sealed_secret), and opening by it. */
EXPORT(web_secret) int web_secret(size_t n, size_t secret);
EXPORT(web_open_secret) int web_open_secret(size_t n);
/* Fine if it is closed. Links are the host's to close. */
EXPORT(web_close) void web_close(void);

/* Events, of no meaning while the core is closed. */
EXPORT(web_online) void web_online(int online);
EXPORT(web_link_up) void web_link_up(uint32_t link);
EXPORT(web_link_message) void web_link_message(uint32_t link, size_t n);
EXPORT(web_link_down) void web_link_down(uint32_t link);
EXPORT(web_wake) void web_wake(void);
EXPORT(web_file_bytes) void web_file_bytes(double command, double offset, size_t n);
/* failure: of store/file_host.h. */
EXPORT(web_file_failed) void web_file_failed(double command, int failure);

/* The page's call in the room; the length of the answer, or 0 without memory for one. */
EXPORT(web_call) size_t web_call(size_t n);
EXPORT(web_answer) const uint8_t *web_answer(void);

#endif
