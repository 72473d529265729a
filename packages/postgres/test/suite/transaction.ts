import { describe, expect } from 'vitest';
import {
  HandleClosedError,
  StreamActiveError,
  TransactionAbortedError,
  TransactionActiveError,
} from '../../src/index.js';
import type { Queryable } from '../../src/index.js';
import { add, ledger, withLedger } from '../ledger.js';
import type { Suite } from '../setting.js';

export const transactionSuite: Suite = (it) => {
  describe('transaction', () => {
    it(
      'commits what the function did, and returns what it returns',
      withLedger(async (t, db) => {
        const value = await db.transaction(async (tx) => {
          await add(tx, 1);
          await add(tx, 2);
          return ledger(tx);
        });
        expect(value).toEqual([1, 2]);
        expect(await ledger(db)).toEqual([1, 2]);
      }),
    );

    it(
      'rolls back and throws the very error of the function',
      withLedger(async (t, db) => {
        const mine = new Error('mine');
        const { stack } = mine;
        const thrown = await db
          .transaction(async (tx) => {
            await add(tx, 1);
            throw mine;
          })
          .catch((error: unknown) => error);
        expect(thrown).toBe(mine);
        expect(mine.stack).toBe(stack);
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'rolls back when the function throws at once, or something that is no error',
      withLedger(async (t, db) => {
        await expect(
          db.transaction(() => {
            throw new Error('at once');
          }),
        ).rejects.toThrow('at once');
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        await expect(db.transaction(() => Promise.reject('a string'))).rejects.toBe('a string');
        expect(await db.queryValue('select 1')).toBe(1);
      }),
    );

    it(
      'runs with the isolation and modes that are asked for',
      withLedger(async (t, db) => {
        const options = { isolation: 'serializable', readOnly: true, deferrable: true } as const;
        const modes = await db.transaction(
          (tx) =>
            tx.queryRow(
              "select current_setting('transaction_isolation') i, current_setting('transaction_read_only') r, current_setting('transaction_deferrable') d",
            ),
          options,
        );
        expect(modes).toEqual({ i: 'serializable', r: 'on', d: 'on' });
        await expect(db.transaction((tx) => add(tx, 1), { readOnly: true })).rejects.toMatchObject({
          sqlState: '25006',
        });
        await expect(db.transaction(() => 1, { isolation: 'x; drop table ledger' as 'serializable' })).rejects.toThrow(
          TypeError,
        );
        expect(await db.queryValue('select 1')).toBe(1);
      }),
    );

    it(
      'refuses the connection, and a second transaction, while one is open',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          for (const call of [
            () => db.query('select 1'),
            () => db.queryRow('select 1'),
            () => db.queryValue('select 1'),
            () => db.execute('select 1'),
            () => db.prepare('select 1'),
            () => db.stream('select 1').next(),
            () => db.transaction(() => 1),
          ])
            await expect(call()).rejects.toBeInstanceOf(TransactionActiveError);
          await add(tx, 1);
        });
        expect(await ledger(db)).toEqual([1]);
      }),
    );

    it(
      'takes calls that were made before it, and follows them',
      withLedger(async (t, db) => {
        const before = add(db, 1);
        const inside = db.transaction((tx) => ledger(tx));
        await before;
        expect(await inside).toEqual([1]);
      }),
    );

    it(
      'refuses its handle after the end',
      withLedger(async (t, db) => {
        let kept: Queryable | undefined;
        await db.transaction((tx) => {
          kept = tx;
        });
        await expect(kept?.query('select 1')).rejects.toBeInstanceOf(HandleClosedError);
        await expect(kept?.transaction(() => 1)).rejects.toBeInstanceOf(HandleClosedError);
      }),
    );

    it(
      'commits what the function did not wait for',
      withLedger(async (t, db) => {
        const pending: Promise<unknown>[] = [];
        await db.transaction((tx) => {
          pending.push(add(tx, 1), add(tx, 2));
        });
        await Promise.all(pending);
        expect(await ledger(db)).toEqual([1, 2]);
      }),
    );

    it(
      'says so when a failed statement was ignored',
      withLedger(async (t, db) => {
        const ignored = db.transaction(async (tx) => {
          await add(tx, 1);
          await add(tx, -1).catch(() => undefined);
        });
        await expect(ignored).rejects.toBeInstanceOf(TransactionAbortedError);
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'reports what fails at COMMIT',
      withLedger(async (t, db) => {
        await db.execute('create temp table deferred (n int unique deferrable initially deferred)');
        const failed = db.transaction((tx) => tx.query('insert into deferred values (1), (1)'));
        await expect(failed).rejects.toMatchObject({ sqlState: '23505' });
        expect(await db.queryValue('select 1')).toBe(1);
      }),
    );

    it(
      'leaves a block alone that was begun by SQL',
      withLedger(async (t, db) => {
        await db.query('begin');
        await add(db, 1);
        await expect(db.transaction(() => 1)).rejects.toBeInstanceOf(TransactionActiveError);
        expect(await ledger(db)).toEqual([1]);
        await db.query('rollback');
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'goes on when the function ended the block by SQL',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          await add(tx, 1);
          await tx.execute('commit');
        });
        expect(await ledger(db)).toEqual([1]);
        expect(await db.queryValue('select 1')).toBe(1);
      }),
    );

    it(
      'refuses to commit around an open stream',
      withLedger(async (t, db) => {
        const left = db.transaction(async (tx) => {
          await add(tx, 1);
          await tx.stream(`select * from generate_series(1, ${t.volume(1_000_000, 30_000)})`).next();
        });
        await expect(left).rejects.toBeInstanceOf(StreamActiveError);
        expect(await ledger(db)).toEqual([]);
      }),
    );

    it(
      'keeps the stack of the caller',
      withLedger(async (t, db) => {
        async function payTheBill(): Promise<void> {
          await db.transaction(async (tx) => {
            await add(tx, -1);
          });
        }
        const error = await payTheBill().catch((e: unknown) => e as Error);
        expect(error?.stack).toContain('payTheBill');
      }),
    );
  });

  describe('a nested transaction', () => {
    it(
      'is a savepoint: what it did goes, what was before stays',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          await add(tx, 1);
          await expect(
            tx.transaction(async (inner) => {
              await add(inner, 2);
              await inner.transaction((innermost) => add(innermost, 3));
              throw new Error('undo');
            }),
          ).rejects.toThrow('undo');
          await tx.transaction((inner) => add(inner, 4));
        });
        expect(await ledger(db)).toEqual([1, 4]);
      }),
    );

    it(
      'recovers from a statement that failed',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          await add(tx, 1);
          await expect(tx.transaction((inner) => add(inner, -1))).rejects.toMatchObject({ sqlState: '23514' });
          await add(tx, 2);
        });
        expect(await ledger(db)).toEqual([1, 2]);
      }),
    );

    it(
      'says so when a failed statement was ignored, and the outer one goes on',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          await add(tx, 1);
          const ignored = tx.transaction(async (inner) => {
            await add(inner, -1).catch(() => undefined);
          });
          await expect(ignored).rejects.toBeInstanceOf(TransactionAbortedError);
          await add(tx, 2);
        });
        expect(await ledger(db)).toEqual([1, 2]);
      }),
    );

    it(
      'keeps the outer handle out while it is open',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          await tx.transaction(async (inner) => {
            await expect(tx.query('select 1')).rejects.toBeInstanceOf(TransactionActiveError);
            await add(inner, 1);
          });
          await add(tx, 2);
        });
        expect(await ledger(db)).toEqual([1, 2]);
      }),
    );

    it(
      'takes no modes',
      withLedger(async (t, db) => {
        await db.transaction(async (tx) => {
          await expect(tx.transaction(() => 1, { readOnly: true })).rejects.toThrow(TypeError);
        });
      }),
    );
  });
};
