import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ConnectError,
  ConnectionLostError,
  nodePolicy,
  TransportClosedError,
  type Endpoint,
  type Loop,
  type Server,
} from '@millrace/loop-policy';
import { TimeoutError } from '@millrace/timeouts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  acceptStreams,
  connectStreams,
  listenStreams,
  type ListenStreamsOptions,
  type StreamConnection,
  type StreamHandler,
} from '../src/index.js';
import { decode, encode } from './fake-source.js';
import { Successor } from './successor.js';
import { pattern, settle } from './memory-pair.js';

const ANY_PORT = 'tcp://127.0.0.1:0';
let loop: Loop;
let uncaught: unknown[];

beforeEach(() => {
  loop = nodePolicy.newLoop();
  uncaught = [];
  loop.onUncaught((error) => uncaught.push(error));
});

afterEach(async () => {
  await loop.close();
});

const listen = (handler: StreamHandler, options: ListenStreamsOptions = {}): Promise<Server> =>
  listenStreams(handler, ANY_PORT, { loop, ...options });

function connect({ address }: Server, options = {}): Promise<StreamConnection> {
  const endpoint: Endpoint =
    address.path === undefined ? { host: address.host, port: address.port } : { path: address.path };
  return connectStreams(endpoint, { loop, ...options });
}

const echo: StreamHandler = async ({ reader, writer }) => {
  for await (const chunk of reader) {
    writer.write(chunk);
    await writer.drain();
  }
};

/** Connects to a server that gives up the connection at once, which may be noticed at any time. */
async function connectInVain(server: Server): Promise<void> {
  const connection = await connect(server).catch(() => undefined);
  expect(await connection?.reader.read().catch(() => undefined)).toBeUndefined();
  connection?.abort();
  await connection?.closed.catch(() => undefined);
}

/** Sockets take their time, above all where the machine is busy. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle(loop, 1);
}

/** A promise and the function that resolves it. */
function latch(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('connectStreams and listenStreams', () => {
  test('echo over TCP and over a unix socket, in order, bit by bit', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-streams-'));
    for (const endpoint of [ANY_PORT, { path: join(dir, 'socket') }]) {
      const server = await listenStreams(echo, endpoint, { loop });
      await using connection = await connect(server, { timeoutMs: 10_000 });
      const sent = pattern(300_000);
      const sending = (async () => {
        for (let at = 0; at < sent.length; at += 30_000) {
          connection.writer.write(sent.subarray(at, at + 30_000));
          await connection.writer.drain({ timeoutMs: 10_000 });
        }
        connection.writer.writeEof();
      })();
      const got = await connection.reader.readExactly(sent.length, { timeoutMs: 10_000 });
      await sending;
      expect(Buffer.compare(got, sent)).toBe(0);
      expect(await connection.reader.read()).toBeUndefined();
      expect(await server.close()).toMatchObject({ cut: 0 });
    }
    rmSync(dir, { recursive: true });
    expect(uncaught).toEqual([]);
  });

  test('send what a handler wrote before it returned', async () => {
    const server = await listen(({ writer }) => {
      writer.write(pattern(200_000));
    });
    await using connection = await connect(server);
    expect((await connection.reader.readExactly(200_000)).length).toBe(200_000);
    expect(await connection.reader.read()).toBeUndefined();
  });

  test('reject as the loop does, and leave nothing open', async () => {
    const server = await listen(echo);
    await server.close();
    await expect(connect(server)).rejects.toThrow(ConnectError);
    await expect(connect(server, { limitBytes: 0 })).rejects.toThrow(RangeError);
    await expect(listen(echo, { limitBytes: -1 })).rejects.toThrow(RangeError);
    await expect(acceptStreams(ANY_PORT, { loop, maxWaiting: 0 })).rejects.toThrow(RangeError);
    expect(loop.metrics()).toMatchObject({ openConnections: 0, openServers: 0 });
  });

  test('take the limits of the peers', async () => {
    const server = await listen(echo, { limits: { total: 1 } });
    await using first = await connect(server);
    first.writer.write(encode('a'));
    expect(decode(await first.reader.read())).toBe('a');
    await connectInVain(server);
    first.writer.write(encode('b'));
    expect(decode(await first.reader.read())).toBe('b');
  });
});

