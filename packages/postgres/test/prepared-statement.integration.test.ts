import { describe, expect, inject, test } from 'vitest';
import { connect, HandleClosedError, TransactionActiveError } from '../src/index.js';

const url = inject('databaseUrl');

describe('PreparedStatement', () => {
  test('runs many times, and knows its parameters and columns', async () => {
    await using db = await connect(url);
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

  test('reports a wrong text when it is prepared', async () => {
    await using db = await connect(url);
    await expect(db.prepare('select wrong')).rejects.toMatchObject({ sqlState: '42703' });
    expect(await db.queryValue('select 1')).toBe(1);
  });

  test('is closed on the server, after what was asked before', async () => {
    await using db = await connect(url);
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

  test('is not pushed out by the cache, nor by its absence', async () => {
    await using db = await connect({ url, statementCacheSize: 0 });
    await using statement = await db.prepare('select $1::int');
    for (let n = 0; n < 5; n++) {
      expect(await db.queryValue(`select ${n}`)).toBe(n);
      expect(await statement.queryValue([n])).toBe(n);
    }
  });

  test('survives a change of its table', async () => {
    await using db = await connect(url);
    await db.execute('create temp table pinned (a int); insert into pinned values (1)');
    await using statement = await db.prepare('select * from pinned');
    expect(await statement.query()).toEqual([{ a: 1 }]);
    await db.execute('alter table pinned add b int default 2; discard plans');
    expect(await Promise.all([statement.query(), statement.query()])).toEqual([[{ a: 1, b: 2 }], [{ a: 1, b: 2 }]]);
    await db.execute('deallocate all');
    expect(await statement.query()).toEqual([{ a: 1, b: 2 }]);
  });

  test('belongs to the transaction that prepared it, and is closed with it', async () => {
    await using db = await connect(url);
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

  test('closes silently on a connection that has ended', async () => {
    const db = await connect(url);
    const statement = await db.prepare('select 1');
    await db.close();
    await statement.close();
  });
});
