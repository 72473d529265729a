/** What the catalog says of one type: a row of the query that `catalogQuery` makes, which runs on PostgreSQL 13 and later. */
export interface CatalogRow {
  readonly oid: number;
  readonly name: string;
  readonly schema: string;
  /** Whether its name alone finds it, by the search path of the session that asked. */
  readonly visible: boolean;
  /** `pg_type.typtype`: b(ase), c(omposite), d(omain), e(num), p(seudo), r(ange), m(ultirange). */
  readonly kind: string;
  /** What separates the elements in the text of an array of it. */
  readonly delimiter: string;
  /** The name of its send function; `null` if it cannot be sent and received in binary. */
  readonly send: string | null;
  /** The element's OID if it is an array, else 0. */
  readonly element: number;
  /** Of a domain, else 0. */
  readonly base: number;
  /** Of a range, else 0. */
  readonly subtype: number;
  /** Of a multirange, else 0. */
  readonly range: number;
  /** Of a composite, in order and without the dropped ones; else empty. */
  readonly attributeNames: readonly string[];
  readonly attributeOids: readonly number[];
  /** The names that it was asked for by. */
  readonly askedNames: readonly string[];
}

/** A query for whoever holds a connection to run: its text, and the one parameter. */
export interface CatalogQuery {
  readonly text: string;
  readonly parameterOids: readonly [number];
  readonly values: readonly [readonly (number | string)[]];
  /** Its columns in order, so that nobody needs to have it described: names and type OIDs. */
  readonly columns: readonly (readonly [name: string, typeOid: number])[];
}

// pg_type.dat
const BOOL = 16;
const TEXT = 25;
const OID = 26;
const TEXT_ARRAY = 1009;
const OID_ARRAY = 1028;

const COLUMNS: CatalogQuery['columns'] = [
  ['oid', OID],
  ['name', TEXT],
  ['schema', TEXT],
  ['visible', BOOL],
  ['kind', TEXT],
  ['delimiter', TEXT],
  ['send', TEXT],
  ['element', OID],
  ['base', OID],
  ['subtype', OID],
  ['range', OID],
  ['attributeNames', TEXT_ARRAY],
  ['attributeOids', OID_ARRAY],
  ['askedNames', TEXT_ARRAY],
];

/**
 * Makes the query for all that `TypeRegistry.learn` wants to know of these types, and of those that they consist of:
 * elements, base types, attributes, subtypes, however deep.
 *
 * @param oids - What `TypeRegistry.missing` returned.
 */
export function catalogQuery(oids: readonly number[]): CatalogQuery {
  return { text: BY_OID, parameterOids: [OID_ARRAY], values: [[...oids]], columns: COLUMNS };
}

/**
 * Makes the same query for types by name, as SQL resolves them: `mood` by the search path, `public.mood` in that schema,
 * `"Mood"` with its capital, `mood[]` and `timestamp with time zone` as well.
 *
 * @param names - What `TypeRegistry.missingNames` returned. PostgreSQL 13 to 16 refuse a malformed one with an error.
 */
export function catalogQueryByName(names: readonly string[]): CatalogQuery {
  return { text: BY_NAME, parameterOids: [TEXT_ARRAY], values: [[...names]], columns: COLUMNS };
}

const BY_OID = queryFrom('select o, null::text from pg_catalog.unnest($1::pg_catalog.oid[]) o');
const BY_NAME = queryFrom('select pg_catalog.to_regtype(n)::oid, n from pg_catalog.unnest($1::pg_catalog.text[]) n');

