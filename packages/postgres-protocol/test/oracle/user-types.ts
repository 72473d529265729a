import { Range } from '../../src/types/range.js';

/** Types that a database has of its own, with what every column of a row with them is in JavaScript. */
export const USER_TYPES_SETUP = `
  create schema oracle;
  set search_path = pg_catalog, public, oracle;
  create extension hstore schema oracle;
  create extension citext schema oracle;
  create type oracle.mood as enum ('sad', 'ok', 'a "quoted" one');
  create domain oracle.id as int8 check (value > 0);
  create domain oracle.moods as oracle.mood[];
  create domain oracle.nested_id as oracle.id;
  create type oracle.inner_one as (a int4, "B c" text, "__proto__" oracle.mood);
  create type oracle.outer_one as (one oracle.inner_one, many oracle.inner_one[], at oracle.id, tags oracle.moods);
  create type oracle.floats as range (subtype = float8, subtype_diff = float8mi);
  create domain oracle.checked as oracle.inner_one check ((value).a is null or (value).a <> 0);
  create table oracle.tree (id int4, label text);
  alter table oracle.tree add children oracle.outer_one[];
  alter table oracle.tree drop label;
  alter table oracle.tree add name text`;

export const USER_TYPES_TEARDOWN = 'drop schema oracle cascade';

const inner = (a: number | null, b: string | null, mood: string | null): unknown =>
  Object.fromEntries([
    ['a', a],
    ['B c', b],
    ['__proto__', mood],
  ]);

/** Each: the type as SQL writes it, an expression of it, its value. */
export const USER_VALUES: readonly (readonly [type: string, sql: string, value: unknown])[] = [
  ['oracle.mood', `'a "quoted" one'`, 'a "quoted" one'],
  ['oracle.mood[]', `array['sad', null, 'ok']`, ['sad', null, 'ok']],
  ['oracle.id', '9223372036854775807', 9223372036854775807n],
  ['oracle.nested_id', '1', 1n],
  ['oracle.id[]', 'array[1, null, 2]', [1n, null, 2n]],
  ['oracle.moods', `array['sad', 'ok']`, ['sad', 'ok']],
  ['oracle.inner_one', `row(1, 'x, "y"', 'sad')`, inner(1, 'x, "y"', 'sad')],
  ['oracle.inner_one', 'row(null, null, null)', inner(null, null, null)],
  ['oracle.checked', `row(2, '', null)`, inner(2, '', null)],
  ['oracle.inner_one[]', `array[row(1, 'a', 'ok'), null]::oracle.inner_one[]`, [inner(1, 'a', 'ok'), null]],
  [
    'oracle.outer_one',
    `row(row(1, '', null), array[row(2, 'b', 'ok')]::oracle.inner_one[], 7, array['ok'])`,
    { one: inner(1, '', null), many: [inner(2, 'b', 'ok')], at: 7n, tags: ['ok'] },
  ],
  // A table, one of whose columns was dropped. A type cannot hold itself, in no way: the server refuses that.
  [
    'oracle.tree',
    `row(1, array[row(row(3, null, 'ok'), null, 4, '{}')]::oracle.outer_one[], 'root')`,
    { id: 1, children: [{ one: inner(3, null, 'ok'), many: null, at: 4n, tags: [] }], name: 'root' },
  ],
  ['oracle.floats', `'[1.5,2.5)'`, new Range(1.5, 2.5)],
  ['oracle.floats[]', `array['(,0]', 'empty']`, [new Range(null, 0, '(]'), Range.empty()]],
  [
    'oracle.hstore',
    `'a=>1, "b c"=>NULL, "\\"q\\""=>""'`,
    new Map([
      ['a', '1'],
      ['"q"', ''],
      ['b c', null],
    ]),
  ],
  ['oracle.hstore', `''`, new Map()],
  ['oracle.hstore[]', `array['a=>b', null]`, [new Map([['a', 'b']]), null]],
  ['oracle.citext', `'Ünï CODE'`, 'Ünï CODE'],
  ['oracle.citext[]', `array['A', null]`, ['A', null]],
];

/** Types without binary format are text in both directions. */
export const TEXT_VALUES: readonly (readonly [type: string, sql: string, value: unknown])[] = [
  ['aclitem', `makeaclitem(10, 10, 'SELECT', false)`, 'postgres=r/postgres'],
  ['aclitem[]', `array[makeaclitem(10, 10, 'SELECT', false), null]`, ['postgres=r/postgres', null]],
];
