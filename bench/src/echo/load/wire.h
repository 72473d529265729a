// What the modes of the load generator share: addresses, the bytes that go over the wire, and lines of text.
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

// The most that one system call sends or receives.
#define CHUNK_BYTES (256 * 1024)

// Ends the process with one line on stdout that says why.
_Noreturn void fail(const char *format, ...);

// Bytes of the endless pattern, from a position in it; at least CHUNK_BYTES of them. No two positions within 65,521 look alike.
const uint8_t *pattern_at(uint64_t position);

// "tcp:<port>" on 127.0.0.1 or "unix:<path>"; the socket is non-blocking once connected. `source` spreads TCP connections over
// the addresses 127.0.0.2 and up, so that ports do not run out; 0: the system's choice.
int connect_to(const char *target, int source);

// Listens on "tcp" or "unix:<path>", and prints the port.
int listen_on(const char *target);

void set_non_blocking(int fd);
uint64_t now_ns(void);

// The next line of stdin without its end; the process ends with the last one.
const char *next_line(void);

#endif
