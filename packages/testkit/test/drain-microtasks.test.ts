import { describe, expect, test } from 'vitest';
import { drainMicrotasks, makeDrain } from '../src/drain-microtasks.js';

/** How many of a thousand microtasks in a row have run when `drain` resolves. */
async function roundsUntil(drain: () => Promise<void>): Promise<number> {
  let rounds = 0;
  const chain = async (): Promise<void> => {
    for (; rounds < 1000; rounds++) await Promise.resolve();
  };
  const chained = chain();
  await drain();
  const seen = rounds;
  await chained;
  return seen;
}

describe('makeDrain', () => {
  const early = (fn: () => void): void => {
    queueMicrotask(fn);
  };
  test.each([
    ['this host', drainMicrotasks],
    ['a host without ticks', makeDrain({})],
    ['a host whose process has none', makeDrain({ process: {} })],
    ['a host whose ticks come among the microtasks', makeDrain({ process: { nextTick: early } })],
  ])('waits for all microtasks on %s', async (_, drain) => {
    expect(await roundsUntil(drain)).toBe(1000);
    expect(await roundsUntil(drain)).toBe(1000);
    // Also from a task, where no microtask runs yet.
    const { port1, port2 } = new MessageChannel();
    const fromTask = new Promise<number>((resolve) => {
      port1.addEventListener('message', () => {
        void roundsUntil(drain).then(resolve);
      });
    });
    port1.start();
    port2.postMessage(null);
    expect(await fromTask).toBe(1000);
    port1.close();
  });

  test('asks a tick where ticks come last', async () => {
    let ticks = 0;
    const late = (fn: () => void): void => {
      ticks++;
      // Longer than the trial, and than what this test waits for.
      let rounds = 0;
      const wait = (): void => {
        if (++rounds < 2000) queueMicrotask(wait);
        else fn();
      };
      wait();
    };
    const drain = makeDrain({ process: { nextTick: late } });
    expect(await roundsUntil(drain)).toBe(1000);
    expect(ticks).toBe(2);
  });
});
