import type { Simulation } from '@millrace/loop-sim';
import { describe, expect, test } from 'vitest';
import { run, type Run } from './conversation.js';

/** What each step comes to where nothing goes wrong. */
const UNDISTURBED: Readonly<Record<string, unknown>> = {
  connect: undefined,
  query: [{ n: 1 }, { n: 2 }, { n: 3 }],
  'first of a pipeline': 1,
  'last of a pipeline': [{ n: 1 }, { n: 2 }],
  stream: Array.from({ length: 40 }, (_, i) => i + 1),
  commit: [],
  'after the timeout': [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }],
  'enter once': [],
  close: undefined,
};

/** Nothing that was told contradicts what the server did; a step that failed says so. */
function expectHonest({ told, ledger, uncaught }: Run): void {
  expect(uncaught).toEqual([]);
  for (const { step, outcome, value } of told) {
    if (outcome === 'fulfilled')
      expect(Array.isArray(value) ? [...(value as unknown[])] : value, step).toEqual(UNDISTURBED[step]);
    else expect(value, step).toBeInstanceOf(Error);
  }
  const isDone = (step: string): boolean => told.some((each) => each.step === step && each.outcome === 'fulfilled');
  expect(ledger, 'nothing is done twice, or by halves, or after it was taken back').toBeOneOf([
    [],
    [1, 2],
    [4],
    [1, 2, 4],
  ]);
  if (isDone('commit')) expect(ledger).toContain(2);
  if (isDone('enter once')) expect(ledger).toContain(4);
}

describe('a driver in a simulated network', () => {
  test('does everything once where nothing goes wrong', async () => {
    const { told, ledger, carried } = await run(1);
    expectHonest({ told, ledger, carried, uncaught: [] });
    expect(ledger).toEqual([1, 2, 4]);
    const failed = told.filter(({ outcome }) => outcome === 'rejected').map(({ step }) => step);
    expect(failed).toEqual(['mistake in a pipeline', 'rollback', 'timeout', 'abort']);
    expect(carried).toHaveLength(3); // and two to cancel
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
          latencyMs: simulation.draw(20),
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
