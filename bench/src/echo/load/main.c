#include "modes.h"
#include "wire.h"

#include <string.h>

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (strcmp(mode, "echo") == 0) return echo_mode(argc - 2, argv + 2);
  if (strcmp(mode, "cycle") == 0) return cycle_mode(argc - 2, argv + 2);
  if (strcmp(mode, "source") == 0) return source_mode(argc - 2, argv + 2);
  if (strcmp(mode, "serve") == 0) return serve_mode(argc - 2, argv + 2);
  fail("expected echo, cycle, source or serve, got '%s'", mode);
}
