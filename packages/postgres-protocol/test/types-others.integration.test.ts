import { seededRandom, type SeededRandom } from '@millrace/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { GEOMETRY_TYPES } from '../src/types/geometry-types.js';
import { NETWORK_TYPES } from '../src/types/network-types.js';
import { SEARCH_TYPES } from '../src/types/search-types.js';
import { TEXT_LIKE_TYPES } from '../src/types/text-like-types.js';
import type { WireType } from '../src/types/wire-type.js';
import { readHex, writeHex } from './fixtures/type-bytes.js';
import { ServerSession } from './fixtures/server-session.js';

const all = [...TEXT_LIKE_TYPES, ...NETWORK_TYPES, ...GEOMETRY_TYPES, ...SEARCH_TYPES];
const types = new Map(all.map(([type]) => [type.name, type]));

let session: ServerSession;

beforeAll(async () => {
  session = await ServerSession.open(inject('embeddedUrl'));
});

afterAll(() => {
  session.close();
});

function typeOf(name: string): WireType {
  const type = types.get(name);
  if (type === undefined) throw new Error(`there is no type ${name}`);
  return type;
}

/** What the server makes of literals: how it prints each value, and what it sends; nothing for one that it refuses. */
async function asked(
  name: string,
  literals: readonly string[],
): Promise<({ printed: string; wire: string } | undefined)[]> {
  const [row] = await session.query('select typsend::text as send from pg_type where oid = $1', [typeOf(name).oid]);
  const rows = await session.query(
    `select format('%s', value) as printed, encode(${String(row?.['send'])}(value), 'hex') as wire
     from unnest($1::text[]) with ordinality as given (literal, place)
     cross join lateral (
       select case when pg_input_is_valid(literal, '${name}') then literal::${name} end as value
     ) as read order by place`,
    [literals],
  );
  return rows.map(({ printed, wire }) =>
    wire === null ? undefined : { printed: printed as string, wire: wire as string },
  );
}

/** What our writer makes of it, or `undefined` if it refuses. */
function written(type: WireType, value: unknown): string | undefined {
  try {
    return writeHex(type, value);
  } catch (error) {
    if ((error as Error).name === 'RefusedValueError') return undefined;
    throw error;
  }
}

test('every type and its array type have the OIDs and the delimiter that the server knows them by', async () => {
  for (const [{ oid, name }, arrayOid] of all) {
    const [row] = await session.query('select typname, typarray, typdelim from pg_type where oid = $1', [oid]);
    expect([row?.['typname'], row?.['typarray'], row?.['typdelim']]).toEqual([
      name,
      arrayOid ?? 0,
      name === 'box' ? ';' : ',',
    ]);
  }
});

const literals: Readonly<Record<string, readonly string[]>> = {
  xml: ['<a b="c">é</a>', 'plain', '<!-- x --><a/>', ''],
  refcursor: ['<unnamed portal 1>', ''],
  cstring: ['a', 'é\\'],
  jsonpath: ['$.a[*] ? (@.b > 1)', 'strict $."x y".size()', '$'],
  inet: ['0.0.0.0', '10.1.2.3/8', '255.255.255.255/32', '10.1/16', '1/8', '0/0', '::', '::1', '::1/64', '::/0'],
  cidr: [
    '0/0',
    '10',
    '10.1',
    '172.16',
    '192.168.1',
    '224',
    '230',
    '240',
    '10.1.2.3',
    '10.0.0.0/8',
    '::/0',
    '::1',
    'fe80::/10',
  ],
  macaddr: [
    '08:00:2b:01:02:03',
    '8-0-2b-1-2-3',
    '08002b:010203',
    '08002b-010203',
    '0800.2b01.0203',
    '0800-2b01-0203',
    '08002B010203',
  ],
  macaddr8: ['08:00:2b:01:02:03:04:05', '08-00-2b-01-02-03', '08002b0102030405', '0800.2B01.0203', '08002b:0102030405'],
  tsvector: [
    '',
    'a',
    'a:1A,2b,3c,4d b:5 a:1,9',
    "'it''s' 'b\\\\c' d\\ e \\'x",
    ":a b'c ''''",
    'x:99999 y:1*',
    'a:3,2,1,2A é:1 日本 😀 ￿',
    '&!| (a)',
  ],
  tsquery: [
    '',
    'a',
    '!a',
    '!!a',
    '!(!a & b)',
    'a & b & c',
    'a & (b & c)',
    'a | b & c <-> !d',
    '(a | b) & c',
    'a <-> (b <-> c)',
    '(a <2> b) <0> c',
    'a <16384> b',
    'a:*',
    "'it''s':AB* & b\\\\c:dcba",
    'a:&b',
    "'a'<->'b'",
    'a<->b',
    '((a))',
    'a & (b | !(c <-> d))',
    '!a <-> b',
    '!(a <-> b)',
    '!a:c',
    'a <-> (b | c) <-> d',
    'a | (b | c) & d',
  ],
};

