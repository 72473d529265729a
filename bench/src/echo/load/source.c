// load source tcp
// A server for clients that receive much: whoever sends eight bytes, a little-endian count, gets so many bytes of the pattern.
#define _GNU_SOURCE
#include "modes.h"
#include "wire.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *argument) {
  int fd = (int)(intptr_t)argument;
  uint64_t position = 0, left;
  while (recv(fd, &left, sizeof left, MSG_WAITALL) == (ssize_t)sizeof left) {
    while (left > 0) {
      ssize_t sent = send(fd, pattern_at(position), left < CHUNK_BYTES ? left : CHUNK_BYTES, MSG_NOSIGNAL);
      if (sent < 0) break;
      position += (uint64_t)sent;
      left -= (uint64_t)sent;
    }
  }
  close(fd);
  return NULL;
}

static void *accept_all(void *argument) {
  int listener = (int)(intptr_t)argument;
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    pthread_t thread;
    if (fd < 0) fail("cannot accept: %s", strerror(errno));
    if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0) fail("cannot make a thread");
    pthread_detach(thread);
  }
}

int source_mode(int argc, char **argv) {
  pthread_t thread;
  pattern_at(0);
  int listener = listen_on(argc > 0 ? argv[0] : "tcp");
  if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener) != 0) fail("cannot make a thread");
  for (;;) next_line();
}
