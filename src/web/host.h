/* What WebAssembly's host does for a core, beside keeping its files (store/file_host.c): all of it
 * at once, and without calling back. Commands, offsets and times are numbers of JavaScript. */
#ifndef SOTTO_WEB_HOST_H
#define SOTTO_WEB_HOST_H

#include <stddef.h>
#include <stdint.h>

#define HOST(name) __attribute__((import_module("host"), import_name(#name)))

/* Links to the page's own server, whatever place the core names. */
HOST(net_connect) void host_net_connect(uint32_t link);
HOST(net_send) void host_net_send(uint32_t link, const uint8_t *p, size_t n);
HOST(net_close) void host_net_close(uint32_t link);
/* Milliseconds since 1970. */
HOST(now) double host_now(void);
/* To call web_wake at this time; it replaces every earlier one; beyond 2^53: not at all. */
HOST(wake) void host_wake(double at);
/* An event for the page, in JSON. */
HOST(notify) void host_notify(const uint8_t *json, size_t n);
/* To answer with web_file_bytes or web_file_failed, later. */
HOST(source_read)
void host_source_read(double command, const uint8_t *place, size_t place_n, double offset,
                      size_t count);
HOST(sink_write) void host_sink_write(double command, double offset, const uint8_t *p, size_t n);

#endif