describe.each(Object.entries(literals))('%s', (name, ofType) => {
  const type = typeOf(name);

  test('is read as the server prints it, and written as the server reads it', async () => {
    if (name === 'xml' || name === 'refcursor' || name === 'cstring') {
      for (const literal of ofType) {
        const [row] = await session.query(`select $1::${name} as same, $1::text as printed`, [literal]);
        expect(row).toEqual({ same: literal, printed: literal });
      }
      return;
    }
    const answers = await asked(name, ofType);
    for (const [i, literal] of ofType.entries()) {
      const answer = answers[i];
      expect(answer, literal).toBeDefined();
      expect(readHex(type, answer?.wire ?? ''), literal).toBe(answer?.printed);
    }
    // The server does not read an empty query back.
    const wanted = ofType
      .map((literal, i) => [literal, answers[i]?.printed])
      .filter(([literal]) => name !== 'tsquery' || literal !== '');
    const rows = await session.query(`select same, format('%s', same) as printed from unnest($1::${name}[]) as same`, [
      wanted.map(([literal]) => literal),
    ]);
    expect(rows).toEqual(wanted.map(([, printed]) => ({ same: printed, printed })));
  });
});

function pick(random: SeededRandom, items: readonly string[]): string {
  return items[random.int(0, items.length - 1)] ?? '';
}

function strung(random: SeededRandom, items: readonly string[], least: number, most: number): string {
  return Array.from({ length: random.int(least, most) }, () => pick(random, items)).join('');
}

const octets = ['0', '1', '10', '127', '192', '224', '240', '255', '256', '01'];
const words = ['0', '0', '0', '1', 'ffff', 'ABCD', '12', '12345'];

/** Literals that the server reads, and some that it does not. */
const makers: Readonly<Record<string, (random: SeededRandom) => string>> = {
  inet: (random) => address(random),
  cidr: (random) => address(random),
  macaddr: (random) => mac(random, 6),
  macaddr8: (random) => mac(random, random.int(0, 1) === 0 ? 6 : 8),
  tsvector: (random) =>
    strung(
      random,
      ['a', 'b', 'é', "'", "''", '\\', ' ', ' ', ':', ':1', ':2A', ',3b', ',', '*', '0', '😀', '\n', '<', '&'],
      0,
      12,
    ),
  tsquery: (random) =>
    strung(
      random,
      [
        'a',
        'b ',
        "'c'",
        "'d''\\\\'",
        ' & ',
        ' | ',
        '!',
        ' <-> ',
        ' <3> ',
        '<0>',
        '(',
        ')',
        ' ',
        ':*',
        ':ab',
        'x',
        'y & z',
        'w',
        '\\',
      ],
      0,
      12,
    ),
};

function address(random: SeededRandom): string {
  const items = Array.from({ length: random.int(1, 9) }, () => pick(random, words));
  const colons =
    random.int(0, 2) === 0
      ? items.join(':').replace(':', '::')
      : items.join(':').replace(/(?:^|:)0(?::0)*(?=:|$)/, ':');
  const dots = Array.from({ length: random.int(0, 3) === 0 ? random.int(1, 5) : 4 }, () => pick(random, octets)).join(
    '.',
  );
  const embedded = Array.from({ length: 4 }, () => pick(random, octets)).join('.');
  const start = pick(random, [dots, colons, `::${embedded}`, `::ffff:${embedded}`, `${colons}:${embedded}`]);
  return start + pick(random, ['', '', '/8', '/32', '/0', '/64', '/128', '/129', '/08', '/', '/x', '/20']);
}

