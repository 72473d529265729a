import { isDeepStrictEqual } from 'node:util';
import { seededRandom } from '@millrace/testkit';
import type { Row, ValueOptions } from '../../src/statement.js';
import { OracleSession } from '../oracle/oracle-session.js';
export { FAMILIES } from './families.js';
import { FAMILIES, SOAK_SETUP } from './families.js';
import type { ValueMaker } from './families.js';

const BATCH = 1000;
const OPTIONS: ValueOptions = { timestamptz: 'string', json: 'parse' };

export interface SoakOptions {
  readonly url: string;
  readonly major: number;
  /** One of `FAMILIES`. */
  readonly family: string;
  /** Of the first value; the next one has the next seed, so that every value can be had alone. */
  readonly seed: number;
  readonly count: number;
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** A value that did not come back. */
export interface SoakFailure {
  readonly seed: number;
  readonly typeName: string;
  readonly sent: unknown;
  readonly problem: string;
}

/** Sends `count` random values of a family to the server. Returns how many came back as they were, up to a failure. */
export async function soak(options: SoakOptions): Promise<{ done: number; failure: SoakFailure | undefined }> {
  const { url, major, family, seed, count, onProgress } = options;
  const makers = FAMILIES[family]?.filter(({ since = 0 }) => since <= major);
  if (makers === undefined) throw new RangeError(`expected one of ${Object.keys(FAMILIES).join(', ')}, got ${family}`);
  await using session = await OracleSession.open(url);
  await session.run(SOAK_SETUP);
  let done = 0;
  // A share for each type, the seeds one after the other.
  for (const [i, maker] of makers.entries()) {
    const from = Math.floor((count * i) / makers.length);
    const to = Math.floor((count * (i + 1)) / makers.length);
    for (let first = from; first < to; first += BATCH) {
      const seeds = Array.from({ length: Math.min(BATCH, to - first) }, (_, k) => seed + first + k);
      const failure = await trySeeds(session, maker, seeds);
      if (failure !== undefined) return { done, failure };
      done += seeds.length;
      onProgress?.(done);
    }
  }
  return { done, failure: undefined };
}

async function trySeeds(
  session: OracleSession,
  maker: ValueMaker,
  seeds: readonly number[],
): Promise<SoakFailure | undefined> {
  const { typeName } = maker;
  const values = seeds.map((seed) => maker.make(seededRandom(seed)));
  const statement = await session.prepare(`select $1::${typeName} as back`, OPTIONS);
  const tryAll = (list: readonly unknown[]): Promise<Row[]> =>
    session.executeAll(
      statement,
      list.map((value) => [value]),
    );
  const rows = await tryAll(values).catch((error: unknown) => error as Error);
  for (const [i, seed] of seeds.entries()) {
    const sent = values[i];
    // After an error each one alone, to find whose it is.
    const row = rows instanceof Error ? await tryAll([sent]).catch((error: unknown) => error as Error) : rows[i];
    if (row instanceof Error) return { seed, typeName, sent, problem: row.message };
    const back = (Array.isArray(row) ? row[0] : row)?.['back'];
    if (!isDeepStrictEqual(back, sent)) return { seed, typeName, sent, problem: `came back as ${describe(back)}` };
  }
  if (rows instanceof Error) return { seed: seeds[0] ?? 0, typeName, sent: undefined, problem: rows.message };
  return undefined;
}

/** One line that a person can compare. */
export function describe(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`;
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    return Object.is(item, -0) ? '-0' : item;
  });
}
