import { once } from 'node:events';
import { connect } from 'node:net';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, inject, test } from 'vitest';
import { createStatement, encodeCancelRequest, type FieldDescription, type Statement } from '../src/index.js';
import { PgSocket } from './pg-socket.js';

const url = inject('databaseUrl');

/** Parses and describes, as a driver does. */
async function prepare(pg: PgSocket, name: string, sql: string): Promise<Statement> {
  let parameterOids: readonly number[] = [];
  let fields: readonly FieldDescription[] = [];
  pg.handler.reactions.parameterDescription = (oids: readonly number[]) => (parameterOids = oids);
  pg.handler.reactions.rowDescription = (described: readonly FieldDescription[]) => (fields = described);
  pg.handler.clear();
  pg.machine.sendParse(name, sql);
  pg.machine.sendDescribe('statement', name);
  pg.machine.sendSync();
  await pg.until('readyForQuery');
  pg.handler.clear();
  return createStatement({ name, parameterOids, fields });
}

function execute(pg: PgSocket, statement: Statement, values: readonly unknown[] = [], maxRows = 0): void {
  pg.machine.sendBind('', statement, values);
  pg.machine.sendExecute('', statement, maxRows);
}

describe('a session with a server', () => {
  test('begins with key data and parameters and ends without a word', async () => {
    await using pg = await PgSocket.open(url);
    expect(pg.machine.state).toBe('idle');
    expect(pg.machine.transactionStatus).toBe('I');
    expect(pg.machine.outstanding).toBe(0);
    expect(pg.processId).toBeGreaterThan(0);
    expect(pg.secretKey).toHaveLength(4);
    expect(pg.parameters.get('client_encoding')).toBe('UTF8');
    expect(pg.parameters.get('application_name')).toBe('postgres-protocol test');
    pg.machine.sendTerminate();
    await pg.ended();
    expect(pg.error).toBeUndefined();
    expect(pg.machine.state).toBe('closed');
  });

  test('says which database there is not', async () => {
    await using pg = new PgSocket(url);
    await pg.start(url.replace(/\/[^/]*$/, '/no_such_database'));
    const events = await pg.until('errorResponse');
    expect(events.at(-1)).toEqual(['errorResponse', '3D000']);
    await pg.ended();
    expect(pg.error).toBeUndefined();
    expect(pg.machine.state).toBe('closed');
  });

  test('accepts protocol options that the server does not know, and says so', async () => {
    await using pg = new PgSocket(url);
    await once(pg.socket, 'connect');
    pg.machine.sendStartup({ user: new URL(url).username, parameters: { '_pq_.no_such_option': '1' } });
    const events = await pg.until('readyForQuery');
    expect(events[0]).toEqual([
      'negotiateProtocolVersion',
      { protocolVersion: '3.0', unsupportedOptions: ['_pq_.no_such_option'] },
    ]);
  });

  test('takes any number of statements in a simple query', async () => {
    await using pg = await PgSocket.open(url);
    pg.machine.sendQuery(
      `select 1 as a, null as b, 'ü' as c; ; select 2 as a union all select 3; create temp table t ()`,
    );
    pg.machine.sendQuery('');
    await pg.until('readyForQuery', 2);
    expect(pg.handler.events).toEqual([
      ['rowDescription', 'a,b,c'],
      ['rows', [{ a: '1', b: null, c: 'ü' }]],
      ['commandComplete', 'SELECT 1'],
      ['rowDescription', 'a'],
      ['rows', [{ a: '2' }, { a: '3' }]],
      ['commandComplete', 'SELECT 2'],
      ['commandComplete', 'CREATE TABLE'],
      ['readyForQuery', 'I'],
      ['emptyQueryResponse'],
      ['readyForQuery', 'I'],
    ]);
  });

  test('reads a binary cursor in a simple query', async () => {
    await using pg = await PgSocket.open(url);
    pg.machine.sendQuery(
      `create type pg_temp.mood as enum ('sad'); begin; declare c binary cursor for select 7::int4 as n, 'x'::text as t; fetch c; declare d binary cursor for select 'sad'::pg_temp.mood as p, 1 as n; fetch d`,
    );
    await pg.until('readyForQuery');
    expect(pg.handler.events.filter(([name]) => name.startsWith('rows'))).toEqual([
      ['rows', [{ n: 7, t: 'x' }]],
      ['rowsRefused', 'RangeError'],
    ]);
    expect(pg.machine.transactionStatus).toBe('T');
  });

  test('answers extended queries, in portions where asked', async () => {
    await using pg = await PgSocket.open(url);
    const statement = await prepare(pg, 's', 'select n, $1::text as t from generate_series(1, $2::int4) n');
    expect(statement.parameterOids).toEqual([25, 23]);
    expect(statement.fields.map((f) => [f.name, f.typeOid])).toEqual([
      ['n', 23],
      ['t', 25],
    ]);
    execute(pg, statement, ['x', 3], 2);
    pg.machine.sendExecute('', statement, 2);
    pg.machine.sendClose('portal', '');
    pg.machine.sendClose('statement', 's');
    pg.machine.sendSync();
    await pg.until('readyForQuery');
    expect(pg.handler.events).toEqual([
      ['bindComplete'],
      [
        'rows',
        [
          { n: 1, t: 'x' },
          { n: 2, t: 'x' },
        ],
      ],
      ['portalSuspended'],
      ['rows', [{ n: 3, t: 'x' }]],
      ['commandComplete', 'SELECT 1'],
      ['closeComplete'],
      ['closeComplete'],
      ['readyForQuery', 'I'],
    ]);
  });

  test('describes what has no rows, and a portal', async () => {
    await using pg = await PgSocket.open(url);
    const { machine } = pg;
    machine.sendParse('', 'listen c');
    machine.sendDescribe('statement', '');
    machine.sendParse('', 'select 1 as one');
    const one = createStatement({ name: '', parameterOids: [], fields: [] });
    machine.sendBind('p', one, []);
    machine.sendDescribe('portal', 'p');
    machine.sendParse('', '');
    machine.sendBind('', one, []);
    machine.sendExecute('', one, 0);
    machine.sendSync();
    await pg.until('readyForQuery');
    expect(pg.handler.events).toEqual([
      ['parseComplete'],
      ['parameterDescription', []],
      ['noData'],
      ['parseComplete'],
      ['bindComplete'],
      ['rowDescription', 'one'],
      ['parseComplete'],
      ['bindComplete'],
      ['emptyQueryResponse'],
      ['readyForQuery', 'I'],
    ]);
  });

  test('is answered at a flush, before the group ends', async () => {
    await using pg = await PgSocket.open(url);
    pg.machine.sendParse('', 'select 1');
    pg.machine.sendFlush();
    await pg.until('parseComplete');
    expect(pg.machine.outstanding).toBe(0);
    pg.machine.sendSync();
    expect(pg.machine.outstanding).toBe(1);
    await pg.until('readyForQuery');
  });

  test('goes on after errors in the middle of a pipeline', async () => {
    await using pg = await PgSocket.open(url);
    const { machine } = pg;
    const divide = await prepare(pg, 'd', 'select 10 / n as q from generate_series($1::int4, $1::int4) n');
    for (const divisor of [1, 0, 2]) {
      execute(pg, divide, [divisor]);
      machine.sendClose('portal', '');
      machine.sendSync();
    }
    machine.sendParse('', 'select wrong syntax here');
    machine.sendDescribe('statement', '');
    machine.sendSync();
    machine.sendQuery('select 1/0; select 2');
    machine.sendQuery('select 3 as x');
    expect(machine.outstanding).toBe(6);
    await pg.until('readyForQuery', 6);
    expect(pg.handler.events).toEqual([
      ['bindComplete'],
      ['rows', [{ q: 10 }]],
      ['commandComplete', 'SELECT 1'],
      ['closeComplete'],
      ['readyForQuery', 'I'],
      ['bindComplete'],
      ['errorResponse', '22012'],
      ['readyForQuery', 'I'],
      ['bindComplete'],
      ['rows', [{ q: 5 }]],
      ['commandComplete', 'SELECT 1'],
      ['closeComplete'],
      ['readyForQuery', 'I'],
      ['errorResponse', '42601'],
      ['readyForQuery', 'I'],
      ['errorResponse', '22012'],
      ['readyForQuery', 'I'],
      ['rowDescription', 'x'],
      ['rows', [{ x: '3' }]],
      ['commandComplete', 'SELECT 1'],
      ['readyForQuery', 'I'],
    ]);
  });

  test('reports a constraint that fails at the Sync', async () => {
    await using pg = await PgSocket.open(url);
    pg.machine.sendQuery('create temp table u (n int unique deferrable initially deferred)');
    await pg.until('readyForQuery');
    const insert = await prepare(pg, '', 'insert into u values (1), (1)');
    execute(pg, insert);
    pg.machine.sendSync();
    await pg.until('readyForQuery');
    expect(pg.handler.events).toEqual([
      ['bindComplete'],
      ['commandComplete', 'INSERT 0 2'],
      ['errorResponse', '23505'],
      ['readyForQuery', 'I'],
    ]);
  });

  test('follows the status of a transaction', async () => {
    await using pg = await PgSocket.open(url);
    for (const [sql, status] of [
      ['begin', 'T'],
      ['select 1/0', 'E'],
      ['rollback', 'I'],
    ] as const) {
      pg.handler.clear();
      pg.machine.sendQuery(sql);
      await pg.until('readyForQuery');
      expect(pg.machine.transactionStatus).toBe(status);
    }
  });

  test('hands on notices, notifications and changed parameters', async () => {
    await using pg = await PgSocket.open(url);
    pg.machine.sendQuery(`listen ch; notify ch, 'payload'; set application_name = 'changed'`);
    pg.machine.sendQuery(`do $$ begin raise notice 'beware'; end $$`);
    await pg.until('readyForQuery', 2);
    expect(pg.handler.events).toContainEqual(['notice', 'beware']);
    expect(pg.handler.events).toContainEqual(['parameterStatus', 'application_name', 'changed']);
    expect(pg.handler.events).toContainEqual([
      'notification',
      { processId: pg.processId, channel: 'ch', payload: 'payload' },
    ]);
  });

  test('takes a large result in batches of one a chunk', async () => {
    await using pg = await PgSocket.open(url);
    const series = await prepare(pg, '', `select n, repeat('x', 50) as t from generate_series(1, 20000) n`);
    let chunks = 0;
    pg.socket.on('data', () => (chunks += 1));
    execute(pg, series);
    pg.machine.sendSync();
    await pg.until('readyForQuery');
    const [, rows] = pg.handler.events.find(([name]) => name === 'rows') as [string, { n: number; t: string }[]];
    expect(rows).toHaveLength(20000);
    expect(rows.every((row, i) => row.n === i + 1 && row.t === 'x'.repeat(50))).toBe(true);
    expect(pg.handler.batchCount).toBeGreaterThan(1);
    expect(pg.handler.batchCount).toBeLessThanOrEqual(chunks);
  });

  test('takes a message of 8 MiB', async () => {
    await using pg = await PgSocket.open(url);
    pg.machine.sendQuery(`select repeat('y', ${8 * 2 ** 20}) as t`);
    await pg.until('readyForQuery');
    const [, rows] = pg.handler.events.find(([name]) => name === 'rows') as [string, { t: string }[]];
    expect(rows[0]?.t).toHaveLength(8 * 2 ** 20);
  });

  test('is told by another connection to cancel', async () => {
    await using pg = await PgSocket.open(url);
    // The notice leaves at once: now the query is surely running.
    pg.machine.sendQuery(`do $$ begin raise notice 'running'; perform pg_sleep(60); end $$`);
    await pg.until('notice');
    const out = new WriteBuffer();
    encodeCancelRequest(out, pg.processId, pg.secretKey);
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write(out.take());
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
    await pg.until('readyForQuery');
    expect(pg.handler.events).toContainEqual(['errorResponse', '57014']);
    pg.handler.clear();
    pg.machine.sendQuery('select 1 as a');
    await pg.until('readyForQuery');
    expect(pg.handler.events).toContainEqual(['rows', [{ a: '1' }]]);
  });

  test('is ended by the server with a reason', async () => {
    await using pg = await PgSocket.open(url);
    await using admin = await PgSocket.open(url);
    admin.machine.sendQuery(`select pg_terminate_backend(${pg.processId})`);
    await admin.until('readyForQuery');
    await pg.until('errorResponse');
    await pg.ended();
    expect(pg.handler.events).toEqual([['errorResponse', '57P01']]);
    expect(pg.machine.state).toBe('closed');
    expect(pg.error).toBeUndefined();
    expect(() => {
      pg.machine.sendQuery('select 1');
    }).toThrow('sendQuery: the server has ended the session with 57P01');
  });
});
