import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCassettes, type Event } from '../scripted/cassette.js';
import type { Setting, Suite } from '../setting.js';
import { cancelSuite } from '../suite/cancel.js';
import { connectSuite } from '../suite/connect.js';
import { querySuite } from '../suite/query.js';
import { transactionSuite } from '../suite/transaction.js';
import { runSimulated } from './sim-setting.js';

/** Offsets that are tried of each recorded conversation; `RESETS=all` tries every one. */
const MAX_OFFSETS = process.env['RESETS'] === 'all' ? Infinity : 24;

const suites: readonly (readonly [string, Suite])[] = [
  ['connect', connectSuite],
  ['query', querySuite],
  ['transaction', transactionSuite],
  ['cancel', cancelSuite],
];

/** It aborts in a turn of the host, which is not simulated. */
const OF_THE_HOST = 'right after sending does not miss the statement';

let conversations = 0;
let offsets = 0;
let promises = 0;
// A case that fails leaves alone what else it had begun: promises of its own, made of the driver's, that nobody handles.
// The driver's are watched one by one; that it rejects none of its own accord is shown by resets.test.ts.
const strays = process.listeners('unhandledRejection');
beforeAll(() => {
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', () => undefined);
});
afterAll(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners('unhandledRejection');
  for (const listener of strays) process.on('unhandledRejection', listener);
  console.log(
    `${conversations} recorded conversations, reset at ${offsets} offsets: all of ${promises} promises settled`,
  );
});

describe.each(suites)('%s, recorded, in a simulated network', (name, suite) => {
  const path = join(import.meta.dirname, '../cassettes', `${name}.cassette`);
  const cassettes = parseCassettes(readFileSync(path, 'utf8'));
  const simulated = (title: string, run: (setting: Setting) => Promise<void>): void => {
    if (title === OF_THE_HOST) return;
    test(title, { timeout: 600_000 }, async () => {
      const key = expect.getState().currentTestName?.split(' > ').slice(1).join(' > ') ?? title;
      const events = cassettes.get(key) ?? expect.fail(`no recording of ${key}`);
      const { error, carried } = await runSimulated(events, run);
      if (error instanceof Error) throw error;
      expect(error).toBeUndefined();
      conversations++;
      for (const [index, bytes] of carried.entries()) {
        for (const way of ['up', 'down'] as const) await resetEach(events, run, index, way, bytes[way]);
      }
    });
  };
  suite(Object.assign(simulated, { realOnly: () => undefined }));
});

/** A case that a reset makes fail says so; what it must not do is wait for ever. */
async function resetEach(
  events: readonly Event[],
  run: (setting: Setting) => Promise<void>,
  index: number,
  way: 'up' | 'down',
  total: number,
): Promise<void> {
  const step = Math.max(1, total / MAX_OFFSETS);
  for (let at = 0; at < total; at += step) {
    offsets++;
    const seen = await runSimulated(events, run, (connection, each) => {
      if (each === index) connection.resetAfter(way, Math.floor(at));
    });
    promises += seen.promises;
  }
}
