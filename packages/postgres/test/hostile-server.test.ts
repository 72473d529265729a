import { RemoteProtocolError } from '@millrace/postgres-protocol';
import { backendMessage, step } from '@millrace/postgres-protocol/testing';
import { seededRandom } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { connect, ConnectError, ConnectionLostError, CopyUnsupportedError, PostgresError } from '../src/index.js';
import { cancelRequest, FAREWELL, GREETING, READY, SELECT_NOTHING, serve, serverError } from './scripted/serve.js';

const KEYLESS_GREETING = [step.expect('StartupMessage'), step.send(backendMessage('AuthenticationOk'), READY)];

describe('a server that gives no cancel key', () => {
  test('may end the statement by itself within the grace time', async () => {
    const { server, loop, target, resumeAfter } = serve([
      ...KEYLESS_GREETING,
      step.expect('Query', 'select 1'),
      step.stall('it is done'),
      step.send(SELECT_NOTHING),
      step.expect('Query', 'select 2'),
      step.send(SELECT_NOTHING),
      ...FAREWELL,
    ]);
    const db = await connect({ ...target, cancelGraceMs: 1000 });
    expect(db.backendPid).toBe(0);
    resumeAfter(60, 'it is done');
    await expect(db.execute('select 1', { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError);
    expect(loop.now()).toBe(20);
    expect(await db.execute('select 2')).toMatchObject([{ command: 'SELECT' }]);
    expect(loop.now()).toBe(60);
    await db.close();
    server.finish();
  });

  test('loses the connection otherwise', async () => {
    const { server, loop, target } = serve([...KEYLESS_GREETING, step.expect('Query'), step.expectEnd()]);
    const db = await connect({ ...target, cancelGraceMs: 50 });
    await expect(db.execute('select 1', { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError);
    await expect(db.execute('select 2')).rejects.toBeInstanceOf(ConnectionLostError);
    expect(loop.now()).toBe(70);
    await db.close();
    await loop.dormant();
    server.finish();
  });
});

describe('a copy that this client cannot do', () => {
  const data = [backendMessage('CopyData', Uint8Array.of(1)), backendMessage('CopyDone')];
  const done = [backendMessage('CommandComplete', 'COPY 1'), READY];

  test.each([
    ['out', [step.send(backendMessage('CopyOutResponse', 0, [0]), ...data, ...done)]],
    [
      'in both directions',
      [step.send(backendMessage('CopyBothResponse', 0, []), ...data), step.expect('CopyDone'), step.send(...done)],
    ],
  ])('%s is that call’s error, and the connection goes on', async (_name, copy) => {
    const { server, target } = serve([
      ...GREETING,
      step.expect('Query', 'copy'),
      ...copy,
      step.expect('Query', 'select 2'),
      step.send(SELECT_NOTHING),
      ...FAREWELL,
    ]);
    const db = await connect(target);
    const refused = db.execute('copy');
    await expect(refused).rejects.toBeInstanceOf(CopyUnsupportedError);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_POSTGRES_COPY_UNSUPPORTED' });
    expect(await db.execute('select 2')).toMatchObject([{ command: 'SELECT' }]);
    await db.close();
    server.finish();
  });
});

describe('a cancel', () => {
  const cancelled = [serverError('57014'), READY];

  test('that hits the fence is absorbed, and one that hits a bystander is repaired', async () => {
    const { server, target, resumeAfter } = serve(
      [
        ...GREETING,
        step.expect('Query', 'select 1'),
        step.expect('Query', 'select 2'),
        step.stall('later'),
        // The first ends well, although it is the one that is cancelled; the second is hit.
        step.send(SELECT_NOTHING, ...cancelled),
        step.expect('Sync'), // the fence
        step.send(...cancelled),
        step.expect('Query', 'select 2'), // again
        step.send(SELECT_NOTHING),
        ...FAREWELL,
      ],
      cancelRequest(),
    );
    const db = await connect(target);
    resumeAfter(60, 'later');
    const first = db.execute('select 1', { timeoutMs: 20 });
    const second = db.execute('select 2');
    await expect(first).rejects.toBeInstanceOf(TimeoutError);
    expect(await second).toMatchObject([{ command: 'SELECT' }]);
    await db.close();
    server.finish();
  });

  test('that hits a bystander which is not all or nothing is that one’s error', async () => {
    const { server, target, resumeAfter } = serve(
      [
        ...GREETING,
        step.expect('Query', 'select 1'),
        step.expect('Query', 'call half_done()'),
        step.stall('later'),
        step.send(SELECT_NOTHING, ...cancelled),
        step.expect('Sync'), // the fence
        step.send(READY),
        ...FAREWELL,
      ],
      cancelRequest(),
    );
    const db = await connect(target);
    resumeAfter(40, 'later');
    const first = db.execute('select 1', { timeoutMs: 20 });
    const second = db.execute('call half_done()');
    await expect(first).rejects.toBeInstanceOf(TimeoutError);
    await expect(second).rejects.toBeInstanceOf(PostgresError);
    await db.close();
    server.finish();
  });

  test('is repeated while the statement goes on', async () => {
    const { server, loop, target } = serve(
      [
        ...GREETING,
        step.expect('Query', 'select 1'),
        step.stall('the third request'),
        step.send(SELECT_NOTHING),
        step.expect('Sync'), // the fence
        step.send(READY),
        step.expect('Query', 'select 2'),
        step.send(SELECT_NOTHING),
        ...FAREWELL,
      ],
      cancelRequest(),
      cancelRequest(),
      cancelRequest(step.resume('the third request')),
    );
    const db = await connect({ ...target, cancelGraceMs: 800 });
    await expect(db.execute('select 1', { timeoutMs: 10 })).rejects.toBeInstanceOf(TimeoutError);
    expect(await db.execute('select 2')).toMatchObject([{ command: 'SELECT' }]);
    expect(loop.now()).toBe(10 + (2 * 800) / 8);
    await db.close();
    server.finish();
  });
});

describe('a server that breaks the protocol', () => {
  test.each<[string, Uint8Array, number]>([
    ['a message that nobody asked for', backendMessage('DataRow', []), 2],
    ['a ReadyForQuery too many', Uint8Array.of(...SELECT_NOTHING, ...READY, ...READY), 0],
    ['a length of -1', Uint8Array.of(0x44, 0xff, 0xff, 0xff, 0xff), 2],
    ['a length of 2 GiB', Uint8Array.of(0x44, 0x7f, 0xff, 0xff, 0xff), 2],
    ['an unknown message', Uint8Array.of(0x3f, 0, 0, 0, 8, 0x77, 0x68, 0x61, 0x74), 2],
    ['a transaction status that does not exist', Uint8Array.of(0x5a, 0, 0, 0, 5, 0x58), 2],
    ['a truncated message', Uint8Array.of(0x54, 0, 0, 0, 5, 0), 2],
  ])('by %s loses the connection, and nothing else', async (_name, bytes, failedCount) => {
    const { server, loop, target } = serve([
      ...GREETING,
      step.expect('Query', 'select 1'),
      step.expect('Query', 'select 2'),
      step.send(bytes),
      step.expectEnd(),
    ]);
    const db = await connect(target);
    const [first, second] = await Promise.allSettled([db.execute('select 1'), db.execute('select 2')]);
    const reasons = [first, second]
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => reason as Error);
    expect(reasons).toHaveLength(failedCount);
    for (const reason of reasons) {
      expect(reason).toBeInstanceOf(ConnectionLostError);
      expect(reason.cause).toBeInstanceOf(RemoteProtocolError);
    }
    await expect(db.query('select 3')).rejects.toBeInstanceOf(ConnectionLostError);
    await db.close();
    await loop.dormant();
    server.finish();
  });

  test('by random bytes never does more than that', async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const { target, loop } = serve([...GREETING, step.expect('Parse'), step.send(random.bytes(random.int(1, 300)))]);
      const db = await connect({ ...target, cancelGraceMs: 20 });
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
      await loop.dormant();
    }
  });

  test('by FATAL in mid-air is quoted, and not waited for', async () => {
    const { target } = serve([...GREETING, step.expect('Parse'), step.send(serverError('57P02', 'FATAL'))]);
    await using db = await connect(target);
    await expect(db.query('select 1')).rejects.toMatchObject({ cause: { sqlState: '57P02' }, safeToRetry: false });
  });

  test('by closing in the middle of a message', async () => {
    const half = step.send(Uint8Array.of(0x44, 0, 0, 0, 9, 0));
    const query = [step.expect('Parse'), step.expect('Describe'), step.expect('Sync')];
    const { server, target } = serve([...GREETING, ...query, half, step.close()]);
    await using db = await connect(target);
    await expect(db.query('select 1')).rejects.toBeInstanceOf(ConnectionLostError);
    server.finish();
  });

  test('by closing while idle is silent until the next call', async () => {
    const { server, loop, target, resumeAfter } = serve([...GREETING, step.stall('the end'), step.close()]);
    await using db = await connect(target);
    resumeAfter(20, 'the end');
    await loop.dormant();
    expect(db.isClosed).toBe(true);
    await expect(db.query('select 1')).rejects.toMatchObject({ safeToRetry: true });
    server.finish();
  });

  test('in the chunk that asked for an answer does not try to send it', async () => {
    const copyIn = backendMessage('CopyInResponse', 0, []);
    const { server, loop, target } = serve([
      ...GREETING,
      step.expect('Query', 'select 1'),
      step.expect('Query', 'copy t from stdin'),
      step.send(SELECT_NOTHING, copyIn, serverError('57P01', 'FATAL')),
      step.expectEnd(),
    ]);
    await using db = await connect(target);
    const uncaught: unknown[] = [];
    loop.onUncaught((error) => {
      uncaught.push(error);
    });
    const outcome = await Promise.allSettled([db.execute('select 1'), db.execute('copy t from stdin')]);
    await loop.dormant();
    expect(outcome.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(uncaught).toEqual([]);
    server.finish();
  });

  test('by another client_encoding is not a server to connect to', async () => {
    const latin1 = backendMessage('ParameterStatus', 'client_encoding', 'LATIN1');
    const { server, loop, target } = serve([
      step.expect('StartupMessage'),
      step.send(backendMessage('AuthenticationOk'), latin1, READY),
      step.expectEnd(),
    ]);
    const connecting = connect(target);
    await expect(connecting).rejects.toBeInstanceOf(ConnectError);
    await expect(connecting).rejects.toThrow('client_encoding must stay UTF8');
    await loop.dormant();
    server.finish();
  });
});
