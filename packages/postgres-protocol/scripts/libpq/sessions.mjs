// What libpq is made to do, by the name of the trace. `begins`: whether libpq prints from its first byte on, or from the
// open session. `flags`: 1 leaves out the time of day, 2 is the mode for regression tests. `major`: of the server. `user`
// and `conninfo` are put into the connection string.
import { STATUS } from './result-status.mjs';

/** A cancel request that comes before the query is lost. */
const BUSY_AFTER_MS = 500;

const int4 = (value) => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
};

function queries(pg) {
  pg.exec("SELECT 1 AS one, NULL AS nothing, 'Ünïcode ''quoted'' \\ \t' AS text; SELECT generate_series(1, 2)");
  pg.exec('');
  pg.exec('SELECT 1/0');
  pg.exec("DO $$BEGIN RAISE NOTICE 'look out' USING HINT = 'really', DETAIL = 'line one\nline two'; END$$");
  pg.exec("LISTEN ch; NOTIFY ch, 'payload'; SET application_name = 'other'");
  pg.exec('BEGIN; SELECT * FROM missing');
  pg.exec('ROLLBACK');
}

function extendedQueries(pg) {
  pg.execParams("SELECT $1::text || 'x', $2::int4", ['a', int4(-2)], 1);
  pg.execParams('SELECT $1::text', [null], 0);
  pg.prepare('add', 'SELECT $1 + $2 AS sum', 23, 0);
  pg.named('PQdescribePrepared', 'add');
  pg.execPrepared('add', ['2', '3'], 0);
  pg.execPrepared('add', [int4(2), int4(-3)], 1);
  pg.named('PQclosePrepared', 'add');
  pg.prepare('nothing', '');
  pg.execPrepared('nothing', [], 0);
  pg.exec('BEGIN; DECLARE c CURSOR FOR SELECT 1 AS n');
  pg.named('PQdescribePortal', 'c');
  pg.named('PQclosePortal', 'c');
  pg.prepare('bad', 'SELEKT');
  pg.exec('ROLLBACK');
}

function pipelines(pg) {
  pg.call('PQenterPipelineMode');
  pg.sendQueryParams('SELECT $1::int4', ['1']);
  pg.sendQueryParams('SELECT 1/$1::int4', ['0']);
  pg.sendQueryParams('SELECT $1::int4', ['2']);
  pg.call('PQpipelineSync');
  pg.sendQueryParams("SELECT 'after'", []);
  pg.call('PQsendFlushRequest');
  pg.call('PQpipelineSync');
  pg.drain();
  pg.drain();
  pg.call('PQexitPipelineMode');
}

function copies(pg) {
  pg.exec('CREATE TEMPORARY TABLE t (a int4, b text)');
  copyIn(pg, 'COPY t FROM STDIN', '1\tone\n', '2\t\\N\n');
  copyIn(pg, 'COPY t FROM STDIN', 'nonsense\n');
  pg.exec('COPY t FROM STDIN');
  pg.putCopyData('3\tthree\n');
  pg.putCopyEnd('changed my mind');
  pg.drain();
  copyOut(pg, 'COPY t TO STDOUT');
  copyOut(pg, 'COPY t TO STDOUT (FORMAT binary)');
}

function copyIn(pg, sql, ...lines) {
  expectStatus(pg.exec(sql), STATUS.copyIn);
  for (const line of lines) pg.putCopyData(line);
  pg.putCopyEnd();
  pg.drain();
}

function copyOut(pg, sql) {
  expectStatus(pg.exec(sql), STATUS.copyOut);
  pg.drainCopyData();
  pg.drain();
}

function expectStatus(seen, expected) {
  if (seen !== expected) throw new Error(`expected a result with status ${expected}, saw ${seen}`);
}

function functionCalls(pg) {
  pg.fn(1317, 'four'); // length(text)
  pg.fn(1, 'no such function');
}

function replication(pg) {
  const start = pg.ask('SELECT pg_current_wal_flush_lsn()::text');
  expectStatus(pg.exec(`START_REPLICATION PHYSICAL ${start}`), STATUS.copyBoth);
  pg.putCopyEnd();
  pg.drainCopyData();
  pg.drain();
}

function cancel(pg) {
  pg.sendQueryParams('SELECT pg_sleep(60)', []);
  pg.call('PQflush');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_AFTER_MS);
  pg.cancel();
  pg.drain();
}

/** A session that is traced from its first byte on, and does nothing else. */
const startup = (settings) => ({ ...settings, begins: 'startup', run: () => {} });

export const SESSIONS = {
  trust: startup(),
  'cleartext password': startup({ user: 'wants_cleartext' }),
  'MD5 password': startup({ user: 'wants_md5' }),
  'SCRAM password': startup({ user: 'wants_scram' }),
  'SCRAM password, for regression tests': startup({ user: 'wants_scram', flags: 3 }),
  'wrong password': startup({ user: 'wants_scram', conninfo: 'password=other' }),
  'encryption declined': startup({ conninfo: 'sslmode=prefer' }),
  'protocol 3.2': startup({ conninfo: 'max_protocol_version=3.2' }),
  'protocol 3.2, declined': startup({ conninfo: 'max_protocol_version=3.2', major: 13 }),
  'simple queries': { run: queries },
  'simple queries, for regression tests': { run: queries, flags: 3 },
  'simple queries, with the time': { run: queries, flags: 0 },
  'extended queries': { run: extendedQueries },
  'extended queries, for regression tests': { run: extendedQueries, flags: 3 },
  pipelines: { run: pipelines },
  copies: { run: copies },
  'copies, for regression tests': { run: copies, flags: 3 },
  'function calls': { run: functionCalls },
  'function calls, for regression tests': { run: functionCalls, flags: 3 },
  replication: { run: replication, conninfo: 'replication=database' },
  cancel: { run: cancel },
  'cancel in protocol 3.2': { run: cancel, conninfo: 'max_protocol_version=3.2' },
};
