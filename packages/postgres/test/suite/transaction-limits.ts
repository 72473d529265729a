import { TimeoutError } from '@millrace/timeouts';
import { describe, expect } from 'vitest';
import { CommitOutcomeUnknownError, ConnectionLostError } from '../../src/index.js';
import { add, ledger, withLedger } from '../ledger.js';
import type { Suite } from '../setting.js';

export const transactionLimitsSuite: Suite = (it) => {
  describe('a transaction with limits', () => {
    it(
      'ends at once when its time is up, in a statement',
      withLedger(async (t, db) => {
        const startedAt = t.loop.now();
        const late = db.transaction(
          async (tx) => {
            await add(tx, 1);
            await tx.query('select pg_sleep(20)');
          },
          { timeoutMs: 100 },
        );
        await expect(late).rejects.toBeInstanceOf(TimeoutError);
        expect(t.loop.now() - startedAt).toBeLessThan(5000);
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'ends at once when its time is up, while the function does something else',
      withLedger(async (t, db) => {
        const late = db.transaction(
          async (tx) => {
            await add(tx, 1);
            await new Promise(() => undefined);
          },
          { timeoutMs: 50 },
        );
        await expect(late).rejects.toBeInstanceOf(TimeoutError);
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'ends with the reason of its signal',
      withLedger(async (t, db) => {
        const reason = new Error('stop it');
        const controller = new AbortController();
        const aborted = db.transaction(
          async (tx) => {
            await add(tx, 1);
            t.after(20, () => {
              controller.abort(reason);
            });
            await tx.transaction((inner) => inner.query('select pg_sleep(20)'));
          },
          { signal: controller.signal },
        );
        expect(await aborted.catch((error: unknown) => error)).toBe(reason);
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'is not begun when its signal is aborted already',
      withLedger(async (t, db) => {
        const reason = new Error('too late');
        let ran = false;
        const run = (): void => {
          ran = true;
        };
        await expect(db.transaction(run, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
        expect(ran).toBe(false);
        expect(await db.queryValue('select 1')).toBe(1);
      }),
    );

    it(
      'is rolled back when BEGIN itself is cut short',
      withLedger(async (t, db) => {
        const sleeping = db.query('select pg_sleep(0.2)');
        await expect(db.transaction(() => 1, { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError);
        await sleeping;
        expect(await ledger(db)).toEqual([]);
        await db.transaction((tx) => add(tx, 1));
        expect(await ledger(db)).toEqual([1]);
      }),
    );

    it.realOnly(
      'races the server',
      'lets nobody into the transaction whose COMMIT was taken back',
      withLedger(async (t, db) => {
        await using other = await t.connect();
        const pending: Promise<unknown>[] = [];
        const late = db.transaction(
          async (tx) => {
            await add(tx, 1);
            // Fills what may be in flight, so that COMMIT waits for its turn: for a second, far beyond the limit.
            for (let i = 0; i < 120; i++) pending.push(tx.query('select pg_sleep(0.05)').catch(() => undefined));
          },
          { timeoutMs: 300 },
        );
        await expect(late).rejects.toBeInstanceOf(TimeoutError);
        await add(db, 2);
        await Promise.all(pending);
        expect(await ledger(other)).toEqual([2]);
      }),
    );

    it(
      'undoes only the savepoint whose time is up',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          await add(tx, 1);
          const late = tx.transaction((inner) => inner.query('select pg_sleep(20)'), { timeoutMs: 50 });
          await expect(late).rejects.toBeInstanceOf(TimeoutError);
          await add(tx, 2);
        });
        expect(await ledger(db)).toEqual([1, 2]);
      }),
    );
  });

  describe('a transaction on a connection that breaks', () => {
    it(
      'throws the loss, and does not hang in the rollback',
      withLedger(async (t, db) => {
        const link = await t.openLink();
        await using own = await t.connect(link.target);
        const broken = own.transaction(async (tx) => {
          await add(tx, 1);
          link.cut();
          await tx.query('select 1');
        });
        await expect(broken).rejects.toBeInstanceOf(ConnectionLostError);
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'says that the outcome is unknown when COMMIT is not answered',
      withLedger(async (t) => {
        const link = await t.openLink();
        await using own = await t.connect(link.target);
        const unanswered = own.transaction(async (tx) => {
          await add(tx, 1);
          link.stall();
          t.after(100, () => {
            link.cut();
          });
        });
        const error = await unanswered.catch((e: unknown) => e);
        expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
        expect((error as Error).cause).toBeInstanceOf(ConnectionLostError);
      }),
    );

    it(
      'says so as well when the time is up during COMMIT',
      withLedger(async (t) => {
        const link = await t.openLink();
        await using own = await t.connect({ ...link.target, cancelGraceMs: 50 });
        const unanswered = own.transaction(
          async (tx) => {
            await add(tx, 1);
            link.stall();
          },
          { timeoutMs: 100 },
        );
        const error = await unanswered.catch((e: unknown) => e);
        expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
        expect((error as Error).cause).toBeInstanceOf(TimeoutError);
      }),
    );
  });
};
