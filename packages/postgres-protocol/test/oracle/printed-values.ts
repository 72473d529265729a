import type { BitString } from '../../src/types/bit-string.js';
import type { Box, Circle, Line, LineSegment, Path, Point, Polygon } from '../../src/types/geometry-types.js';
import type { Interval } from '../../src/types/interval.js';
import type { Range } from '../../src/types/range.js';
import { toHex } from '../fixtures/value-wire.js';

// Prints JavaScript values as the server's output functions do, and shares no code with the codecs under test.

/** As float8out prints it: 15 digits before the point at most, then an exponent of two digits at least. */
function float(value: number): string {
  if (!Number.isFinite(value) || value === 0) return Object.is(value, -0) ? '-0' : String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 15)
    return `${digits}e${power < 0 ? '-' : '+'}${Math.abs(power).toString().padStart(2, '0')}`;
  // Not String(value), which has an exponent from 1e-7 on; 1e-5 never comes here.
  return String(value);
}

const point = ({ x, y }: Point): string => `(${float(x)},${float(y)})`;
const points = (list: readonly Point[]): string => list.map(point).join();

/** As interval_out prints it with intervalstyle = 'postgres'. */
function interval(value: Interval | number): string {
  if (typeof value === 'number') return value > 0 ? 'infinity' : '-infinity';
  const parts: string[] = [];
  const state = { isAfterNegative: false };
  const add = (count: number, unit: string): void => {
    if (count === 0) return;
    parts.push(`${state.isAfterNegative && count > 0 ? '+' : ''}${count} ${unit}${count === 1 ? '' : 's'}`);
    state.isAfterNegative = count < 0;
  };
  add(Math.trunc(value.months / 12), 'year');
  add(value.months % 12, 'mon');
  add(value.days, 'day');
  const { microseconds: signed } = value;
  if (signed !== 0n || parts.length === 0) {
    const all = signed < 0n ? -signed : signed;
    const two = (n: bigint): string => n.toString().padStart(2, '0');
    const seconds = all / 1_000_000n;
    const fraction = (all % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
    const sign = signed < 0n ? '-' : state.isAfterNegative ? '+' : '';
    const clock = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n].map(two).join(':');
    parts.push(`${sign}${clock}${fraction === '' ? '' : `.${fraction}`}`);
  }
  return parts.join(' ');
}

function money(value: bigint): string {
  const digits = (value < 0n ? -value : value).toString().padStart(3, '0');
  const whole = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  return `${value < 0n ? '-' : ''}$${whole}.${digits.slice(-2)}`;
}

const spaced = (value: string): string => value.replace(/(?<=\d)T(?=\d)/, ' ');
const timestamptz = (value: string): string => spaced(value).replace('Z', '+00');

function quotedBound(text: string): string {
  return text === '' || /["\\()[\],\s]/.test(text) ? `"${text.replaceAll(/["\\]/g, '$&$&')}"` : text;
}

const range =
  (print: (bound: never) => string) =>
  ({ lower, upper, lowerInclusive, upperInclusive, isEmpty }: Range): string => {
    if (isEmpty) return 'empty';
    const [from, to] = [lower, upper].map((bound) => (bound === null ? '' : quotedBound(print(bound as never))));
    return `${lowerInclusive ? '[' : '('}${from},${to}${upperInclusive ? ']' : ')'}`;
  };

const RANGES: Readonly<Record<string, (value: Range) => string>> = {
  int4: range(String),
  int8: range(String),
  num: range(String),
  date: range(String),
  ts: range(spaced),
  tstz: range(timestamptz),
};

const PRINT: Readonly<Record<string, (value: never) => string>> = {
  bool: (value: boolean) => (value ? 't' : 'f'),
  bytea: (value: Uint8Array) => `\\x${toHex(value)}`,
  float8: float,
  money,
  interval,
  timestamp: spaced,
  timestamptz,
  bit: (value: BitString) => value.toString(),
  varbit: (value: BitString) => value.toString(),
  int2vector: (value: readonly number[]) => value.join(' '),
  oidvector: (value: readonly number[]) => value.join(' '),
  point,
  lseg: ({ start, end }: LineSegment) => `[${point(start)},${point(end)}]`,
  line: ({ a, b, c }: Line) => `{${[a, b, c].map(float).join()}}`,
  box: ({ high, low }: Box) => `${point(high)},${point(low)}`,
  path: ({ points: list, isClosed }: Path) => (isClosed ? `(${points(list)})` : `[${points(list)}]`),
  polygon: ({ points: list }: Polygon) => `(${points(list)})`,
  circle: ({ center, radius }: Circle) => `<${point(center)},${float(radius)}>`,
  ...Object.fromEntries(
    Object.entries(RANGES).flatMap(([name, print]): [string, (value: never) => string][] => [
      [`${name}range`, print],
      [`${name}multirange`, (value: readonly Range[]) => `{${value.map(print).join()}}`],
    ]),
  ),
};

const PLAIN_STRING_TYPES =
  'char name text varchar bpchar refcursor tid json jsonb jsonpath xml uuid numeric date time timetz inet cidr macaddr macaddr8 pg_lsn pg_snapshot txid_snapshot tsvector tsquery pg_node_tree';
const NUMBER_TYPES = 'int2 int4 oid xid cid';
const BIGINT_TYPES = 'int8 xid8';
const KINDS = new Map<string, string>([
  ...PLAIN_STRING_TYPES.split(' ').map((name) => [name, 'string'] as const),
  ...NUMBER_TYPES.split(' ').map((name) => [name, 'number'] as const),
  ...BIGINT_TYPES.split(' ').map((name) => [name, 'bigint'] as const),
]);

/** Prints a value of a type; throws for a value of another kind than the type has, and for a type nobody has described. */
export function printValue(typeName: string, value: unknown): string {
  const print = PRINT[typeName];
  if (print !== undefined) return print(value as never);
  const kind = typeName.startsWith('reg') ? 'number' : KINDS.get(typeName);
  if (typeof value !== kind) throw new TypeError(`${typeName} is described as ${kind}, got ${typeof value}`);
  return String(value);
}
