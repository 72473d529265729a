import { describe, expect, test } from 'vitest';
import { openCancelScope } from '@millrace/timeouts';
import { AsyncQueue } from '../src/index.js';
import { errorOf, watch } from './settled.js';
import type { Watched } from './settled.js';

/** A queue by size whose comparator calls `act` on its way, as often as `times` says; and what was taken there. */
function reentrant(
  capacity: number,
  act: (queue: AsyncQueue<number>) => void,
): { queue: AsyncQueue<number>; on: (times: number) => void } {
  let left = 0;
  const queue: AsyncQueue<number> = new AsyncQueue<number>({
    capacity,
    order: (a, b) => {
      if (left-- > 0) act(queue);
      return a - b;
    },
  });
  return {
    queue,
    on: (times) => {
      left = times;
    },
  };
}

function drain(queue: AsyncQueue<number>): number[] {
  const items: number[] = [];
  for (let item = queue.tryTake(); item !== undefined; item = queue.tryTake()) items.push(item);
  return items;
}

describe('a comparator that takes from its queue', () => {
  test('leaves nobody waiting for what is put then', async () => {
    const takes: Watched<number>[] = [];
    const { queue, on } = reentrant(9, () => {
      queue.tryTake();
      takes.push(watch(queue.take()));
    });
    queue.tryPut(1);
    on(1);
    expect(queue.tryPut(2)).toBe(true);
    await Promise.resolve();
    expect(takes.map(({ value }) => value)).toEqual([2]);
    expect([queue.size, queue.waitingTakers]).toEqual([0, 0]);
  });

  test.each([1, 2, 3, 7, 1500, 2500])('finds the place for the item among what is left of %d', (count) => {
    for (const times of [1, 2, 5]) {
      for (const item of [-1, count / 2, count + 1]) {
        const taken: (number | undefined)[] = [];
        const { queue, on } = reentrant(9999, () => taken.push(queue.tryTake()));
        for (let i = 0; i < count; i++) queue.tryPut(i);
        on(times);
        expect(queue.tryPut(item)).toBe(true);
        on(0);
        const left = drain(queue);
        expect(left).toEqual([...left].sort((a, b) => a - b));
        const all = [...taken.filter((each) => each !== undefined), ...left].sort((a, b) => a - b);
        expect(all).toEqual([item, ...Array.from({ length: count }, (_, i) => i)].sort((a, b) => a - b));
      }
    }
  });

  test('finds it where more than the run that it looked at has gone', () => {
    const taken: number[] = [];
    const { queue, on } = reentrant(9999, () => {
      for (let i = 0; i < 2400; i++) taken.push(queue.tryTake() ?? -1);
    });
    for (let i = 0; i < 2500; i++) queue.tryPut(i);
    on(1);
    queue.tryPut(2450);
    expect(drain(queue)).toEqual([...Array.from({ length: 100 }, (_, i) => 2400 + i), 2450].sort((a, b) => a - b));
    expect(taken).toEqual(Array.from({ length: 2400 }, (_, i) => i));
  });

  test('lets in the item of a put that waits once, also if it makes the room itself', async () => {
    const taken: (number | undefined)[] = [];
    const { queue, on } = reentrant(2, () => taken.push(queue.tryTake()));
    queue.tryPut(1);
    queue.tryPut(2);
    const puts = [3, 4, 5].map((item) => watch(queue.put(item)));
    on(1);
    taken.push(queue.tryTake());
    on(0);
    taken.push(...drain(queue));
    await Promise.resolve();
    expect([...taken].sort()).toEqual([1, 2, 3, 4, 5]);
    expect(puts.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });
});

describe('a comparator that ends a put whose item it compares', () => {
  test('comes too late: the item is in the queue, and the put is done', async () => {
    for (const end of ['cancel', 'close'] as const) {
      const scope = openCancelScope();
      const { queue, on } = reentrant(2, () => {
        if (end === 'cancel') scope.cancel('off');
        else queue.close();
      });
      queue.tryPut(1);
      queue.tryPut(2);
      const put = watch(queue.put(3, { scope }));
      const late = errorOf(queue.put(4, { scope }));
      on(1);
      expect(queue.tryTake()).toBe(1);
      on(0);
      await Promise.resolve();
      expect(put.state).toBe('fulfilled');
      expect(drain(queue)).toEqual([2, 3]);
      expect(await late).toBeDefined();
    }
  });
});
