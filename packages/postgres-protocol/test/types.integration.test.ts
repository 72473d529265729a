import { seededRandom } from '@millrace/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { arrayLowerBounds } from '../src/types/array-lower-bounds.js';
import { builtInTypes } from '../src/types/registry.js';
import { randomValues } from './fixtures/random-values.js';
import { ServerSession } from './fixtures/server-session.js';
import { typeGoldens } from './fixtures/type-goldens.js';

let session: ServerSession;

beforeAll(async () => {
  session = await ServerSession.open(inject('embeddedUrl'));
  // What is printed must not depend on where the server was installed.
  await session.query("select set_config('TimeZone', 'Asia/Kolkata', false), set_config('DateStyle', 'ISO', false)");
});

afterAll(() => {
  session.close();
});

async function value(sql: string, values: readonly unknown[] = []): Promise<unknown> {
  const [row = {}] = await session.query(`select ${sql}`, values);
  return Object.values(row)[0];
}

test('every type has the name and the element that the server knows it by', async () => {
  for (const { oid, name } of builtInTypes()) {
    const element = name.replace('[]', '').replaceAll('"', '');
    const known = await value(
      'coalesce((select e.typname from pg_type e where e.typarray = t.oid), t.typname) from pg_type t where t.oid = $1',
      [oid],
    );
    expect([oid, known]).toEqual([oid, element]);
  }
});

describe.each(typeGoldens)('$typeName $literal', ({ typeOid, typeName, literal, wire, value: expected }) => {
  test('is on the wire what the goldens say', async () => {
    const send = String(await value('typsend::text from pg_type where oid = $1', [typeOid]));
    expect(await value(`encode(pg_catalog.${send}($1::text::${typeName}), 'hex')`, [literal])).toBe(wire);
  });

  test('comes as its JavaScript value, and goes back as the same', async () => {
    const read = await value(`$1::text::${typeName}`, [literal]);
    expect(read).toStrictEqual(expected);
    // json has no equality; jsonb has.
    const comparable = typeName.replace(/^json\b/, 'jsonb');
    const isSame = `$1::${typeName}::${comparable} is not distinct from $2::text::${typeName}::${comparable}`;
    expect(await value(isSame, [read, literal])).toBe(true);
  });

  test('as a string is what the server prints', async () => {
    const printed = await value(`$1::text::${typeName}::text`, [literal]);
    // char(n) loses its padding in a cast to text.
    if (typeof expected === 'string' && !/^(json|bpchar)/.test(typeName)) {
      expect(expected.replace(/(?<=^\d+-\d\d-\d\d)T/, ' ')).toBe(printed);
    }
    // What the server prints is text that it reads as the same value.
    expect(await value(`$1::text::${typeName}::text`, [printed])).toBe(printed);
  });
});

describe.each(randomValues)('random $typeName', ({ typeName, arrayOid, make, print }) => {
  test('arrays come back from the server as they went', async () => {
    const seed = 3000 + arrayOid;
    const random = seededRandom(seed);
    const array = Array.from({ length: 3000 }, () => (random.int(0, 20) === 0 ? null : make(random)));
    const [row] = await session.query(`select $1::${typeName}[] as same, $1::${typeName}[]::text[] as printed`, [
      array,
    ]);
    // jsonb sorts keys, drops duplicates, and does not keep -0.
    if (typeName === 'jsonb') expect(row?.['same'], `seed ${seed}`).toEqual(JSON.parse(JSON.stringify(array)));
    else expect(row?.['same'], `seed ${seed}`).toStrictEqual(array);
    if (print === undefined) return;
    const printed = array.map((item) => (item === null ? null : print(item as never)));
    expect(row?.['printed'], `seed ${seed}`).toEqual(printed);
  });

  test('values come back from the server as they went', async () => {
    const random = seededRandom(4000 + arrayOid);
    for (let i = 0; i < 20; i++) {
      const item = make(random);
      expect(await value(`$1::${typeName}`, [item])).toEqual(item);
    }
  });
});

