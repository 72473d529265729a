import { describe, expect } from 'vitest';
import type { Connection } from '../../src/index.js';
import type { Suite } from '../setting.js';

async function preparedOnServer(db: Connection): Promise<string[]> {
  const [result] = await db.execute('select statement from pg_prepared_statements order by prepare_time, name');
  return result?.rows.map(({ statement }) => statement ?? '') ?? [];
}

export const statementCacheSuite: Suite = (it) => {
  describe('the statement cache', () => {
    it('prepares a text once', async (t) => {
      await using db = await t.connect();
      for (let i = 0; i < 5; i++) await db.query('select $1::int', [i]);
      expect(await preparedOnServer(db)).toEqual(['select $1::int']);
    });

    it('gives up the least recently used statement, on the server too', async (t) => {
      await using db = await t.connect({ statementCacheSize: 2 });
      for (const sql of ['select 1', 'select 2', 'select 1', 'select 3']) await db.query(sql);
      await db.execute('');
      expect((await preparedOnServer(db)).sort()).toEqual(['select 1', 'select 3']);
    });

    for (const statementCacheSize of [0, 1, 2])
      it(`of size ${statementCacheSize} works under many different texts at once`, async (t) => {
        await using db = await t.connect({ statementCacheSize });
        for (let round = 0; round < 3; round++) {
          const values = await Promise.all(
            Array.from({ length: 30 }, (_, n) => db.queryValue(`select $1::int + ${n % 7}`, [n])),
          );
          expect(values).toEqual(Array.from({ length: 30 }, (_, n) => n + (n % 7)));
        }
        await db.execute('');
        expect(await preparedOnServer(db)).toHaveLength(statementCacheSize);
      });

    it('does not remember what could not be parsed', async (t) => {
      await using db = await t.connect();
      await expect(db.query('select * from later')).rejects.toMatchObject({ sqlState: '42P01' });
      await db.execute('create temp table later as select 1 as n');
      expect(await db.query('select * from later')).toEqual([{ n: 1 }]);
    });

    it('prepares again when the columns of a table have changed', async (t) => {
      await using db = await t.connect();
      await db.execute('create temp table changing (a int); insert into changing values (1)');
      expect(await db.query('select * from changing')).toEqual([{ a: 1 }]);
      await db.execute("alter table changing add b text default 'new'");
      expect(await Promise.all([1, 2, 3].map(() => db.query('select * from changing')))).toEqual(
        Array.from({ length: 3 }, () => [{ a: 1, b: 'new' }]),
      );
      expect(await preparedOnServer(db)).toEqual(['select * from changing']);
    });

    for (const script of ['discard all', 'deallocate all'])
      it(`prepares again after ${script}`, async (t) => {
        await using db = await t.connect();
        await db.query('select $1::int', [1]);
        await db.execute(script);
        expect(await db.queryValue('select $1::int', [2])).toBe(2);
      });

    it('leaves an error about a statement of the user alone', async (t) => {
      await using db = await t.connect();
      await expect(db.query('execute nothing_of_that_name')).rejects.toMatchObject({ sqlState: '26000' });
      await expect(db.query('deallocate nothing_of_that_name')).rejects.toMatchObject({ sqlState: '26000' });
    });

    it('does not repeat anything inside a transaction, and is healed after it', async (t) => {
      await using db = await t.connect();
      await db.query('select $1::int', [1]);
      const inside = db.transaction(async (tx) => {
        await tx.execute('deallocate all');
        await tx.query('select $1::int', [2]);
      });
      await expect(inside).rejects.toMatchObject({ sqlState: '26000' });
      expect(await db.queryValue('select $1::int', [3])).toBe(3);
    });
  });
};
