/* The files of a web page, as a server gives them out: read from a folder once, into one sealed
 * memory that all its processes share and none can write, with all that an answer says of them.
 *
 * What is served is each file of the folder, by its exact name; "/" is index.html. Beside a file
 * may lie the same bytes compressed, as NAME.br or NAME.gz. A name that has the first ten
 * hexadecimal digits of its content's SHA-256 before its ending, as main-0123456789.js, never means
 * anything else, so it may be kept for ever; every other one is asked for each time, with an entity
 * tag. */
#ifndef SOTTO_SYS_PAGES_H
#define SOTTO_SYS_PAGES_H

#include "base/slice.h"

enum { SYS_PAGES_MAX = 64, SYS_PAGE_BYTES_MAX = 8 << 20, SYS_PAGES_NAME = 256 };

/* What every answer of the page says to the browser: no script, style or picture but the page's
 * own, nothing written into a line of HTML, no other page around it or beside it in its process.
 * Wasm is the one exception; "sotto" the one policy that makes addresses of workers. Who came by
 * TLS comes by TLS for a year: browsers pass that over where they came in clear. */
#define SYS_PAGES_HEADERS(H)                                                                    \
    H("Content-Security-Policy",                                                                \
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "           \
      "connect-src 'self'; style-src 'self'; img-src 'self' blob:; manifest-src 'self'; "       \
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "                           \
      "require-trusted-types-for 'script'; trusted-types sotto")                                \
    H("Cross-Origin-Opener-Policy", "same-origin")                                              \
    H("Cross-Origin-Embedder-Policy", "require-corp")                                           \
    H("Cross-Origin-Resource-Policy", "same-origin")                                            \
    H("Strict-Transport-Security", "max-age=31536000")                                          \
    H("Referrer-Policy", "no-referrer")                                                         \
    H("Permissions-Policy",                                                                     \
      "camera=(self), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), " \
      "serial=(), usb=()")                                                                      \
    H("X-Content-Type-Options", "nosniff")

/* Reads the folder. *fd is the memory, sealed. On failure `which` names what is at fault: MALFORMED
 * (a name, or an ending that no type is known for; a folder without index.html is NOT_FOUND),
 * TOO_LARGE, LIMIT (too many files), or what the system says. */
MUST err sys_pages_read(const char *folder, int *fd, char which[SYS_PAGES_NAME]);

/* Counted: a connection that sends one of them holds a reference. */
struct sys_pages;
/* Maps what sys_pages_read made, perhaps in another process. The descriptor is closed in any case.
 */
MUST err sys_pages_open(struct sys_pages **pages, int fd);
struct sys_pages *sys_pages_share(struct sys_pages *pages);
/* Gives a reference back. NULL is fine. */
void sys_pages_free(struct sys_pages *pages);

/* The Content-Type of a file; NULL for an ending that isn't known. */
const char *sys_pages_type(const char *name);

size_t sys_pages_count(const struct sys_pages *pages);
size_t sys_pages_bytes(const struct sys_pages *pages); /* of the memory */

enum sys_coding { SYS_CODING_NONE, SYS_CODING_GZIP, SYS_CODING_BR, SYS_CODINGS };
struct sys_page {
    slice headers; /* lines, each ended by \r\n: all but those of a coding and of the length */
    slice mark;    /* what stands between the quotes of the entity tag */
    slice bodies[SYS_CODINGS]; /* p is NULL if it isn't there in this coding */
};
/* False if no file has this path. What it gives lives as long as the reference. */
bool sys_pages_find(const struct sys_pages *pages, slice path, struct sys_page *page);

#endif
