import { seededRandom } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect } from 'vitest';
import { ConnectionClosedError, ConnectionLostError, PostgresError } from '../../src/index.js';
import type { Suite } from '../setting.js';

export const connectionLossSuite: Suite = (it) => {
  describe('a connection that is lost', () => {
    it('fails what is pending, with the FATAL error of the server as the cause', async (t) => {
      const db = await t.connect();
      await using killer = await t.connect();
      async function waitAround(): Promise<void> {
        await db.query('select pg_sleep(20)');
      }
      const sent = waitAround().catch((e: unknown) => e as ConnectionLostError);
      await t.pause(30);
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

    it('while it is idle is silent until the next call', async (t) => {
      const db = await t.connect();
      await using killer = await t.connect();
      await killer.query('select pg_terminate_backend($1)', [db.backendPid]);
      for (let i = 0; i < 100 && !db.isClosed; i++) await t.pause(5);
      await expect(db.query('select 1')).rejects.toMatchObject({ safeToRetry: true, cause: { sqlState: '57P01' } });
      await expect(db.transaction(() => 1)).rejects.toBeInstanceOf(ConnectionLostError);
      await expect(db.stream('select 1').next()).rejects.toBeInstanceOf(ConnectionLostError);
      await expect(db.prepare('select 1')).rejects.toBeInstanceOf(ConnectionLostError);
      await db.close();
    });

    it('by a reset tells what was sent from what was not', async (t) => {
      const link = await t.openLink();
      await using db = await t.connect(link.target);
      await db.query('select pg_sleep($1)', [0]);
      const calls = Array.from({ length: 150 }, () => db.query('select pg_sleep($1)', [20]));
      await t.pause(30);
      link.cut();
      const errors = (await Promise.allSettled(calls)).map(
        (result) => (result as PromiseRejectedResult).reason as unknown,
      );
      expect(errors.every((error) => error instanceof ConnectionLostError)).toBe(true);
      expect(errors.filter((error) => (error as ConnectionLostError).safeToRetry)).toHaveLength(50);
      expect(new Set(errors).size).toBe(150);
    });

    it('in a stream fails the consumer after the rows that came', async (t) => {
      const link = await t.openLink();
      await using db = await t.connect(link.target);
      let count = 0;
      const reading = (async () => {
        for await (const row of db.stream('select n, pg_sleep(0.0001) from generate_series(1, 100000) n')) {
          count += row['n'] === 0 ? 0 : 1;
          if (count === 5) link.cut();
        }
      })();
      await expect(reading).rejects.toBeInstanceOf(ConnectionLostError);
      expect(count).toBeGreaterThanOrEqual(5);
    });

    it.realOnly(
      'says something else each time',
      'at random points settles every call, and the process goes on',
      async (t) => {
        await using killer = await t.connect();
        await killer.execute('drop table if exists chaos; create table chaos (n int)');
        const unhandled: unknown[] = [];
        const listener = (error: unknown): unknown => unhandled.push(error);
        process.on('unhandledRejection', listener);
        const random = seededRandom(57_01);
        for (let round = 0; round < 40; round++) {
          const db = await t.connect();
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
          await t.pause(random.float() * 8);
          const kill = killer.query('select pg_terminate_backend($1)', [db.backendPid]);
          const outcomes = await Promise.race([settled, t.pause(5000)]);
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
      },
    );
  });

  describe('close', () => {
    it('waits for what was called before, says good-bye, and can be called again', async (t) => {
      await using observer = await t.connect();
      const db = await t.connect();
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
      for (let i = 0; i < 100 && (await isThere()) !== 0; i++) await t.pause(5);
      expect(await isThere()).toBe(0);
    });

    it('with a limit terminates what does not end', async (t) => {
      const db = await t.connect();
      const pending = db.query('select pg_sleep(20)').catch((e: unknown) => e);
      const unlimited = db.close();
      await db.close({ timeoutMs: 50 });
      expect(await pending).toBeInstanceOf(ConnectionClosedError);
      await unlimited;
    });

    it('settles with a server that stalls', async (t) => {
      const link = await t.openLink();
      const db = await t.connect(link.target);
      link.stall();
      const pending = db.query('select 1').catch((e: unknown) => e);
      await db.close({ timeoutMs: 50 });
      expect(await pending).toBeInstanceOf(ConnectionClosedError);
      const other = await t.connect();
      await other.close({ signal: AbortSignal.abort() });
    });

    it('settles when nothing is pending and the server stalls', async (t) => {
      const link = await t.openLink();
      const db = await t.connect(link.target);
      link.stall();
      await db.close();
    });

    it('cuts a stream and a transaction that are open', async (t) => {
      const db = await t.connect();
      const stream = db.stream(`select * from generate_series(1, ${t.volume(1_000_000, 30_000)})`);
      await stream.next();
      await db.close();
      const rest = (async () => {
        for await (const row of stream) void row;
      })();
      await expect(rest).rejects.toBeInstanceOf(ConnectionClosedError);

      const other = await t.connect();
      const inside = other.transaction(async (tx) => {
        await tx.query('select 1');
        await other.close();
      });
      await expect(inside).rejects.toBeInstanceOf(ConnectionClosedError);
    });

    it('waits for a cancel that is under way', async (t) => {
      const db = await t.connect();
      await expect(db.query('select pg_sleep(20)', [], { timeoutMs: 30 })).rejects.toBeInstanceOf(TimeoutError);
      await db.close();
    });

    it('happens at the end of a block', async (t) => {
      let kept;
      {
        await using db = await t.connect();
        kept = db;
      }
      expect(kept.isClosed).toBe(true);
    });
  });

  describe('terminate', () => {
    it('rejects what is pending', async (t) => {
      const db = await t.connect();
      const pending = [db.query('select pg_sleep(20)'), db.execute('select 1')];
      await t.pause(20);
      db.terminate();
      for (const result of await Promise.allSettled(pending))
        expect((result as PromiseRejectedResult).reason).toBeInstanceOf(ConnectionClosedError);
      await db.close();
    });
  });
};
