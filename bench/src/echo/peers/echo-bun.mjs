// An echo server on Bun.listen: bun echo-bun.mjs <tcp | unix:path>
/* global Bun -- the runtime that this is for */
const [, , target] = process.argv;
const path = target.startsWith('unix:') ? target.slice(5) : undefined;

const server = Bun.listen({
  ...(path === undefined ? { hostname: '127.0.0.1', port: 0 } : { unix: path }),
  socket: {
    open(socket) {
      socket.data = [];
    },
    data(socket, chunk) {
      const sent = socket.data.length > 0 ? 0 : socket.write(chunk);
      if (sent === chunk.length) return;
      socket.data.push(chunk.slice(Math.max(sent, 0)));
      socket.pause();
    },
    drain(socket) {
      while (socket.data.length > 0) {
        const [chunk] = socket.data;
        const sent = socket.write(chunk);
        if (sent < chunk.length) {
          if (sent > 0) socket.data[0] = chunk.subarray(sent);
          return;
        }
        socket.data.shift();
      }
      socket.resume();
    },
    error() {},
  },
});

process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`cpu ${Math.round(user)} ${Math.round(system)}\n`);
});
process.stdin.on('end', () => process.exit());
process.stdout.write(`port ${path === undefined ? server.port : 0}\n`);
