import { afterAll, expect, test } from 'vitest';
import { TypeRegistry } from '../src/index.js';
import { stopGuardedServer } from './guarded-server.js';
import { realSetting } from './real-setting.js';

// Against a real server only: what these are about are the answers of its plan cache.
afterAll(stopGuardedServer);

test('a composite that has got an attribute is refused once, and read from the next call on', async () => {
  await using setting = realSetting();
  await using db = await setting.connect();
  await db.execute('create type pg_temp.pair as (a int, b int); create table pg_temp.pairs (p pg_temp.pair)');
  const sql = 'select row(1, 2)::pg_temp.pair p';
  expect(await db.queryValue(sql)).toEqual({ a: 1, b: 2 });
  await db.execute('drop table pg_temp.pairs; alter type pg_temp.pair add attribute c int');
  const wide = 'select row(1, 2, 3)::pg_temp.pair p';
  await expect(db.queryValue(wide)).rejects.toThrow('composite type pair was changed since it was learnt');
  expect(await db.queryValue(wide)).toEqual({ a: 1, b: 2, c: 3 });
});

test('renamed attributes are asked for again once they are forgotten', async () => {
  await using setting = realSetting();
  await using db = await setting.connect();
  await db.execute('create type pg_temp.account as (debit int, credit int)');
  const sql = 'select row(1, 2)::pg_temp.account';
  expect(await db.queryValue(sql)).toEqual({ debit: 1, credit: 2 });
  await db.execute(`alter type pg_temp.account rename attribute debit to x;
    alter type pg_temp.account rename attribute credit to debit; alter type pg_temp.account rename attribute x to credit`);
  db.forgetTypes();
  expect(await db.queryValue(sql)).toEqual({ credit: 1, debit: 2 });
});

test('a statement heals when the type of its parameter was dropped and made again', async () => {
  await using setting = realSetting();
  await using db = await setting.connect();
  const define = `create type pg_temp.state as enum ('on', 'off'); create table pg_temp.orders (s pg_temp.state)`;
  await db.execute(define);
  const sql = 'select count(*)::int from pg_temp.orders where s = $1';
  expect(await db.queryValue(sql, ['on'])).toBe(0);
  await db.execute(`drop table pg_temp.orders; drop type pg_temp.state; ${define}`);
  expect(await db.queryValue(sql, ['on'])).toBe(0);
});

test('a codec that one connection sets holds for all that share what is known, also for what they have run', async () => {
  const types = new TypeRegistry();
  await using setting = realSetting();
  await using one = await setting.connect({ types });
  await using other = await setting.connect({ types });
  const sql = 'select 1.5::numeric';
  expect(await other.queryValue(sql)).toBe('1.5');
  one.setTypeCodec('numeric', { format: 'text', decode: Number, encode: String });
  expect(await other.queryValue(sql)).toBe(1.5);
});

test('text that the server cannot hold is refused before it is sent', async () => {
  await using setting = realSetting();
  await using db = await setting.connect();
  await db.transaction(async (tx) => {
    await expect(tx.query('select $1::text', ['a\0b'])).rejects.toThrow('parameter $1 (text)');
    expect(await tx.queryValue('select 1')).toBe(1);
  });
});
