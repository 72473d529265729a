import type { SeededRandom } from '@millrace/testkit';
import { BitString } from '../../src/types/bit-string.js';
import { Range } from '../../src/types/range.js';
import type { RangeBounds } from '../../src/types/range.js';
import { randomValues } from '../fixtures/random-values.js';

/** Makes values of one type as the server keeps them: what goes there comes back as the same. */
export interface ValueMaker {
  /** As SQL writes it, without a cast that would lose something. */
  readonly typeName: string;
  readonly make: (random: SeededRandom) => unknown;
  /** The first major version that has the type. */
  readonly since?: number;
}

type Make = (random: SeededRandom) => unknown;

const known = new Map(randomValues.map(({ typeName, make }) => [typeName, (r: SeededRandom) => make(r)]));

function makerOf(typeName: string): Make {
  const make = known.get(typeName);
  if (make === undefined) throw new Error(`nobody makes values of ${typeName}`);
  return make;
}

const pick = <T>(random: SeededRandom, list: readonly [T, ...T[]]): T =>
  list[random.int(0, list.length - 1)] ?? list[0];
const list = <T>(random: SeededRandom, max: number, make: (r: SeededRandom) => T, min = 0): T[] =>
  Array.from({ length: random.int(min, max) }, () => make(random));
const uint64 = (random: SeededRandom): bigint => (BigInt(random.uint32()) << 32n) | BigInt(random.uint32());
/** Of every length in bits. */
const anyUint64 = (random: SeededRandom): bigint => uint64(random) >> BigInt(random.int(0, 63));
const anyInt32 = (random: SeededRandom): number => (random.uint32() | 0) >> random.int(0, 31);
const anyUint32 = (random: SeededRandom): number => random.uint32() >>> random.int(0, 31);
const text = makerOf('text') as (random: SeededRandom) => string;
const float = makerOf('float8') as (random: SeededRandom) => number;

/** PostgreSQL 13 has no infinite ones. */
function numeric(random: SeededRandom): unknown {
  const value = makerOf('numeric')(random) as string;
  return value.endsWith('Infinity') ? '0' : value;
}

// Dates and times

const DAY_MICROSECONDS = 86_400_000_000;
const two = (n: number): string => n.toString().padStart(2, '0');

function timeOf(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1e6);
  const fraction = (microseconds % 1e6).toString().padStart(6, '0').replace(/0+$/, '');
  const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
  return fraction === '' ? clock : `${clock}.${fraction}`;
}

function time(random: SeededRandom): string {
  if (random.int(0, 30) === 0) return '24:00:00';
  return timeOf(random.int(0, 1) === 0 ? random.int(0, 86_399) * 1e6 : random.int(0, DAY_MICROSECONDS - 1));
}

function timetz(random: SeededRandom): string {
  const seconds = pick(random, [random.int(0, 15) * 3600, random.int(0, 63) * 900, random.int(0, 57_599)]);
  const [minute, second] = [Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = second > 0 ? `:${two(minute)}:${two(second)}` : minute > 0 ? `:${two(minute)}` : '';
  const sign = seconds === 0 || random.int(0, 1) === 0 ? '+' : '-';
  return `${time(random)}${sign}${two(Math.floor(seconds / 3600))}${tail}`;
}

function interval(random: SeededRandom): unknown {
  // Not the extremes, all three of which together are the infinities.
  const microseconds = BigInt.asIntN(64, uint64(random)) >> BigInt(random.int(1, 63));
  return { months: anyInt32(random), days: anyInt32(random), microseconds };
}

const timestampString = makerOf('timestamp') as (random: SeededRandom) => string;
const timestamptz = (random: SeededRandom): string =>
  timestampString(random).replace(/^(.*T[\d:.]+)( BC)?$/, (_, moment: string, era = '') => `${moment}Z${era}`);

// Network

const octets = (random: SeededRandom, count: number): number[] => [...random.bytes(count)];
const hexPairs = (bytes: readonly number[]): string =>
  bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** As inet_net_ntop prints it: the longest run of zeros is "::", the last 32 bits may be as in IPv4. */
function ipv6(bytes: readonly number[]): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0));
  let [from, length] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && words[end] === 0) end += 1;
    if (end - i > length) [from, length] = [i, end - i];
  }
  const isIpv4 = from === 0 && (length === 6 || (length === 5 && words[5] === 0xffff));
  const groups = words.map((word) => word.toString(16));
  if (isIpv4) groups.splice(6, 2, bytes.slice(12).join('.'));
  if (from === -1) return groups.join(':');
  const end = from + length;
  return `${groups.slice(0, from).join(':')}::${groups.slice(end).join(':')}`;
}