function mac(random: SeededRandom, count: number): string {
  const pairs = Array.from({ length: count + (random.int(0, 9) === 0 ? 1 : 0) }, () =>
    pick(random, ['08', 'Ff', '2b', '00', random.int(0, 4) === 0 ? '1' : '11']),
  );
  const separator = pick(random, [':', '-', '.', '']);
  const every = random.int(1, 3);
  return pairs.map((pair, i) => (i > 0 && i % every === 0 ? separator : '') + pair).join('');
}

describe.each(Object.entries(makers))('random %s', (name, make) => {
  const type = typeOf(name);

  test('literals are read, printed and refused as the server does', async () => {
    const seed = 500 + type.oid;
    const random = seededRandom(seed);
    const given = Array.from({ length: 5000 }, () => make(random));
    const answers = await asked(name, given);
    const accepted: string[] = [];
    const printed: string[] = [];
    for (const [i, literal] of given.entries()) {
      const answer = answers[i];
      const where = `seed ${seed}, ${JSON.stringify(literal)}`;
      const isWritten = written(type, literal) !== undefined;
      // sscanf takes more for a MAC address than anybody writes, and the server does not read an empty query back.
      const mayRefuse = name.startsWith('mac') || (name === 'tsquery' && answer?.printed === '');
      if (!(mayRefuse && !isWritten)) expect(isWritten, where).toBe(answer !== undefined);
      if (answer === undefined || !isWritten) continue;
      accepted.push(literal);
      printed.push(answer.printed);
      expect(readHex(type, answer.wire), where).toBe(answer.printed);
      expect(readHex(type, writeHex(type, answer.printed)), where).toBe(answer.printed);
    }
    expect(accepted.length).toBeGreaterThan(200);
    const rows = await session.query(`select format('%s', value) as printed from unnest($1::${name}[]) as value`, [
      accepted,
    ]);
    expect(
      rows.map((row) => row['printed']),
      `seed ${seed}`,
    ).toEqual(printed);
  });
});

const numbers = [0, -0, 1, -1.5, 1e300, -5e-324, 0.1, Infinity, -Infinity, NaN];

function point(random: SeededRandom): { x: number; y: number } {
  return { x: numbers[random.int(0, 9)] ?? 0, y: random.float() * 100 };
}

function points(random: SeededRandom): { x: number; y: number }[] {
  return Array.from({ length: random.int(1, 5) }, () => point(random));
}

/** Values that are what they were after the server had them. */
const figures: Readonly<Record<string, (random: SeededRandom) => unknown>> = {
  point,
  lseg: (random) => ({ start: point(random), end: point(random) }),
  line: (random) => ({ a: 1 + random.float(), b: point(random).x, c: point(random).x }),
  path: (random) => ({ points: points(random), isClosed: random.int(0, 1) === 1 }),
  polygon: (random) => ({ points: points(random) }),
  circle: (random) => ({ center: point(random), radius: Math.abs(point(random).x) }),
};

/** As the server prints it. */
const figurePrinters: Readonly<Record<string, (value: never) => string>> = {
  point: printPoint,
  lseg: ({ start, end }: { start: Point; end: Point }) => `[${printPoint(start)},${printPoint(end)}]`,
  line: ({ a, b, c }: { a: number; b: number; c: number }) => `{${[a, b, c].map(printNumber).join()}}`,
  path: (path: { points: Point[]; isClosed: boolean }) => {
    const printed = path.points.map(printPoint).join();
    return path.isClosed ? `(${printed})` : `[${printed}]`;
  },
  polygon: (polygon: { points: Point[] }) => `(${polygon.points.map(printPoint).join()})`,
  circle: ({ center, radius }: { center: Point; radius: number }) => `<${printPoint(center)},${printNumber(radius)}>`,
};

interface Point {
  x: number;
  y: number;
}

function printPoint({ x, y }: Point): string {
  return `(${printNumber(x)},${printNumber(y)})`;
}

