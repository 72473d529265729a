// SCRAM against the one of PostgreSQL: its server with our client, and its verifiers with our server.
import { createHash } from 'node:crypto';
import { startServer, type PgServer } from '@millrace/pgserver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pbkdf2Sha256, saslPrep, ScramServer, ScramVerifier } from '../src/crypto.js';
import * as tables from '../src/crypto/sasl-prep-tables.js';
import type { ScramChannelBinding } from '../src/scram-binding.js';
import { ScramConversation } from '../src/scram.js';
import { CERTIFICATE, PRIVATE_KEY } from './fixtures/certificate.js';
import { SaslSocket } from './sasl-socket.js';
import { cstring, int32, utf8 } from './wire.js';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';

let server: PgServer;
let admin: SaslSocket;

beforeAll(async () => {
  server = await startServer({
    hba: ['host all postgres 127.0.0.1/32 trust', 'host all all 127.0.0.1/32 scram-sha-256'],
  });
  admin = await openAdmin();
  await writeFile('server.crt', CERTIFICATE);
  await writeFile('server.key', PRIVATE_KEY);
  await admin.query('alter system set ssl = on');
  await admin.query('select pg_reload_conf()');
  await (await openTls())[Symbol.asyncDispose]();
});

afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function openAdmin(): Promise<SaslSocket> {
  const socket = await SaslSocket.open(server.port);
  socket.start('postgres');
  while ((await socket.read()).type !== 'Z');
  return socket;
}

/** The server writes it itself: it owns the file then, as it demands of a key. */
async function writeFile(name: string, text: string): Promise<void> {
  await admin.query(`copy (select * from string_to_table('${text}', e'\\n')) to program 'umask 077 && cat > ${name}'`);
}

async function openTls(): Promise<SaslSocket> {
  // The postmaster reads its configuration again in its own time: between two connections.
  for (let tries = 0; tries < 1000; tries++) {
    const socket = await SaslSocket.openTls(server.port);
    if (socket !== undefined) return socket;
  }
  throw new Error(`the server does no TLS: ${server.log()}`);
}

/** The verifier that the server keeps. */
async function storedVerifier(user: string): Promise<string> {
  const [stored = ''] = await admin.query(`select rolpassword from pg_authid where rolname = '${user}'`);
  return stored;
}

function salted(password: string, { salt, iterations }: { salt: Uint8Array; iterations: number }): Uint8Array {
  return pbkdf2Sha256(utf8(saslPrep(password)), salt, iterations);
}

/** Logs in: 'in', or the SQLSTATE and message of the refusal. */
async function login(
  socket: SaslSocket,
  user: string,
  password: string,
  channelBinding: ScramChannelBinding = 'unsupported',
): Promise<string> {
  const mechanism = typeof channelBinding === 'string' ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS';
  const client = new ScramConversation({ user: '', nonce: NONCE, maxIterations: 10_000, channelBinding });
  socket.start(user);
  for (;;) {
    const { type, payload } = await socket.read();
    if (type === 'E') return /C([0-9A-Z]{5})\0M([^\0]*)/.exec(payload.toString())?.slice(1).join(' ') ?? '';
    const [kind, text] = [payload.readInt32BE(0), payload.toString('utf8', 4)];
    if (kind === 10) {
      expect(text.split('\0')).toContain(mechanism);
      socket.write(cstring(mechanism), int32(client.clientFirst.length), utf8(client.clientFirst));
    } else if (kind === 11) {
      socket.write(utf8(client.clientFinal(salted(password, client.receiveServerFirst(text)))));
    } else if (kind === 12) client.receiveServerFinal(text);
    else return kind === 0 && client.isServerProven ? 'in' : `unexpected ${kind}`;
  }
}

