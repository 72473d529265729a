import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Benchmark, Contender } from '../kit/contender.js';

const CONNECTIONS = 10;

/** A server in a process of its own, loaded by the same raw client; its own CPU is what counts. */
async function contender(name: string, script: string, bytes: number): Promise<Contender> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const sockets = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      return socket;
    }),
  );
  const message = Buffer.alloc(bytes, 'x');
  await verify(sockets, message);
  return {
    name,
    run: async (count) => {
      await Promise.all(sockets.map((socket) => pingPong(socket, message, Math.ceil(count / CONNECTIONS))));
    },
    cpuMicros: async () => {
      child.send('cpu');
      const [{ micros }] = (await once(child, 'message')) as [{ micros: number }];
      return micros;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      child.kill();
    },
  };
}

function pingPong(socket: Socket, message: Buffer, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let received = 0;
    let left = count;
    const onData = (chunk: Buffer): void => {
      received += chunk.length;
      if (received < message.length) return;
      received = 0;
      if (--left > 0) {
        socket.write(message);
        return;
      }
      socket.off('data', onData);
      socket.off('error', reject);
      resolve();
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.write(message);
  });
}

async function verify(sockets: readonly Socket[], message: Buffer): Promise<void> {
  for (const socket of sockets) {
    let echo = Buffer.alloc(0);
    socket.write(message);
    while (echo.length < message.length) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      echo = Buffer.concat([echo, chunk]);
    }
    if (!echo.equals(message)) throw new Error('the echo differs');
  }
}

export const echoBenchmarks: readonly Benchmark[] = [64, 1024, 102_400].map((bytes) => ({
  name: `echo of ${bytes} B over ${CONNECTIONS} TCP connections (server CPU)`,
  operation: 'per message',
  count: bytes > 10_000 ? 2000 : 20_000,
  open: async () => [
    await contender('node:net', './raw-server.js', bytes),
    await contender('millrace node loop', './loop-server.js', bytes),
  ],
}));
