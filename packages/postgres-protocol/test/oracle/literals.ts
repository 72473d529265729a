/** A literal that not every server reads, or not in both directions. */
export interface SpecialLiteral {
  readonly text: string;
  /** The first major version that reads it. */
  readonly since?: number;
  /** The receive function refuses the very bytes that the send function made of it. */
  readonly isReadOnly?: true;
  /** What the server prints, it reads as a value of other bytes. */
  readonly losesShape?: true;
}

export type Literal = string | SpecialLiteral;

const since = (first: number, ...texts: readonly string[]): SpecialLiteral[] =>
  texts.map((text) => ({ text, since: first }));

const times = (count: number, make: (i: number) => string, separator = ','): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(separator);

const TEXTS = ['', 'a', ' a ', 'NULL', '"\\\'{},;()', '\n\t\u0001\u007f', 'é\u0800\ufeff\uffff😀\u{10ffff}', '\u2028'];
const INT2 = ['0', '1', '-1', '-32768', '32767'];
const INT4 = ['0', '1', '-1', '-2147483648', '2147483647'];
const INT8 = ['0', '-1', '9007199254740991', '9007199254740993', '-9223372036854775808', '9223372036854775807'];
const OID = ['0', '1', '2147483648', '4294967295'];
const FLOATS = ['0', '-0', '0.1', '-1.5', '1e15', '1e-5', '16777217', 'NaN', 'Infinity', '-Infinity'];
const POINTS = ['(0,-0)', '(1.5,-2.25)', '(1e+300,-1e-300)', '(NaN,Infinity)', '(5e-324,1.7976931348623157e308)'];
const DATES = [
  '2000-01-01',
  '1999-12-31',
  '2024-02-29',
  '1582-10-15',
  '0001-01-01',
  '0001-12-31 BC',
  'infinity',
  '-infinity',
];
const MOMENTS = [
  '2000-01-01 00:00:00',
  '1999-12-31 23:59:59.999999',
  '2024-02-29 12:34:56.000001',
  '1970-01-01 00:00:00.1',
  '0001-01-01 00:00:00',
  '0044-03-15 12:00:00.5 BC',
  '10000-01-01 00:00:00',
  '294276-12-31 23:59:59.999999',
];
const TIMES = ['00:00:00', '00:00:00.000001', '12:34:56.7', '23:59:59.999999', '24:00:00'];
const SNAPSHOTS = ['1:1:', '10:20:10,14,15', '3:9223372036854775807:4,9223372036854775806'];

