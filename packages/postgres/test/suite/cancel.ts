import { Deadline, openCancelScope, TimeoutError } from '@millrace/timeouts';
import { getEventListeners } from 'node:events';
import { seededRandom, TestClock } from '@millrace/testkit';
import { describe, expect } from 'vitest';
import { ConnectionLostError, PostgresError } from '../../src/index.js';
import type { Connection } from '../../src/index.js';
import { recordingLoop } from '../recording-loop.js';
import type { Suite } from '../setting.js';

async function running(db: Connection, pid: number): Promise<unknown> {
  return db.queryValue("select count(*)::int from pg_stat_activity where pid = $1 and state = 'active'", [pid]);
}

export const cancelSuite: Suite = (it) => {
  describe('a timeout', () => {
    it('rejects at once, stops the statement on the server, and leaves the connection usable', async (t) => {
      await using db = await t.connect();
      await using observer = await t.connect();
      async function waitForGodot(): Promise<void> {
        await db.query('select pg_sleep(20)', [], { timeoutMs: 50 });
      }
      const startedAt = t.loop.now();
      const error = await waitForGodot().catch((e: unknown) => e as Error);
      expect(t.loop.now() - startedAt).toBeLessThan(5000);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ timeoutMs: 50, operation: 'query' });
      expect(error?.stack).toContain('waitForGodot');
      expect(await db.queryValue('select 1')).toBe(1);
      expect(await running(observer, db.backendPid)).toBe(0);
    });

    for (const [name, call] of [
      ['query', (db: Connection, op: object) => db.query('select pg_sleep(20)', [], op)],
      ['queryRow', (db: Connection, op: object) => db.queryRow('select pg_sleep(20)', [], op)],
      ['queryValue', (db: Connection, op: object) => db.queryValue('select pg_sleep(20)', [], op)],
      ['execute', (db: Connection, op: object) => db.execute('select 1; select pg_sleep(20)', op)],
      ['stream', (db: Connection, op: object) => db.stream('select pg_sleep(20)', [], op).next()],
    ] as const) {
      it(`ends ${name}`, async (t) => {
        await using db = await t.connect();
        await expect(call(db, { timeoutMs: 40 })).rejects.toBeInstanceOf(TimeoutError);
        await expect(call(db, { deadline: Deadline.after(40, t.timers) })).rejects.toBeInstanceOf(TimeoutError);
        const scope = openCancelScope({ timeoutMs: 40, timers: t.timers });
        await expect(call(db, { scope })).rejects.toBeInstanceOf(TimeoutError);
        const reason = { mine: true };
        const controller = new AbortController();
        const aborted = call(db, { signal: controller.signal }).catch((error: unknown) => error);
        await t.pause(20);
        controller.abort(reason);
        expect(await aborted).toBe(reason);
        expect(await db.queryValue('select 1')).toBe(1);
      });
    }

    it('ends a PREPARE that waits for a lock', async (t) => {
      await using db = await t.connect();
      await using other = await t.connect();
      await other.execute('create table if not exists locked (n int)');
      await other.execute('begin; lock table locked in access exclusive mode');
      await expect(db.prepare('select * from locked', { timeoutMs: 60 })).rejects.toBeInstanceOf(TimeoutError);
      await other.execute('rollback');
      await using statement = await db.prepare('select * from locked');
      expect(await statement.query()).toEqual([]);
      await other.execute('drop table locked');
    });

    it('of 0 sends nothing', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      await using db = await t.connect({ loop });
      writes.length = 0;
      await expect(db.query('select 1', [], { timeoutMs: 0 })).rejects.toBeInstanceOf(TimeoutError);
      expect(writes).toEqual([]);
    });

    it('that does not fire leaves nothing behind', async (t) => {
      await using db = await t.connect();
      const controller = new AbortController();
      for (let i = 0; i < 50; i++) await db.query('select 1', [], { timeoutMs: 60_000, signal: controller.signal });
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      controller.abort();
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('runs on the clock that the caller names', async (t) => {
      await using db = await t.connect();
      const clock = new TestClock();
      const call = db
        .query('select pg_sleep(20)', [], { timeoutMs: 3_600_000, timers: clock })
        .catch((e: unknown) => e);
      await t.pause(20);
      clock.advance(3_600_000);
      expect(await call).toMatchObject({ code: 'ERR_TIMEOUTS_EXPIRED', timeoutMs: 3_600_000 });
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('is refused if it is no number of milliseconds', async (t) => {
      await using db = await t.connect();
      await expect(db.query('select 1', [], { timeoutMs: -1 })).rejects.toBeInstanceOf(RangeError);
    });
  });

  describe('an abort', () => {
    it('before the call sends nothing', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      await using db = await t.connect({ loop });
      writes.length = 0;
      const reason = new Error('already');
      await expect(db.query('select 1', [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(writes).toEqual([]);
    });

    it('takes a call that still waits for its turn out of the queue', async (t) => {
      await using db = await t.connect();
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

    it('right after sending does not miss the statement', async (t) => {
      await using db = await t.connect();
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

    it('behind a statement that is still running does not touch that one', async (t) => {
      await using db = await t.connect();
      await db.query('select pg_sleep($1)', [0]);
      // It is not of the kind that is sent again, so a cancel would show.
      const slow = db.query('do $$ begin perform pg_sleep(0.3); end $$');
      const behind = db.query('select pg_sleep($1)', [20], { timeoutMs: 50 });
      await expect(behind).rejects.toBeInstanceOf(TimeoutError);
      expect((await slow).command).toBe('DO');
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('in front of others lets them run', async (t) => {
      await using db = await t.connect();
      for (const sql of ['select pg_sleep($1)', 'select $1::int']) await db.query(sql, [0]);
      const sleeping = db.query('select pg_sleep($1)', [20], { timeoutMs: 50 });
      const others = Promise.all([1, 2, 3].map((n) => db.queryValue('select $1::int', [n])));
      await expect(sleeping).rejects.toBeInstanceOf(TimeoutError);
      expect(await others).toEqual([1, 2, 3]);
    });

    it('of several at once ends all of them', async (t) => {
      await using db = await t.connect();
      await db.query('select pg_sleep($1)', [0]);
      const calls = [1, 2, 3, 4].map(() => db.query('select pg_sleep($1)', [20], { timeoutMs: 60 }));
      for (const result of await Promise.allSettled(calls)) expect(result.status).toBe('rejected');
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('inside a transaction leaves it failed, until it is rolled back', async (t) => {
      await using db = await t.connect();
      await db.query('begin');
      await expect(db.query('select pg_sleep(20)', [], { timeoutMs: 40 })).rejects.toBeInstanceOf(TimeoutError);
      await expect(db.query('select 1')).rejects.toMatchObject({ sqlState: '25P02' });
      await db.query('rollback');
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it.realOnly(
      'races the server',
      'does not break the transaction that the session is in when it comes too late',
      async (t) => {
        await using db = await t.connect();
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
      },
    );

    it.realOnly(
      'races the server',
      'never hits another statement, in 2000 random cancels on one pipelined connection',
      async (t) => {
        await using db = await t.connect();
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
      },
      120_000,
    );
  });

  describe('a server that does not play along', () => {
    it('loses the connection after the grace time, and everybody hears of it', async (t) => {
      const link = await t.openLink();
      const db = await t.connect({ ...link.target, cancelGraceMs: 100 });
      await db.query('select 1');
      link.stall();
      const late = db.query('select 1', [], { timeoutMs: 40 });
      await expect(late).rejects.toBeInstanceOf(TimeoutError);
      const startedAt = t.loop.now();
      const waiting = await db.query('select 2').catch((e: unknown) => e);
      expect(t.loop.now() - startedAt).toBeLessThan(5000);
      expect(waiting).toBeInstanceOf(ConnectionLostError);
      expect(waiting).toMatchObject({ safeToRetry: true });
      expect((waiting as ConnectionLostError).cause.message).toContain('within 100 ms');
      expect(db.isClosed).toBe(true);
      await db.close();
    });

    it('loses the connection when the cancel request cannot be delivered', async (t) => {
      const link = await t.openLink();
      await using db = await t.connect({ ...link.target, cancelGraceMs: 300 });
      link.ignoreNew();
      const late = db.query('select pg_sleep(20)', [], { timeoutMs: 40 });
      await expect(late).rejects.toBeInstanceOf(TimeoutError);
      await expect(db.query('select 2')).rejects.toBeInstanceOf(ConnectionLostError);
    });
  });
};
