import { describe, expect } from 'vitest';
import { Range, TypeRegistry } from '../../src/index.js';
import type { Suite } from '../setting.js';

const MOOD = `create type pg_temp.mood as enum ('sad', 'happy')`;
/** What a lookup has left on the server. */
const LEFT_OVER = `select count(*)::int from pg_prepared_statements where name = 'millrace_types'`;

export const typesSuite: Suite = (it) => {
  describe('types of the database', () => {
    it('learns enums, domains, composites, ranges and their arrays when it meets them', async (t) => {
      await using db = await t.connect();
      await db.execute(`${MOOD};
        create domain pg_temp.age as int check (value >= 0);
        create type pg_temp.person as (name text, age pg_temp.age, moods pg_temp.mood[]);
        create type pg_temp.span as range (subtype = numeric)`);
      const ann = { name: 'Ann', age: 30, moods: ['happy', null] };
      const rows = await db.query(
        'select $1::pg_temp.mood m, $2::pg_temp.age a, $3::pg_temp.person p, $4::pg_temp.person[] ps, $5::pg_temp.span s',
        ['sad', 7, ann, [ann, null], new Range('1.5', null)],
      );
      expect(rows).toEqual([{ m: 'sad', a: 7, p: ann, ps: [ann, null], s: new Range('1.5', null) }]);
      expect(await db.queryValue(LEFT_OVER)).toBe(0);
    });

    it('asks once for a type, on all connections that share what is known, and not for what every server has', async (t) => {
      const types = new TypeRegistry();
      const asked: number[] = [];
      const learn = types.learn.bind(types);
      types.learn = (rows, oids) => {
        asked.push(oids?.length ?? 0);
        learn(rows, oids);
      };
      await using db = await t.connect({ types });
      await db.query('select $1::int[], $2::inet, $3::jsonb', [[1], '::1', {}]);
      expect(asked).toEqual([]);
      const sql = `select typname::information_schema.sql_identifier from pg_type where typname = 'bool'`;
      const byCatalog = `select array[$1::information_schema.yes_or_no]`;
      expect(await db.queryValue(byCatalog, ['YES'])).toEqual(['YES']);
      expect(await db.queryValue(sql)).toBe('bool');
      const count = asked.length;
      expect(count).toBeGreaterThan(0);
      await using other = await t.connect({ types });
      expect(await other.queryValue(byCatalog, ['NO'])).toEqual(['NO']);
      expect(await other.queryValue(sql)).toBe('bool');
      expect(asked).toHaveLength(count);
    });

    it('learns inside a transaction, a stream and a prepared statement', async (t) => {
      await using db = await t.connect();
      await db.execute(
        `${MOOD}; create type pg_temp.pair as (a int, b int); create type pg_temp.one as (a pg_temp.mood)`,
      );
      await db.transaction(async (tx) => {
        expect(await tx.queryValue(`select row('sad')::pg_temp.one`)).toEqual({ a: 'sad' });
      });
      const streamed = [];
      for await (const row of db.stream('select row(n, -n)::pg_temp.pair p from generate_series(1, 3) n'))
        streamed.push(row);
      expect(streamed).toEqual([{ p: { a: 1, b: -1 } }, { p: { a: 2, b: -2 } }, { p: { a: 3, b: -3 } }]);
      await using other = await t.connect();
      await other.execute(MOOD);
      await using statement = await other.prepare('select $1::pg_temp.mood[] m');
      expect(await statement.query([['sad']])).toEqual([{ m: ['sad'] }]);
    });

    it('learns for many calls of one tick', async (t) => {
      await using db = await t.connect();
      await db.execute(MOOD);
      const calls = ['sad', 'happy', 'sad'].map((mood) => db.queryValue('select $1::pg_temp.mood', [mood]));
      expect(await Promise.all([...calls, db.queryValue('select 1')])).toEqual(['sad', 'happy', 'sad', 1]);
    });

    it('does so without a cache of statements too', async (t) => {
      await using db = await t.connect({ statementCacheSize: 0 });
      await db.execute(MOOD);
      expect(await db.queryValue('select $1::pg_temp.mood', ['sad'])).toBe('sad');
      expect(await db.queryValue('select array[$1::pg_temp.mood]', ['happy'])).toEqual(['happy']);
    });

    it('says so when a record has a type in it that nobody could know of, and knows it the next time', async (t) => {
      await using db = await t.connect();
      await db.execute(MOOD);
      const sql = `select row(1, 'sad'::pg_temp.mood) as r`;
      await expect(db.queryValue(sql)).rejects.toBeInstanceOf(RangeError);
      expect(await db.queryValue('select 1')).toBe(1);
      expect(await db.queryValue(sql)).toEqual({ f1: 1, f2: 'sad' });
    });

    it('refuses in a transaction that has failed, as ever, and goes on after it', async (t) => {
      await using db = await t.connect();
      await db.execute(MOOD);
      await db.execute('begin');
      await expect(db.query('select 1/0')).rejects.toMatchObject({ sqlState: '22012' });
      await expect(db.query(`select 'sad'::pg_temp.mood`)).rejects.toMatchObject({ sqlState: '25P02' });
      await db.execute('rollback');
      expect(await db.queryValue(`select array['sad'::pg_temp.mood]`)).toEqual(['sad']);
    });

    it('names type and parameter where a value does not fit', async (t) => {
      await using db = await t.connect();
      await db.execute(MOOD);
      const call = db.query('select $1::int, $2::pg_temp.mood', [1, 2]);
      await expect(call).rejects.toThrow(/^parameter \$2 \(.*mood.*\): .*got a number$/);
      await expect(call).rejects.toBeInstanceOf(TypeError);
    });

    it('takes codecs of the application, before and after the type is known', async (t) => {
      await using db = await t.connect();
      await db.execute(MOOD);
      const codec = {
        format: 'text',
        decode: (text: string) => Symbol.for(text),
        encode: (value: symbol) => value.description ?? '',
      } as const;
      db.setTypeCodec('mood', codec);
      const sql = 'select $1::pg_temp.mood';
      expect(await db.queryValue(sql, [Symbol.for('sad')])).toBe(Symbol.for('sad'));
      db.setTypeCodec('mood', null);
      expect(await db.queryValue(sql, ['happy'])).toBe('happy');
      db.setTypeCodec('int8', { format: 'text', decode: (text) => `<${text}>`, encode: String });
      expect(await db.queryValue('select $1::int8', [5])).toBe('<5>');
      expect(() => {
        db.setTypeCodec('mood', { format: 'text' } as never);
      }).toThrow(TypeError);
    });

    it('gives up in the middle of asking, and goes on', async (t) => {
      await using db = await t.connect();
      await db.execute(MOOD);
      const abort = new AbortController();
      const learn = db.query('select $1::pg_temp.mood', ['sad'], { signal: abort.signal });
      const behind = db.queryValue('select 2');
      abort.abort(new Error('enough'));
      await expect(learn).rejects.toThrow('enough');
      expect(await behind).toBe(2);
      expect(await db.queryValue('select $1::pg_temp.mood', ['sad'])).toBe('sad');
    });
  });

  describe('the options for values', () => {
    it('say what values are', async (t) => {
      await using db = await t.connect({
        numeric: 'number',
        json: 'text',
        timestamptz: 'string',
        arrays: 'typed',
        int8: 'number',
      });
      const row = await db.queryRow(`select 1.5::numeric n, '{"a":1}'::json j, array[1,2]::int[] a, 3::int8 i,
        '2024-02-29 12:34:56.123456+00'::timestamptz t, array[1,null]::int[] h`);
      expect(row).toEqual({
        n: 1.5,
        j: '{"a":1}',
        a: Int32Array.of(1, 2),
        i: 3,
        t: '2024-02-29T12:34:56.123456Z',
        h: [1, null],
      });
    });

    it('refuse two columns of one name before anything is executed', async (t) => {
      await using db = await t.connect({ duplicateColumns: 'error' });
      await db.execute('create temp table done (n int)');
      const sql = 'insert into done values (1) returning n as a, n as a';
      await expect(db.query(sql)).rejects.toBeInstanceOf(RangeError);
      await expect(db.prepare(sql)).rejects.toBeInstanceOf(RangeError);
      expect(await db.queryValue('select count(*)::int from done')).toBe(0);
      expect(await db.queryValue('select count(*)::int from pg_prepared_statements where statement = $1', [sql])).toBe(
        0,
      );
    });

    it('show in what a prepared statement explains', async (t) => {
      await using db = await t.connect();
      await using statement = await db.prepare('select $1::int as "a\'b", $2::text as t');
      expect(await statement.query([1, 'x'])).toEqual([{ "a'b": 1, t: 'x' }]);
      expect(statement.explainCodec()).toMatch(/writeInt32/);
      expect(statement.explainCodec()).toContain(`"a'b"`);
    });
  });
};
