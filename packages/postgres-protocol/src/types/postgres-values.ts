import type { BitString } from './bit-string.js';
import type { Box, Circle, Line, LineSegment, Path, Point, Polygon } from './geometry-types.js';
import type { Interval } from './interval.js';
import type { Range } from './range.js';
import type { ValueOptions } from './value-options.js';

/** A decoded array: one level for each dimension, `null` for NULL. */
export type PostgresArray<T> = (T | null | PostgresArray<T>)[];

/** No option is set. */
type ValueDefaults = Readonly<Partial<Record<keyof ValueOptions, undefined>>>;

/** The type of an option, `undefined` and what is left out being the default. */
type Choice<O extends ValueOptions, Name extends keyof ValueOptions, Default> = O[Name] extends infer Chosen
  ? [Chosen] extends [string | boolean]
    ? Chosen
    : Default
  : Default;

type Int8<O extends ValueOptions> = { bigint: bigint; number: number; string: string }[Choice<O, 'int8', 'bigint'> &
  ('bigint' | 'number' | 'string')];
type Numeric<O extends ValueOptions> = { string: string; number: number }[Choice<O, 'numeric', 'string'> &
  ('string' | 'number')];
type Json<O extends ValueOptions> = { parse: unknown; text: string }[Choice<O, 'json', 'parse'> & ('parse' | 'text')];
type Timestamptz<O extends ValueOptions> =
  Choice<O, 'temporal', false> extends false
    ? { date: Date | number; string: string }[Choice<O, 'timestamptz', 'date'> & ('date' | 'string')]
    : object | string;
/** A Temporal object where that is asked for, but for the values that Temporal does not have. */
type Temporal<O extends ValueOptions, Plain> = Choice<O, 'temporal', false> extends false ? Plain : object | Plain;

/**
 * What the values of each type are in JavaScript, by the type's name, for a statement with the options `O`. NULL is `null`
 * whatever the type.
 */
export interface PostgresValues<O extends ValueOptions = ValueDefaults> {
  bool: boolean;
  int2: number;
  int4: number;
  int8: Int8<O>;
  oid: number;
  xid: number;
  cid: number;
  xid8: bigint;
  regproc: number;
  regprocedure: number;
  regoper: number;
  regoperator: number;
  regclass: number;
  regtype: number;
  regrole: number;
  regnamespace: number;
  regconfig: number;
  regdictionary: number;
  regcollation: number;
  float4: number;
  float8: number;
  numeric: Numeric<O>;
  money: bigint;
  text: string;
  varchar: string;
  bpchar: string;
  name: string;
  '"char"': string;
  unknown: string;
  xml: string;
  refcursor: string;
  uuid: string;
  bytea: Uint8Array;
  json: Json<O>;
  jsonb: Json<O>;
  jsonpath: string;
  date: Temporal<O, string>;
  time: Temporal<O, string>;
  timetz: string;
  timestamp: Temporal<O, string>;
  timestamptz: Timestamptz<O>;
  interval: Temporal<O, Interval | number>;
  bit: BitString;
  varbit: BitString;
  inet: string;
  cidr: string;
  macaddr: string;
  macaddr8: string;
  point: Point;
  lseg: LineSegment;
  line: Line;
  box: Box;
  path: Path;
  polygon: Polygon;
  circle: Circle;
  tsvector: string;
  tsquery: string;
  pg_lsn: string;
  tid: string;
  pg_snapshot: string;
  txid_snapshot: string;
  int2vector: number[];
  oidvector: number[];
  int4range: Range<number>;
  int8range: Range<Int8<O>>;
  numrange: Range<Numeric<O>>;
  daterange: Range<Temporal<O, string>>;
  tsrange: Range<Temporal<O, string>>;
  tstzrange: Range<Timestamptz<O>>;
  int4multirange: Range<number>[];
  int8multirange: Range<Int8<O>>[];
  nummultirange: Range<Numeric<O>>[];
  datemultirange: Range<Temporal<O, string>>[];
  tsmultirange: Range<Temporal<O, string>>[];
  tstzmultirange: Range<Timestamptz<O>>[];
  record: Record<string, unknown>;
  void: null;
}

/** What `arrays: 'typed'` makes of an array that is plain enough; `never` for other types. */
interface TypedArrays<O extends ValueOptions> {
  int2: Int16Array;
  int4: Int32Array;
  oid: Uint32Array;
  float4: Float32Array;
  float8: Float64Array;
  int8: Int8<O> extends bigint ? BigInt64Array : never;
}

type TypedArrayOf<Name, O extends ValueOptions> = Name extends keyof TypedArrays<O> ? TypedArrays<O>[Name] : never;

/**
 * What a value is in JavaScript, by the name of its type, `int8` or `int8[]`, and the options of the statement.
 *
 * @example
 * type Id = ValueOf<'int8', { int8: 'number' }>; // number
 */
export type ValueOf<
  Name extends keyof PostgresValues | `${keyof PostgresValues}[]`,
  O extends ValueOptions = ValueDefaults,
> = Name extends keyof PostgresValues
  ? PostgresValues<O>[Name]
  : Name extends `${infer Element extends keyof PostgresValues}[]`
    ? | PostgresArray<PostgresValues<O>[Element]>
      | (Choice<O, 'arrays', 'nested'> extends 'nested' ? never : TypedArrayOf<Element, O>)
    : never;
