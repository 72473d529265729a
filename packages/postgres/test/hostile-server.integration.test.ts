import { getLoop } from '@millrace/loop-policy';
import { RemoteProtocolError } from '@millrace/postgres-protocol';
import { seededRandom } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { connect, ConnectionLostError, PostgresError } from '../src/index.js';
import type { Connection } from '../src/index.js';
import { AUTHENTICATION_OK, BACKEND_KEY, message, READY, scriptedServer, SELECT_NOTHING } from './scripted-server.js';
import type { ScriptedServer } from './scripted-server.js';

const GREETING = Buffer.concat([AUTHENTICATION_OK, BACKEND_KEY, READY]);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function open(server: ScriptedServer, options: object = {}): Promise<Connection> {
  return connect({ host: '127.0.0.1', port: server.port, user: 'me', ...options });
}

const serverError = (sqlState: string, severity = 'ERROR'): Uint8Array =>
  message('E', `S${severity}\0V${severity}\0C${sqlState}\0Mscripted\0\0`);

describe('a server that gives no cancel key', () => {
  test('may end the statement by itself within the grace time', async () => {
    const slowly = (socket: { write(chunk: Uint8Array): void }): void => {
      setTimeout(() => {
        socket.write(SELECT_NOTHING);
      }, 60);
    };
    await using server = await scriptedServer([Buffer.concat([AUTHENTICATION_OK, READY]), slowly, SELECT_NOTHING]);
    await using db = await open(server, { cancelGraceMs: 1000 });
    expect(db.backendPid).toBe(0);
    await expect(db.execute('select 1', { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError);
    expect(await db.execute('select 2')).toMatchObject([{ command: 'SELECT' }]);
  });

  test('loses the connection otherwise', async () => {
    await using server = await scriptedServer([Buffer.concat([AUTHENTICATION_OK, READY])]);
    await using db = await open(server, { cancelGraceMs: 50 });
    await expect(db.execute('select 1', { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError);
    await expect(db.execute('select 2')).rejects.toBeInstanceOf(ConnectionLostError);
  });
});

describe('a cancel', () => {
  test('that hits the fence is absorbed, and one that hits a bystander is repaired', async () => {
    const cancelled = Buffer.concat([serverError('57014'), READY]);
    await using server = await scriptedServer(
      [
        GREETING,
        // Both scripts came in one chunk. The first ends well, although it is the one that is cancelled; the second is hit.
        (socket) => setTimeout(() => socket.write(Buffer.concat([SELECT_NOTHING, cancelled])), 60),
        cancelled, // the fence
        SELECT_NOTHING, // the second, again
      ],
      [(socket) => socket.end()],
    );
    await using db = await open(server);
    const first = db.execute('select 1', { timeoutMs: 20 });
    const second = db.execute('select 2');
    await expect(first).rejects.toBeInstanceOf(TimeoutError);
    expect(await second).toMatchObject([{ command: 'SELECT' }]);
    expect(server.received[1]?.toString('hex')).toBe('0000001004d2162e0000000700000009');
    expect(server.received[0]?.toString('latin1').split('select 2')).toHaveLength(3);
  });

  test('that hits a bystander which is not all or nothing is that one’s error', async () => {
    const cancelled = Buffer.concat([serverError('57014'), READY]);
    await using server = await scriptedServer(
      [GREETING, (socket) => setTimeout(() => socket.write(Buffer.concat([SELECT_NOTHING, cancelled])), 40), READY],
      [(socket) => socket.end()],
    );
    await using db = await open(server);
    const first = db.execute('select 1', { timeoutMs: 20 });
    const second = db.execute('call half_done()');
    await expect(first).rejects.toBeInstanceOf(TimeoutError);
    await expect(second).rejects.toBeInstanceOf(PostgresError);
  });

  test('is repeated while the statement goes on', async () => {
    let finish: () => void = () => undefined;
    await using server = await scriptedServer(
      [GREETING, (socket) => (finish = () => void socket.write(SELECT_NOTHING)), READY, SELECT_NOTHING],
      [(socket) => socket.end()],
      [(socket) => socket.end()],
      [
        (socket) => {
          socket.end();
          finish();
        },
      ],
    );
    await using db = await open(server, { cancelGraceMs: 800 });
    await expect(db.execute('select 1', { timeoutMs: 10 })).rejects.toBeInstanceOf(TimeoutError);
    expect(await db.execute('select 2')).toMatchObject([{ command: 'SELECT' }]);
    expect(server.received).toHaveLength(4);
  });
});

describe('a server that breaks the protocol', () => {
  test.each([
    ['a message that nobody asked for', message('D', '\0\0')],
    ['a ReadyForQuery too many', Buffer.concat([SELECT_NOTHING, READY, READY])],
    ['a length of -1', Buffer.from([0x44, 0xff, 0xff, 0xff, 0xff])],
    ['a length of 2 GiB', Buffer.from([0x44, 0x7f, 0xff, 0xff, 0xff])],
    ['an unknown message', message('?', 'what')],
    ['a transaction status that does not exist', message('Z', 'X')],
    ['a truncated message', message('T', '\0')],
  ])('by %s loses the connection, and nothing else', async (_name, bytes) => {
    await using server = await scriptedServer([GREETING, bytes]);
    await using db = await open(server);
    const [first, second] = await Promise.allSettled([db.execute('select 1'), db.execute('select 2')]);
    const reasons = [first, second]
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => reason as Error);
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(ConnectionLostError);
      expect(reason.cause).toBeInstanceOf(RemoteProtocolError);
    }
    await expect(db.query('select 3')).rejects.toBeInstanceOf(ConnectionLostError);
  });

  test('by random bytes never does more than that', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      await using server = await scriptedServer([GREETING, random.bytes(random.int(1, 300))]);
      const db = await open(server, { cancelGraceMs: 20 });
      const outcome = await Promise.allSettled([
        db.query('select 1', [], { timeoutMs: 15 }),
        db.execute('select 2'),
      ]).then((results) =>
        results.map((result) => (result.status === 'rejected' ? (result.reason as unknown) : undefined)),
      );
      for (const reason of outcome) {
        const isClean =
          reason === undefined ||
          reason instanceof ConnectionLostError ||
          reason instanceof TimeoutError ||
          reason instanceof PostgresError;
        expect(isClean, `seed ${seed}: ${String(reason)}`).toBe(true);
      }
      await db.close({ timeoutMs: 20 });
    }
  });

  test('by FATAL in mid-air is quoted, and not waited for', async () => {
    await using server = await scriptedServer([GREETING, serverError('57P02', 'FATAL')]);
    await using db = await open(server);
    await expect(db.query('select 1')).rejects.toMatchObject({ cause: { sqlState: '57P02' }, safeToRetry: false });
  });

  test('by closing in the middle of a message', async () => {
    await using server = await scriptedServer([GREETING, (socket) => socket.end(Buffer.from([0x44, 0, 0, 0, 9, 0]))]);
    await using db = await open(server);
    await expect(db.query('select 1')).rejects.toBeInstanceOf(ConnectionLostError);
  });

  test('by closing while idle is silent until the next call', async () => {
    await using server = await scriptedServer([
      (socket) => {
        socket.write(GREETING);
        setTimeout(() => socket.end(), 20);
      },
    ]);
    await using db = await open(server);
    await pause(60);
    expect(db.isClosed).toBe(true);
    await expect(db.query('select 1')).rejects.toMatchObject({ safeToRetry: true });
  });

  test('in the chunk that asked for an answer does not try to send it', async () => {
    const copyIn = message('G', '\0\0\0');
    const result = Buffer.concat([SELECT_NOTHING, copyIn, serverError('57P01', 'FATAL')]);
    await using server = await scriptedServer([GREETING, result]);
    await using db = await open(server);
    const uncaught: unknown[] = [];
    const leave = getLoop().onUncaught((error) => {
      uncaught.push(error);
    });
    const outcome = await Promise.allSettled([db.execute('select 1'), db.execute('copy t from stdin')]);
    await pause(20);
    leave();
    expect(outcome.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(uncaught).toEqual([]);
  });
});
