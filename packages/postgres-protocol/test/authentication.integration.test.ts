import { beforeAll, describe, expect, inject, test } from 'vitest';
import { PgSocket } from './pg-socket.js';

const url = inject('embeddedUrl');

const USERS = [
  ['wants_cleartext', 'scram-sha-256', 'pass wörd', ['needPassword', 'authenticated']],
  ['wants_md5', 'md5', 'pass wörd', ['needPassword', 'authenticated']],
  ['wants_scram', 'scram-sha-256', 'pencil', ['needSasl', 'needSaltedPassword', 'authenticated']],
  // Prepared to "IX pass" by the server, which therefore takes that as well.
  [
    'wants_scram_unicode',
    'scram-sha-256',
    '\u2168\u00a0p\u00adass',
    ['needSasl', 'needSaltedPassword', 'authenticated'],
  ],
] as const;

beforeAll(async () => {
  await using pg = await PgSocket.open(url);
  for (const [user, encryption, password] of USERS) {
    pg.machine.sendQuery(
      `set password_encryption = '${encryption}'; drop role if exists ${user}; create role ${user} login password '${password}'`,
    );
  }
  await pg.until('readyForQuery', USERS.length);
});

describe('authentication against a server', () => {
  test.each(USERS)('lets %s in with the right password (%s)', async (user, _, password, steps) => {
    await using pg = new PgSocket(url);
    await pg.start(url, user, password);
    await pg.until('readyForQuery');
    expect(pg.handler.names.filter((name) => name.startsWith('need') || name === 'authenticated')).toEqual(steps);
    pg.handler.clear();
    pg.machine.sendQuery('select current_user as me');
    await pg.until('readyForQuery');
    expect(pg.handler.events).toContainEqual(['rows', [{ me: user }]]);
  });

  test.each(USERS)('keeps %s out with a wrong password', async (user, _, password) => {
    await using pg = new PgSocket(url);
    await pg.start(url, user, `${password}!`);
    const events = await pg.until('errorResponse');
    expect(events.at(-1)).toEqual(['errorResponse', '28P01']);
    await pg.ended();
    expect(pg.error).toBeUndefined();
    expect(pg.machine.state).toBe('closed');
    expect(pg.handler.names).not.toContain('authenticated');
  });

  test('takes the prepared form of a password for the password', async () => {
    await using pg = await PgSocket.open(url, 'wants_scram_unicode', 'IX pass');
    expect(pg.machine.state).toBe('idle');
  });

  test('lets everybody else in without a password', async () => {
    await using pg = await PgSocket.open(url, 'postgres');
    expect(pg.machine.state).toBe('idle');
  });

  test('reports who is rejected by the configuration', async () => {
    await using pg = new PgSocket(url);
    await pg.start(url, 'nobody_may', 'x');
    const events = await pg.until('errorResponse');
    expect(events).toEqual([['errorResponse', '28000']]);
  });

  test('stops at more iterations than are allowed, before any work', async () => {
    await using pg = new PgSocket(url, { maxScramIterations: 4095 });
    await pg.start(url, 'wants_scram', 'pencil');
    await expect(pg.until('readyForQuery')).rejects.toThrow('asks for 4096 iterations, at most 4095 are allowed');
  });
});
