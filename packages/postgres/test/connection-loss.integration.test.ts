import { seededRandom } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, inject, test } from 'vitest';
import { connect, ConnectionClosedError, ConnectionLostError, PostgresError } from '../src/index.js';
import { startProxy } from './tcp-proxy.js';

const url = inject('databaseUrl');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a connection that is lost', () => {
  test('fails what is pending, with the FATAL error of the server as the cause', async () => {
    const db = await connect(url);
    await using killer = await connect(url);
    async function waitAround(): Promise<void> {
      await db.query('select pg_sleep(20)');
    }
    const sent = waitAround().catch((e: unknown) => e as ConnectionLostError);
    await pause(30);
    await killer.query('select pg_terminate_backend($1)', [db.backendPid]);
    const error = await sent;
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect(error).toMatchObject({ safeToRetry: false, cause: { sqlState: '57P01', severityCode: 'FATAL' } });
    expect(error?.cause).toBeInstanceOf(PostgresError);
    expect(error?.stack).toContain('waitAround');
    await expect(db.query('select 1')).rejects.toMatchObject({
      code: 'ERR_POSTGRES_CONNECTION_LOST',
      safeToRetry: true,
      cause: { sqlState: '57P01' },
    });
    expect(db.isClosed).toBe(true);
    await db.close();
  });

  test('while it is idle is silent until the next call', async () => {
    const db = await connect(url);
    await using killer = await connect(url);
    await killer.query('select pg_terminate_backend($1)', [db.backendPid]);
    for (let i = 0; i < 100 && !db.isClosed; i++) await pause(5);
    await expect(db.query('select 1')).rejects.toMatchObject({ safeToRetry: true, cause: { sqlState: '57P01' } });
    await expect(db.transaction(() => 1)).rejects.toBeInstanceOf(ConnectionLostError);
    await expect(db.stream('select 1').next()).rejects.toBeInstanceOf(ConnectionLostError);
    await expect(db.prepare('select 1')).rejects.toBeInstanceOf(ConnectionLostError);
    await db.close();
  });

  test('by a reset tells what was sent from what was not', async () => {
    await using proxy = await startProxy(url);
    await using db = await connect(proxy.url);
    await db.query('select pg_sleep($1)', [0]);
    const calls = Array.from({ length: 150 }, () => db.query('select pg_sleep($1)', [20]));
    await pause(30);
    proxy.cut();
    const errors = (await Promise.allSettled(calls)).map(
      (result) => (result as PromiseRejectedResult).reason as unknown,
    );
    expect(errors.every((error) => error instanceof ConnectionLostError)).toBe(true);
    expect(errors.filter((error) => (error as ConnectionLostError).safeToRetry)).toHaveLength(50);
    expect(new Set(errors).size).toBe(150);
  });

  test('in a stream fails the consumer after the rows that came', async () => {
    await using proxy = await startProxy(url);
    await using db = await connect(proxy.url);
    let count = 0;
    const reading = (async () => {
      for await (const row of db.stream('select n, pg_sleep(0.0001) from generate_series(1, 100000) n')) {
        count += row['n'] === 0 ? 0 : 1;
        if (count === 5) proxy.cut();
      }
    })();
    await expect(reading).rejects.toBeInstanceOf(ConnectionLostError);
    expect(count).toBeGreaterThanOrEqual(5);
  });

  test('at random points settles every call, and the process goes on', { timeout: 60_000 }, async () => {
    await using killer = await connect(url);
    await killer.execute('drop table if exists chaos; create table chaos (n int)');
    const unhandled: unknown[] = [];
    const listener = (error: unknown): unknown => unhandled.push(error);
    process.on('unhandledRejection', listener);
    const random = seededRandom(57_01);
    for (let round = 0; round < 40; round++) {
      const db = await connect(url);
      const work: Promise<unknown>[] = [
        db.query('select pg_sleep(0.001)'),
        db.execute('select 1; select pg_sleep(0.002)'),
        db.query('select n from generate_series(1, 3000) n'),
        db.query('select 1', [], { timeoutMs: 1 + random.float() * 4 }),
        db.transaction(async (tx) => {
          await tx.query('insert into chaos values (1)');
          await tx.transaction((inner) => inner.query('select pg_sleep(0.001)'));
        }),
      ];
      const settled = Promise.allSettled(work);
      await pause(random.float() * 8);
      const kill = killer.query('select pg_terminate_backend($1)', [db.backendPid]);
      const outcomes = await Promise.race([settled, pause(5000)]);
      expect(outcomes, `round ${round}`).toBeDefined();
      for (const outcome of outcomes ?? []) {
        if (outcome.status === 'fulfilled') continue;
        const reason: unknown = outcome.reason;
        const isExpected =
          reason instanceof ConnectionLostError ||
          reason instanceof TimeoutError ||
          (reason as { code?: string }).code === 'ERR_POSTGRES_COMMIT_OUTCOME_UNKNOWN' ||
          (reason as { code?: string }).code === 'ERR_POSTGRES_TRANSACTION_ACTIVE';
        expect(isExpected, `round ${round}: ${String(reason)}`).toBe(true);
      }
      await kill;
      await db.close();
    }
    await killer.execute('drop table chaos');
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });
});

