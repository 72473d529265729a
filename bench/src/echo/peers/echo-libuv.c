// An echo server on libuv, with memory that is reused: echo-libuv <tcp | unix:path>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define SLAB_BYTES (64 * 1024)
// Above it a client's bytes are left in the kernel.
#define HIGH_WATER_BYTES (64 * 1024)

union stream {
  uv_handle_t handle;
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

struct rest {
  uv_write_t request;
  uv_buf_t buffer;
  char bytes[];
};

static char slab[SLAB_BYTES], command[64];
static int is_unix;

static void on_close(uv_handle_t *handle) { free(handle); }

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle, (void)suggested;
  *buffer = uv_buf_init(slab, SLAB_BYTES);
}

static void on_data(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer);

static void on_written(uv_write_t *request, int status) {
  uv_stream_t *stream = request->handle;
  free(request);
  if (status == 0 && stream->write_queue_size == 0) uv_read_start(stream, allocate, on_data);
}

static void on_data(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
  if (length == 0) return;
  if (length < 0) return uv_close((uv_handle_t *)stream, on_close);
  uv_buf_t chunk = uv_buf_init(buffer->base, (unsigned)length);
  int sent = uv_try_write(stream, &chunk, 1);
  if (sent == length) return;
  if (sent < 0) sent = 0;
  size_t left = (size_t)(length - sent);
  struct rest *rest = malloc(sizeof *rest + left);
  memcpy(rest->bytes, buffer->base + sent, left);
  rest->buffer = uv_buf_init(rest->bytes, (unsigned)left);
  uv_write(&rest->request, stream, &rest->buffer, 1, on_written);
  if (stream->write_queue_size > HIGH_WATER_BYTES) uv_read_stop(stream);
}

static void on_connection(uv_stream_t *server, int status) {
  if (status < 0) return;
  union stream *client = malloc(sizeof *client);
  if (is_unix) uv_pipe_init(server->loop, &client->pipe, 0);
  else uv_tcp_init(server->loop, &client->tcp);
  if (uv_accept(server, &client->stream) < 0) return uv_close(&client->handle, on_close);
  if (!is_unix) uv_tcp_nodelay(&client->tcp, 1);
  uv_read_start(&client->stream, allocate, on_data);
}

static void command_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle, (void)suggested;
  *buffer = uv_buf_init(command, sizeof command);
}

static void on_command(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
  (void)stream, (void)buffer;
  uv_rusage_t usage;
  if (length < 0) exit(0);
  uv_getrusage(&usage);
  printf("cpu %ld %ld\n", usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
         usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec);
  fflush(stdout);
}

int main(int argc, char **argv) {
  uv_loop_t *loop = uv_default_loop();
  union stream server;
  uv_pipe_t commands;
  struct sockaddr_in address;
  int length = sizeof address, port = 0;
  is_unix = argc > 1 && strncmp(argv[1], "unix:", 5) == 0;
  if (is_unix) {
    uv_pipe_init(loop, &server.pipe, 0);
    uv_pipe_bind(&server.pipe, argv[1] + 5);
  } else {
    uv_tcp_init(loop, &server.tcp);
    uv_ip4_addr("127.0.0.1", 0, &address);
    uv_tcp_bind(&server.tcp, (struct sockaddr *)&address, 0);
  }
  if (uv_listen(&server.stream, 4096, on_connection) < 0) return 1;
  if (!is_unix) {
    uv_tcp_getsockname(&server.tcp, (struct sockaddr *)&address, &length);
    port = ntohs(address.sin_port);
  }
  uv_pipe_init(loop, &commands, 0);
  uv_pipe_open(&commands, 0);
  uv_read_start((uv_stream_t *)&commands, command_buffer, on_command);
  printf("port %d\n", port);
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
