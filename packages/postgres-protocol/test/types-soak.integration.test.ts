import { startServer } from '@millrace/pgserver';
import type { PgServer } from '@millrace/pgserver';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { FAMILIES } from './fuzz-types/families.js';
import { describe as printed, soak } from './fuzz-types/soak.js';

/** `pnpm fuzz:types` sends 100,000. */
const COUNT = 2000;
const SEED = 20_000;

describe.each([18, 13] as const)('with PostgreSQL %d', (major) => {
  let server: PgServer | undefined;

  beforeAll(async () => {
    if (major !== 18) server = await startServer({ major });
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  test.each(Object.keys(FAMILIES))(`${COUNT} random values of %s come back as they went`, async (family) => {
    const url = server?.url ?? inject('embeddedUrl');
    const { done, failure } = await soak({ url, major, family, seed: SEED, count: COUNT });
    if (failure !== undefined) {
      const { seed, typeName, sent, problem } = failure;
      expect.fail(`seed ${seed}: ${typeName} ${printed(sent)} ${problem}`);
    }
    expect(done).toBe(COUNT);
  });
});
