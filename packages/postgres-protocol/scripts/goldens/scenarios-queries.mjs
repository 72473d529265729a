// Simple and extended queries, and what may come at any time. A scenario begins in an open session.

const INT4 = 23;
const TEXT = 25;

/** Ends with a ReadyForQuery. */
const ANSWERED = ['Query', 'Sync', 'FunctionCall'];

/** A scenario that asks some simple queries, one after the other. */
const queries = (name, ...texts) => ({
  name,
  run: async (session) => {
    for (const sql of texts) {
      session.send(['Query', sql]);
      await session.until('Z');
    }
  },
});

/** A scenario that sends groups of messages, each up to its Sync in one write. */
const groups = (name, ...sent) => ({
  name,
  run: async (session) => {
    for (const calls of sent) {
      session.send(...calls);
      for (const [message] of calls) if (ANSWERED.includes(message)) await session.until('Z');
    }
  },
});

const parse = (name, sql, ...oids) => ['Parse', name, sql, oids];
const bind = (portal, statement, values = [], resultFormats = []) => {
  const formats = values.map((value) => (typeof value === 'number' ? 1 : 0));
  return ['Bind', portal, statement, formats, values.map(wireValue), resultFormats];
};
const wireValue = (value) => (typeof value === 'number' ? int4(value) : value === null ? null : Buffer.from(value));
const execute = (portal, maxRows = 0) => ['Execute', portal, maxRows];
const describe = (what, name) => ['Describe', what, name];
const close = (what, name) => ['Close', what, name];
const SYNC = ['Sync'];
const FLUSH = ['Flush'];

export const SIMPLE_QUERIES = [
  queries(
    'a simple query of several statements',
    "SELECT 1 AS one, NULL AS nothing, 'Ünïcode' AS text; CREATE TEMPORARY TABLE t (a int4); " +
      'INSERT INTO t VALUES (1), (2); SELECT a, a::text FROM t; UPDATE t SET a = 0 WHERE a > 5',
  ),
  queries('a simple query without a row, and without a column', 'SELECT 1 WHERE false; SELECT'),
  queries('empty queries', '', ' ; '),
  queries('an error in the middle of a simple query', 'SELECT 1; SELECT 1/0; SELECT 2'),
  queries('a transaction that fails', 'BEGIN', 'SELECT * FROM missing', 'SELECT 1', 'ROLLBACK'),
  queries(
    'an error with every field that SQL can set',
    `DO $$BEGIN RAISE EXCEPTION USING MESSAGE = 'message', DETAIL = 'detail', HINT = 'hint', ERRCODE = 'ZX001',
     SCHEMA = 's', TABLE = 't', COLUMN = 'c', DATATYPE = 'd', CONSTRAINT = 'n'; END$$`,
  ),
  queries(
    'notices and warnings',
    "DO $$BEGIN RAISE NOTICE 'look out' USING HINT = 'really'; RAISE WARNING 'now'; END$$; SELECT 1; ROLLBACK",
  ),
  queries('changes of parameters', "SET application_name = 'other'; SET TIME ZONE 'UTC'", "SET DateStyle = 'German'"),
  queries('a notification from the session itself', 'LISTEN ch', "NOTIFY ch, 'payload'; SELECT 1"),
  {
    name: 'a notification while nothing is asked',
    run: async (session, open) => {
      session.send(['Query', 'LISTEN ch']);
      await session.until('Z');
      const other = await open();
      other.send(['Query', 'NOTIFY ch']);
      await session.until('A');
      await other.leave();
    },
  },
];

export const EXTENDED_QUERIES = [
  groups('an extended query with all of its messages', [
    parse('add', 'SELECT $1 + $2 AS sum, $3::text', INT4),
    describe('statement', 'add'),
    bind('p', 'add', [2, '3', null], [1, 0]),
    describe('portal', 'p'),
    execute('p'),
    close('portal', 'p'),
    close('statement', 'add'),
    SYNC,
  ]),
  groups(
    'a statement that is bound again and again',
    [parse('s', 'SELECT $1::int4, repeat($2, 3)', INT4, TEXT), SYNC],
    [bind('', 's', [-1, 'ä'], [1]), execute(''), SYNC],
    [bind('', 's', ['-2147483648', null]), execute(''), SYNC],
  ),
  groups('what gives no rows', [
    parse('', 'CREATE TEMPORARY TABLE t (a int4)'),
    bind('', ''),
    describe('portal', ''),
    execute(''),
    parse('', ''),
    describe('statement', ''),
    bind('', ''),
    execute(''),
    SYNC,
  ]),
  groups('rows a few at a time', [
    parse('', 'SELECT n FROM generate_series(1, 5) AS n'),
    bind('', '', [], [1]),
    execute('', 2),
    execute('', 2),
    execute('', 2),
    execute('', 2),
    SYNC,
  ]),
  groups(
    'a portal that outlives its Sync in a transaction',
    [['Query', 'BEGIN']],
    [parse('', 'SELECT generate_series(1, 3) AS n'), bind('cursor', ''), execute('cursor', 1), SYNC],
    [execute('cursor'), close('portal', 'cursor'), SYNC],
    [['Query', 'COMMIT']],
  ),
  groups(
    'a pipeline with errors, and recovery at each Sync',
    [
      parse('s', 'SELECT 10 / $1::int4'),
      bind('', 's', ['5']),
      execute(''),
      bind('', 's', ['0']),
      execute(''),
      bind('', 's', ['2']),
      execute(''),
      SYNC,
      bind('', 's', ['1'], [1]),
      execute(''),
      SYNC,
      parse('', 'SELEKT'),
      describe('statement', ''),
      SYNC,
      bind('', 'missing'),
      execute(''),
      SYNC,
      SYNC,
      ['Query', 'SELECT 1'],
    ],
    [close('statement', 'missing'), close('portal', 'missing'), execute('missing'), SYNC],
  ),
  {
    name: 'Flush, and answers before the Sync',
    run: async (session) => {
      session.send(parse('', 'SELECT $1::text'), describe('statement', ''), FLUSH);
      await session.until('T');
      session.send(bind('', '', ['value']), execute(''), FLUSH);
      await session.until('C');
      session.send(SYNC);
      await session.until('Z');
    },
  },
];

const call = (functionOid, argumentFormats, values, resultFormat) => [
  ['FunctionCall', functionOid, argumentFormats, values.map(wireValue), resultFormat],
];

export const FUNCTION_CALLS = [
  groups(
    'function calls',
    call(1317, [], ['four'], 0), // length(text)
    call(1317, [0], [null], 1), // is strict
    call(177, [1], [2, -3], 1), // int4pl(int4, int4)
    call(1, [], ['no such function'], 0),
  ),
];

function int4(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