/** The columns are read by the decoders that need no catalog: oid, text, bool and arrays of them. */
function queryFrom(asked: string): string {
  // A range's multirange is read by way of JSON, since PostgreSQL 13 has no such column. What is an array is said by its
  // send function: point and name, too, have elements that can be subscripted.
  return `with recursive asked(oid, name) as (${asked}),
parts(oid) as (
  select a.oid from asked a where a.oid is not null
  union
  select p.oid from parts
    join pg_catalog.pg_type t on t.oid = parts.oid
    cross join lateral (
      select t.typelem where t.typsend = 'pg_catalog.array_send'::pg_catalog.regproc
      union all select t.typbasetype
      union all select a.atttypid from pg_catalog.pg_attribute a
        where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      union all select r.rngsubtype from pg_catalog.pg_range r where t.typtype = 'r' and r.rngtypid = t.oid
      union all select r.rngtypid from pg_catalog.pg_range r
        where t.typtype = 'm' and (pg_catalog.to_jsonb(r)->>'rngmultitypid')::pg_catalog.oid = t.oid
    ) p(oid)
  where p.oid <> 0
)
select t.oid, t.typname::pg_catalog.text as name, n.nspname::pg_catalog.text as schema,
  pg_catalog.pg_type_is_visible(t.oid) as visible,
  t.typtype::pg_catalog.text as kind, t.typdelim::pg_catalog.text as delimiter,
  (select f.proname::pg_catalog.text from pg_catalog.pg_proc f where f.oid = t.typsend and t.typreceive <> 0) as send,
  case when t.typsend = 'pg_catalog.array_send'::pg_catalog.regproc then t.typelem else 0::pg_catalog.oid end as element,
  t.typbasetype as base,
  coalesce((select r.rngsubtype from pg_catalog.pg_range r where r.rngtypid = t.oid), 0::pg_catalog.oid) as subtype,
  coalesce((select r.rngtypid from pg_catalog.pg_range r
    where t.typtype = 'm' and (pg_catalog.to_jsonb(r)->>'rngmultitypid')::pg_catalog.oid = t.oid), 0::pg_catalog.oid) as range,
  array(select a.attname::pg_catalog.text from pg_catalog.pg_attribute a
    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    order by a.attnum) as "attributeNames",
  array(select a.atttypid from pg_catalog.pg_attribute a
    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    order by a.attnum) as "attributeOids",
  array(select a.name from asked a where a.oid = t.oid and a.name is not null) as "askedNames"
from parts join pg_catalog.pg_type t on t.oid = parts.oid join pg_catalog.pg_namespace n on n.oid = t.typnamespace`;
}

/**
 * Checks a row of the query; its arrays may be typed arrays.
 *
 * @throws {TypeError} If it is no such row, as a row of a query that was run with text results is not.
 */
export function catalogRowOf(row: Readonly<Record<string, unknown>>): CatalogRow {
  const checked = {
    oid: row['oid'],
    name: row['name'],
    schema: row['schema'],
    visible: row['visible'],
    kind: row['kind'],
    delimiter: row['delimiter'],
    send: row['send'],
    element: row['element'],
    base: row['base'],
    subtype: row['subtype'],
    range: row['range'],
    attributeNames: listOf(row['attributeNames']),
    attributeOids: listOf(row['attributeOids']),
    askedNames: listOf(row['askedNames']),
  };
  if (!isCatalogRow(checked)) throw new TypeError('expected a row of the query that catalogQuery makes');
  return Object.freeze(checked);
}

function listOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) || ArrayBuffer.isView(value)
    ? Array.from(value as unknown as ArrayLike<unknown>)
    : undefined;
}

function isCatalogRow(row: Readonly<Record<keyof CatalogRow, unknown>>): row is CatalogRow {
  const { attributeNames, attributeOids, askedNames } = row;
  const isScalar = (['oid', 'element', 'base', 'subtype', 'range'] as const).every((key) => isOid(row[key]));
  const isNamed = (['name', 'schema', 'kind', 'delimiter'] as const).every((key) => isString(row[key]));
  return (
    isScalar &&
    isNamed &&
    typeof row.visible === 'boolean' &&
    (row.send === null || isString(row.send)) &&
    isListOf(attributeNames, isString) &&
    isListOf(attributeOids, isOid) &&
    attributeNames.length === attributeOids.length &&
    isListOf(askedNames, isString)
  );
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isItem);
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isOid(value: unknown): boolean {
  return typeof value === 'number';
}
