import { arrayOf } from './array.js';
import type { BinaryType } from './binary-type.js';
import { bool } from './boolean.js';
import { bytea } from './bytea.js';
import { date, timestamp, timestamptz } from './date-time.js';
import { json, jsonb } from './json.js';
import { float4, float8, int2, int4, int8, oid } from './numbers.js';
import { numeric } from './numeric.js';
import { bpchar, char, name, text, unknown, varchar, voidType } from './text.js';
import { uuid } from './uuid.js';

/** Each element type beside the OID of its array type: `array_type_oid` in pg_type.dat. */
const WITH_ARRAYS: readonly (readonly [element: BinaryType, arrayOid: number])[] = [
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
];
const JSON_WITH_ARRAYS: typeof WITH_ARRAYS = [
  [json, 199],
  [jsonb, 3807],
];

const BY_OID: ReadonlyMap<number, BinaryType> = new Map(
  [
    unknown,
    voidType,
    ...WITH_ARRAYS.flatMap(([element, arrayOid]) => [element, arrayOf(arrayOid, element)]),
    ...JSON_WITH_ARRAYS.flatMap(([element, arrayOid]) => [element, arrayOf(arrayOid, element, true)]),
  ].map((type) => [type.oid, type]),
);

/**
 * Looks up the binary format of a type.
 *
 * Only types whose OIDs are the same on every server are here; those that a database defines itself have no fixed OID.
 *
 * @returns `undefined` for a type that is sent as text, in both directions.
 */
export function binaryTypeOf(oid: number): BinaryType | undefined {
  return BY_OID.get(oid);
}

/** Every type with a binary format, for the tests that go through all of them. */
export function binaryTypes(): Iterable<BinaryType> {
  return BY_OID.values();
}
