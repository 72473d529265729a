import { expect, test } from 'vitest';
import { isAtomicSql } from '../src/atomic-sql.js';

test.each([
  'select 1',
  ' SELECT 1',
  '(select 1)',
  '/* a */ -- b\n insert into t',
  'with x as (select 1) select',
  'BEGIN',
])('takes %j for all or nothing', (sql) => {
  expect(isAtomicSql(sql)).toBe(true);
});

test.each([
  'call p()',
  'do $$ $$',
  'vacuum',
  'commit',
  'create index concurrently',
  '',
  '/* /* */ select',
  '-- select',
  'selectx',
])('does not take %j for all or nothing', (sql) => {
  expect(isAtomicSql(sql)).toBe(false);
});

test('is quick on a hostile text', () => {
  expect(isAtomicSql(`${'/**/ (\n--'.repeat(20_000)}!`)).toBe(false);
});
