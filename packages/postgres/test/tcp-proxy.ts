import { connect as connectSocket, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';

/** A link to the server that can go bad. */
export interface TcpProxy extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Connections that were ever made through it. */
  connectionCount: number;
  /** Says nothing more in either direction, and keeps the sockets open. */
  stall(): void;
  /** Takes no more connections in: they are accepted and ignored. */
  ignoreNew(): void;
  /** Resets every connection. */
  cut(): void;
}

export async function startProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let isStalled = false;
  let isIgnoring = false;
  const server = createServer((client) => {
    proxy.connectionCount += 1;
    track(client);
    if (isIgnoring) return;
    const upstream = connectSocket(Number(target.port), target.hostname);
    track(upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk) => {
        if (!isStalled) to.write(chunk);
      });
      from.on('end', () => {
        if (!isStalled) to.end();
      });
      from.on('close', () => to.destroy());
    }
  });
  function track(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const url = new URL(databaseUrl);
  url.port = String(port);
  const proxy: TcpProxy = {
    url: url.href,
    port,
    connectionCount: 0,
    stall: () => {
      isStalled = true;
    },
    ignoreNew: () => {
      isIgnoring = true;
    },
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}
