// What takes a server of its own settings: versions, cancelling by long keys, encryption, requireAuth, replication.
import { once } from 'node:events';
import { connect } from 'node:net';
import { startServer, type PgServer } from '@millrace/pgserver';
import { WriteBuffer } from '@millrace/write-buffer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeCancelRequest, type FrontendMachineOptions } from '../src/index.js';
import { CERTIFICATE, PRIVATE_KEY } from './fixtures/certificate.js';
import { PgSocket } from './pg-socket.js';
import { int32, utf8 } from './wire.js';

let server: PgServer;

async function run(sql: string): Promise<unknown> {
  await using admin = await PgSocket.open(server.url);
  admin.machine.sendQuery(sql);
  await admin.until('readyForQuery');
  const failed = admin.handler.events.find(([name]) => name === 'errorResponse');
  if (failed !== undefined) throw new Error(`${sql}: ${String(failed[1])}`);
  const rows = admin.handler.events.find(([name]) => name === 'rows')?.[1] as Record<string, unknown>[] | undefined;
  return Object.values(rows?.[0] ?? {})[0];
}

/** The server writes it itself: it owns the file then, as it demands of a key. */
function writeFile(name: string, text: string): Promise<unknown> {
  return run(`copy (select * from string_to_table('${text}', e'\\n')) to program 'umask 077 && cat > ${name}'`);
}