function address(random: SeededRandom, isNetwork: boolean): string {
  const isV4 = random.int(0, 1) === 0;
  const bytes = octets(random, isV4 ? 4 : 16);
  if (!isV4) for (let i = 0; i < 16; i += 2) if (random.int(0, 1) === 0) bytes[i] = bytes[i + 1] = 0;
  const all = bytes.length * 8;
  const bits = random.int(0, 1) === 0 ? all : random.int(0, all);
  const kept = bytes.map((byte, i) => (isNetwork ? byte & (0xff00 >> Math.min(8, Math.max(0, bits - i * 8))) : byte));
  const printed = isV4 ? kept.join('.') : ipv6(kept);
  return bits === all && !isNetwork ? printed : `${printed}/${bits}`;
}

// Bits, geometry

function bits(random: SeededRandom): BitString {
  return BitString.from(list(random, 70, (r) => String(r.int(0, 1))).join(''));
}

const coordinate = (random: SeededRandom): number =>
  random.int(0, 20) === 0 ? pick(random, [0, -0, NaN, Infinity, -Infinity, 5e-324]) : float(random);
const point = (random: SeededRandom): { x: number; y: number } => ({ x: coordinate(random), y: coordinate(random) });
const finite = (random: SeededRandom): number => (random.float() - 0.5) * 10 ** random.int(-20, 20);

function box(random: SeededRandom): unknown {
  const [a, b, c, d] = [finite(random), finite(random), finite(random), finite(random)];
  return { high: { x: Math.max(a, b), y: Math.max(c, d) }, low: { x: Math.min(a, b), y: Math.min(c, d) } };
}

// Search

const word = (random: SeededRandom): string =>
  text(random)
    .slice(0, 20)
    .replaceAll(/[\ud800-\udfff]/g, '') || 'w';
