import type { Connection, Queryable } from '../src/index.js';
import type { Setting } from './setting.js';

export const add = (on: Queryable, n: number): Promise<unknown> => on.query('insert into ledger values ($1)', [n]);
export const ledger = async (on: Queryable): Promise<unknown[]> =>
  (await on.query<{ n: number }>('select n from ledger order by n')).map(({ n }) => n);

/** A case with a connection, and an empty table that others can see. The table stays: a lock on it may outlive the case. */
export const withLedger =
  (run: (t: Setting, db: Connection) => Promise<void>) =>
  async (t: Setting): Promise<void> => {
    await using db = await t.connect();
    await db.execute('create table if not exists ledger (n int, constraint positive check (n > 0)); truncate ledger');
    await run(t, db);
  };
