import { describe, expect, test } from 'vitest';
import { AsyncQueue } from '../src/index.js';
import { errorOf, turn, watch } from './settled.js';

describe('an onDrop that throws', () => {
  test('leaves the item dropped, nothing put, and a join that ends', async () => {
    const queue = new AsyncQueue<string>({
      capacity: 1,
      overflow: 'drop-oldest',
      onDrop: () => {
        throw new Error('broken');
      },
    });
    queue.tryPut('old');
    const join = watch(queue.join());
    expect(() => queue.tryPut('new')).toThrow(new Error('broken'));
    await turn();
    expect([queue.size, join.state]).toEqual([0, 'fulfilled']);
    expect(queue.tryPut('next')).toBe(true);
    expect(await errorOf(queue.put('new'))).toEqual(new Error('broken'));
  });

  test('as a comparator that throws after a drop does', async () => {
    let isBroken = false;
    const queue = new AsyncQueue<number>({
      capacity: 2,
      overflow: 'drop-oldest',
      order: (a, b) => {
        if (isBroken) throw new Error('broken');
        return a - b;
      },
    });
    queue.tryPut(1);
    queue.tryPut(2);
    queue.tryTake();
    queue.taskDone();
    queue.tryPut(3);
    const join = watch(queue.join());
    isBroken = true;
    expect(() => queue.tryPut(0)).toThrow(new Error('broken'));
    expect(queue.size).toBe(1);
    queue.tryTake();
    queue.taskDone();
    await turn();
    expect(join.state).toBe('fulfilled');
  });
});

describe('an onDrop that puts', () => {
  test.each(['drop-oldest', 'drop-newest'] as const)('into its own queue fails, with %s', async (overflow) => {
    const message = "expected a put outside onDrop, saw 'one inside'";
    const rejected: Promise<unknown>[] = [];
    const queue = new AsyncQueue<number>({
      capacity: 1,
      overflow,
      onDrop: (item) => {
        rejected.push(errorOf(queue.put(item)));
        queue.tryPut(item);
      },
    });
    queue.tryPut(1);
    expect(() => queue.tryPut(2)).toThrow(new RangeError(message));
    expect(await rejected[0]).toEqual(new RangeError(message));
    if (overflow === 'drop-newest') queue.tryTake();
    expect([queue.size, queue.tryPut(3)]).toEqual([0, true]);
  });

  test('into another queue, or later, is free to', async () => {
    const spill = new AsyncQueue<number>({ capacity: 9 });
    const queue = new AsyncQueue<number>({
      capacity: 1,
      overflow: 'drop-oldest',
      onDrop: (item) => spill.tryPut(item),
    });
    for (const item of [1, 2, 3]) expect(queue.tryPut(item)).toBe(true);
    expect([spill.tryTake(), spill.tryTake(), queue.tryTake()]).toEqual([1, 2, 3]);
  });

  test("may close its queue: the new item is then the caller's", () => {
    const queue = new AsyncQueue<number>({
      capacity: 1,
      overflow: 'drop-oldest',
      onDrop: () => {
        queue.close();
      },
    });
    expect([queue.tryPut(1), queue.tryPut(2), queue.size]).toEqual([true, false, 0]);
  });
});