describe('listenStreams: a handler that throws', () => {
  test.each([
    ['an error', new Error('a bug')],
    ['anything', 'a string'],
  ])('loses its own connection and is reported once: %s', async (_name, thrown) => {
    const isFirst = { value: true };
    const server = await listen(async (connection) => {
      if (!isFirst.value) return echo(connection);
      isFirst.value = false;
      await connection.reader.read();
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- handlers can
      throw thrown;
    });
    const bad = await connect(server);
    await using good = await connect(server);
    bad.writer.write(encode('x'));
    await bad.reader.read().catch(() => undefined);
    good.writer.write(encode('still here'));
    expect(decode(await good.reader.read())).toBe('still here');
    expect(uncaught).toEqual([thrown]);
  });

  test('before it awaits anything does the same', async () => {
    const bug = new Error('a bug');
    const server = await listen(() => {
      throw bug;
    });
    await connectInVain(server);
    await until(() => uncaught.length > 0);
    expect(uncaught).toEqual([bug]);
  });

  test('because the connection is gone says nothing new', async () => {
    const seen: unknown[] = [];
    const server = await listen(async ({ reader, writer }) => {
      try {
        writer.write(encode('never read'));
        await reader.readExactly(100);
      } catch (error) {
        seen.push(error);
        throw error;
      }
    });
    const connection = await connect(server);
    connection.transport.pauseReading();
    connection.writer.write(encode('some'));
    await settle(loop);
    connection.abort(); // with bytes unread, which is a reset
    while (seen.length === 0) await settle(loop);
    await server.close();
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeInstanceOf(ConnectionLostError);
    expect(uncaught).toEqual([]);
  });

  test('because the connection is gone says nothing new to whom it was handed over either', async () => {
    const lost = new ConnectionLostError('gone', { cause: new Error('reset') });
    const server = await listen(async (connection) => {
      await connection.reader.readExactly(1);
      connection.handOver(new Successor());
      throw lost;
    });
    const connection = await connect(server);
    connection.writer.write(encode('x'));
    expect(await connection.reader.read()).toBeUndefined();
    await connection.close();
    expect(uncaught).toEqual([]);
  });

  test('after its loop was closed is told on the console', async () => {
    const gate = latch();
    const own = nodePolicy.newLoop();
    const entered = latch();
    const server = await listenStreams(
      async () => {
        entered.open();
        await gate.opened;
        throw new Error('too late');
      },
      ANY_PORT,
      { loop: own },
    );
    const connection = await connect(server, { loop: own });
    await entered.opened;
    await own.close();
    await connection.closed;
    const { error: original } = console;
    const printed: unknown[] = [];
    console.error = (...what: unknown[]) => printed.push(...what);
    try {
      gate.open();
      await settle(loop);
    } finally {
      console.error = original;
    }
    expect(String(printed[0])).toContain('too late');
  });
});

describe('listenStreams: closing the server', () => {
  test('ends handlers that wait for their peer, and cuts nobody', async () => {
    const ended: unknown[] = [];
    const server = await listen(async (connection) => {
      try {
        await echo(connection);
        ended.push('end of data');
      } catch (error) {
        ended.push(error);
        connection.writer.write(encode('bye'));
        throw error;
      }
    });
    const connection = await connect(server);
    connection.writer.write(encode('hi'));
    expect(decode(await connection.reader.read())).toBe('hi');
    const closing = server.close({ graceMs: 60_000 });
    expect(decode(await connection.reader.read())).toBe('bye');
    expect(await connection.reader.read()).toBeUndefined();
    await connection.close();
    expect(await closing).toMatchObject({ drained: 1, cut: 0 });
    expect(ended[0]).toBeInstanceOf(TransportClosedError);
    expect(uncaught).toEqual([]);
  });

  test('waits for a handler that is in the middle of a message', async () => {
    let arrivedBytes = (): number => 0;
    const server = await listen(async ({ reader, writer }) => {
      arrivedBytes = () => reader.bufferedBytes;
      for (;;) {
        const message = await reader.readExactly(4);
        writer.write(message);
      }
    });
    const connection = await connect(server);
    connection.writer.write(encode('ab'));
    await until(() => arrivedBytes() === 2);
    const closing = server.close({ graceMs: 60_000 });
    await settle(loop);
    connection.writer.write(encode('cd'));
    expect(decode(await connection.reader.readExactly(4))).toBe('abcd');
    expect(await connection.reader.read()).toBeUndefined();
    await connection.close();
    expect(await closing).toMatchObject({ cut: 0 });
  });

  test('cuts a handler that takes longer than the grace period', async () => {
    const entered = latch();
    const gate = latch();
    const server = await listen(async ({ reader }) => {
      await reader.readExactly(1);
      entered.open();
      await gate.opened;
    });
    const connection = await connect(server);
    connection.writer.write(encode('x'));
    await entered.opened;
    expect(await server.close({ graceMs: 0 })).toMatchObject({ cut: 1 });
    gate.open();
    await connection.close().catch(() => undefined);
    expect(uncaught).toEqual([]);
  });
});

