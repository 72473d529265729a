import { seededRandom } from '@millrace/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { NUMBER_LIKE_TYPES } from '../src/types/identifier-types.js';
import { TIME_TYPES } from '../src/types/time-types.js';
import { ServerSession } from './fixtures/server-session.js';
import { bitGoldens, identifierGoldens, timeGoldens } from './fixtures/time-goldens.js';

const options = { timestamptz: 'string' } as const;
let session: ServerSession;
let isInfinite: boolean;

beforeAll(async () => {
  session = await ServerSession.open(inject('embeddedUrl'));
  await session.query("select set_config('TimeZone', 'UTC', false), set_config('lc_monetary', 'C', false)");
  // Infinite intervals came with 17.
  isInfinite = (await value("current_setting('server_version_num')::int4 >= 170000")) === true;
});

afterAll(() => {
  session.close();
});

async function value(sql: string, values: readonly unknown[] = []): Promise<unknown> {
  const [row = {}] = await session.query(`select ${sql}`, values, options);
  return Object.values(row)[0];
}

test.each([...TIME_TYPES, ...NUMBER_LIKE_TYPES].map(([type, arrayOid]) => [type.name, type.oid, arrayOid] as const))(
  '%s is the type %d, and the element of %d',
  async (name, oid, arrayOid) => {
    const known = await session.query('select oid, typarray from pg_type where typname = $1 and typnamespace = 11', [
      name,
    ]);
    expect(known).toEqual([{ oid, typarray: arrayOid }]);
  },
);

describe.each([...timeGoldens, ...bitGoldens, ...identifierGoldens])('$typeName $literal', (golden) => {
  const { typeName, literal, wire, value: expected } = golden;
  const isUnknown = (): boolean => typeName === 'interval' && typeof expected === 'number' && !isInfinite;
  // bit alone is bit(1) to a cast.
  const typed = (sql: string): string =>
    typeName === 'bit' ? `${sql}::varbit::bit(${literal.length})` : `${sql}::${typeName}`;

  test('is on the wire what the goldens say, and comes as its value', async () => {
    if (isUnknown()) return;
    const send = String(await value('typsend::text from pg_type where typname = $1', [typeName]));
    expect(await value(`encode(${send}(${typed('$1::text')}), 'hex')`, [literal])).toBe(wire);
    expect(await value(typed('$1::text'), [literal])).toStrictEqual(expected);
    expect(await value(`array[${typed('$1::text')}, null]`, [literal])).toStrictEqual([expected, null]);
  });

  test('goes back as the same, and is printed so', async () => {
    if (isUnknown()) return;
    const parameter = typeName === 'bit' ? '$1::varbit' : `$1::${typeName}`;
    const printed = await value(`${parameter}::text`, [expected]);
    expect(
      String(printed)
        .replace(/^(-?)\$/, '$1')
        .replaceAll(/,(?=\d{3})/g, (comma) => (typeName === 'money' ? '' : comma)),
    ).toBe(literal);
    if (typeof expected === 'string' && typeName !== 'timestamptz') {
      expect(expected.replace(/(?<=^\d+-\d\d-\d\d)T/, ' ')).toBe(printed);
    }
  });
});

test('random intervals are what the server makes of their text, in three notations', async () => {
  const random = seededRandom(1186);
  for (const style of ['postgres', 'iso_8601', 'sql_standard'] as const) {
    await session.query(`select set_config('IntervalStyle', '${style}', false)`);
    const of = Array.from({ length: 300 }, () => ({
      months: random.int(0, 1) === 0 ? 0 : random.int(-1200, 1200),
      days: random.int(0, 1) === 0 ? 0 : random.int(-1_000_000, 1_000_000),
      microseconds: BigInt(random.int(-(2 ** 52), 2 ** 52)) * BigInt(random.int(0, 1)),
    }));
    expect(await value('$1::interval[]', [of])).toStrictEqual(of);
    const printed = (await value('$1::interval[]::text[]', [of])) as string[];
    // What the SQL standard prints is not read here: '1-2' is text for the server.
    if (style !== 'sql_standard') expect(await value('$1::interval[]', [printed])).toStrictEqual(of);
  }
  await session.query("select set_config('IntervalStyle', 'postgres', false)");
});

test('random times are printed by the server as they are read', async () => {
  const random = seededRandom(1266);
  const two = (max: number): string => String(random.int(0, max)).padStart(2, '0');
  const clock = (): string => `${two(23)}:${two(59)}:${two(59)}.${random.int(0, 999_999)}1`.slice(0, 15);
  const of = Array.from(
    { length: 1000 },
    () => `${clock()}${random.int(0, 1) === 0 ? '+' : '-'}${two(15)}:${two(59)}:${two(59)}`,
  );
  const read = (await value('$1::timetz[]', [of])) as string[];
  expect(await value('$1::timetz[]::text[]', [of])).toEqual(read);
  const times = of.map((item) => item.replace(/[+-].*/, ''));
  expect(await value('$1::time[]::text[]', [times])).toEqual(await value('$1::time[]', [times]));
});

test('random instants are those of the server, to the microsecond', async () => {
  const random = seededRandom(1184);
  const seconds = Array.from({ length: 1000 }, () => random.int(-200_000_000_000, 9_000_000_000_000));
  const sql = "array_agg('epoch'::timestamptz + s * interval '1 second' + interval '0.123456 s' order by i)";
  const read = await session.query(
    `select ${sql} as read, ${sql}::text[] as printed from unnest($1::int8[]) with ordinality u(s, i)`,
    [seconds],
    options,
  );
  const [{ read: instants, printed } = {}] = read;
  const inText = (instants as string[]).map((item) => item.replace('T', ' ').replace('Z', '+00'));
  expect(inText).toEqual(printed);
  expect(await value('$1::timestamptz[]::text[]', [instants])).toEqual(printed);
});