describe('SCRAM with PostgreSQL', () => {
  test('lets a client in by a verifier that was made here', async () => {
    const salt = Uint8Array.from({ length: 16 }, (_, i) => i * 16);
    const saltedPassword = salted('pass wörd', { salt, iterations: 5000 });
    const verifier = ScramVerifier.fromSaltedPassword({ saltedPassword, salt, iterations: 5000 }).toText();
    await admin.query(`create role ours login password '${verifier}'`);
    expect(await storedVerifier('ours')).toBe(verifier);
    await using socket = await SaslSocket.open(server.port);
    expect(await login(socket, 'ours', 'pass wörd')).toBe('in');
    await using other = await SaslSocket.open(server.port);
    expect(await login(other, 'ours', 'pass word')).toMatch(/^28P01 /);
  });

  test('checks a proof by a verifier that the server made', async () => {
    await admin.query(`create role theirs login password 'pencil'`);
    const verifier = ScramVerifier.parse(await storedVerifier('theirs'));
    if (verifier === undefined) throw new Error('not parsed');
    for (const [password, isRight] of [
      ['pencil', true],
      ['pencils', false],
    ] as const) {
      expect(verifier.isSaltedPassword(salted(password, verifier))).toBe(isRight);
      const scram = new ScramServer({ mechanism: 'SCRAM-SHA-256', verifier, nonce: '0123456789abcdef' });
      const client = new ScramConversation({ user: '', nonce: NONCE, maxIterations: 4096 });
      const challenge = new TextDecoder().decode(scram.receiveClientFirst(utf8(client.clientFirst)));
      const proof = client.clientFinal(salted(password, client.receiveServerFirst(challenge)));
      expect(scram.receiveClientFinal(utf8(proof)) !== undefined).toBe(isRight);
    }
  });

  test('binds to the certificate of the server', async () => {
    await admin.query(`create role bound login password 'pencil'`);
    await using socket = await openTls();
    const data = createHash('sha256').update(socket.certificate).digest();
    expect(await login(socket, 'bound', 'pencil', { data })).toBe('in');
    await using other = await openTls();
    expect(await login(other, 'bound', 'pencil', { data: data.map((byte) => ~byte) })).toBe(
      '28000 SCRAM channel binding check failed',
    );
  });

  test('is let in without channel binding, but not if it says that it was not offered', async () => {
    await admin.query(`create role unbound login password 'pencil'`);
    await using plain = await openTls();
    expect(await login(plain, 'unbound', 'pencil', 'unsupported')).toBe('in');
    await using tampered = await openTls();
    expect(await login(tampered, 'unbound', 'pencil', 'unoffered')).toBe(
      '28000 SCRAM channel binding negotiation error',
    );
    await using cleartext = await SaslSocket.open(server.port);
    expect(await login(cleartext, 'unbound', 'pencil', 'unoffered')).toBe('in');
  });

  test('meets a challenge for users that do not exist, too', async () => {
    await using socket = await SaslSocket.open(server.port);
    expect(await login(socket, 'nobody', 'pencil')).toBe('28P01 password authentication failed for user "nobody"');
  });
});

describe('saslPrep', () => {
  test('prepares what lies at the ends of every table as the server does', async () => {
    await admin.query('set scram_iterations = 1');
    await admin.query('create role prepared');
    for (const password of passwordsAtBoundaries()) {
      const [stored = ''] = await admin.query(
        `alter role prepared password '${password.replaceAll("'", "''")}';
         select rolpassword from pg_authid where rolname = 'prepared'`,
      );
      const verifier = ScramVerifier.parse(stored);
      const isSame = verifier?.isSaltedPassword(salted(password, verifier));
      expect(isSame, `${JSON.stringify(password)} U+${password.codePointAt(1)?.toString(16) ?? ''}`).toBe(true);
    }
  });
});

/** One for each first and last member of the ranges of every table, and the neighbours of both. */
function passwordsAtBoundaries(): string[] {
  const codes = new Set<number>();
  for (const packed of Object.values(tables)) {
    let at = 0;
    packed
      .join('')
      .split(' ')
      .forEach((word, i) => {
        at += Number.parseInt(word, 36);
        for (const code of [at - 1, at, at + 1]) codes.add(code);
        if (i % 2 === 1) at += 1;
      });
  }
  const isScalar = (code: number) => code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
  return [...codes].filter(isScalar).flatMap((code) => {
    const character = String.fromCodePoint(code);
    // Beside a digit, which has no direction; between letters from right to left; beside what is folded.
    return [`1${character}`, `\u05d0${character}\u05d0`, `\u2168${character}`];
  });
}