describe('arrays', () => {
  test('keep their lower bounds in both directions', async () => {
    const read = await value(`'[-2:-1][5:6]={{a,NULL},{"",d}}'::text[]`);
    expect(read).toEqual([
      ['a', null],
      ['', 'd'],
    ]);
    expect(arrayLowerBounds(read)).toEqual([-2, 5]);
    expect(await value('$1::text[]::text', [read])).toBe('[-2:-1][5:6]={{a,NULL},{"",d}}');
  });

  test('of jsonb keep their dimensions', async () => {
    const read = await value(`array[['1', '[2]'], ['{}', null]]::jsonb[]`);
    expect(read).toEqual([
      [1, [2]],
      [{}, null],
    ]);
    expect(await value('array_dims($1::jsonb[])', [read])).toBe('[1:2][1:2]');
    expect(await value('array_dims($1::jsonb[])', [[[1, [2]], []]])).toBe('[1:2]');
  });

  test.each([
    ['array_remove(array[1], 1)', []],
    ["string_to_array('', ',')", []],
    ["'{}'::numeric[]", []],
    ["array['a', null]::varchar[]::text[]", ['a', null]],
    ["array['a']::name[]::text[]", ['a']],
    ["'1 2'::oidvector::oid[]", [1, 2]],
    ["'1 2'::int2vector::int2[]", [1, 2]],
    ['array_agg(i order by i) from generate_series(1, 3) i', [1, 2, 3]],
    [
      'array(select array[i, i] from generate_series(1, 2) i)',
      [
        [1, 1],
        [2, 2],
      ],
    ],
    ['current_schemas(false)', ['public']],
  ])('of %s are decoded', async (sql, expected) => {
    const read = await value(sql);
    expect(read).toEqual(expected);
  });

  test('that are empty, however nested, are empty on the server', async () => {
    expect(await value('$1::int4[]::text', [[]])).toBe('{}');
    expect(await value('$1::int4[]::text', [[[], []]])).toBe('{}');
  });
});

describe('other types', () => {
  test('void is null', async () => {
    expect(await value('pg_sleep(0)')).toBeNull();
  });

  test('are text in both directions', async () => {
    expect(
      await value("('=r/' || current_user)::aclitem::text = $1::aclitem::text", [
        `=r/${String(await value('current_user'))}`,
      ]),
    ).toBe(true);
    expect(await value("array[('=r/' || current_user)::aclitem]")).toBe(`{=r/${String(await value('current_user'))}}`);
    expect(await value('row(1, null, $1::text)', ['a b'])).toBe('(1,,"a b")');
  });

  test('domains are their base, enums are strings', async () => {
    await session.textRows(
      "create domain pg_temp.positive as int4 check (value > 0); create type pg_temp.mood as enum ('sad', 'ok')",
    );
    expect(await value('$1::positive', [5])).toBe(5);
    expect(await value('$1::mood', ['ok'])).toBe('ok');
    expect(await value("array['ok', 'sad']::mood[]")).toBe('{ok,sad}');
  });

  test('"char" holds every byte', async () => {
    for (const item of ['', 'a', '\u007f', '\\200', '\\377']) {
      expect(await value('$1::"char"', [item])).toBe(item);
    }
    expect(await value(`$1::"char"::text`, ['\\377'])).toBe('\\377');
  });
});

describe('values that are refused', () => {
  test('on reading leave the session as it was', async () => {
    await expect(session.query('select 9007199254740993::int8 as id', [], { int8: 'number' })).rejects.toThrow(
      'column "id" (int8): the value is not a safe integer',
    );
    await expect(value("'275760-09-13 00:00:00.001+00'::timestamptz")).rejects.toThrow(RangeError);
    expect(await value('1')).toBe(1);
  });

  test('on writing leave nothing on the wire', async () => {
    await expect(value('$1::int4', ['x'])).rejects.toThrow('parameter $1 (int4): expected an integer');
    expect(await value('1')).toBe(1);
  });
});

test('the catalogs say the same in binary as in text', async () => {
  const catalogs = ['pg_type', 'pg_class', 'pg_attribute', 'pg_proc', 'pg_constraint', 'pg_index'];
  // most_common_vals is an array of any type at all
  const stats = '(select schemaname, tablename, attname, most_common_vals, null_frac = 0 from pg_stats) as stats';
  for (const catalog of [...catalogs, stats]) {
    const sql = `select * from ${catalog} order by 1, 2, 3 limit 300`;
    const binary = await session.query(sql);
    const printed = await session.textRows(sql);
    expect(binary).toHaveLength(printed.length);
    for (const [i, row] of binary.entries()) {
      for (const [column, item] of Object.entries(row)) {
        const seen = typeof item === 'boolean' ? (item ? 't' : 'f') : typeof item === 'number' ? String(item) : item;
        const text = printed[i]?.[column];
        if (typeof item === 'number' && !/^-?\d/.test(String(text)))
          expect(await value('$1::oid::regproc::text', [item]), `${catalog}.${column}`).toBe(text);
        else if (Array.isArray(seen) && !String(text).startsWith('{')) expect(seen.join(' ')).toBe(text);
        else if (Array.isArray(seen))
          expect(
            await reprinted(seen as (string | number | null)[], printed[i]?.[column]),
            `${catalog}.${column}`,
          ).toBe(true);
        else expect(seen, `${catalog}.${column}`).toBe(printed[i]?.[column]);
      }
    }
  }
});

/** Whether an array of numbers or strings is what the server printed. */
async function reprinted(array: readonly (string | number | null)[], printed: unknown): Promise<boolean> {
  const texts = array.map((item) => (item === null ? null : String(item)));
  return (await value('$1::text[] = $2::text::text[]', [texts, printed])) as boolean;
}
