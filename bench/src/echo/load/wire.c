#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PERIOD 65521
#define SOURCES 64

void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  printf("failed ");
  vprintf(format, args);
  printf("\n");
  fflush(stdout);
  exit(1);
}

const uint8_t *pattern_at(uint64_t position) {
  static uint8_t pattern[PERIOD + CHUNK_BYTES];
  static int is_filled = 0;
  if (!is_filled) {
    uint32_t state = 0x9e3779b9;
    for (size_t i = 0; i < sizeof pattern; i++) {
      state ^= state << 13;
      state ^= state >> 17;
      state ^= state << 5;
      pattern[i] = i < PERIOD ? (uint8_t)(state >> 11) : pattern[i - PERIOD];
    }
    is_filled = 1;
  }
  return pattern + position % PERIOD;
}

void set_non_blocking(int fd) {
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) fail("cannot change a descriptor: %s", strerror(errno));
}

static struct sockaddr_un unix_address(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) fail("the path is too long: %s", path);
  strcpy(address.sun_path, path);
  return address;
}

static int new_socket(int family) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("cannot make a socket: %s", strerror(errno));
  return fd;
}

static int connect_unix(const char *path) {
  struct sockaddr_un address = unix_address(path);
  int fd = new_socket(AF_UNIX);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("cannot connect to %s: %s", path, strerror(errno));
  return fd;
}

static int connect_tcp(int port, int source) {
  int fd = new_socket(AF_INET), on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source > 0) {
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (uint32_t)(source % SOURCES));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0) fail("cannot bind: %s", strerror(errno));
  }
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) fail("cannot connect to port %d: %s", port, strerror(errno));
  return fd;
}

int connect_to(const char *target, int source) {
  int is_unix = strncmp(target, "unix:", 5) == 0;
  if (!is_unix && strncmp(target, "tcp:", 4) != 0) fail("expected tcp:<port> or unix:<path>, got %s", target);
  int fd = is_unix ? connect_unix(target + 5) : connect_tcp(atoi(target + 4), source);
  set_non_blocking(fd);
  return fd;
}

int listen_on(const char *target) {
  int is_unix = strncmp(target, "unix:", 5) == 0, port = 0, failed;
  int fd = new_socket(is_unix ? AF_UNIX : AF_INET);
  if (is_unix) {
    struct sockaddr_un address = unix_address(target + 5);
    failed = bind(fd, (struct sockaddr *)&address, sizeof address);
  } else {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    failed = bind(fd, (struct sockaddr *)&address, sizeof address);
    getsockname(fd, (struct sockaddr *)&address, &length);
    port = ntohs(address.sin_port);
  }
  if (failed < 0 || listen(fd, 4096) < 0) fail("cannot listen on %s: %s", target, strerror(errno));
  printf("port %d\n", port);
  fflush(stdout);
  return fd;
}

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const char *next_line(void) {
  static char line[256];
  if (fgets(line, sizeof line, stdin) == NULL) exit(0);
  line[strcspn(line, "\n")] = '\0';
  return line;
}