describe('closing the loop', () => {
  test('settles everything that waits', async () => {
    const handlerEnds: unknown[] = [];
    const server = await listen(async ({ reader }) => {
      await reader.readExactly(1000).catch((error: unknown) => handlerEnds.push(error));
    });
    const connection = await connect(server, { watermarks: { highWaterBytes: 0, lowWaterBytes: 0 } });
    await until(() => server.connectionCount === 1);
    const { reader, writer, closed } = connection;
    const settling = Promise.allSettled([reader.readLine(), closed, writer.close(), server.closed]);
    await loop.close();
    const outcomes = await settling;
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(handlerEnds).toHaveLength(1);
    expect(uncaught).toEqual([]);
  });
});

describe('acceptStreams', () => {
  test('gives connections in the order in which they were made, until the server is closed', async () => {
    const accepted = await acceptStreams(ANY_PORT, { loop });
    const greetings: (string | undefined)[] = [];
    const serving = (async () => {
      for await (const connection of accepted) {
        greetings.push(await connection.reader.readLine());
        await connection.close();
      }
    })();
    for (const name of ['one', 'two', 'three']) {
      const connection = await connect(accepted.server);
      connection.writer.write(encode(`${name}\n`));
      expect(await connection.reader.read()).toBeUndefined();
      await connection.close();
    }
    expect(await accepted.server.close()).toMatchObject({ cut: 0 });
    expect(accepted.server.connectionCount).toBe(0);
    expect(await accepted.server.closed).toEqual(await accepted.server.close());
    await serving;
    expect(greetings).toEqual(['one', 'two', 'three']);
    expect(await accepted.accept()).toBeUndefined();
  });

  test('keeps what arrives before somebody asks', async () => {
    await using accepted = await acceptStreams(ANY_PORT, { loop });
    const client = await connect(accepted.server);
    client.writer.write(encode('early'));
    await until(() => accepted.server.connectionCount === 1);
    const connection = await accepted.accept({ timeoutMs: 10_000 });
    expect(decode(await connection?.reader.read())).toBe('early');
    await Promise.all([client.close(), connection?.close()]);
  });

  test('can stop waiting, and loses no connection by it', async () => {
    await using accepted = await acceptStreams(ANY_PORT, { loop });
    await expect(accepted.accept({ timeoutMs: 0 })).rejects.toThrow(TimeoutError);
    const controller = new AbortController();
    const waiting = accepted.accept({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    const client = await connect(accepted.server);
    const connection = await accepted.accept();
    connection?.writer.write(encode('hello'));
    expect(decode(await client.reader.read())).toBe('hello');
    await Promise.all([client.close(), connection?.close()]);
  });

  test('gives no connection to a wait that is over before it begins', async () => {
    await using accepted = await acceptStreams(ANY_PORT, { loop });
    const client = await connect(accepted.server);
    await until(() => accepted.server.connectionCount === 1);
    await expect(accepted.accept({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const connection = await accepted.accept({ timeoutMs: 10_000 });
    await Promise.all([client.close(), connection?.close()]);
  });

  test('aborts connections beyond maxWaiting', async () => {
    await using accepted = await acceptStreams(ANY_PORT, { loop, maxWaiting: 1 });
    const first = await connect(accepted.server);
    await until(() => accepted.server.connectionCount === 1);
    await connectInVain(accepted.server);
    const connection = await accepted.accept();
    connection?.writer.write(encode('hello'));
    expect(decode(await first.reader.read())).toBe('hello');
    await Promise.all([first.close(), connection?.close()]);
  });

  test('is closed by await using', async () => {
    let closed: Promise<unknown>;
    {
      await using accepted = await acceptStreams(ANY_PORT, { loop });
      closed = accepted.server.closed;
      await accepted.server[Symbol.asyncDispose]();
    }
    await closed;
  });

  test('closes connections that nobody took when the server is closed', async () => {
    const accepted = await acceptStreams(ANY_PORT, { loop });
    const client = await connect(accepted.server);
    await until(() => accepted.server.connectionCount === 1);
    const closing = accepted.server.close({ graceMs: 60_000 });
    expect(await client.reader.read()).toBeUndefined();
    await client.close();
    expect(await closing).toMatchObject({ cut: 0 });
  });

  test('ends when the loop is closed', async () => {
    const accepted = await acceptStreams(ANY_PORT, { loop });
    const waiting = accepted.accept();
    await loop.close();
    expect(await waiting).toBeUndefined();
  });
});