const bytesOf = (value: string): Buffer => Buffer.from(value);
/** As tsvector keeps them: by their bytes, shorter ones first only if they are equal so far. */
const byBytes = (a: string, b: string): number => Buffer.compare(bytesOf(a), bytesOf(b));
const quoteLexeme = (lexeme: string): string => `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

function tsvector(random: SeededRandom): string {
  const lexemes = [...new Set(list(random, 8, word))].sort(byBytes);
  return lexemes
    .map((lexeme) => {
      const positions = [...new Set(list(random, 4, (r) => r.int(1, 16_383)))].sort((a, b) => a - b);
      const tail = positions.map((position) => `${position}${pick(random, ['', 'A', 'B', 'C'])}`).join();
      return tail === '' ? quoteLexeme(lexeme) : `${quoteLexeme(lexeme)}:${tail}`;
    })
    .join(' ');
}

/** Left-deep and without redundant parentheses, as tsqueryout prints. */
function tsquery(random: SeededRandom, priority = 0): string {
  const operand = (): string => {
    const flags = `${random.int(0, 3) === 0 ? '*' : ''}${pick(random, ['', '', 'A', 'B', 'AB', 'ABCD'])}`;
    const leaf = `${quoteLexeme(word(random))}${flags === '' ? '' : `:${flags}`}`;
    return random.int(0, 4) === 0 ? `!${leaf}` : leaf;
  };
  const [operator, own] = pick(random, [
    [' | ', 1],
    [' & ', 2],
    [' <-> ', 3],
    [' <7> ', 3],
  ]);
  if (random.int(0, 2) === 0 || own <= priority) return operand();
  return `${tsquery(random, own)}${operator}${tsquery(random, own)}`;
}

// Ranges: of discrete types in the form [), as the server keeps them

const bounds = (random: SeededRandom): RangeBounds => pick(random, ['[)', '[]', '(]', '()']);

function rangeOf<T>(
  make: (random: SeededRandom) => T,
  compare: (a: T, b: T) => number,
  isDiscrete: boolean,
): (random: SeededRandom) => Range<T> {
  return (random) => {
    if (random.int(0, 15) === 0) return Range.empty<T>();
    const [a, b] = [make(random), make(random)];
    const order = compare(a, b);
    if (order === 0) return new Range<T>(a, null, isDiscrete ? '[)' : bounds(random));
    const [low, high] = order < 0 ? [a, b] : [b, a];
    const lower = random.int(0, 10) === 0 ? null : low;
    const upper = random.int(0, 10) === 0 ? null : high;
    return new Range<T>(lower, upper, isDiscrete ? '[)' : bounds(random));
  };
}

/** Ordered ranges with gaps between them, from numbers that are increasing. */
function multirangeOf(from: (n: number) => unknown): Make {
  return (random) => {
    let at = random.int(0, 1_000_000);
    return list(random, 5, (r) => {
      const lower = (at += r.int(2, 1000));
      const upper = (at += r.int(2, 1000));
      return new Range(from(lower), from(upper), '[)');
    });
  };
}

const ordered = <T extends number | bigint>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
const day = (n: number): string =>
  new Date(Date.UTC(2000, 0, 1) + (Math.abs(n) % 2_000_000) * 86_400_000).toISOString().slice(0, 10);
const moment = (n: number): string =>
  `${day(Math.floor(n / 1000))}T${timeOf(Math.floor((((n % 1000) + 1000) % 1000) * 86_000_001))}`;
const strings = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const nearDay = (random: SeededRandom): string => day(random.int(0, 100_000));
const nearMoment = (random: SeededRandom): string => moment(random.int(0, 10_000_000));
const decimal = (random: SeededRandom): string => `${random.int(-1e9, 1e9)}.${random.int(10, 99)}`;

// Arrays

function arrayOf(make: Make, maxDimensions = 3): Make {
  return (random) => {
    const sizes = list(random, maxDimensions, (r) => r.int(1, 4), 1);
    if (random.int(0, 20) === 0) return [];
    const level = (depth: number): unknown[] =>
      Array.from({ length: sizes[depth] ?? 0 }, () =>
        depth === sizes.length - 1 ? (random.int(0, 6) === 0 ? null : make(random)) : level(depth + 1),
      );
    return level(0);
  };
}

/** What composites need: run once in each session. */
export const SOAK_SETUP = `
  create type pg_temp.soak_mood as enum ('sad', 'it''s "ok"', 'é');
  create domain pg_temp.soak_id as int8 check (value <> 0);
  create type pg_temp.soak_inner as (a int4, "__proto__" text, "constructor" numeric[]);
  create type pg_temp.soak_outer as (id pg_temp.soak_id, "i n" pg_temp.soak_inner, list pg_temp.soak_inner[], mood pg_temp.soak_mood,
    at timestamptz, span int4range)`;

const orNull = (random: SeededRandom, make: Make): unknown => (random.int(0, 6) === 0 ? null : make(random));

function inner(random: SeededRandom): unknown {
  return Object.fromEntries([
    ['a', orNull(random, anyInt32)],
    ['__proto__', orNull(random, text)],
    ['constructor', orNull(random, arrayOf(numeric, 1))],
  ]);
}

const mood: Make = (random) => pick(random, ['sad', `it's "ok"`, 'é']);

function outer(random: SeededRandom): unknown {
  return {
    id: orNull(random, (r) => anyUint64(r) / 2n + 1n),
    'i n': orNull(random, inner),
    list: orNull(random, arrayOf(inner, 2)),
    mood: orNull(random, mood),
    at: orNull(random, timestamptz),
    span: orNull(random, rangeOf(anyInt32, ordered, true)),
  };
}

function snapshot(random: SeededRandom): string {
  const xmin = random.int(1, 1e12);
  const xmax = xmin + random.int(0, 1e6);
  const xip = xmax === xmin ? [] : [...new Set(list(random, 5, (r) => r.int(xmin, xmax - 1)))].sort((a, b) => a - b);
  return `${xmin}:${xmax}:${xip.join()}`;
}

const lsn = (random: SeededRandom): string =>
  `${anyUint32(random).toString(16).toUpperCase()}/${anyUint32(random).toString(16).toUpperCase()}`;

const known18 = (typeName: string): ValueMaker => ({ typeName, make: makerOf(typeName) });

