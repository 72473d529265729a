import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCancelScope } from '@millrace/timeouts';
import { AsyncQueue } from '../src/index.js';
import { turn, watch } from './settled.js';

/** A queue as one would write it without a thought for speed. */
class Model {
  readonly items: { item: number; weight: number }[] = [];

  readonly capacity: number;
  readonly order: 'fifo' | 'lifo' | 'lowest';

  constructor(capacity: number, order: 'fifo' | 'lifo' | 'lowest') {
    this.capacity = capacity;
    this.order = order;
  }

  get weight(): number {
    return this.items.reduce((sum, { weight }) => sum + weight, 0);
  }

  tryPut(item: number, weight: number): boolean {
    if (this.weight + weight > this.capacity) return false;
    this.items.push({ item, weight });
    return true;
  }

  tryTake(): number | undefined {
    let at = this.order === 'lifo' ? this.items.length - 1 : 0;
    if (this.order === 'lowest') {
      this.items.forEach(({ item }, i) => {
        if (item % 10 < (this.items[at]?.item ?? 0) % 10) at = i;
      });
    }
    return this.items.splice(at, 1)[0]?.item;
  }
}

describe('AsyncQueue without waiting', () => {
  test('does what a plain model does', () => {
    const step = fc.oneof(fc.record({ put: fc.nat(99), weight: fc.integer({ min: 0, max: 5 }) }), fc.constant('take'));
    fc.assert(
      fc.property(
        fc.constantFrom('fifo', 'lifo', 'lowest'),
        fc.integer({ min: 5, max: 200 }),
        fc.array(step, { maxLength: 300, size: 'max' }),
        (order, capacity, steps) => {
          let weight = 0;
          const model = new Model(capacity, order);
          const queue = new AsyncQueue<number>({
            capacity,
            order: order === 'lowest' ? (a, b) => (a % 10) - (b % 10) : order,
            weigh: () => weight,
          });
          for (const each of steps) {
            if (typeof each === 'string') {
              expect(queue.tryTake()).toBe(model.tryTake());
            } else {
              weight = each.weight;
              expect(queue.tryPut(each.put)).toBe(model.tryPut(each.put, each.weight));
            }
            expect([queue.size, queue.weight]).toEqual([model.items.length, model.weight]);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('AsyncQueue with waiting and cancellation', () => {
  const step = fc.oneof(
    fc.constantFrom('put', 'take', 'takeUpTo', 'tryPut', 'tryTake', 'turn'),
    fc.record({ cancel: fc.nat(40) }),
  );

  test('delivers each item once or gives it back, and ends with nobody in line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 4 }), fc.array(step, { maxLength: 60 }), async (capacity, steps) => {
        const queue = new AsyncQueue<number>({ capacity });
        const scopes: ReturnType<typeof openCancelScope>[] = [];
        const puts: { item: number; state: () => string }[] = [];
        const takes: { items: () => number[] }[] = [];
        let made = 0;
        const scope = (): { scope: ReturnType<typeof openCancelScope> } => {
          const opened = openCancelScope();
          scopes.push(opened);
          return { scope: opened };
        };
        const take = (promise: Promise<number | number[]>): void => {
          const watched = watch(promise);
          takes.push({ items: () => (watched.state === 'fulfilled' ? [watched.value ?? []].flat() : []) });
        };
        for (const each of steps) {
          if (typeof each !== 'string') {
            scopes[each.cancel]?.cancel('off');
          } else if (each === 'put') {
            const item = made++;
            const watched = watch(queue.put(item, scope()));
            puts.push({ item, state: () => watched.state });
          } else if (each === 'tryPut') {
            const item = made++;
            const state = queue.tryPut(item) ? 'fulfilled' : 'rejected';
            puts.push({ item, state: () => state });
          } else if (each === 'take') {
            take(queue.take(scope()));
          } else if (each === 'takeUpTo') {
            take(queue.takeUpTo(3, scope()));
          } else if (each === 'tryTake') {
            const item = queue.tryTake();
            takes.push({ items: () => (item === undefined ? [] : [item]) });
          } else {
            await turn();
          }
        }
        const left = queue.abort('end');
        await turn();
        expect([queue.waitingTakers, queue.waitingPutters]).toEqual([0, 0]);
        const delivered = [...takes.flatMap(({ items }) => items()), ...left].sort((a, b) => a - b);
        expect(delivered).toEqual(puts.filter(({ state }) => state() === 'fulfilled').map(({ item }) => item));
        expect(puts.every(({ state }) => state() !== 'pending')).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
