import { startServer, type PgServer } from '@millrace/pgserver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arrayLowerBounds } from '../src/types/array-lower-bounds.js';
import { catalogQuery, catalogQueryByName } from '../src/types/catalog.js';
import { RANGE_TYPES } from '../src/types/range-types.js';
import { Range } from '../src/types/range.js';
import { TypeRegistry } from '../src/types/type-registry.js';
import { ServerSession } from './fixtures/server-session.js';

const SCHEMA = `
create extension hstore; create extension citext; create schema other; create schema "Odd";
create type mood as enum ('sad', 'ok', 'happy');
create type other.mood as enum ('x');
create type "Odd"."Mood" as enum ('y');
create domain positive as int4 check (value > 0);
create domain small as positive check (value < 100);
create domain ints as int4[];
create type dropped as (a int4, b text, c int8);
alter type dropped drop attribute b;
create type node as (label text, moods mood[], n small);
create type nested as ("__proto__" text, inner_node node, nodes node[], span int4range, at timestamptz);
create domain node_domain as node;
create type guarded as (owner text, grants aclitem[]);
create type textrange as range (subtype = text);
create type moodrange as range (subtype = mood);
create type noderange as range (subtype = node);
create table item (id int8 generated always as identity, name citext, tags hstore, mood mood);
`;

