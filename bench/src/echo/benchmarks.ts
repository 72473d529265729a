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
  return {
    name,
    check: async () => {
      for (const socket of sockets) await verifyEcho(socket, message);
      return message.length;
    },
    run: async (count) => {
      await Promise.all(sockets.map((socket) => pingPong(socket, message, count / CONNECTIONS)));
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

async function verifyEcho(socket: Socket, message: Buffer): Promise<void> {
  const parts: Buffer[] = [];
  let received = 0;
  socket.write(message);
  while (received < message.length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    parts.push(chunk);
    received += chunk.length;
  }
  if (!Buffer.concat(parts).equals(message)) throw new Error('the echo differs');
}

export const benchmarks: readonly Benchmark[] = [64, 1024, 102_400].map((bytes) => ({
  name: `echo/${bytes}-bytes`,
  title: `echo over ${CONNECTIONS} TCP connections (server CPU)`,
  operation: 'message',
  count: bytes > 10_000 ? 2000 : 20_000,
  batch: CONNECTIONS,
  open: async () => [
    await contender('node:net', './raw-server.js', bytes),
    await contender('millrace node loop', './loop-server.js', bytes),
  ],
}));
