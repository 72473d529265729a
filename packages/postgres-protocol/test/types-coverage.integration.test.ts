import { startServer } from '@millrace/pgserver';
import type { PgServer } from '@millrace/pgserver';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { knownTypes } from './oracle/known-types.js';
import type { KnownType } from './oracle/known-types.js';
import { CAST_FROM_BYTES, OPAQUE_SETUP, PSEUDO } from './oracle/literals.js';
import { OracleSession } from './oracle/oracle-session.js';
import { TypeConformance } from './oracle/type-conformance.js';

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
});
