import { expect, inject, test } from 'vitest';
import { connect } from '../src/index.js';

test('asks a real server', async () => {
  const db = await connect(inject('databaseUrl'));
  const rows = await db.query('select $1::int + 1 as n, $2::text as t', [41, 'x']);
  expect(rows).toEqual([{ n: 42, t: 'x' }]);
  expect(rows.command).toBe('SELECT');
  expect(await db.execute('select 1 as a; select 2 as b')).toMatchObject([
    { rows: [{ a: '1' }] },
    { rows: [{ b: '2' }] },
  ]);
  console.log(db, db.serverParameters);
  await db.close();
});
