import { startServer } from '@millrace/pgserver';
import type { PgServer } from '@millrace/pgserver';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { soak } from './fuzz-types/soak.js';
import { knownTypes } from './oracle/known-types.js';
import type { KnownType } from './oracle/known-types.js';
import { CAST_FROM_BYTES, OPAQUE_SETUP, PSEUDO } from './oracle/literals.js';
import { Range } from '../src/types/range.js';
import { OracleSession } from './oracle/oracle-session.js';
import { TypeConformance } from './oracle/type-conformance.js';
import { TEXT_VALUES, USER_TYPES_SETUP, USER_TYPES_TEARDOWN, USER_VALUES } from './oracle/user-types.js';

describe.each([18, 13] as const)('PostgreSQL %d', (major) => {
  let server: PgServer | undefined;
  let session: OracleSession;
  let types: KnownType[];

  beforeAll(async () => {
    if (major !== 18) server = await startServer({ major });
    session = await OracleSession.open(server?.url ?? inject('embeddedUrl'));
    await session.run(OPAQUE_SETUP);
    types = await knownTypes(session);
    for (const { name } of types.filter((type) => CAST_FROM_BYTES.includes(type.name))) {
      await session.run(`create cast (bytea as ${name}) without function`);
    }
  });

  afterAll(async () => {
    for (const { name } of types.filter((type) => CAST_FROM_BYTES.includes(type.name))) {
      await session.run(`drop cast (bytea as ${name})`);
    }
    await session[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test('reads and writes every type that has send and receive functions, and arrays of it', async () => {
    const problems: string[] = [];
    const own = types.filter(({ kind }) => kind !== 'p');
    const arrays = own.filter(({ arrayOid }) => arrayOid !== 0);
    let [coveredTypes, coveredArrays] = [0, 0];
    for (const type of own) {
      const values = new TypeConformance(session, major, type);
      await values.checkValues();
      if (values.problems.length === 0) coveredTypes += 1;
      const ofArrays = new TypeConformance(session, major, type);
      await ofArrays.checkArrays();
      if (type.arrayOid !== 0 && ofArrays.problems.length === 0) coveredArrays += 1;
      problems.push(...values.problems, ...ofArrays.problems);
    }
    const [covered, all] = [coveredTypes + coveredArrays, own.length + arrays.length];
    const detail = `${coveredTypes} of ${own.length} types, ${coveredArrays} of ${arrays.length} arrays of them`;
    console.log(`PostgreSQL ${major}: covered ${covered} of ${all} (${detail})`);
    expect(problems).toEqual([]);
    expect(covered).toBe(all);
  });

  test('reads every pseudo-type that a value can be had of', async () => {
    const pseudo = types.filter(({ kind }) => kind === 'p').map(({ name }) => name);
    expect([...pseudo].sort()).toEqual(
      expect.arrayContaining(Object.keys(PSEUDO).filter((name) => name !== 'unknown' && name !== '_record')),
    );
    for (const name of pseudo) {
      const known = PSEUDO[name];
      expect(known, `the pseudo-type ${name}`).toBeDefined();
      if (known !== undefined && 'sql' in known) {
        expect(await session.value(`select ${known.sql}`), name).toEqual(known.value);
      }
    }
  });

  // Half and three quarters of an hour off, with daylight saving time, and one that has no 2011-12-30.
  describe.each([
    ['UTC', 0],
    ['America/St_Johns', 150],
    ['Asia/Kathmandu', -345],
    ['Pacific/Apia', -780],
  ])('in a process with TZ=%s', (timeZone, offset) => {
    const before = process.env['TZ'];

    beforeAll(() => {
      process.env['TZ'] = timeZone; // Node notices and resets its notion of local time
    });

    afterAll(() => {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    });

    test('the zone is in force', () => {
      expect(new Date('2020-07-01T00:00:00Z').getTimezoneOffset() + 0).toBe(offset);
    });

    test('dates, times, intervals and ranges of them are what they are in any other', async () => {
      const timed = types.filter(
        ({ kind, name }) => kind !== 'p' && /^(date|time|interval|ts(tz)?(multi)?range)/.test(name),
      );
      expect(timed).toHaveLength(major < 14 ? 9 : 12);
      for (const type of timed) {
        const conformance = new TypeConformance(session, major, type);
        await conformance.checkValues();
        await conformance.checkArrays();
        expect(conformance.problems).toEqual([]);
      }
    });

    test('a Date is the instant that the server has', async () => {
      for (const moment of ['2011-12-30T12:00:00.001Z', '2018-11-04T03:04:05.678Z', '2024-03-10T07:30:00.000Z']) {
        const options = { timestamptz: 'date' } as const;
        const value = await session.value(`select '${moment}'::timestamptz`, [], options);
        expect(value).toEqual(new Date(moment));
        expect(await session.value(`select $1::timestamptz = '${moment}'`, [value])).toBe(true);
      }
    });

    test('random values come back as they went', async () => {
      const url = server?.url ?? inject('embeddedUrl');
      for (const family of ['dates-and-times', 'interval', 'ranges']) {
        const { failure } = await soak({ url, major, family, seed: 40_000, count: 500 });
        expect(failure).toBeUndefined();
      }
    });
  });

  describe('with types of a database of its own', () => {
    beforeAll(async () => {
      await session.run(USER_TYPES_SETUP);
    });

    afterAll(async () => {
      await session.run(USER_TYPES_TEARDOWN);
    });

    test.each([...USER_VALUES, ...TEXT_VALUES])(
      '%s of %s is read, and written as the same',
      async (type, sql, value) => {
        expect(await session.value(`select (${sql})::${type}`)).toEqual(value);
        expect(await session.value(`select $1::${type}::text = (${sql})::${type}::text`, [value])).toBe(true);
        expect(await session.value(`select $1::${type}`, [value])).toEqual(value);
      },
    );

    test('reads a multirange of a range of its own', async () => {
      if (major < 14) return;
      const value = [new Range(1.5, 2.5), new Range(3, null)];
      expect(await session.value(`select '{[1.5,2.5),[3,)}'::oracle.floats_multirange`)).toEqual(value);
      expect(await session.value('select $1::oracle.floats_multirange::text', [value])).toBe('{[1.5,2.5),[3,)}');
    });
  });
});
