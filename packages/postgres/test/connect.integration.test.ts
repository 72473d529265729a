import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { getLoop } from '@millrace/loop-policy';
import { startServer } from '@millrace/pgserver';
import type { PgServer } from '@millrace/pgserver';
import { RemoteProtocolError } from '@millrace/postgres-protocol';
import { TimeoutError } from '@millrace/timeouts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { connect, ConnectError, PostgresError } from '../src/index.js';
import type { ConnectOptions } from '../src/index.js';
import { recordingLoop } from './recording-loop.js';

const url = inject('databaseUrl');

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
  test('opens a session with the parameters that were asked for', async () => {
    await using db = await connect({
      url,
      applicationName: 'millrace test',
      parameters: { search_path: 'pg_catalog', TimeZone: 'Asia/Tokyo' },
    });
    expect(db.serverParameters['application_name']).toBe('millrace test');
    expect(await db.queryValue('show search_path')).toBe('pg_catalog');
    expect(await db.queryValue('show timezone')).toBe('Asia/Tokyo');
    expect(await db.queryValue('select pg_backend_pid()')).toBe(db.backendPid);
    expect(db.serverParameters['server_version']).toMatch(/^\d+/);
  });

  test('understands options in the URL', async () => {
    await using db = await connect(`${url}?application_name=from%20url&options=-c%20geqo%3Doff`);
    expect(await db.queryRow("select current_setting('application_name') a, current_setting('geqo') g")).toEqual({
      a: 'from url',
      g: 'off',
    });
  });

  test('reports a wrong database by its SQLSTATE', async () => {
    const error = await failure(connect({ url, database: 'no such database' }));
    expect(error).toBeInstanceOf(PostgresError);
    expect(error).toMatchObject({ sqlState: '3D000', severityCode: 'FATAL' });
  });

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

  test('rejects wrong options without touching the network', async () => {
    const { loop, writes } = recordingLoop();
    expect(await failure(connect({ url, sslmode: 'require', loop }))).toBeInstanceOf(TypeError);
    expect(await failure(connect({ url, user: 'x'.repeat(20_000), loop }))).toBeInstanceOf(RangeError);
    expect(writes).toEqual([]);
  });
});

describe('connect, with a password', () => {
  let server: PgServer;
  beforeAll(async () => {
    server = await startServer({
      unixSocket: true,
      settings: { authentication_timeout: '5' },
      hba: [
        'local all all scram-sha-256',
        'host all postgres 127.0.0.1/32 trust',
        'host all scram 127.0.0.1/32 scram-sha-256',
        'host all weird 127.0.0.1/32 scram-sha-256',
        'host all clear 127.0.0.1/32 password',
        'host all digest 127.0.0.1/32 md5',
        'host all nobody 127.0.0.1/32 reject',
      ],
    });
    await using db = await connect(server.url);
    await db.execute(`
      create role scram login password 'se cret:/@';
      create role weird login password U&'\\FB01\\00ADx\\00AA';
      create role clear login password 'plain';
      create role nobody login;
      set password_encryption = md5;
      create role digest login password 'old';`);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  const as = (user: string, password?: ConnectOptions['password']): ConnectOptions => ({
    host: '127.0.0.1',
    port: server.port,
    database: 'postgres',
    user,
    password,
  });

  test.each([
    ['scram', 'se cret:/@'],
    ['clear', 'plain'],
    ['digest', 'old'],
  ])('authenticates as %s', async (user, password) => {
    await using db = await connect(as(user, password));
    expect(await db.queryValue('select current_user::text')).toBe(user);
  });

  test('derives the key by itself where the loop is simulated', async () => {
    const loop = new Proxy(getLoop(), {
      get: (target, key) => {
        const value: unknown = key === 'isSimulated' ? true : Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    await using db = await connect({ ...as('scram', 'se cret:/@'), loop });
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('takes the password from the URL', async () => {
    await using db = await connect(`postgres://scram:se%20cret%3A%2F%40@127.0.0.1:${server.port}/postgres`);
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('prepares an unusual password as the server does', async () => {
    await using db = await connect(as('weird', 'fixa'));
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('asks a function for the password, once', async () => {
    let count = 0;
    await using db = await connect(
      as('scram', async () => {
        count += 1;
        return Promise.resolve('se cret:/@');
      }),
    );
    expect(await db.queryValue('select 1')).toBe(1);
    expect(count).toBe(1);
  });

  test('connects through a unix socket', async () => {
    await using db = await connect({
      url: `postgres://scram@/postgres?host=${server.socketDir}&port=${server.port}`,
      password: 'se cret:/@',
    });
    expect(await db.queryValue('select inet_client_addr()')).toBeNull();
    const error = await failure(db.query('select pg_sleep(10)', [], { timeoutMs: 30 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(await db.queryValue('select 2')).toBe(2);
  });

  test.each(['scram', 'clear', 'digest'])('reports a wrong password for %s without quoting it', async (user) => {
    const error = await failure(connect(as(user, 'hunter2-wrong')));
    expect(error).toBeInstanceOf(PostgresError);
    expect(error).toMatchObject({ sqlState: '28P01' });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
  });

  test('reports a missing password', async () => {
    const error = await failure(connect(as('scram')));
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as Error).message).toContain('asks for a password and none was given');
  });

  test('reports that the server lets nobody in', async () => {
    expect(await failure(connect(as('nobody')))).toMatchObject({ sqlState: '28000' });
  });

  test('hands on what the password function throws, as a cause', async () => {
    const cause = new Error('the vault is sealed');
    const error = await failure(connect(as('scram', () => Promise.reject(cause))));
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as Error).cause).toBe(cause);
  });

  test('refuses a password function that returns no string', async () => {
    const error = await failure(connect(as('scram', () => 5 as unknown as string)));
    expect((error as Error).message).toContain('must return a string');
  });

  test('times out while the password function takes its time', async () => {
    const error = await failure(
      connect(
        as('scram', () => new Promise(() => undefined)),
        { timeoutMs: 50 },
      ),
    );
    expect(error).toBeInstanceOf(TimeoutError);
  });

  test('survives a function that answers after the server has given up', async () => {
    const late = connect(
      as('scram', () => new Promise((resolve) => setTimeout(resolve, 400, 'x'))),
      { timeoutMs: 50 },
    );
    expect(await failure(late)).toBeInstanceOf(TimeoutError);
    await new Promise((resolve) => setTimeout(resolve, 500));
  });

  test('shows no secret where the connection is printed', async () => {
    await using db = await connect(as('scram', 'se cret:/@'));
    const text = inspect(db, { depth: 12, showHidden: true, getters: true });
    expect(text).toContain(`scram@127.0.0.1:${server.port}/postgres`);
    expect(text).not.toContain('se cret');
    expect(inspect({ db }, { customInspect: false, depth: 12, showHidden: true })).not.toContain('se cret');
  });
});
