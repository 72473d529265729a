import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect } from 'vitest';
import { HandleClosedError, TransactionActiveError } from '../../src/index.js';
import type { Suite } from '../setting.js';

export const preparedStatementSuite: Suite = (it) => {
  describe('PreparedStatement', () => {
    it('runs many times, and knows its parameters and columns', async (t) => {
      await using db = await t.connect();
      await using statement = await db.prepare('select $1::int as n, $2::text as t');
      expect(statement.parameters).toEqual([23, 25]);
      expect(statement.columns.map(({ name }) => name)).toEqual(['n', 't']);
      expect(statement.sql).toContain('select $1');
      expect(await statement.query([1, 'a'])).toEqual([{ n: 1, t: 'a' }]);
      expect(await statement.queryRow([2, 'b'])).toEqual({ n: 2, t: 'b' });
      expect(await statement.queryValue([3, 'c'])).toBe(3);
      const streamed = [];
      for await (const row of statement.stream([4, 'd'])) streamed.push(row);
      expect(streamed).toEqual([{ n: 4, t: 'd' }]);
    });

    it('reports a wrong text when it is prepared', async (t) => {
      await using db = await t.connect();
      await expect(db.prepare('select wrong')).rejects.toMatchObject({ sqlState: '42703' });
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('is closed on the server, after what was asked before', async (t) => {
      await using db = await t.connect();
      const statement = await db.prepare('select $1::int as n');
      const before = statement.query([1]);
      const closing = Promise.all([statement.close(), statement.close()]);
      expect(await before).toEqual([{ n: 1 }]);
      await closing;
      expect(
        await db.queryValue('select count(*) from pg_prepared_statements where not statement like $1', ['%pg_%']),
      ).toBe(0n);
      await expect(statement.query([1])).rejects.toBeInstanceOf(HandleClosedError);
      expect(() => statement.stream([1])).toThrow(HandleClosedError);
    });

    it('is not pushed out by the cache, nor by its absence', async (t) => {
      await using db = await t.connect({ statementCacheSize: 0 });
      await using statement = await db.prepare('select $1::int');
      for (let n = 0; n < 5; n++) {
        expect(await db.queryValue(`select ${n}`)).toBe(n);
        expect(await statement.queryValue([n])).toBe(n);
      }
    });

    it('survives a change of its table', async (t) => {
      await using db = await t.connect();
      await db.execute('create temp table pinned (a int); insert into pinned values (1)');
      await using statement = await db.prepare('select * from pinned');
      expect(await statement.query()).toEqual([{ a: 1 }]);
      await db.execute('alter table pinned add b int default 2; discard plans');
      expect(await Promise.all([statement.query(), statement.query()])).toEqual([[{ a: 1, b: 2 }], [{ a: 1, b: 2 }]]);
      await db.execute('deallocate all');
      expect(await statement.query()).toEqual([{ a: 1, b: 2 }]);
    });

    it('belongs to the transaction that prepared it, and is closed with it', async (t) => {
      await using db = await t.connect();
      await using outer = await db.prepare('select 1');
      const inner = await db.transaction(async (tx) => {
        await expect(outer.query()).rejects.toBeInstanceOf(TransactionActiveError);
        const statement = await tx.prepare('select 2 as n');
        expect(await statement.query()).toEqual([{ n: 2 }]);
        return statement;
      });
      await expect(inner.query()).rejects.toBeInstanceOf(HandleClosedError);
      expect(await outer.queryValue()).toBe(1);
      expect(await db.execute("select 1 from pg_prepared_statements where statement = 'select 2 as n'")).toMatchObject([
        { count: 0 },
      ]);
    });

    it('closes silently on a connection that has ended', async (t) => {
      const db = await t.connect();
      const statement = await db.prepare('select 1');
      await db.close();
      await statement.close();
    });

    it('is not kept by its connection once it is closed', async (t) => {
      await using db = await t.connect();
      const prepareAndClose = async (): Promise<WeakRef<object>> => {
        const statement = await db.prepare('select 1');
        await statement.close();
        return new WeakRef(statement);
      };
      const closed = await prepareAndClose();
      setFlagsFromString('--expose-gc');
      const collectGarbage = runInNewContext('gc') as () => void;
      for (let i = 0; i < 20 && closed.deref() !== undefined; i++) {
        await db.query('select 1');
        collectGarbage();
      }
      expect(closed.deref()).toBeUndefined();
    });

    it.realOnly('races the server', 'is not left on the server if its caller has given up', async (t) => {
      await using db = await t.connect();
      for (let i = 0; i < 10; i++) {
        const controller = new AbortController();
        const prepared = db.prepare(`select ${i} as given_up`, { signal: controller.signal });
        await new Promise<void>((resolve) => {
          t.loop.callSoon(resolve); // it has left then, and is not answered
        });
        controller.abort();
        await expect(prepared).rejects.toThrow('aborted');
      }
      await db.query('select 1'); // its answer comes after those that nobody waited for, which are closed then
      expect(
        await db.queryValue(
          "select count(*)::int from pg_prepared_statements where name <> '' and statement ~ 'given_up$'",
        ),
      ).toBe(0);
    });

    for (const sql of [5, undefined, { text: 'select 1' }] as unknown[])
      it(`takes nothing but a string for its text, not ${JSON.stringify(sql)}`, async (t) => {
        await using db = await t.connect();
        const message = 'sql must be a string';
        await expect(db.prepare(sql as string)).rejects.toThrow(new TypeError(message));
        await expect(db.query(sql as string)).rejects.toThrow(new TypeError(message));
        await expect(db.execute(sql as string)).rejects.toThrow(new TypeError(message));
        expect(await db.queryValue('select 1')).toBe(1);
      });
  });
};
