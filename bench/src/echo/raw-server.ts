// The baseline: what a Node program without Millrace does.
import { createServer } from 'node:net';
import { serveCpuUsage } from './cpu-usage.js';

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => socket.write(chunk));
});
server.listen(0, '127.0.0.1', () => {
  serveCpuUsage((server.address() as { port: number }).port);
});