/** Literals at the boundaries of every type that every server has, by `pg_type.typname`. */
export const LITERALS: Readonly<Record<string, readonly Literal[]>> = {
  bool: ['true', 'false'],
  bytea: ['', '\\x00', '\\xff', '\\x5c27', `\\x${times(256, (i) => i.toString(16).padStart(2, '0'), '')}`],
  char: ['', 'a', '\\001', '\\200', '\\377', ' ', '"'],
  name: [...TEXTS, 'n'.repeat(63)],
  int8: INT8,
  int2: INT2,
  int4: INT4,
  int2vector: ['1', '1 -2 32767 -32768', { text: '', isReadOnly: true }],
  oidvector: ['1', '1 2147483648 4294967295', { text: '', isReadOnly: true }],
  text: [...TEXTS, 'x'.repeat(70_000)],
  varchar: TEXTS,
  bpchar: TEXTS,
  refcursor: TEXTS,
  oid: OID,
  xid: OID,
  cid: OID,
  xid8: ['0', '1', '9223372036854775808', '18446744073709551615'],
  tid: ['(0,0)', '(1,2)', '(4294967295,65535)'],
  regproc: [...OID, 'array_send', 'pg_catalog.now'],
  regprocedure: [...OID, 'pg_catalog.abs(int4)'],
  regoper: [...OID, '15'],
  regoperator: [...OID, '+(int4,int4)'],
  regclass: [...OID, 'pg_catalog.pg_class'],
  regcollation: [...OID, '"C"'],
  regtype: [...OID, 'int4', 'text[]'],
  regrole: [...OID, 'postgres'],
  regnamespace: [...OID, 'pg_catalog'],
  regconfig: [...OID, 'pg_catalog.english'],
  regdictionary: [...OID, 'pg_catalog.simple'],
  regdatabase: [...OID, 'postgres'],
  json: [
    'null',
    'true',
    '1',
    '"a"',
    '""',
    '[]',
    '{}',
    '{"a": [1, 2.50, {"b": null}], "__proto__": "é😀"}',
    ' [ 1 ,\n2 ] ',
  ],
  jsonb: ['null', 'true', '1.5', '"a"', '""', '[]', '{}', '{"a": [1, 2.5, {"b": null}], "__proto__": "é😀"}', '-0.25'],
  jsonpath: [
    '$',
    'strict $',
    '$.a[*]?(@.b > 1 && @.c like_regex "^a")',
    '$."a b"[0 to last].**{2 to last}',
    '$x + 1.5',
  ],
  xml: ['', 'plain', '<a/>', '<a b="é😀">&lt;</a>', '<?xml version="1.0" standalone="yes"?><a/>', '<a/><b/>'],
  uuid: [
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    '01234567-89ab-cdef-0123-456789abcdef',
  ],
  float4: [...FLOATS, '3.4028235e38', '1.17549435e-38', '1e-45', '123456.79'],
  float8: [...FLOATS, '1.7976931348623157e308', '2.2250738585072014e-308', '5e-324', '0.30000000000000004'],
  numeric: [
    ...['0', '0.00', '1', '-1', '9999', '10000', '-10000.0001', '0.0001', '0.00001', '12345.678900', '1.5', 'NaN'],
    '9'.repeat(1000),
    `-0.${'0'.repeat(999)}1`,
    '1e131071',
    '-1e-16383',
    `${'9'.repeat(131_072)}.${'9'.repeat(16_383)}`,
    ...since(14, 'Infinity', '-Infinity'),
  ],
  money: ['0', '0.01', '-0.01', '1234.56', '-1234567.89', '92233720368547758.07', '-92233720368547758.08'],
  date: [...DATES, '4714-11-24 BC', '5874897-12-31', '10000-01-01'],
  time: TIMES,
  timetz: [
    ...TIMES.map((time) => `${time}+00`),
    '12:00:00+05:30',
    '12:00:00.5-03:30:15',
    '24:00:00-15:59:59',
    '00:00:00+15:59:59',
  ],
  timestamp: [...MOMENTS, 'infinity', '-infinity', '4714-11-24 00:00:00 BC'],
  timestamptz: [...MOMENTS, 'infinity', '-infinity', '4714-11-24 00:00:00+00 BC', '1900-01-01 00:00:00-03:30:52'],
  interval: [
    ...[
      '0',
      '1 mon',
      '-1 mon',
      '1 day',
      '-1 day',
      '00:00:00.000001',
      '-00:00:00.000001',
      '1 day -00:00:01',
      '-1 year 1 day',
    ],
    ...[
      '1 year -2 mons +3 days -04:05:06.789',
      '-178956970 years -8 mons',
      '178956970 years 7 mons',
      '2147483647 days',
    ],
    ...['-2147483648 days', '24:00:00', '1000000:00:00'],
    ...since(15, '2562047788:00:54.775807', '-2562047788:00:54.775807'),
    ...since(17, 'infinity', '-infinity'),
  ],
  bit: ['', '0', '1', '10110', '11111111', '000000001', times(4001, (i) => String(i % 2), '')],
  varbit: ['', '0', '1', '10110', '11111111', '000000001', times(4001, (i) => String(i % 3 === 0 ? 1 : 0), '')],
  inet: [
    ...['0.0.0.0', '255.255.255.255', '10.1.2.3/8', '1.2.3.4/31', '0.0.0.0/0', '::', '::/0', '::1', '1::', '::1.2.3.4'],
    ...[
      '::ffff:1.2.3.4',
      '::ffff:1.2.3.4/96',
      '::ffff:0:1.2.3.4',
      '1:0:0:2::3/64',
      '1:0:2:3:4:5:6:7',
      'fe80::1/10',
      '0:1::',
      '::2:0',
    ],
    ...[
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      '1:0:0:2:0:0:0:3',
      '1:2:3:4:5:6:7:8/127',
      '0:0:0:0:0:0:102:304',
      '64:ff9b::1.2.3.4',
    ],
  ],
  cidr: [
    '0.0.0.0/0',
    '10.0.0.0/8',
    '192.168.1.0/24',
    '1.2.3.4/32',
    '::/0',
    '2001:db8::/32',
    '::1/128',
    '::ffff:1.2.0.0/112',
    '1:0:0:2::/64',
  ],
  macaddr: ['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:23:45:67:89:ab'],
  macaddr8: ['00:00:00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff', '01:23:45:67:89:ab:cd:ef'],
  point: POINTS,
  lseg: ['[(0,0),(0,0)]', '[(1.5,-2),(1e-7,1e21)]', '[(NaN,Infinity),(-Infinity,-0)]'],
  line: ['{1,-1,0}', '{0,-1,2.5}', '{-1,0,1e-300}', '{NaN,1,Infinity}'],
  box: ['(1,1),(0,0)', '(-1.5,2),(3,-4)', '(Infinity,1e300),(-Infinity,-1e300)'],
  path: [
    '((0,0))',
    '[(0,0)]',
    '[(0,0),(1,1),(2,0.5)]',
    '((0,0),(1,1),(NaN,-0))',
    `[${times(300, (i) => `(${i},${i / 7})`)}]`,
  ],
  polygon: [
    '((0,0))',
    '((0,0),(1,1),(2,0.5))',
    '((-Infinity,1e-9),(Infinity,1e22))',
    `(${times(300, (i) => `(${i},${i / 7})`)})`,
  ],
  circle: ['<(0,0),0>', '<(1.5,-2),1e300>', '<(NaN,0),Infinity>'],
  pg_lsn: ['0/0', '16/B374D848', 'FFFFFFFF/FFFFFFFF', '0/1', '1/0'],
  pg_snapshot: SNAPSHOTS,
  txid_snapshot: SNAPSHOTS,
  tsvector: [
    ...['', 'a', 'a b c', `'a b':1A,2B fat:3C rat:4`, `'it''s' '\\\\' ' '`, 'é 😀:16383A', 'b aa a ab'],
    `x:${times(255, (i) => String(i + 1))}`,
    times(1000, (i) => `w${i}:${i + 1}${'ABCD'[i % 4] ?? ''}`, ' '),
  ],
  tsquery: [
    { text: '', isReadOnly: true },
    ...[
      'a',
      '!a',
      '!!a',
      '!(a | b)',
      'a & b',
      'a & b & c',
      'a | b & c <-> !d',
      '(a | b) & !c',
      'a <16384> b',
      'a <0> b',
    ],
    ...['super:*AB', 'a:D', 'a:*', `'it''s \\\\ so'`, 'é & 😀', '(a <-> b) <2> (c | d)', 'a <-> (b <-> c)'],
    { text: 'a & (b & c)', losesShape: true },
  ],
  int4range: ['empty', '(,)', '[1,10)', '[-2147483648,2147483647)', '(,5)', '[5,)'],
  int8range: ['empty', '(,)', '[1,10)', '[-9223372036854775808,9223372036854775807)', '(,5)', '[5,)'],
  numrange: [
    'empty',
    '(,)',
    '[1.5,2.50]',
    '(1,2)',
    '[1,NaN]',
    '(,1e100]',
    '[-1e-100,)',
    ...since(14, '(-Infinity,Infinity)'),
  ],
  daterange: ['empty', '(,)', '[2000-01-01,2024-02-29)', '[-infinity,infinity)', `["4714-11-24 BC",)`],
  tsrange: [
    'empty',
    '(,)',
    '["2000-01-01 00:00:00","2024-02-29 12:34:56.000001"]',
    '(-infinity,infinity)',
    '("0044-03-15 12:00:00.5 BC",)',
  ],
  tstzrange: [
    'empty',
    '(,)',
    '["2000-01-01 00:00:00+00","2024-02-29 12:34:56.000001+00"]',
    '(-infinity,infinity)',
    '(,"294276-12-31 23:59:59.999999+00"]',
  ],
  int4multirange: ['{}', '{(,)}', '{[1,2),[5,8)}', '{(,1),[3,)}'],
  int8multirange: ['{}', '{(,)}', '{[1,2),[5,8)}', '{(,-9223372036854775807),[9223372036854775806,)}'],
  nummultirange: ['{}', '{(,)}', '{[1.5,2],(3,4.50)}', '{(,1),[3,)}'],
  datemultirange: ['{}', '{(,)}', '{[2000-01-01,2000-01-02),[2024-02-29,infinity)}'],
  tsmultirange: ['{}', '{(,)}', '{["2000-01-01 00:00:00","2000-01-02 00:00:00.000001"],(2024-02-29,)}'],
  tstzmultirange: [
    '{}',
    '{(,)}',
    '{["2000-01-01 00:00:00+00","2000-01-02 00:00:00.000001+00"],("2024-02-29 00:00:00+00",)}',
  ],
};