describe.each([18, 13] as const)('on PostgreSQL %i', (major) => {
  let server: PgServer;
  let session: ServerSession;
  let types: TypeRegistry;

  beforeAll(async () => {
    server = await startServer({ major });
    session = await ServerSession.open(server.url);
    await session.textRows(SCHEMA);
    types = new TypeRegistry();
  });

  afterAll(async () => {
    session.close();
    await server[Symbol.asyncDispose]();
  });

  async function value(sql: string, values: readonly unknown[] = [], registry = types): Promise<unknown> {
    const [row = {}] = await session.query(`select ${sql}`, values, {}, registry);
    return Object.values(row)[0];
  }

  test.each<[sql: string, expected: unknown]>([
    [`'ok'::mood`, 'ok'],
    [`array['ok', null]::mood[]`, ['ok', null]],
    [`'y'::"Odd"."Mood"`, 'y'],
    ['5::small', 5],
    ['array[5, 6]::small[]', [5, 6]],
    ['array[1, 2]::ints', [1, 2]],
    ['row(1, 2)::dropped', { a: 1, c: 2n }],
    [`row('a', '{sad,ok}', 7)::node`, { label: 'a', moods: ['sad', 'ok'], n: 7 }],
    [`row('a', null, null)::node_domain`, { label: 'a', moods: null, n: null }],
    [`array[row('a', '{}', 1)::node, null]`, [{ label: 'a', moods: [], n: 1 }, null]],
    [`array[row('a', '{}', 1)::node_domain]`, [{ label: 'a', moods: [], n: 1 }]],
    [
      `'a=>1, b=>NULL'::hstore`,
      new Map([
        ['a', '1'],
        ['b', null],
      ]),
    ],
    [`array[''::hstore]`, [new Map()]],
    [`'Abc'::citext`, 'Abc'],
    [`array['Abc']::citext[]`, ['Abc']],
    [`int4range(1, 5)`, new Range(1, 5)],
    [`'empty'::int4range`, Range.empty()],
    [`int8range(null, 5, '[]')`, new Range(null, 6n)],
    [`numrange(1.5, 2.50, '(]')`, new Range('1.5', '2.50', '(]')],
    [`array[int4range(1, 2), null]`, [new Range(1, 2), null]],
    [`tstzrange('2024-01-01Z', 'infinity')`, new Range<unknown>(new Date('2024-01-01Z'), Infinity)],
    [`daterange('2024-01-01', null)`, new Range('2024-01-01', null)],
    [`textrange('a', 'b "')`, new Range('a', 'b "')],
    [`moodrange('sad', 'happy', '[]')`, new Range('sad', 'happy', '[]')],
    [`noderange(row('a', null, 1)::node, null)`, new Range({ label: 'a', moods: null, n: 1 }, null)],
  ])('%s comes as its value and goes back as the same', async (sql, expected) => {
    const read = await value(sql);
    expect(read).toStrictEqual(expected);
    const type = String(await value(`pg_typeof(${sql})::text`));
    expect(await value(`$1::${type} is not distinct from (${sql})`, [read])).toBe(true);
  });

  test('a composite in a composite, with an attribute of an evil name', async () => {
    const sql = `row('p', row('a', '{ok}', 1), array[row('b', null, 2)::node], '[1,3)', '2024-01-01Z')::nested`;
    const read = (await value(sql)) as Record<string, unknown>;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(Object.entries(read)).toStrictEqual([
      ['__proto__', 'p'],
      ['inner_node', { label: 'a', moods: ['ok'], n: 1 }],
      ['nodes', [{ label: 'b', moods: null, n: 2 }]],
      ['span', new Range(1, 3)],
      ['at', new Date('2024-01-01Z')],
    ]);
    expect(await value(`$1::nested = ${sql}`, [read])).toBe(true);
  });

  test('options hold within ranges, composites and arrays of them', async () => {
    const sql = 'select int8range(1, 3) as r, row(1, 2)::dropped as c, array[row(1, 2)::dropped] as a';
    const [row] = await session.query(sql, [], { int8: 'number' }, types);
    expect(row).toStrictEqual({ r: new Range(1, 3), c: { a: 1, c: 2 }, a: [{ a: 1, c: 2 }] });
  });

  test('rows of tables, and whole-row columns', async () => {
    await session.textRows(`insert into item (name, tags, mood) values ('A', 'k=>v', 'ok')`);
    const tags = new Map([['k', 'v']]);
    const item = { id: 1n, name: 'A', tags, mood: 'ok' };
    const [row] = await session.query('select item.*, item as whole from item', [], {}, types);
    expect(row).toStrictEqual({ ...item, whole: item });
    expect(await value('$1::item = item from item', [item])).toBe(true);
  });

  test('hstore takes plain objects', async () => {
    expect(await value('$1::hstore', [{ a: '1', b: null }])).toEqual(
      new Map([
        ['a', '1'],
        ['b', null],
      ]),
    );
    await expect(value('$1::hstore', [{ a: 1 }])).rejects.toThrow(
      'parameter $1 (hstore): hstore value: expected a str',
    );
  });

  test('anonymous records say themselves what they hold', async () => {
    expect(await value(`row(1, 'a'::text, null, row(true, array[2::int8]))`)).toStrictEqual({
      f1: 1,
      f2: 'a',
      f3: null,
      f4: { f1: true, f2: [2n] },
    });
    expect(await value('array[row(1), row(2)]')).toStrictEqual([{ f1: 1 }, { f1: 2 }]);
  });

  test('a record with an unknown type is refused, and read once the type is learnt', async () => {
    const fresh = new TypeRegistry();
    const sql = `row(1, 'ok'::mood)`;
    const oid = Number(await value(`'mood'::regtype::oid`));
    await expect(value(sql, [], fresh)).rejects.toThrow(RangeError);
    expect(fresh.missing([])).toEqual([oid]);
    const message = `column "row" (record): field "f2": type ${oid} is not known`;
    await expect(session.query(`select ${sql}`, [], {}, new TypeRegistry())).rejects.toThrow(message);
    expect(await value('1', [], fresh)).toBe(1);
    expect(fresh.missing([])).toEqual([]);
    expect(await value(sql, [], fresh)).toStrictEqual({ f1: 1, f2: 'ok' });
  });

  test('types without binary format are text; arrays of them are arrays', async () => {
    const user = String(await value('current_user::text'));
    const grant = `${user}=r/${user}`;
    expect(await value(`'${grant}'::aclitem`)).toBe(grant);
    expect(await value(`array['${grant}', null]::aclitem[]`)).toEqual([grant, null]);
    const bounds = await value(`'[0:1]={${grant},NULL}'::aclitem[]`);
    expect(arrayLowerBounds(bounds)).toEqual([0]);
    expect(await value('$1::aclitem[]::text', [bounds])).toBe(`[0:1]={${grant},NULL}`);
    expect(await value(`row('a', array['${grant}']::aclitem[])::guarded`)).toBe(`(a,{${grant}})`);
    expect(await value(`most_common_vals from pg_stats where most_common_vals is not null limit 1`)).toEqual(
      expect.stringMatching(/^\{/),
    );
  });

  test('names are resolved by the search path, or by their schema', async () => {
    const names = ['mood', 'other.mood', '"Odd"."Mood"', 'nothing', 'timestamp with time zone', 'mood[]'];
    const registry = new TypeRegistry();
    expect(registry.missingNames(names)).toEqual(names);
    const lookup = catalogQueryByName(names);
    registry.learn(await session.query(lookup.text, lookup.values), names);
    expect(registry.missingNames(names)).toEqual([]);
    const oids = names.map((name) => registry.oidOf(name));
    const [row] = await session.query(
      `select array['public.mood'::regtype, 'other.mood'::regtype, '"Odd"."Mood"'::regtype, 'mood[]'::regtype]::oid[] as oids`,
    );
    expect([oids[0], oids[1], oids[2], oids[5]]).toEqual(row?.['oids']);
    expect([oids[3], oids[4]]).toEqual([undefined, 1184]);
    expect(registry.missing(oids.map((oid) => oid ?? 0))).toEqual([]);
  });

  test('what the catalog does not know is asked for once', async () => {
    const registry = new TypeRegistry();
    const lookup = catalogQuery([4_000_000_000]);
    registry.learn(await session.query(lookup.text, lookup.values), [4_000_000_000]);
    expect(registry.missing([4_000_000_000])).toEqual([]);
    expect(registry.typeOf(4_000_000_000)).toBeUndefined();
  });

  test('the columns of the query are as it says', async () => {
    const lookup = catalogQuery([23]);
    const [row = {}] = await session.query(lookup.text, lookup.values);
    expect(Object.keys(row)).toEqual(lookup.columns.map(([name]) => name));
    const described = lookup.columns.map(([name]) => `pg_typeof(q."${name}")::oid`).join(', ');
    const [oids] = await session.query(
      `select array[${described}]::oid[] as oids from (${lookup.text}) q`,
      lookup.values,
    );
    expect(oids?.['oids']).toEqual(lookup.columns.map(([, oid]) => oid));
  });

  test('an altered composite is refused until it is forgotten', async () => {
    await session.textRows('create type changing as (a int4)');
    expect(await value('row(1)::changing')).toEqual({ a: 1 });
    const oid = Number(await value(`'changing'::regtype::oid`));
    await session.textRows('alter type changing add attribute b text');
    await expect(value(`row(1, 'x')::changing`)).rejects.toThrow('composite type changing was changed since');
    types.forget([oid]);
    expect(await value(`row(1, 'x')::changing`)).toEqual({ a: 1, b: 'x' });
    await session.textRows('drop type changing');
  });

  test('codecs are chosen by name and schema, and reach into what holds them', async () => {
    const registry = new TypeRegistry();
    registry.setTypeCodec('mood', {
      format: 'text',
      decode: (source) => ({ mood: source }),
      encode: ({ mood }: { mood: string }) => mood,
    });
    const ok = { mood: 'ok' };
    expect(await value(`'ok'::mood`, [], registry)).toEqual(ok);
    expect(await value(`'x'::other.mood`, [], registry)).toBe('x');
    const node = { label: 'a', moods: [ok], n: 1 };
    expect(await value(`row('a', '{ok}', 1)::node`, [], registry)).toEqual(node);
    expect(await value(`$1::node::text`, [node], registry)).toBe('(a,{ok},1)');
    expect(await value(`moodrange('ok', null)`, [], registry)).toEqual(new Range(ok, null));
    registry.setTypeCodec('mood', null);
    expect(await value(`'ok'::mood`, [], registry)).toBe('ok');
  });

  test('text codecs of built-in types reach into arrays and ranges, and jsonb into composites', async () => {
    const registry = new TypeRegistry();
    registry.setTypeCodec('int8', { format: 'text', decode: (s) => `#${s}`, encode: (s: string) => s.slice(1) });
    registry.setTypeCodec('jsonb', { format: 'text', decode: (s) => [s], encode: ([s]: [string]) => s });
    expect(await value('$1::int8', ['#5'], registry)).toBe('#5');
    expect(await value('$1::int8[]', [['#5', null]], registry)).toEqual(['#5', null]);
    expect(await value('$1::int8range', [new Range('#5', null)], registry)).toEqual(new Range('#5', null));
    expect(await value('array[$1::int8range]', [new Range('#5', '#7')], registry)).toEqual([new Range('#5', '#7')]);
    expect(await value(`$1::jsonb`, [['[1]']], registry)).toEqual(['[1]']);
    expect(await value(`$1::jsonb[]`, [[['[1]'], ['2']]], registry)).toEqual([['[1]'], ['2']]);
    expect(await value(`row('[1]'::jsonb)`, [], registry)).toEqual({ f1: ['[1]'] });
    await expect(value('row(1, 2)::dropped', [], registry)).rejects.toThrow(
      'field "c": int8 is represented by text here',
    );
    expect(await value('row(1, null)::dropped', [], registry)).toEqual({ a: 1, c: null });
    await expect(value('$1::dropped', [{ a: 1, c: '#2' }], registry)).rejects.toThrow('attribute "c": int8 is rep');
  });

  test('a text codec on a server type without binary format holds in arrays', async () => {
    const registry = new TypeRegistry();
    registry.setTypeCodec('aclitem', {
      format: 'text',
      decode: (s) => s.split('='),
      encode: (s: string[]) => s.join('='),
    });
    const user = String(await value('current_user::text'));
    const item = [user, `r/${user}`];
    expect(await value('$1::aclitem[]', [[item, null]], registry)).toEqual([item, null]);
  });

  test('built-in ranges have the OIDs that are said', async () => {
    for (const [{ oid, name }, arrayOid] of RANGE_TYPES) {
      if (major === 13 && name.includes('multi')) continue;
      expect(await value(`array[oid, typarray] from pg_type where typname = '${name}'`)).toEqual([oid, arrayOid]);
    }
  });

  if (major === 18) {
    test.each<[sql: string, expected: unknown]>([
      [`'{[1,3),[5,9)}'::int4multirange`, [new Range(1, 3), new Range(5, 9)]],
      [`'{}'::nummultirange`, []],
      [`array['{[1,3)}'::int8multirange, '{}']`, [[new Range(1n, 3n)], []]],
      [`'{["a ",b]}'::textmultirange`, [new Range('a ', 'b', '[]')]],
    ])('%s comes as its ranges and goes back as the same', async (sql, expected) => {
      const read = await value(sql);
      expect(read).toStrictEqual(expected);
      const type = String(await value(`pg_typeof(${sql})::text`));
      expect(await value(`$1::${type} = ${sql}`, [read])).toBe(true);
    });

    test('a multirange over a text codec is text', async () => {
      const registry = new TypeRegistry();
      registry.setTypeCodec('int8', { format: 'text', decode: (s) => `#${s}`, encode: (s: string) => s.slice(1) });
      const ranges = [new Range('#1', '#3'), new Range('#5', null)];
      expect(await value('$1::int8multirange', [ranges], registry)).toEqual(ranges);
      expect(await value(`'{}'::int8multirange`, [], registry)).toEqual([]);
    });
  }
});
