import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventQueue, type SimEvent } from '../src/event-queue.js';

describe('EventQueue', () => {
  test('forgets what was cancelled, long before its time', () => {
    const queue = new EventQueue(1);
    queue.add(5, 0, () => {});
    let most = 0;
    for (let i = 0; i < 10_000; i++) {
      queue.add(1e9 + i, 0, () => {}).cancel();
      most = Math.max(most, queue.length);
    }
    expect(most).toBeLessThan(1100);
    expect(queue.nextAtMs).toBe(5);
  });

  test('hands out what was not cancelled, in order, whatever else was added and cancelled meanwhile', () => {
    const step = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ add: fc.integer({ min: 0, max: 50 }), lane: fc.integer({ min: 0, max: 3 }) }),
      },
      { weight: 2, arbitrary: fc.record({ cancel: fc.nat(3000) }) },
      { weight: 1, arbitrary: fc.constant('take' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 5000, maxLength: 6000 }), (steps) => {
        const queue = new EventQueue(7);
        const pending: SimEvent[] = [];
        const drop = (event: SimEvent | undefined): void => {
          if (event !== undefined) pending.splice(pending.indexOf(event), 1);
        };
        for (const what of steps) {
          if (what === 'take') {
            const event = queue.take();
            expect(event).toBe(pending.toSorted(inOrder)[0]);
            if (event !== undefined) event.run = undefined;
            drop(event);
          } else if ('add' in what) pending.push(queue.add(what.add, what.lane, () => {}));
          else {
            const event = pending[what.cancel % pending.length];
            event?.cancel();
            event?.cancel(); // once is enough
            drop(event);
          }
        }
        expect(queue.nextAtMs).toBe(pending.toSorted(inOrder)[0]?.atMs ?? Infinity);
      }),
      { numRuns: 3 },
    );
  });
});

function inOrder(a: SimEvent, b: SimEvent): number {
  return a.atMs - b.atMs || a.tie - b.tie || a.order - b.order;
}
