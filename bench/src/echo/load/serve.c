// load serve <tcp | unix:path>
// The floor: an echo server of epoll, recv and send and nothing else. On `cpu` it answers `cpu <user> <system>`, microseconds.
#define _GNU_SOURCE
#include "modes.h"
#include "wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// What the peer has not taken yet; nothing is read meanwhile.
struct session {
  int fd;
  size_t length, offset;
  uint8_t *rest;
};

static int poll_fd;

static void watch(struct session *s, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = s};
  if (epoll_ctl(poll_fd, operation, s->fd, &event) < 0) fail("cannot poll: %s", strerror(errno));
}

static void end(struct session *s) {
  close(s->fd);
  free(s->rest);
  free(s);
}

static void on_readable(struct session *s) {
  static uint8_t buffer[64 * 1024];
  ssize_t length = recv(s->fd, buffer, sizeof buffer, 0);
  if (length <= 0) {
    if (length == 0 || errno != EAGAIN) end(s);
    return;
  }
  ssize_t sent = send(s->fd, buffer, (size_t)length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return end(s);
  if (sent == length) return;
  s->offset = 0;
  s->length = (size_t)(length - (sent > 0 ? sent : 0));
  s->rest = malloc(s->length);
  memcpy(s->rest, buffer + length - s->length, s->length);
  watch(s, EPOLL_CTL_MOD, EPOLLOUT);
}

static void on_writable(struct session *s) {
  ssize_t sent = send(s->fd, s->rest + s->offset, s->length - s->offset, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return end(s);
  if (sent > 0) s->offset += (size_t)sent;
  if (s->offset < s->length) return;
  free(s->rest);
  s->rest = NULL;
  watch(s, EPOLL_CTL_MOD, EPOLLIN);
}

static void on_connection(int listener) {
  int on = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct session *s = calloc(1, sizeof *s);
  s->fd = fd;
  watch(s, EPOLL_CTL_ADD, EPOLLIN);
}

static void answer(void) {
  char line[64];
  struct rusage usage;
  ssize_t length = read(STDIN_FILENO, line, sizeof line);
  if (length <= 0) exit(0);
  getrusage(RUSAGE_SELF, &usage);
  printf("cpu %ld %ld\n", usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
         usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec);
  fflush(stdout);
}

int serve_mode(int argc, char **argv) {
  poll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct session listener = {.fd = listen_on(argc > 0 ? argv[0] : "tcp")}, commands = {.fd = STDIN_FILENO};
  set_non_blocking(listener.fd);
  watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
  watch(&commands, EPOLL_CTL_ADD, EPOLLIN);
  for (;;) {
    struct epoll_event events[256];
    int ready = epoll_wait(poll_fd, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      struct session *s = events[i].data.ptr;
      if (s == &listener) on_connection(listener.fd);
      else if (s == &commands) answer();
      else if (s->rest != NULL) on_writable(s);
      else on_readable(s);
    }
  }
}
