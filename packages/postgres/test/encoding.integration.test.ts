import { describe, expect, inject, test } from 'vitest';
import { connect, ConnectionLostError, ConnectError } from '../src/index.js';
import type { Connection } from '../src/index.js';
import { AUTHENTICATION_OK, message, READY, scriptedServer } from './scripted-server.js';

const url = inject('databaseUrl');

describe('a session that changes client_encoding', () => {
  test.each<[string, (db: Connection) => Promise<unknown>]>([
    ['query', (db) => db.query('set client_encoding to latin1')],
    ['execute', (db) => db.execute("set client_encoding to 'SQL_ASCII'; select 1")],
    ['transaction', (db) => db.transaction((tx) => tx.query("select set_config('client_encoding', 'WIN1252', false)"))],
  ])('is lost instead of garbling text, by %s', async (_name, change) => {
    await using db = await connect(url);
    const [changed, behind] = await Promise.allSettled([change(db), db.query('select 2')]);
    expect(changed).toMatchObject({ reason: expect.any(ConnectionLostError) as unknown });
    expect(behind.status).toBe('rejected');
    await expect(db.query('select 1')).rejects.toThrow(
      /client_encoding must stay UTF8, the session has changed it to "/,
    );
    await expect(db.query('select 1')).rejects.toMatchObject({ safeToRetry: true });
  });

  test('to what it was goes on', async () => {
    await using db = await connect(url);
    await db.execute("set client_encoding to 'unicode'; set client_encoding to 'utf8'");
    await db.execute('reset client_encoding');
    expect(await db.queryValue('select $1::text', ['é€😀'])).toBe('é€😀');
  });

  test('cannot begin with another one', async () => {
    await using server = await scriptedServer([
      Buffer.concat([AUTHENTICATION_OK, message('S', 'client_encoding\0LATIN1\0'), READY]),
    ]);
    const connecting = connect({ host: '127.0.0.1', port: server.port, user: 'u' });
    await expect(connecting).rejects.toBeInstanceOf(ConnectError);
    await expect(connecting).rejects.toThrow('client_encoding must stay UTF8');
  });
});
