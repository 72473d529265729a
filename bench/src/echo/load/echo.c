// load echo <target> <bytes> <connections> <depth>
// Keeps `depth` messages on their way on each connection, and compares every byte that comes back. On `run <messages>` it sends
// so many in all, and answers `done <messages> <nanoseconds>`.
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

// While so many connections are new, the server has not accepted them all.
#define NEW_AT_ONCE 128

struct connection {
  int fd;
  int waits_for_room;
  uint64_t seed, sent, received, target; // positions in the connection's stream, and where it ends for now
};

static struct connection *connections;
static int poll_fd, count;
static uint64_t bytes, depth;

static void watch(int index, int operation) {
  struct connection *c = &connections[index];
  struct epoll_event event = {.events = EPOLLIN | (c->waits_for_room ? EPOLLOUT : 0), .data.u32 = (uint32_t)index};
  if (epoll_ctl(poll_fd, operation, c->fd, &event) < 0) fail("cannot poll: %s", strerror(errno));
}

static void send_what_may(int index) {
  struct connection *c = &connections[index];
  uint64_t end = (c->received / bytes + depth) * bytes;
  if (end > c->target) end = c->target;
  while (c->sent < end) {
    uint64_t length = end - c->sent < CHUNK_BYTES ? end - c->sent : CHUNK_BYTES;
    ssize_t sent = send(c->fd, pattern_at(c->seed + c->sent), length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) fail("connection %d cannot send: %s", index, strerror(errno));
    if (sent > 0) c->sent += (uint64_t)sent;
    int is_full = sent < (ssize_t)length;
    if (is_full != c->waits_for_room) {
      c->waits_for_room = is_full;
      watch(index, EPOLL_CTL_MOD);
    }
    if (is_full) return;
  }
}

// Reads what is there; says whether the connection has everything back.
static int receive(int index) {
  static uint8_t buffer[CHUNK_BYTES];
  struct connection *c = &connections[index];
  ssize_t length = recv(c->fd, buffer, sizeof buffer, 0);
  if (length < 0 && errno == EAGAIN) return 0;
  if (length < 0) fail("connection %d is lost: %s", index, strerror(errno));
  if (length == 0) fail("connection %d was closed at byte %lu", index, (unsigned long)c->received);
  if (c->received + (uint64_t)length > c->sent) fail("connection %d got more back than it sent", index);
  if (memcmp(buffer, pattern_at(c->seed + c->received), (size_t)length) != 0)
    fail("connection %d got other bytes than it sent, from byte %lu on", index, (unsigned long)c->received);
  c->received += (uint64_t)length;
  return c->received == c->target;
}

// Sends `messages` over the connections from `first` on, as evenly as it goes, and waits for all of them.
static void run(int first, uint64_t messages) {
  uint64_t used = (uint64_t)(count - first), unfinished = 0;
  for (uint64_t i = 0; i < used; i++) {
    struct connection *c = &connections[first + (int)i];
    uint64_t share = messages / used + (i < messages % used);
    c->target += share * bytes;
    unfinished += share > 0;
  }
  for (int i = first; i < count; i++) send_what_may(i);
  while (unfinished > 0) {
    struct epoll_event events[256];
    int ready = epoll_wait(poll_fd, events, 256, 20000);
    if (ready == 0) fail("nothing came back for 20 s");
    for (int i = 0; i < ready; i++) {
      int index = (int)events[i].data.u32;
      if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0) unfinished -= (uint64_t)receive(index);
      send_what_may(index);
    }
  }
}

int echo_mode(int argc, char **argv) {
  if (argc != 4) fail("expected <target> <bytes> <connections> <depth>");
  int wanted = atoi(argv[2]);
  bytes = strtoull(argv[1], NULL, 10);
  depth = strtoull(argv[3], NULL, 10);
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  connections = calloc((size_t)wanted, sizeof *connections);
  if (bytes == 0 || depth == 0 || connections == NULL) fail("expected 1 or more bytes, connections and messages");
  for (int first = 0; count < wanted; count++) {
    connections[count] = (struct connection){.fd = connect_to(argv[0], 0), .seed = (uint64_t)count * 7919};
    watch(count, EPOLL_CTL_ADD);
    if (count + 1 < wanted && count + 1 - first < NEW_AT_ONCE) continue;
    count++;
    run(first, (uint64_t)(count - first));
    first = count--;
  }
  printf("ready\n");
  for (;;) {
    fflush(stdout);
    unsigned long messages;
    const char *line = next_line();
    if (sscanf(line, "run %lu", &messages) != 1) fail("expected run <messages>, got %s", line);
    uint64_t start = now_ns();
    run(0, messages);
    printf("done %lu %lu\n", messages, (unsigned long)(now_ns() - start));
  }
}