describe('close', () => {
  test('waits for what was called before, says good-bye, and can be called again', async () => {
    await using observer = await connect(url);
    const db = await connect(url);
    const pending = db.queryValue('select 7 from pg_sleep(0.1)');
    const closing = Promise.all([db.close(), db.close()]);
    const refused = db.query('select 1');
    await expect(refused).rejects.toBeInstanceOf(ConnectionClosedError);
    expect(await pending).toBe(7);
    await closing;
    await db.close();
    db.terminate();
    expect(db.isClosed).toBe(true);
    for (const call of [() => db.query('select 1'), () => db.execute(''), () => db.transaction(() => 1)])
      await expect(call()).rejects.toBeInstanceOf(ConnectionClosedError);
    const isThere = (): Promise<unknown> =>
      observer.queryValue('select count(*)::int from pg_stat_activity where pid = $1', [db.backendPid]);
    for (let i = 0; i < 100 && (await isThere()) !== 0; i++) await pause(5);
    expect(await isThere()).toBe(0);
  });

  test('with a limit terminates what does not end', async () => {
    const db = await connect(url);
    const pending = db.query('select pg_sleep(20)').catch((e: unknown) => e);
    const unlimited = db.close();
    await db.close({ timeoutMs: 50 });
    expect(await pending).toBeInstanceOf(ConnectionClosedError);
    await unlimited;
  });

  test('settles with a server that stalls', async () => {
    await using proxy = await startProxy(url);
    const db = await connect(proxy.url);
    proxy.stall();
    const pending = db.query('select 1').catch((e: unknown) => e);
    await db.close({ timeoutMs: 50 });
    expect(await pending).toBeInstanceOf(ConnectionClosedError);
    const other = await connect(url);
    await other.close({ signal: AbortSignal.abort() });
  });

  test('settles when nothing is pending and the server stalls', async () => {
    await using proxy = await startProxy(url);
    const db = await connect(proxy.url);
    proxy.stall();
    await db.close();
  });

  test('cuts a stream and a transaction that are open', async () => {
    const db = await connect(url);
    const stream = db.stream('select * from generate_series(1, 1000000)');
    await stream.next();
    await db.close();
    const rest = (async () => {
      for await (const row of stream) void row;
    })();
    await expect(rest).rejects.toBeInstanceOf(ConnectionClosedError);

    const other = await connect(url);
    const inside = other.transaction(async (tx) => {
      await tx.query('select 1');
      await other.close();
    });
    await expect(inside).rejects.toBeInstanceOf(ConnectionClosedError);
  });

  test('waits for a cancel that is under way', async () => {
    const db = await connect(url);
    await expect(db.query('select pg_sleep(20)', [], { timeoutMs: 30 })).rejects.toBeInstanceOf(TimeoutError);
    await db.close();
  });

  test('happens at the end of a block', async () => {
    let kept;
    {
      await using db = await connect(url);
      kept = db;
    }
    expect(kept.isClosed).toBe(true);
  });
});

describe('terminate', () => {
  test('rejects what is pending', async () => {
    const db = await connect(url);
    const pending = [db.query('select pg_sleep(20)'), db.execute('select 1')];
    await pause(20);
    db.terminate();
    for (const result of await Promise.allSettled(pending))
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(ConnectionClosedError);
    await db.close();
  });
});
