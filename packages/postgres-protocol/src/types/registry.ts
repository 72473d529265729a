import { arrayOf } from './array.js';
import { bool } from './boolean.js';
import { bytea } from './bytea.js';
import { date, timestamp, timestamptz } from './date-time.js';
import { GEOMETRY_TYPES } from './geometry-types.js';
import { NUMBER_LIKE_TYPES } from './identifier-types.js';
import { json, jsonb } from './json.js';
import { NETWORK_TYPES } from './network-types.js';
import { float4, float8, int2, int4, int8, oid } from './numbers.js';
import { numeric } from './numeric.js';
import { RANGE_TYPES } from './range-types.js';
import { SEARCH_TYPES } from './search-types.js';
import { bpchar, char, name, text, unknown, varchar, voidType } from './text.js';
import { TEXT_LIKE_TYPES } from './text-like-types.js';
import { TIME_TYPES } from './time-types.js';
import { uuid } from './uuid.js';
import type { WireType } from './wire-type.js';

/** Each element type beside the OID of its array type: `array_type_oid` in pg_type.dat. */
const WITH_ARRAYS: readonly (readonly [element: WireType, arrayOid: number | undefined])[] = [
  [unknown, undefined],
  [voidType, undefined],
  [bool, 1000],
  [bytea, 1001],
  [char, 1002],
  [name, 1003],
  [int2, 1005],
  [int4, 1007],
  [text, 1009],
  [bpchar, 1014],
  [varchar, 1015],
  [int8, 1016],
  [float4, 1021],
  [float8, 1022],
  [oid, 1028],
  [timestamp, 1115],
  [date, 1182],
  [timestamptz, 1185],
  [numeric, 1231],
  [uuid, 2951],
  [json, 199],
  [jsonb, 3807],
  ...TIME_TYPES,
  ...NUMBER_LIKE_TYPES,
  ...TEXT_LIKE_TYPES,
  ...NETWORK_TYPES,
  ...GEOMETRY_TYPES,
  ...SEARCH_TYPES,
  ...RANGE_TYPES,
];

const BY_OID: ReadonlyMap<number, WireType> = new Map(
  WITH_ARRAYS.flatMap(([element, arrayOid]) =>
    arrayOid === undefined ? [element] : [element, arrayOf(arrayOid, element)],
  ).map((type) => [type.oid, type]),
);

/**
 * Looks up the binary format of a type.
 *
 * Only types whose OIDs are the same on every server are here; those that a database defines itself have no fixed OID.
 *
 * @returns `undefined` for a type that is sent as text, in both directions.
 */
export function builtInTypeOf(oid: number): WireType | undefined {
  return BY_OID.get(oid);
}

/** Every type with a binary format, for the tests that go through all of them. */
export function builtInTypes(): Iterable<WireType> {
  return BY_OID.values();
}
