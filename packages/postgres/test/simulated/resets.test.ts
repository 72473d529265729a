import type { Simulation } from '@millrace/loop-sim';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import {
  CommitOutcomeUnknownError,
  ConnectError,
  ConnectionLostError,
  PostgresError,
  TransactionAbortedError,
} from '../../src/index.js';
import { changeOfMind, run, type Run, type Told } from './conversation.js';

/** What each step comes to where nothing goes wrong. */
const UNDISTURBED: Readonly<Record<string, unknown>> = {
  connect: undefined,
  query: [{ n: 1 }, { n: 2 }, { n: 3 }],
  nap: [],
  'first of a pipeline': 1,
  'last of a pipeline': [{ n: 1 }, { n: 2 }],
  stream: Array.from({ length: 15 }, (_, i) => i + 1),
  commit: [],
  'after the timeout': [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }],
  'after the abort': [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }],
  'after the aborts': [],
  'enter once': [],
  'last query': [{ n: 1 }, { n: 2 }],
  close: undefined,
};

/** How the other steps have to fail where nothing goes wrong. */
const MISTAKES: Readonly<Record<string, (error: unknown) => boolean>> = {
  'mistake in a pipeline': (error) => error instanceof PostgresError && error.sqlState === '42601',
  rollback: (error) => error === changeOfMind,
  'commit after a mistake': (error) => error instanceof TransactionAbortedError,
  timeout: (error) => error instanceof TimeoutError,
  abort: (error) => error === changeOfMind,
  'abort what is done': (error) => error === changeOfMind,
};

/** The steps that leave something behind, and what. */
const ENTRIES = [
  ['commit', 2],
  ['enter once', 4],
] as const;

/** A step fails as it must, or because the connection did; it is nobody else's error. */
function expectOwnError({ step, value }: Told): void {
  if (MISTAKES[step]?.(value) === true) return;
  if (value instanceof CommitOutcomeUnknownError) expect(step).toMatch(/^commit/);
  else if (!(value instanceof ConnectionLostError || value instanceof ConnectError)) throw value;
}

/** `expect` takes most of the time where it is asked tens of thousands of times. */
function expectSame(seen: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(seen) !== JSON.stringify(expected)) expect(seen, what).toEqual(expected);
}

/** Nothing that was told contradicts what the server did; a step that failed says so. */
function expectHonest({ told, streamed, ledger, uncaught, openConnections }: Run): void {
  expectSame(uncaught, [], 'uncaught');
  expect(openConnections).toBe(0);
  for (const each of told) {
    const { step, outcome, value } = each;
    if (outcome === 'rejected') expectOwnError(each);
    else if (step in UNDISTURBED) expectSame(value, UNDISTURBED[step], step);
    else expect.fail(`${step} was to fail`);
  }
  expectSame(streamed, (UNDISTURBED['stream'] as unknown[]).slice(0, streamed.length), 'streamed');
  // Nothing is done twice, or by halves, or after it was taken back.
  expect(['', '1,2', '4', '1,2,4']).toContain(ledger.join());
  for (const [step, entry] of ENTRIES) {
    const how = told.find((each) => each.step === step);
    if (how?.outcome === 'fulfilled') expect(ledger, step).toContain(entry);
    if (how?.outcome === 'rejected' && !mayBeDone(how)) expect(ledger, step).not.toContain(entry);
  }
}

/** Whether a step that failed leaves it open what became of it. */
function mayBeDone({ step, value }: Told): boolean {
  if (step === 'commit') return value instanceof CommitOutcomeUnknownError;
  return !(value instanceof ConnectionLostError && value.safeToRetry);
}

describe('a driver in a simulated network', () => {
  test('does everything once where nothing goes wrong', async () => {
    const seen = await run(1);
    const { told, ledger, carried } = seen;
    expectHonest(seen);
    expect(ledger).toEqual([1, 2, 4]);
    const failed = told.filter(({ outcome }) => outcome === 'rejected').map(({ step }) => step);
    expect(failed).toEqual(Object.keys(MISTAKES));
    for (const { step, value } of told) expect(MISTAKES[step]?.(value) ?? true, step).toBe(true);
    expect(told).toHaveLength(Object.keys(UNDISTURBED).length + Object.keys(MISTAKES).length);
    expect(carried).toHaveLength(4); // and three to cancel
  });

  test('settles every promise, and tells no lie, when a connection is reset after any byte of it', async () => {
    const { carried } = await run(1);
    let offsets = 0;
    for (const [index, { up, down }] of carried.entries()) {
      for (const [way, total] of [
        ['up', up],
        ['down', down],
      ] as const) {
        for (let at = 0; at < total; at++) {
          offsets++;
          const seen = await run(1, (connection, each) => {
            if (each === index) connection.resetAfter(way, at);
          });
          expectHonest(seen);
        }
      }
    }
    console.log(`resets at ${offsets} offsets, every promise settled`);
    expect(offsets).toBeGreaterThan(2000);
  }, 240_000);

  test('settles every promise in networks that are slow, tear what is sent, part and break', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const seen = await run(seed, (connection, _index, simulation) => {
        simulation.link('client', 'server', {
          latencyMs: 1 + simulation.draw(20),
          jitterMs: simulation.draw(20),
          segmentBytes: 1 + simulation.draw(40),
        });
        if (simulation.chance('partition', 0.3)) part(simulation);
        if (simulation.chance('reset', 0.3)) connection.resetAfter('up', simulation.draw(1500));
        if (simulation.chance('reset', 0.3)) connection.resetAfter('down', simulation.draw(1500));
      });
      expectHonest(seen);
    }
  });
});

/** Parts the two hosts for up to ten seconds, some time in the next one. */
function part(simulation: Simulation): void {
  const afterMs = simulation.draw(1000);
  simulation.callLater(afterMs, () => {
    simulation.partition('client', 'server', { oneWay: simulation.draw(2) === 0 });
  });
  simulation.callLater(afterMs + simulation.draw(10_000), () => {
    simulation.heal('client', 'server');
  });
}
