/** A query whose result is recorded. */
export interface Workload {
  /** Names its files, and its benchmark. */
  readonly name: string;
  readonly title: string;
  /** Run before, in a database of its own. */
  readonly setup: readonly string[];
  readonly sql: string;
}

/** The queries of MagicStack's pgbench that read, with their parameters put in, and one more for arrays of text. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: 'pg-type',
    title: 'pg_type, 12 columns',
    setup: [],
    sql: `select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, typisdefined, typdelim,
                 typrelid, typelem, typarray
            from pg_type where typtypmod = -1 and typisdefined = true`,
  },
  {
    name: 'series',
    title: '1000 rows of an int4',
    setup: [],
    sql: 'select i from generate_series(1, 1000) as s(i)',
  },
  {
    name: 'bytea',
    title: '100 rows of 1000 bytes',
    setup: [
      'create table _bytes(b bytea)',
      "insert into _bytes(b) select repeat('a', 1000)::bytea from generate_series(1, 100)",
    ],
    sql: 'select * from _bytes',
  },
  {
    name: 'arrays',
    title: '10 rows of 1000 int4 in an array',
    setup: [
      'create table _test(a int[])',
      `insert into _test(a) select (select array_agg(i) from generate_series(1, 1000) as s(i))
         from generate_series(1, 10)`,
    ],
    sql: 'select * from _test',
  },
  {
    name: 'text-arrays',
    title: '100 rows of int4[100] and text[20]',
    setup: [
      'create table _texts(a int[], b text[])',
      `insert into _texts(a, b) select (select array_agg(i) from generate_series(1, 100) as s(i)),
                (select array_agg('item ' || n || '-' || i) from generate_series(1, 20) as s(i))
           from generate_series(1, 100) as t(n)`,
    ],
    sql: 'select * from _texts',
  },
];

/** What postgres.js asks on connecting, to learn which types are arrays; it is answered for the arrays above. */
export const ARRAY_TYPES: Workload = {
  name: 'array-types',
  title: 'element types beside their array types',
  setup: [],
  sql: `select oid, typarray from pg_catalog.pg_type where oid in ('int4'::regtype, 'text'::regtype) order by oid`,
};
