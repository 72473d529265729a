// The shortest way to write it: a socket that is piped into itself.
import { createServer, type AddressInfo } from 'node:net';
import { BACKLOG, listenTarget, serveCommands } from './listening.js';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
});
const { path } = listenTarget();
server.listen({ ...(path === undefined ? { port: 0, host: '127.0.0.1' } : { path }), backlog: BACKLOG }, () => {
  serveCommands(path === undefined ? (server.address() as AddressInfo).port : 0);
});