beforeAll(async () => {
  server = await startServer({
    hba: [
      'hostssl all wants_tls 127.0.0.1/32 scram-sha-256',
      'host all wants_md5 127.0.0.1/32 md5',
      'host all wants_cleartext 127.0.0.1/32 password',
      'host all,replication all 127.0.0.1/32 trust',
    ],
    settings: { wal_level: 'logical' },
  });
  for (const user of ['wants_tls', 'wants_cleartext']) await run(`create role ${user} login password 'pencil'`);
  await run(`set password_encryption = md5; create role wants_md5 login password 'pencil'`);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

describe('protocol 3.2', () => {
  test('comes with a longer key, which cancels', async () => {
    await using pg = new PgSocket(server.url);
    await pg.start(server.url, undefined, '', { protocolVersion: '3.2' });
    await pg.until('readyForQuery');
    expect(pg.handler.names).not.toContain('negotiateProtocolVersion');
    expect(pg.secretKey).toHaveLength(32);
    pg.machine.sendQuery(`do $$ begin raise notice 'running'; perform pg_sleep(60); end $$`);
    await pg.until('notice');
    const out = new WriteBuffer();
    encodeCancelRequest(out, pg.processId, pg.secretKey);
    const socket = connect(server.port, '127.0.0.1');
    socket.write(out.take());
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
    await pg.until('errorResponse');
    expect(pg.handler.events).toContainEqual(['errorResponse', '57014']);
  });

  test('with an option that the server does not know is negotiated', async () => {
    await using pg = new PgSocket(server.url);
    await pg.start(server.url, undefined, '', { protocolVersion: '3.2', parameters: { '_pq_.none_such': '1' } });
    await pg.until('readyForQuery');
    expect(pg.handler.events[0]).toEqual([
      'negotiateProtocolVersion',
      { protocolVersion: '3.2', unsupportedOptions: ['_pq_.none_such'] },
    ]);
    expect(pg.secretKey).toHaveLength(32);
  });
});

describe('a request for encryption', () => {
  test('is declined by a server without it, one kind after the other', async () => {
    await using pg = new PgSocket(server.url);
    await once(pg.socket, 'connect');
    pg.machine.sendGssEncRequest();
    await pg.until('encryptionAnswer');
    expect(await pg.requestTls()).toBe(false);
    await pg.start(server.url);
    await pg.until('readyForQuery');
    expect(pg.handler.events.slice(0, 2)).toEqual([
      ['encryptionAnswer', 'GSSENCRequest', false],
      ['encryptionAnswer', 'SSLRequest', false],
    ]);
  });
});

describe('a function call', () => {
  test('is answered by the server', async () => {
    const oid = Number(await run(`select 'int4pl'::regproc::oid`));
    await using pg = await PgSocket.open(server.url);
    const values = [utf8('40'), int32(2)];
    pg.machine.sendFunctionCall({ functionOid: oid, argumentFormats: [0, 1], arguments: values, resultFormat: 1 });
    pg.machine.sendFunctionCall({
      functionOid: oid,
      argumentFormats: [],
      arguments: [utf8('1'), null],
      resultFormat: 0,
    });
    pg.machine.sendFunctionCall({ functionOid: 0, argumentFormats: [], arguments: [], resultFormat: 0 });
    pg.machine.sendQuery('select 1');
    await pg.until('readyForQuery', 4);
    expect(pg.handler.events.slice(0, 6)).toEqual([
      ['functionCallResponse', int32(42)],
      ['readyForQuery', 'I'],
      ['functionCallResponse', null],
      ['readyForQuery', 'I'],
      ['errorResponse', '42883'],
      ['readyForQuery', 'I'],
    ]);
    expect(pg.machine.state).toBe('idle');
  });
});

describe('requireAuth', () => {
  test.each([
    ['wants_md5', ['md5'], ['password']],
    ['wants_cleartext', ['password'], ['!password']],
    ['postgres', ['none'], ['!none']],
  ] as const)('lets %s in by %j, and not by %j', async (user, allowing, refusing) => {
    await using pg = new PgSocket(server.url, { requireAuth: allowing });
    await pg.start(server.url, user, 'pencil');
    await pg.until('readyForQuery');
    await using other = new PgSocket(server.url, { requireAuth: refusing });
    await other.start(server.url, user, 'pencil');
    await expect(other.until('readyForQuery')).rejects.toThrow('requireAuth');
    expect(other.handler.names).not.toContain('needPassword');
  });
});

describe('a copy in both directions', () => {
  test('streams what the server writes, until both sides are done', async () => {
    const start = String(await run('select pg_current_wal_lsn()'));
    await using pg = new PgSocket(server.url);
    await pg.start(server.url, undefined, '', { database: 'postgres', parameters: { replication: 'database' } });
    await pg.until('readyForQuery');
    pg.handler.clear();
    const { machine, handler } = pg;
    machine.sendQuery(`START_REPLICATION PHYSICAL ${start}`);
    await pg.until('copyBothResponse');
    expect(machine.state).toBe('queryCopyingBoth');
    await run('create table written (a int)');
    await pg.until('copyData');
    const [, [first]] = handler.events.at(-1) as unknown as [string, [Uint8Array]];
    expect(['w', 'k']).toContain(String.fromCharCode(first[0] ?? 0)); // XLogData or a keepalive
    machine.sendCopyDone();
    expect(machine.state).toBe('queryCopyingBothOut');
    await pg.until('readyForQuery');
    expect(handler.names.filter((name) => name !== 'copyData')).toEqual([
      'copyBothResponse',
      'copyDone',
      'commandComplete',
      'commandComplete',
      'readyForQuery',
    ]);
    machine.sendQuery('select 1');
    await pg.until('readyForQuery', 2);
    expect(machine.state).toBe('idle');
  });

  test('does not begin where the server refuses', async () => {
    await using pg = new PgSocket(server.url);
    await pg.start(server.url, undefined, '', { parameters: { replication: 'true' } });
    await pg.until('readyForQuery');
    pg.machine.sendQuery('START_REPLICATION PHYSICAL FF/FF000000');
    await pg.until('errorResponse');
    await pg.until('readyForQuery', 2);
    expect(pg.machine.state).toBe('idle');
  });
});

test('a base backup goes on behind its archive', async () => {
  await using pg = new PgSocket(server.url);
  await pg.start(server.url, undefined, '', { parameters: { replication: 'true' } });
  await pg.until('readyForQuery');
  pg.handler.clear();
  pg.machine.sendQuery("BASE_BACKUP (LABEL 'x', CHECKPOINT 'fast', WAIT false, MANIFEST 'yes')");
  await pg.until('readyForQuery');
  const names = pg.handler.names.filter((name, i, all) => name !== all[i - 1]);
  expect(names.slice(names.indexOf('copyOutResponse'))).toEqual([
    'copyOutResponse',
    'copyData',
    'copyDone',
    'rowDescription',
    'rows',
    'commandComplete',
    'readyForQuery',
  ]);
  expect(pg.machine.state).toBe('idle');
});

describe('channel binding', () => {
  beforeAll(async () => {
    await writeFile('server.crt', CERTIFICATE);
    await writeFile('server.key', PRIVATE_KEY);
    await run('alter system set ssl = on');
    await run('select pg_reload_conf()');
    await (await openTls())[Symbol.asyncDispose]();
  });

  async function openTls(options?: FrontendMachineOptions): Promise<PgSocket> {
    // The postmaster reads its configuration again in its own time: between two connections.
    for (let tries = 0; tries < 1000; tries++) {
      const pg = new PgSocket(server.url, options);
      if (await pg.requestTls()) return pg;
      await pg[Symbol.asyncDispose]();
    }
    throw new Error(`the server does no TLS: ${server.log()}`);
  }

  test('by the certificate lets in', async () => {
    await using pg = await openTls({ channelBinding: 'require', requireAuth: ['scram-sha-256'] });
    await pg.start(server.url, 'wants_tls', 'pencil');
    await pg.until('readyForQuery');
    expect(pg.handler.events[1]).toEqual(['needSasl', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']]);
    pg.machine.sendQuery('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    await pg.until('readyForQuery', 2);
    expect(pg.handler.events).toContainEqual(['rows', [{ ssl: 't' }]]);
  });

  test('by another certificate does not', async () => {
    await using pg = await openTls();
    Object.defineProperty(pg, 'channelBinding', { value: new Uint8Array(32) });
    await pg.start(server.url, 'wants_tls', 'pencil');
    await pg.until('errorResponse');
    expect(pg.handler.events.at(-1)).toEqual(['errorResponse', '28000']);
    expect(pg.handler.names).not.toContain('authenticated');
  });

  test('is what the machine insists on where both ends can', async () => {
    await using pg = await openTls();
    const { handler, machine } = pg;
    const data = pg.channelBinding;
    await pg.start(server.url, 'wants_tls', 'pencil');
    handler.reactions.needSasl = () => {
      expect(() => {
        machine.sendSaslInitialResponse('SCRAM-SHA-256', 'rOprNGfwEbeRWgbNEkqO', data);
      }).toThrow('the mechanism must be SCRAM-SHA-256-PLUS');
      machine.sendSaslInitialResponse('SCRAM-SHA-256-PLUS', 'rOprNGfwEbeRWgbNEkqO', data);
    };
    await pg.until('readyForQuery');
  });
});
