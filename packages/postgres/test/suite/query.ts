import { describe, expect } from 'vitest';
import { PostgresError, Range } from '../../src/index.js';
import { recordingLoop } from '../recording-loop.js';
import type { Suite } from '../setting.js';

export const querySuite: Suite = (it) => {
  describe('query', () => {
    it('returns rows as objects, with metadata that is not enumerable', async (t) => {
      await using db = await t.connect();
      const rows = await db.query<{ n: number; t: string }>('select $1::int4 as n, $2::text as t', [41, 'ä😀']);
      expect(rows).toEqual([{ n: 41, t: 'ä😀' }]);
      expect(Object.keys(rows)).toEqual(['0']);
      expect(rows.columns.map(({ name, typeOid }) => [name, typeOid])).toEqual([
        ['n', 23],
        ['t', 25],
      ]);
      expect([rows.command, rows.count]).toEqual(['SELECT', 1]);
      expect(rows[0]!.n).toBe(41);
    });

    it('says how many rows a command changed', async (t) => {
      await using db = await t.connect();
      await db.execute('create temp table counted (n int)');
      const inserted = await db.query('insert into counted select generate_series(1, 7)');
      expect([inserted.command, inserted.count, inserted.length]).toEqual(['INSERT', 7, 0]);
      const updated = await db.query('update counted set n = n + 1 where n > 4 returning n');
      expect([updated.command, updated.count, updated.length]).toEqual(['UPDATE', 3, 3]);
      expect((await db.query('drop table counted')).command).toBe('DROP TABLE');
    });

    for (const [type, value] of [
      ['bool', true],
      ['int2', -32768],
      ['int4', 2147483647],
      ['int8', 9007199254740993n],
      ['float4', 0.5],
      ['float8', Math.PI],
      ['numeric', '12345678901234567890.000100'],
      ['text', 'a\u0301\n"\'\\'],
      ['varchar(9)', 'x'],
      ['bytea', new Uint8Array([0, 255, 1])],
      ['uuid', '01234567-89ab-cdef-0123-456789abcdef'],
      ['jsonb', { a: [1, null, 'x'] }],
      ['date', '2024-02-29'],
      ['timestamp', '2024-02-29 12:34:56.123456'],
      ['timestamptz', new Date('2024-02-29T12:34:56.123Z')],
      ['int4[]', [1, null, 3]],
      [
        'text[]',
        [
          ['a', 'b'],
          ['c', null],
        ],
      ],
      ['interval', { months: 14, days: -3, microseconds: 7_384_000_001n }],
      ['point', { x: 1, y: -0.5 }],
      ['inet', '10.1.2.3/8'],
      ['int4range', new Range(1, 5)],
      ['int4', null],
    ] as [string, unknown][]) {
      it(`carries ${type} there and back${value === null ? ', NULL' : ''}`, async (t) => {
        await using db = await t.connect();
        const back = await db.queryValue(`select $1::${type} as v`, [value]);
        if (type === 'timestamp') expect(String(back).replace('T', ' ')).toBe(value);
        else expect(back).toEqual(value);
      });
    }

    it('represents int8 as it is told', async (t) => {
      await using numbers = await t.connect({ int8: 'number' });
      expect(await numbers.queryValue('select 5::int8')).toBe(5);
      await expect(numbers.queryValue('select 9007199254740993')).rejects.toThrow(/safe/i);
      expect(await numbers.queryValue('select 6::int8')).toBe(6);
      await using strings = await t.connect({ int8: 'string' });
      expect(await strings.queryValue('select 5::int8')).toBe('5');
    });

    it('keeps hostile column names as data', async (t) => {
      await using db = await t.connect();
      const rows = await db.query(`select 1 as "__proto__", 2 as "a'b\\", 3 as "constructor"`);
      const [row] = rows;
      expect(Object.getOwnPropertyDescriptor(row, '__proto__')?.value).toBe(1);
      expect(row).toHaveProperty("a'b\\", 2);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('runs an empty statement', async (t) => {
      await using db = await t.connect();
      const rows = await db.query('');
      expect([rows.length, rows.command, rows.count, rows.columns]).toEqual([0, '', 0, []]);
    });

    it('returns the first row and the first value, or undefined', async (t) => {
      await using db = await t.connect();
      expect(await db.queryRow('select * from generate_series(3, 5) n')).toEqual({ n: 3 });
      expect(await db.queryRow('select 1 where false')).toBeUndefined();
      expect(await db.queryValue('select * from generate_series(3, 5) n')).toBe(3);
      expect(await db.queryValue('select 1 where false')).toBeUndefined();
      expect(await db.queryValue('select null::int')).toBeNull();
    });

    it('returns a result that takes many reads', async (t) => {
      await using db = await t.connect();
      const count = t.volume(20_000, 600);
      const rows = await db.query(`select n, repeat('x', 100) as x from generate_series(1, ${count}) n`);
      expect(rows).toHaveLength(count);
      expect(rows.at(-1)).toEqual({ n: count, x: 'x'.repeat(100) });
    });

    it('carries a value of 20 MB both ways', async (t) => {
      await using db = await t.connect();
      const big = new Uint8Array(t.volume(20, 2) * 1024 * 1024).fill(7);
      const back = await db.queryValue<Uint8Array>('select $1::bytea', [big]);
      expect(back?.length).toBe(big.length);
      expect(back?.every((byte) => byte === 7)).toBe(true);
    });

    it('reports a syntax error with its place, and goes on', async (t) => {
      await using db = await t.connect();
      const error = await db.query('select 1,\n  from from t').catch((e: unknown) => e);
      expect(error).toBeInstanceOf(PostgresError);
      expect(error).toMatchObject({ sqlState: '42601', position: 13, code: 'ERR_POSTGRES_SERVER' });
      expect((error as PostgresError).render()).toContain('LINE 2:   from from t\n          ^');
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('reports what failed while it ran, with every field', async (t) => {
      await using db = await t.connect();
      await db.execute('create temp table uniq (n int constraint only_once unique)');
      await db.query('insert into uniq values ($1)', [1]);
      await expect(db.query('insert into uniq values ($1)', [1])).rejects.toMatchObject({
        sqlState: '23505',
        table: 'uniq',
        constraint: 'only_once',
        detail: 'Key (n)=(1) already exists.',
      });
      await expect(db.query('select 1 / (n - 3) from generate_series(1, 5) n')).rejects.toMatchObject({
        sqlState: '22012',
      });
    });

    for (const [name, sql, values] of [
      ['too few values', 'select $1::int + $2::int', [1]],
      ['too many values', 'select 1', [1]],
      ['a string for an int', 'select $1::int', ['x']],
      ['a number out of range', 'select $1::int2', [70_000]],
      ['a NUL in the text', 'select \0', []],
    ] as [string, string, unknown[]][]) {
      it(`rejects ${name} alone, before anything is sent`, async (t) => {
        await using db = await t.connect();
        const before = db.query('select 1 as n');
        const wrong = db.query(sql, values).catch((error: unknown) => error);
        const after = db.query('select 2 as n');
        const error = await wrong;
        expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
        expect(await before).toEqual([{ n: 1 }]);
        expect(await after).toEqual([{ n: 2 }]);
      });
    }

    it('rejects arguments of the wrong kind', async (t) => {
      await using db = await t.connect();
      await expect(db.query(undefined as unknown as string)).rejects.toThrow(TypeError);
      await expect(db.execute(5 as unknown as string)).rejects.toThrow(TypeError);
      await expect(db.query('select 1', { timeoutMs: 5 } as unknown as [])).rejects.toThrow('params must be an array');
      expect(await db.queryValue('select 1')).toBe(1);
    });

    it('sends nothing of a call whose values cannot be encoded', async (t) => {
      const { loop, writes } = recordingLoop(t.loop);
      await using own = await t.connect({ loop });
      await own.query('select $1::int', [1]);
      writes.length = 0;
      await expect(own.query('select $1::int', ['x'])).rejects.toThrow(TypeError);
      expect(writes).toEqual([]);
    });

    it('takes the values as they are when it is called', async (t) => {
      await using db = await t.connect();
      const params = [0];
      const answers = [];
      for (let i = 0; i < 5; i++) {
        params[0] = i;
        answers.push(db.queryValue('select $1::int', params));
      }
      expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4]);
    });

    it('refuses COPY without harm', async (t) => {
      await using db = await t.connect();
      await db.execute('create temp table copied (n int)');
      for (const sql of ['copy copied from stdin', 'copy (select 1) to stdout']) {
        for (const run of [() => db.query(sql), () => db.execute(sql)]) {
          const refused = run();
          const behind = db.queryValue('select 1');
          await expect(refused).rejects.toThrow(/copy/i);
          expect(await behind).toBe(1);
        }
      }
    });

    it('keeps the stack of the caller', async (t) => {
      await using db = await t.connect();
      async function readTheLedger(): Promise<void> {
        await db.query('select broken');
      }
      async function readTheName(): Promise<void> {
        await db.queryValue('select broken');
      }
      async function readBoth(): Promise<void> {
        await Promise.all([db.query('select 1'), db.execute('select broken')]);
      }
      for (const run of [readTheLedger, readTheName, readBoth]) {
        const error = await run().catch((e: unknown) => e as Error);
        expect(error?.stack).toContain(run.name);
        expect(error?.stack).toMatch(/^PostgresError: column "broken" does not exist/);
      }
    });

    it('hands notices to whoever listens, before the call settles', async (t) => {
      await using db = await t.connect();
      const seen: string[] = [];
      const off = db.onNotice(({ severityCode, message }) => seen.push(`${severityCode} ${message}`));
      await db.query("do $$ begin raise notice 'hello'; raise warning 'beware'; end $$");
      expect(seen).toEqual(['NOTICE hello', 'WARNING beware']);
      off();
      await db.query("do $$ begin raise notice 'unheard'; end $$");
      expect(seen).toHaveLength(2);
    });

    it('does not suffer from a notice listener that throws', async (t) => {
      await using db = await t.connect();
      const { loop } = t;
      const reported: unknown[] = [];
      const stop = loop.onUncaught((error) => reported.push(error));
      const off = db.onNotice(() => {
        throw new Error('listener');
      });
      await db.query("do $$ begin raise notice 'hello'; end $$");
      await db.query('select 1');
      off();
      stop();
      expect(reported).toMatchObject([{ message: 'listener' }]);
    });

    it('knows the server parameters as they are now', async (t) => {
      await using db = await t.connect();
      await db.query("set application_name = 'renamed'");
      expect(db.serverParameters['application_name']).toBe('renamed');
    });
  });

  describe('execute', () => {
    it('runs a script and returns one result for each statement, as text', async (t) => {
      await using db = await t.connect();
      const results = await db.execute(
        "create temp table s (n int, t text); insert into s values (1, 'a'), (2, null); table s; ",
      );
      expect(results.map(({ command, count }) => [command, count])).toEqual([
        ['CREATE TABLE', 0],
        ['INSERT', 2],
        ['SELECT', 2],
      ]);
      expect(results[2]?.rows).toEqual([
        { n: '1', t: 'a' },
        { n: '2', t: null },
      ]);
      expect(results[2]?.columns.map(({ name }) => name)).toEqual(['n', 't']);
      expect(results[1]?.rows).toEqual([]);
    });

    it('is done entirely or not at all', async (t) => {
      await using db = await t.connect();
      await db.execute('create temp table whole (n int)');
      const script = 'insert into whole values (1); insert into whole values (1 / 0)';
      await expect(db.execute(script)).rejects.toMatchObject({ sqlState: '22012' });
      expect(await db.queryValue('select count(*) from whole')).toBe(0n);
    });

    it('points into the script where it is wrong', async (t) => {
      await using db = await t.connect();
      const error = await db.execute('select 1;\nselect wrong').catch((e: unknown) => e as PostgresError);
      expect((error as PostgresError).render()).toContain('LINE 2: select wrong\n               ^');
    });

    it('runs an empty script', async (t) => {
      await using db = await t.connect();
      expect(await db.execute('')).toMatchObject([{ command: '', count: 0 }]);
    });
  });
};
