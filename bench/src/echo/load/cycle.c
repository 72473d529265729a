// load cycle <target> <bytes> <parallel>
// On `run <cycles>`: connects, has one message echoed, says that nothing more comes, waits until the server has closed too, and
// closes; `parallel` connections at a time. Answers `done <cycles> <nanoseconds>`.
#define _GNU_SOURCE
#include "modes.h"
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct cycle {
  int fd;
  uint64_t received;
};

static struct cycle *cycles;
static int poll_fd, source;
static uint64_t bytes;
static const char *target;

static void begin(uint32_t slot) {
  cycles[slot] = (struct cycle){.fd = connect_to(target, ++source)};
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = slot};
  if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, cycles[slot].fd, &event) < 0) fail("cannot poll: %s", strerror(errno));
  if (send(cycles[slot].fd, pattern_at(0), bytes, MSG_NOSIGNAL) != (ssize_t)bytes) fail("a new connection takes no message");
}

// Says whether the cycle is over.
static int go_on(struct cycle *c) {
  static uint8_t buffer[CHUNK_BYTES];
  ssize_t length = recv(c->fd, buffer, sizeof buffer, 0);
  if (length < 0 && errno == EAGAIN) return 0;
  if (length < 0) fail("a connection is lost after byte %lu: %s", (unsigned long)c->received, strerror(errno));
  if (length == 0 && c->received < bytes) fail("a connection was closed at byte %lu", (unsigned long)c->received);
  if (length == 0) {
    close(c->fd);
    return 1;
  }
  if (c->received + (uint64_t)length > bytes || memcmp(buffer, pattern_at(c->received), (size_t)length) != 0)
    fail("a connection got other bytes than it sent");
  c->received += (uint64_t)length;
  if (c->received == bytes) shutdown(c->fd, SHUT_WR);
  return 0;
}

static void run(uint64_t wanted, uint64_t parallel) {
  uint64_t begun = 0, ended = 0;
  while (begun < wanted && begun < parallel) begin((uint32_t)begun++);
  while (ended < wanted) {
    struct epoll_event events[256];
    int ready = epoll_wait(poll_fd, events, 256, 20000);
    if (ready == 0) fail("nothing happened for 20 s");
    for (int i = 0; i < ready; i++) {
      uint32_t slot = events[i].data.u32;
      if (!go_on(&cycles[slot])) continue;
      ended++;
      if (begun++ < wanted) begin(slot);
    }
  }
}

int cycle_mode(int argc, char **argv) {
  if (argc != 3) fail("expected <target> <bytes> <parallel>");
  target = argv[0];
  bytes = strtoull(argv[1], NULL, 10);
  uint64_t parallel = strtoull(argv[2], NULL, 10);
  if (bytes == 0 || bytes > 4096 || parallel == 0) fail("expected 1 to 4096 bytes and 1 or more cycles at a time");
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  cycles = calloc(parallel, sizeof *cycles);
  printf("ready\n");
  for (;;) {
    fflush(stdout);
    unsigned long wanted;
    const char *line = next_line();
    if (sscanf(line, "run %lu", &wanted) != 1) fail("expected run <cycles>, got %s", line);
    uint64_t start = now_ns();
    run(wanted, parallel);
    printf("done %lu %lu\n", wanted, (unsigned long)(now_ns() - start));
  }
}