/** Every family of types with makers of values for its types. */
export const FAMILIES: Readonly<Record<string, readonly ValueMaker[]>> = {
  integers: [
    known18('int2'),
    known18('int4'),
    known18('int8'),
    known18('bool'),
    { typeName: 'money', make: (r) => BigInt.asIntN(64, anyUint64(r)) },
  ],
  floats: [known18('float4'), known18('float8')],
  numeric: [
    { typeName: 'numeric', make: numeric },
    { typeName: 'numeric', make: makerOf('numeric'), since: 14 },
  ],
  text: [
    known18('text'),
    known18('varchar'),
    { typeName: 'pg_catalog.bpchar', make: text },
    { typeName: 'refcursor', make: text },
  ],
  bytea: [known18('bytea')],
  'dates-and-times': [
    known18('date'),
    known18('timestamp'),
    { typeName: 'timestamptz', make: timestamptz },
    { typeName: 'time', make: time },
    { typeName: 'timetz', make: timetz },
  ],
  interval: [{ typeName: 'interval', make: interval }],
  network: [
    { typeName: 'inet', make: (r) => address(r, false) },
    { typeName: 'cidr', make: (r) => address(r, true) },
    { typeName: 'macaddr', make: (r) => hexPairs(octets(r, 6)) },
    { typeName: 'macaddr8', make: (r) => hexPairs(octets(r, 8)) },
  ],
  bits: [
    { typeName: 'varbit', make: bits },
    { typeName: 'pg_catalog."bit"', make: bits },
  ],
  geometry: [
    { typeName: 'point', make: point },
    { typeName: 'lseg', make: (r) => ({ start: point(r), end: point(r) }) },
    { typeName: 'line', make: (r) => ({ a: 1 + finite(r) ** 2, b: finite(r) * 1e20, c: coordinate(r) }) },
    { typeName: 'box', make: box },
    { typeName: 'path', make: (r) => ({ points: list(r, 10, point, 1), isClosed: r.int(0, 1) === 0 }) },
    { typeName: 'polygon', make: (r) => ({ points: list(r, 10, point, 1) }) },
    { typeName: 'circle', make: (r) => ({ center: point(r), radius: Math.abs(finite(r)) }) },
  ],
  json: [known18('json'), known18('jsonb')],
  arrays: [
    { typeName: 'int4[]', make: arrayOf(anyInt32, 6) },
    { typeName: 'text[]', make: arrayOf(text) },
    { typeName: 'numeric[]', make: arrayOf(numeric) },
    { typeName: 'bytea[]', make: arrayOf(makerOf('bytea')) },
    { typeName: 'box[]', make: arrayOf(box) },
    { typeName: 'date[]', make: arrayOf(makerOf('date')) },
    { typeName: 'int2vector', make: (r) => list(r, 9, (s) => s.int(-32_768, 32_767), 1) },
    { typeName: 'oidvector', make: (r) => list(r, 9, anyUint32, 1) },
  ],
  ranges: [
    { typeName: 'int4range', make: rangeOf(anyInt32, ordered, true) },
    { typeName: 'int8range', make: rangeOf((r) => BigInt.asIntN(63, anyUint64(r)), ordered, true) },
    { typeName: 'numrange', make: rangeOf(decimal, (a, b) => ordered(Number(a), Number(b)), false) },
    { typeName: 'daterange', make: rangeOf(nearDay, strings, true) },
    { typeName: 'tsrange', make: rangeOf(nearMoment, strings, false) },
    { typeName: 'tstzrange', make: rangeOf((r) => `${nearMoment(r)}Z`, strings, false) },
    { typeName: 'int4multirange', make: multirangeOf((n) => n), since: 14 },
    { typeName: 'int8multirange', make: multirangeOf(BigInt), since: 14 },
    { typeName: 'nummultirange', make: multirangeOf((n) => `${n}.50`), since: 14 },
    { typeName: 'datemultirange', make: multirangeOf(day), since: 14 },
    { typeName: 'tsmultirange', make: multirangeOf(moment), since: 14 },
    { typeName: 'tstzmultirange', make: multirangeOf((n) => `${moment(n)}Z`), since: 14 },
  ],
  composites: [
    { typeName: 'pg_temp.soak_inner', make: inner },
    { typeName: 'pg_temp.soak_outer', make: outer },
    { typeName: 'pg_temp.soak_outer[]', make: arrayOf(outer, 2) },
    { typeName: 'pg_temp.soak_mood[]', make: arrayOf(mood) },
  ],
  search: [
    { typeName: 'tsvector', make: tsvector },
    { typeName: 'tsquery', make: (r) => tsquery(r) },
  ],
  uuid: [known18('uuid')],
  ids: [
    known18('oid'),
    ...['xid', 'cid', 'regtype', 'regclass', 'regproc', 'regrole'].map((typeName) => ({ typeName, make: anyUint32 })),
    { typeName: 'xid8', make: anyUint64 },
    { typeName: 'tid', make: (r) => `(${anyUint32(r)},${r.int(0, 65_535)})` },
    { typeName: 'pg_lsn', make: lsn },
    { typeName: 'pg_snapshot', make: snapshot },
  ],
};
