import { describe, expect } from 'vitest';
import { ConnectionLostError } from '../../src/index.js';
import type { Connection } from '../../src/index.js';

import type { Suite } from '../setting.js';

export const encodingSuite: Suite = (it) => {
  describe('a session that changes client_encoding', () => {
    const changes: [string, (db: Connection) => Promise<unknown>][] = [
      ['query', (db) => db.query('set client_encoding to latin1')],
      ['execute', (db) => db.execute("set client_encoding to 'SQL_ASCII'; select 1")],
      [
        'transaction',
        (db) => db.transaction((tx) => tx.query("select set_config('client_encoding', 'WIN1252', false)")),
      ],
    ];
    for (const [name, change] of changes)
      it(`is lost instead of garbling text, by ${name}`, async (t) => {
        await using db = await t.connect();
        const [changed, behind] = await Promise.allSettled([change(db), db.query('select 2')]);
        expect(changed).toMatchObject({ reason: expect.any(ConnectionLostError) as unknown });
        expect(behind.status).toBe('rejected');
        await expect(db.query('select 1')).rejects.toThrow(
          /client_encoding must stay UTF8, the session has changed it to "/,
        );
        await expect(db.query('select 1')).rejects.toMatchObject({ safeToRetry: true });
      });

    it('to what it was goes on', async (t) => {
      await using db = await t.connect();
      await db.execute("set client_encoding to 'unicode'; set client_encoding to 'utf8'");
      await db.execute('reset client_encoding');
      expect(await db.queryValue('select $1::text', ['é€😀'])).toBe('é€😀');
    });
  });
};
