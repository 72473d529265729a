import { Deadline, openCancelScope, TimeoutError } from '@millrace/timeouts';
import { getEventListeners } from 'node:events';
import { seededRandom, TestClock } from '@millrace/testkit';
import { describe, expect, inject, test } from 'vitest';
import { connect, ConnectionLostError, PostgresError } from '../src/index.js';
import type { Connection } from '../src/index.js';
import { recordingLoop } from './recording-loop.js';
import { startProxy } from './tcp-proxy.js';

const url = inject('databaseUrl');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function running(db: Connection, pid: number): Promise<unknown> {
  return db.queryValue("select count(*)::int from pg_stat_activity where pid = $1 and state = 'active'", [pid]);
}

describe('a timeout', () => {
  test('rejects at once, stops the statement on the server, and leaves the connection usable', async () => {
    await using db = await connect(url);
    await using observer = await connect(url);
    async function waitForGodot(): Promise<void> {
      await db.query('select pg_sleep(20)', [], { timeoutMs: 50 });
    }
    const startedAt = performance.now();
    const error = await waitForGodot().catch((e: unknown) => e as Error);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ timeoutMs: 50, operation: 'query' });
    expect(error?.stack).toContain('waitForGodot');
    expect(await db.queryValue('select 1')).toBe(1);
    expect(await running(observer, db.backendPid)).toBe(0);
  });

  test.each([
    ['query', (db: Connection, op: object) => db.query('select pg_sleep(20)', [], op)],
    ['queryRow', (db: Connection, op: object) => db.queryRow('select pg_sleep(20)', [], op)],
    ['queryValue', (db: Connection, op: object) => db.queryValue('select pg_sleep(20)', [], op)],
    ['execute', (db: Connection, op: object) => db.execute('select 1; select pg_sleep(20)', op)],
    ['stream', (db: Connection, op: object) => db.stream('select pg_sleep(20)', [], op).next()],
  ])('ends %s', async (_name, call) => {
    await using db = await connect(url);
    await expect(call(db, { timeoutMs: 40 })).rejects.toBeInstanceOf(TimeoutError);
    await expect(call(db, { deadline: Deadline.after(40) })).rejects.toBeInstanceOf(TimeoutError);
    const scope = openCancelScope({ timeoutMs: 40 });
    await expect(call(db, { scope })).rejects.toBeInstanceOf(TimeoutError);
    const reason = { mine: true };
    const controller = new AbortController();
    const aborted = call(db, { signal: controller.signal }).catch((error: unknown) => error);
    await pause(20);
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('ends a PREPARE that waits for a lock', async () => {
    await using db = await connect(url);
    await using other = await connect(url);
    await other.execute('create table if not exists locked (n int)');
    await other.execute('begin; lock table locked in access exclusive mode');
    await expect(db.prepare('select * from locked', { timeoutMs: 60 })).rejects.toBeInstanceOf(TimeoutError);
    await other.execute('rollback');
    await using statement = await db.prepare('select * from locked');
    expect(await statement.query()).toEqual([]);
    await other.execute('drop table locked');
  });

  test('of 0 sends nothing', async () => {
    const { loop, writes } = recordingLoop();
    await using db = await connect({ url, loop });
    writes.length = 0;
    await expect(db.query('select 1', [], { timeoutMs: 0 })).rejects.toBeInstanceOf(TimeoutError);
    expect(writes).toEqual([]);
  });

  test('that does not fire leaves nothing behind', async () => {
    await using db = await connect(url);
    const controller = new AbortController();
    for (let i = 0; i < 50; i++) await db.query('select 1', [], { timeoutMs: 60_000, signal: controller.signal });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    controller.abort();
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('runs on the clock that the caller names', async () => {
    await using db = await connect(url);
    const clock = new TestClock();
    const call = db.query('select pg_sleep(20)', [], { timeoutMs: 3_600_000, timers: clock }).catch((e: unknown) => e);
    await pause(20);
    clock.advance(3_600_000);
    expect(await call).toMatchObject({ code: 'ERR_TIMEOUTS_EXPIRED', timeoutMs: 3_600_000 });
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('is refused if it is no number of milliseconds', async () => {
    await using db = await connect(url);
    await expect(db.query('select 1', [], { timeoutMs: -1 })).rejects.toBeInstanceOf(RangeError);
  });
});

describe('an abort', () => {
  test('before the call sends nothing', async () => {
    const { loop, writes } = recordingLoop();
    await using db = await connect({ url, loop });
    writes.length = 0;
    const reason = new Error('already');
    await expect(db.query('select 1', [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(writes).toEqual([]);
  });

  test('takes a call that still waits for its turn out of the queue', async () => {
    await using db = await connect(url);
    await db.execute('create temp table seen (n int)');
    const controller = new AbortController();
    const first = db.query('select 1');
    const queued = db.query('insert into seen values (1)', [], { signal: controller.signal });
    const last = db.queryValue('select count(*) from seen');
    controller.abort(new Error('changed my mind'));
    await expect(queued).rejects.toThrow('changed my mind');
    await first;
    expect(await last).toBe(0n);
  });

  test('right after sending does not miss the statement', async () => {
    await using db = await connect(url);
    await db.query('select $1::int, pg_sleep(0)', [1]);
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController();
      const call = db.query('select pg_sleep(20)', [], { signal: controller.signal });
      setImmediate(() => {
        controller.abort(new Error('at once'));
      });
      await expect(call).rejects.toThrow('at once');
      expect(await db.queryValue('select 1')).toBe(1);
    }
  });

  test('behind a statement that is still running does not touch that one', async () => {
    await using db = await connect(url);
    await db.query('select pg_sleep($1)', [0]);
    // It is not of the kind that is sent again, so a cancel would show.
    const slow = db.query('do $$ begin perform pg_sleep(0.3); end $$');
    const behind = db.query('select pg_sleep($1)', [20], { timeoutMs: 50 });
    await expect(behind).rejects.toBeInstanceOf(TimeoutError);
    expect((await slow).command).toBe('DO');
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('in front of others lets them run', async () => {
    await using db = await connect(url);
    for (const sql of ['select pg_sleep($1)', 'select $1::int']) await db.query(sql, [0]);
    const sleeping = db.query('select pg_sleep($1)', [20], { timeoutMs: 50 });
    const others = Promise.all([1, 2, 3].map((n) => db.queryValue('select $1::int', [n])));
    await expect(sleeping).rejects.toBeInstanceOf(TimeoutError);
    expect(await others).toEqual([1, 2, 3]);
  });

  test('of several at once ends all of them', async () => {
    await using db = await connect(url);
    await db.query('select pg_sleep($1)', [0]);
    const calls = [1, 2, 3, 4].map(() => db.query('select pg_sleep($1)', [20], { timeoutMs: 60 }));
    for (const result of await Promise.allSettled(calls)) expect(result.status).toBe('rejected');
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('inside a transaction leaves it failed, until it is rolled back', async () => {
    await using db = await connect(url);
    await db.query('begin');
    await expect(db.query('select pg_sleep(20)', [], { timeoutMs: 40 })).rejects.toBeInstanceOf(TimeoutError);
    await expect(db.query('select 1')).rejects.toMatchObject({ sqlState: '25P02' });
    await db.query('rollback');
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('does not break the transaction that the session is in when it comes too late', async () => {
    await using db = await connect(url);
    await db.query('begin');
    for (let i = 0; i < 30; i++) {
      const controller = new AbortController();
      const call = db.query('select 1', [], { signal: controller.signal }).catch(() => undefined);
      const timer = setTimeout(() => {
        controller.abort();
      }, i / 20);
      await call;
      clearTimeout(timer);
    }
    const status = await db.query('select 1').then(
      () => 'fine',
      (error: unknown) => (error as PostgresError).sqlState,
    );
    expect(['fine', '25P02']).toContain(status);
    await db.query('rollback');
  });
});

describe('a server that does not play along', () => {
  test('loses the connection after the grace time, and everybody hears of it', async () => {
    await using proxy = await startProxy(url);
    const db = await connect({ url: proxy.url, cancelGraceMs: 100 });
    await db.query('select 1');
    proxy.stall();
    const late = db.query('select 1', [], { timeoutMs: 40 });
    await expect(late).rejects.toBeInstanceOf(TimeoutError);
    const startedAt = performance.now();
    const waiting = await db.query('select 2').catch((e: unknown) => e);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(waiting).toBeInstanceOf(ConnectionLostError);
    expect(waiting).toMatchObject({ safeToRetry: true });
    expect((waiting as ConnectionLostError).cause.message).toContain('within 100 ms');
    expect(db.isClosed).toBe(true);
    await db.close();
  });

  test('loses the connection when the cancel request cannot be delivered', async () => {
    const proxy = await startProxy(url);
    await using db = await connect({ url: proxy.url, cancelGraceMs: 300 });
    proxy.ignoreNew();
    const late = db.query('select pg_sleep(20)', [], { timeoutMs: 40 });
    await expect(late).rejects.toBeInstanceOf(TimeoutError);
    await expect(db.query('select 2')).rejects.toBeInstanceOf(ConnectionLostError);
    await proxy[Symbol.asyncDispose]();
  });
});

describe('no cancel hits another statement', () => {
  test('in 2000 random cancels on one pipelined connection', { timeout: 120_000 }, async () => {
    await using db = await connect(url);
    const random = seededRandom(20_161_109);
    let cancelCount = 0;
    const tally = { value: 0, cancelled: 0, foreign: 0, other: [] as unknown[] };
    while (cancelCount < 2000) {
      const calls = Array.from({ length: random.int(1, 6) }, async () => {
        const isCancelled = random.float() < 0.5;
        const sleep = random.float() < 0.5 ? 0 : random.float() * 0.003;
        const controller = new AbortController();
        if (isCancelled) {
          cancelCount += 1;
          const delayMs = random.float() * 4;
          if (random.float() < 0.3)
            setImmediate(() => {
              controller.abort('mine');
            });
          else
            setTimeout(() => {
              controller.abort('mine');
            }, delayMs);
        }
        try {
          const n = random.int(1, 1000);
          const row = await db.queryRow<{ n: number }>('select $1::int as n, pg_sleep($2)', [n, sleep], {
            signal: controller.signal,
          });
          if (row?.n === n) tally.value += 1;
          else tally.other.push(row);
        } catch (error) {
          if (error === 'mine') tally.cancelled += 1;
          else if (error instanceof PostgresError && error.sqlState === '57014') tally.foreign += 1;
          else tally.other.push(error);
        }
      });
      await Promise.all(calls);
    }
    expect(tally.foreign).toBe(0);
    expect(tally.other).toEqual([]);
    expect(tally.cancelled).toBeGreaterThan(300);
    expect(tally.value).toBeGreaterThan(300);
  });
});
