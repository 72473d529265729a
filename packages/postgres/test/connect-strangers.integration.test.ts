import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';
import { RemoteProtocolError } from '@millrace/postgres-protocol';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { connect, ConnectError } from '../src/index.js';

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error,
  );
}

/** A server of any kind; it counts the sockets that are open. */
async function strangerServer(
  onSocket: (socket: Socket) => void,
): Promise<AsyncDisposable & { port: number; open(): number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.resume(); // or it never sees the end
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function untilZero(count: () => number): Promise<void> {
  for (let i = 0; i < 200 && count() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(count()).toBe(0);
}

describe('connect', () => {
  test('reports a refused port, and keeps the stack of the caller', async () => {
    const stranger = await strangerServer(() => undefined);
    await stranger[Symbol.asyncDispose]();
    async function openTheShop(): Promise<void> {
      await connect({ host: '127.0.0.1', port: stranger.port, user: 'me' });
    }
    const error = await failure(openTheShop());
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      address: `127.0.0.1:${stranger.port}`,
      message: `cannot connect to 127.0.0.1:${stranger.port}: ECONNREFUSED`,
      cause: { code: 'ECONNREFUSED' },
    });
    expect((error as Error).stack).toContain('openTheShop');
  });

  test.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['MySQL', 'J\0\0\0\n8.0.36\0________________________________________________________________'],
  ])('reports a server that speaks %s', async (_name, greeting) => {
    await using stranger = await strangerServer((socket) => socket.write(greeting));
    const error = await failure(connect({ host: '127.0.0.1', port: stranger.port, user: 'me' }));
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as Error).cause).toBeInstanceOf(RemoteProtocolError);
    await untilZero(stranger.open);
  });

  test('reports a server that hangs up without a word', async () => {
    await using stranger = await strangerServer((socket) => socket.end());
    expect(await failure(connect({ host: '127.0.0.1', port: stranger.port, user: 'me' }))).toBeInstanceOf(ConnectError);
  });

  test('reports a server that resets the connection', async () => {
    await using stranger = await strangerServer((socket) => socket.resetAndDestroy());
    expect(await failure(connect({ host: '127.0.0.1', port: stranger.port, user: 'me' }))).toBeInstanceOf(ConnectError);
  });

  test.each([
    ['connectTimeoutMs', { connectTimeoutMs: 50 }, undefined],
    ['timeoutMs', {}, { timeoutMs: 50 }],
  ])('gives up on a server that says nothing, by %s', async (_name, options, op) => {
    await using stranger = await strangerServer(() => undefined);
    const error = await failure(connect({ host: '127.0.0.1', port: stranger.port, user: 'me', ...options }, op));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ timeoutMs: 50, operation: 'connect' });
    await untilZero(stranger.open);
  });

  test('rejects what does not fit into a start-up message, and sends none of it', async () => {
    let received = 0;
    await using stranger = await strangerServer((socket) => {
      socket.on('data', (chunk) => (received += chunk.length));
    });
    const target = { host: '127.0.0.1', port: stranger.port, user: 'x'.repeat(20_000) };
    expect(await failure(connect(target))).toBeInstanceOf(RangeError);
    await untilZero(stranger.open);
    expect(received).toBe(0);
  });

  test('is called off by a signal, before and during, with its very reason', async () => {
    await using stranger = await strangerServer(() => undefined);
    const target = { host: '127.0.0.1', port: stranger.port, user: 'me' };
    const reason = { why: 'enough' };
    expect(await failure(connect(target, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort(reason);
    }, 30);
    expect(await failure(connect(target, { signal: controller.signal }))).toBe(reason);
    await untilZero(stranger.open);
  });
});