function printNumber(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

describe.each(Object.entries(figures))('random %s', (name, make) => {
  test('values come back from the server as they went, and are printed there as they are here', async () => {
    const seed = 500 + typeOf(name).oid;
    const random = seededRandom(seed);
    const given = Array.from({ length: 500 }, () => make(random));
    const rows = await session.query(
      `select same, format('%s', same) as printed from unnest($1::${name}[]) with ordinality as given (same, place) order by place`,
      [given],
    );
    expect(
      rows.map((row) => row['same']),
      `seed ${seed}`,
    ).toEqual(given);
    const print = figurePrinters[name] as (value: unknown) => string;
    expect(
      rows.map((row) => row['printed']),
      `seed ${seed}`,
    ).toEqual(given.map(print));
  });
});

async function value(sql: string, values: readonly unknown[] = []): Promise<unknown> {
  const [row = {}] = await session.query(`select ${sql}`, values);
  return Object.values(row)[0];
}

describe('geometry', () => {
  test('boxes have their corners sorted by the server', async () => {
    const box = { high: { x: 0, y: 7 }, low: { x: 3, y: -Infinity } };
    expect(await value('$1::box', [box])).toEqual({ high: { x: 3, y: 7 }, low: { x: 0, y: -Infinity } });
    expect(await value('$1::box[]::text', [[box, box]])).toBe('{(3,7),(0,-Infinity);(3,7),(0,-Infinity)}');
    expect(await value("'((1,2),(3,4))'::box")).toEqual({ high: { x: 3, y: 4 }, low: { x: 1, y: 2 } });
  });

  test('that the server refuses is refused before', async () => {
    for (const [name, refused] of [
      ['line', { a: 0, b: 1e-7, c: 1 }],
      ['circle', { center: { x: 0, y: 0 }, radius: -1 }],
      ['path', { points: [], isClosed: true }],
      ['polygon', { points: [] }],
    ] as const) {
      expect(written(typeOf(name), refused)).toBeUndefined();
    }
    expect(await value(`pg_input_is_valid('{0,1e-7,1}', 'line')`)).toBe(false);
    expect(await value(`$1::line::text`, [{ a: 0, b: 2e-6, c: 1 }])).toBe('{0,2e-06,1}');
    expect(await value(`$1::circle::text`, [{ center: { x: 0, y: 0 }, radius: NaN }])).toBe('<(0,0),NaN>');
  });
});

describe('text that is more than text', () => {
  test('xml that declares another encoding keeps its letters', async () => {
    const given = `<?xml version="1.0" encoding='ISO-8859-1'?><a>é日</a>`;
    expect(await value('$1::xml', [given])).toBe('<a>é日</a>');
    const standalone = '<?xml version="1.1" encoding="latin1" standalone="yes"?><a/>';
    expect(await value('$1::xml', [standalone])).toBe('<?xml version="1.1" standalone="yes"?><a/>');
  });

  test('vectors of the catalogs are arrays of numbers in both directions', async () => {
    expect(await value("'1 -2 3'::int2vector")).toEqual([1, -2, 3]);
    expect(await value("'4294967295 0'::oidvector")).toEqual([4294967295, 0]);
    expect(await value("''::oidvector")).toEqual([]);
    expect(await value('$1::int2vector::text', [[-32768, 32767]])).toBe('-32768 32767');
    expect(await value('$1::oidvector::text', [[4294967295, 7]])).toBe('4294967295 7');
    expect(await value('$1::oidvector[]::text', [[[1, 2], [3]]])).toBe('{"1 2",3}');
    expect(await value("array['1 2', '3']::int2vector[]")).toEqual([[1, 2], [3]]);
  });

  test('the catalogs and the planner keep what can only be read', async () => {
    await session.textRows(`
      create temporary table seen (a int default 1 + 1, b int, constraint positive check (a >= 0));
      insert into seen select i % 5, i % 5 from generate_series(1, 100) i;
      create statistics pg_temp.seen_statistics on a, b from seen;
      analyze seen;
    `);
    const [row] = await session.query(`
      select conbin, conbin::text as printed from pg_constraint where conname = 'positive'`);
    expect(row?.['conbin']).toBe(row?.['printed']);
    expect(row?.['conbin']).toMatch(/^\{OPEXPR /);
    const [statistics] = await session.query(`
      select stxdndistinct, stxddependencies, stxdmcv from pg_statistic_ext_data
      join pg_statistic_ext on oid = stxoid where stxname = 'seen_statistics'`);
    for (const bytes of Object.values(statistics ?? {})) {
      expect(bytes).toBeInstanceOf(Uint8Array);
      expect((bytes as Uint8Array).length).toBeGreaterThan(8);
    }
    for (const name of ['pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'pg_brin_bloom_summary']) {
      await expect(value(`$1::${name}`, ['x'])).rejects.toThrow(`the server takes none of type ${name}`);
    }
  });
});