/**
 * Types that no literal makes, and whose receive function refuses everything: what the server itself keeps of them. Each
 * is an SQL expression, which may need `OPAQUE_SETUP`.
 */
export const OPAQUE_SETUP = `
  create temp table measured (a int4 default 1 + length('x'), b int4, c text default upper('y'));
  insert into measured select i % 10, i % 5, (i % 3)::text from generate_series(1, 500) i;
  create statistics measured_all (ndistinct, dependencies, mcv) on a, b, c from measured;
  analyze measured`;

const statistic = (column: string): string =>
  `(select ${column} from pg_statistic_ext_data join pg_statistic_ext s on s.oid = stxoid where stxname = 'measured_all')`;

/** Made of bytes by a cast that the test creates: the server has such values only inside of index pages. */
export const CAST_FROM_BYTES: readonly string[] = ['pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary'];

export const OPAQUE: Readonly<Record<string, readonly string[]>> = {
  pg_node_tree: [
    `(select adbin from pg_attrdef where adrelid = 'measured'::regclass order by adnum limit 1)`,
    `(select adbin from pg_attrdef where adrelid = 'measured'::regclass order by adnum desc limit 1)`,
  ],
  pg_ndistinct: [statistic('stxdndistinct')],
  pg_dependencies: [statistic('stxddependencies')],
  pg_mcv_list: [statistic('stxdmcv')],
  pg_brin_bloom_summary: [`'\\x'::bytea::pg_brin_bloom_summary`, `'\\x00ff10'::bytea::pg_brin_bloom_summary`],
  pg_brin_minmax_multi_summary: [`'\\x0102'::bytea::pg_brin_minmax_multi_summary`],
};

/** Pseudo-types with both functions: what a value of each can be had by, or why there is none. */
export const PSEUDO: Readonly<
  Record<string, { readonly sql: string; readonly value: unknown } | { readonly why: string }>
> = {
  unknown: { why: 'it is no type of a column: the server resolves it to text' },
  record: { sql: `row(1, null, 'a'::text, row(2::int8))`, value: { f1: 1, f2: null, f3: 'a', f4: { f1: 2n } } },
  _record: { sql: `array[row(1), row(2)]`, value: [{ f1: 1 }, { f1: 2 }] },
  cstring: { sql: `textout('a')`, value: 'a' },
  void: { sql: 'pg_sleep(0)', value: null },
  anyarray: {
    sql: `(select most_common_vals from pg_stats where tablename = 'measured' and attname = 'c')`,
    value: '{1,2,0}',
  },
  anycompatiblearray: { why: 'it is no type of a column: a function with it returns what it was given' },
  pg_ddl_command: { why: 'its functions refuse, in both directions' },
};
