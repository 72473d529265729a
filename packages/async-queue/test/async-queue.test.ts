import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { AsyncQueue, QueueClosedError, QueueFullError } from '../src/index.js';
import type { QueueOptions } from '../src/index.js';
import { errorOf, turn, watch } from './settled.js';

/** The items of a queue, taken without waiting. */
function drain<T extends string | number | null | object>(queue: AsyncQueue<T>): T[] {
  const items: T[] = [];
  for (let item = queue.tryTake(); item !== undefined; item = queue.tryTake()) items.push(item);
  return items;
}

describe('new AsyncQueue', () => {
  test.each([
    [{ capacity: -1 }, 'expected a number capacity >= 0, saw -1'],
    [{ capacity: NaN }, 'expected a number capacity >= 0, saw NaN'],
    [{}, 'expected a number capacity >= 0, saw undefined'],
    [{ capacity: '5' }, "expected a number capacity >= 0, saw '5'"],
    [{ capacity: null }, 'expected a number capacity >= 0, saw null'],
    [{ capacity: 1, overflow: 'block' }, "expected overflow in wait,error,drop-newest,drop-oldest, saw 'block'"],
    [{ capacity: 1, order: 'random' }, "expected order fifo, lifo, function, saw 'random'"],
    [{ capacity: 1, order: null }, 'expected order fifo, lifo, function, saw null'],
  ])('rejects %o', (options, message) => {
    expect(() => new AsyncQueue(options as QueueOptions<number>)).toThrow(new RangeError(message));
  });

  test('does not look at its options again', () => {
    const options: QueueOptions<number> = { capacity: 3, weigh: (item) => item };
    const queue = new AsyncQueue(options);
    options.weigh = () => 100;
    expect(queue.tryPut(2)).toBe(true);
    expect(queue.weight).toBe(2);
  });
});

describe('AsyncQueue: putting and taking', () => {
  test('gives items in the order they came, beyond any size of its ring', () => {
    const queue = new AsyncQueue<number>({ capacity: Infinity });
    let put = 0;
    let taken = 0;
    for (const burst of [5, 9, 30, 3000, 1, 17]) {
      for (let i = 0; i < burst; i++) expect(queue.tryPut(put++)).toBe(true);
      for (let i = 0; i < burst / 2; i++) expect(queue.tryTake()).toBe(taken++);
      expect(queue.size).toBe(put - taken);
    }
    expect(drain(queue)).toEqual(Array.from({ length: put - taken }, (_, i) => taken + i));
    expect(queue.tryTake()).toBeUndefined();
    expect(queue.tryPut(1)).toBe(true);
    expect(drain(queue)).toEqual([1]);
  });

  test('is full at its capacity, which tryPut says and put waits for', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    expect([queue.tryPut('a'), queue.tryPut('b'), queue.tryPut('c')]).toEqual([true, true, false]);
    const put = watch(queue.put('c'));
    await turn();
    expect([put.state, queue.size, queue.waitingPutters]).toEqual(['pending', 2, 1]);
    expect(queue.tryTake()).toBe('a');
    expect([queue.size, queue.waitingPutters]).toEqual([2, 0]);
    await turn();
    expect(put.state).toBe('fulfilled');
    expect(drain(queue)).toEqual(['b', 'c']);
  });

  test('hands an item to who waits in the same call', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    const taken = queue.take();
    expect(queue.waitingTakers).toBe(1);
    expect(queue.tryPut('a')).toBe(true);
    expect([queue.size, queue.waitingTakers]).toEqual([0, 0]);
    expect(await taken).toBe('a');
  });

  test('serves waiting takers, and waiting putters, in the order they came', async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 });
    const takes = [queue.take(), queue.take(), queue.take()];
    await Promise.all([queue.put(1), queue.put(2), queue.put(3)]);
    expect(await Promise.all(takes)).toEqual([1, 2, 3]);
    const puts = [1, 2, 3, 4].map((item) => queue.put(item));
    expect(drain(queue)).toEqual([1, 2, 3, 4]);
    await Promise.all(puts);
  });

  test('nobody puts past those who wait with a larger item', () => {
    const queue = new AsyncQueue<number>({ capacity: 4, weigh: (item) => item });
    queue.tryPut(3);
    const put = watch(queue.put(4));
    expect(queue.tryPut(1)).toBe(false);
    expect([queue.tryTake(), queue.tryTake(), put.state]).toEqual([3, 4, 'pending']);
    expect(queue.tryPut(1)).toBe(true);
  });

  test('takes null, 0, false and the empty string for items, and undefined for a mistake', async () => {
    const queue = new AsyncQueue<string | number | boolean | null>({ capacity: 9 });
    for (const item of [null, 0, false, '']) queue.tryPut(item);
    expect([await queue.take(), await queue.take(), queue.tryTake(), queue.tryTake()]).toEqual([null, 0, false, '']);
    const nothing = undefined as unknown as null;
    expect(() => queue.tryPut(nothing)).toThrow(new RangeError('expected an item, saw undefined'));
    expect(await errorOf(queue.put(nothing))).toEqual(new RangeError('expected an item, saw undefined'));
  });

  test('takes the newest item first if the order is lifo', () => {
    const queue = new AsyncQueue<number>({ capacity: 100, order: 'lifo' });
    for (let i = 0; i < 20; i++) queue.tryPut(i);
    expect([queue.tryTake(), queue.tryTake()]).toEqual([19, 18]);
    queue.tryPut(20);
    expect(drain(queue)).toEqual([20, ...Array.from({ length: 18 }, (_, i) => 17 - i)]);
  });
});

describe('AsyncQueue: a comparator', () => {
  const order = (a: string, b: string): number => a.charCodeAt(0) - b.charCodeAt(0);

  test('takes what compares lowest, and of equals what came first', () => {
    const queue = new AsyncQueue({ capacity: 100, order });
    for (const item of ['c1', 'a1', 'b1', 'a2', 'c2', 'b2', 'a3']) queue.tryPut(item);
    expect(drain(queue)).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2']);
  });

  test('keeps thousands of items in order, whatever order they come in', () => {
    const byRank = (a: { rank: number }, b: { rank: number }): number => a.rank - b.rank;
    const ranks = { rising: (i: number) => i, falling: (i: number) => -i, mixed: (i: number) => (i * 7919) % 601 };
    for (const rankOf of Object.values(ranks)) {
      const queue = new AsyncQueue<{ rank: number; came: number }>({ capacity: Infinity, order: byRank });
      const items = Array.from({ length: 5000 }, (_, came) => ({ rank: rankOf(came), came }));
      for (const item of items) queue.tryPut(item);
      const expected = items.toSorted((a, b) => byRank(a, b) || a.came - b.came);
      expect(drain(queue)).toEqual(expected);
      expect(queue.tryPut({ rank: 1, came: 0 })).toBe(true);
      expect(queue.size).toBe(1);
    }
  });

  test('lets thousands of items be dropped from the other end', () => {
    const dropped: number[] = [];
    const queue = new AsyncQueue<number>({
      capacity: 3000,
      order: (a, b) => a - b,
      overflow: 'drop-oldest',
      onDrop: (item) => dropped.push(item),
    });
    for (let i = 0; i < 6000; i++) queue.tryPut(5999 - i);
    expect(dropped).toEqual(Array.from({ length: 3000 }, (_, i) => 5999 - i));
    expect(drain(queue)).toEqual(Array.from({ length: 3000 }, (_, i) => i));
  });

  test('that throws fails the put it was asked for, also one that waited, and loses nothing', async () => {
    const picky = (a: string, b: string): number => {
      if (a === 'bad') throw new TypeError('bad');
      return order(a, b);
    };
    const queue = new AsyncQueue({ capacity: 2, order: picky });
    queue.tryPut('b');
    expect(() => queue.tryPut('bad')).toThrow(new TypeError('bad'));
    expect(await errorOf(queue.put('bad'))).toEqual(new TypeError('bad'));
    queue.tryPut('a');
    const puts = [watch(queue.put('bad')), watch(queue.put('c'))];
    expect(drain(queue)).toEqual(['a', 'b', 'c']);
    await turn();
    expect(puts).toMatchObject([{ state: 'rejected', error: new TypeError('bad') }, { state: 'fulfilled' }]);
  });
});

describe('AsyncQueue: weights', () => {
  const byLength = (capacity: number): AsyncQueue<string> => new AsyncQueue({ capacity, weigh: (item) => item.length });

  test('bound the queue instead of the number of items', async () => {
    const queue = byLength(5);
    expect([queue.tryPut('abc'), queue.tryPut('abc'), queue.tryPut('ab'), queue.tryPut('')]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect([queue.size, queue.weight]).toEqual([3, 5]);
    const put = queue.put('abcd');
    expect([queue.tryTake(), queue.weight, queue.waitingPutters]).toEqual(['abc', 2, 1]);
    expect([queue.tryTake(), queue.weight, queue.waitingPutters]).toEqual(['ab', 4, 0]);
    await put;
    expect(drain(queue)).toEqual(['', 'abcd']);
    expect(queue.weight).toBe(0);
  });

  test('are asked once per item, so that an item may change while it is queued', () => {
    const queue = new AsyncQueue<number[]>({ capacity: 3, weigh: (item) => item.length });
    const item = [1, 2, 3];
    queue.tryPut(item);
    item.length = 0;
    expect(queue.weight).toBe(3);
    expect(queue.tryPut([1])).toBe(false);
    expect([queue.tryTake(), queue.weight]).toEqual([[], 0]);
  });

  test('let several light items in where a heavy one has left', async () => {
    const queue = byLength(4);
    queue.tryPut('aaaa');
    const puts = ['b', 'c', 'd', 'ee'].map((item) => watch(queue.put(item)));
    queue.tryTake();
    await turn();
    expect(puts.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'pending']);
    expect(queue.weight).toBe(3);
  });

  test.each([
    [6, 'expected 0 <= weight <= capacity, saw 6'],
    [-1, 'expected 0 <= weight <= capacity, saw -1'],
    [NaN, 'expected 0 <= weight <= capacity, saw NaN'],
    ['3', "expected 0 <= weight <= capacity, saw '3'"],
  ])('of %d are an error that leaves the queue as it was', async (weight, message) => {
    const queue = new AsyncQueue<string>({ capacity: 5, weigh: () => weight as number });
    expect(() => queue.tryPut('a')).toThrow(new RangeError(message));
    expect(await errorOf(queue.put('a'))).toEqual(new RangeError(message));
    expect([queue.size, queue.weight, queue.waitingPutters]).toEqual([0, 0, 0]);
  });

  test('of 1 each do not fit where the capacity is less', async () => {
    const queue = new AsyncQueue<string>({ capacity: 0.5 });
    expect(() => queue.tryPut('a')).toThrow(new RangeError('expected 0 <= weight <= capacity, saw 1'));
    expect(await errorOf(queue.put('a'))).toBeInstanceOf(RangeError);
    expect(queue.size).toBe(0);
  });

  test('that are infinite do not fit into an infinite capacity either', () => {
    const queue = new AsyncQueue<number>({ capacity: Infinity, weigh: (item) => item });
    expect(() => queue.tryPut(Infinity)).toThrow(RangeError);
    expect([queue.tryPut(Number.MAX_VALUE), queue.weight]).toEqual([true, Number.MAX_VALUE]);
  });

  test('of fractions add up to nothing in an empty queue', () => {
    for (const order of ['fifo', () => 0] as const) {
      const queue = new AsyncQueue<number>({ capacity: 1, order, weigh: (item) => item });
      for (const item of [0.1, 0.2, 0.3]) queue.tryPut(item);
      drain(queue);
      expect(queue.weight).toBe(0);
    }
  });

  test('go with the items of a priority queue', () => {
    const queue = new AsyncQueue<number>({ capacity: 10, order: (a, b) => a - b, weigh: (item) => item });
    expect([5, 1, 4, 1].map((item) => queue.tryPut(item))).toEqual([true, true, true, false]);
    expect([queue.tryTake(), queue.weight, queue.tryTake(), queue.weight]).toEqual([1, 9, 4, 5]);
  });

  test('what weigh throws fails the put', async () => {
    const error = new Error('cannot weigh');
    const queue = new AsyncQueue<string>({
      capacity: 5,
      weigh: () => {
        throw error;
      },
    });
    expect(() => queue.tryPut('a')).toThrow(error);
    expect(await errorOf(queue.put('a'))).toBe(error);
  });
});

describe('AsyncQueue of capacity 0', () => {
  test('passes an item from a put that waits to a take', async () => {
    const queue = new AsyncQueue<string>({ capacity: 0 });
    expect(queue.tryPut('a')).toBe(false);
    const puts = [watch(queue.put('a')), watch(queue.put('b'))];
    await turn();
    expect([queue.size, queue.waitingPutters, puts[0]?.state]).toEqual([0, 2, 'pending']);
    expect([queue.tryTake(), await queue.take(), queue.tryTake()]).toEqual(['a', 'b', undefined]);
    expect(puts.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('passes an item to a take that waits', async () => {
    const queue = new AsyncQueue<string>({ capacity: 0 });
    const takes = [queue.take(), queue.take(), queue.take()];
    expect(queue.tryPut('a')).toBe(true);
    await queue.put('b');
    expect([queue.tryPut('c'), queue.tryPut('d')]).toEqual([true, false]);
    expect(await Promise.all(takes)).toEqual(['a', 'b', 'c']);
  });

  test('does not weigh', () => {
    const queue = new AsyncQueue<string>({ capacity: 0, weigh: (item) => item.length });
    void queue.take();
    expect(queue.tryPut('a long item')).toBe(true);
  });

  test('drops what nobody waits for, if it drops', () => {
    for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
      const dropped: string[] = [];
      const queue = new AsyncQueue<string>({ capacity: 0, overflow, onDrop: (item) => dropped.push(item) });
      expect(queue.tryPut('a')).toBe(true);
      void queue.take();
      expect(queue.tryPut('b')).toBe(true);
      expect(dropped).toEqual(['a']);
    }
  });
});

describe('AsyncQueue: overflow', () => {
  test('error: put rejects with the figures, tryPut says no', async () => {
    const queue = new AsyncQueue<string>({ capacity: 3, overflow: 'error', weigh: (item) => item.length });
    await queue.put('ab');
    expect(queue.tryPut('cd')).toBe(false);
    const error = await errorOf(queue.put('cd'));
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({ name: 'QueueFullError', code: 'ERR_ASYNC_QUEUE_FULL', requested: 2, available: 1 });
    expect((error as Error).message).toBe('expected 2 free, saw 1');
    expect(queue.waitingPutters).toBe(0);
  });

  test('drop-oldest: makes room with what came first, whatever the order of taking', async () => {
    const dropped: string[] = [];
    const onDrop = (item: string): unknown => dropped.push(item);
    for (const order of ['fifo', 'lifo'] as const) {
      dropped.length = 0;
      const queue = new AsyncQueue({
        capacity: 3,
        order,
        overflow: 'drop-oldest',
        onDrop,
        weigh: (item: string) => item.length,
      });
      for (const item of ['a', 'b', 'c']) queue.tryPut(item);
      await queue.put('dd');
      expect(dropped).toEqual(['a', 'b']);
      expect(queue.tryPut('eee')).toBe(true);
      expect(dropped).toEqual(['a', 'b', 'c', 'dd']);
      expect(drain(queue)).toEqual(['eee']);
    }
  });

  test('drop-oldest: a priority queue drops what it would take last', () => {
    const dropped: number[] = [];
    const queue = new AsyncQueue<number>({
      capacity: 2,
      order: (a, b) => a - b,
      overflow: 'drop-oldest',
      onDrop: (item) => dropped.push(item),
    });
    for (const item of [5, 9, 1, 7]) queue.tryPut(item);
    expect(dropped).toEqual([9, 5]);
    expect(drain(queue)).toEqual([1, 7]);
  });

  test('drop-newest: keeps what is there', async () => {
    const dropped: string[] = [];
    const queue = new AsyncQueue<string>({
      capacity: 1,
      overflow: 'drop-newest',
      onDrop: (item) => dropped.push(item),
    });
    await queue.put('a');
    await queue.put('b');
    expect(queue.tryPut('c')).toBe(true);
    expect([drain(queue), dropped]).toEqual([['a'], ['b', 'c']]);
  });

  test('dropping needs no onDrop', () => {
    for (const overflow of ['drop-oldest', 'drop-newest'] as const) {
      const queue = new AsyncQueue<string>({ capacity: 1, overflow });
      queue.tryPut('a');
      queue.tryPut('b');
      expect(drain(queue)).toEqual([overflow === 'drop-oldest' ? 'b' : 'a']);
    }
  });

  test('an onDrop that closes the queue keeps the item out', () => {
    const queue: AsyncQueue<string> = new AsyncQueue<string>({
      capacity: 1,
      overflow: 'drop-oldest',
      onDrop: () => {
        queue.close();
      },
    });
    queue.tryPut('a');
    expect(queue.tryPut('b')).toBe(false);
    expect(queue.size).toBe(0);
  });

  test('an onDrop that throws keeps the item out', async () => {
    const error = new Error('cannot drop');
    const queue = new AsyncQueue<string>({
      capacity: 1,
      overflow: 'drop-oldest',
      onDrop: () => {
        throw error;
      },
    });
    queue.tryPut('a');
    expect(await errorOf(queue.put('b'))).toBe(error);
    expect(queue.size).toBe(0);
  });
});

describe('AsyncQueue.takeUpTo', () => {
  test('takes what there is, up to the count', async () => {
    const queue = new AsyncQueue<number>({ capacity: 9 });
    for (let i = 1; i <= 5; i++) queue.tryPut(i);
    expect([await queue.takeUpTo(2), await queue.takeUpTo(1), await queue.takeUpTo(9)]).toEqual([[1, 2], [3], [4, 5]]);
  });

  test('takes them in order, and their weights with them, from around the end of the ring', async () => {
    const weights = [0.5, 3, 2];
    const queue = new AsyncQueue<number>({ capacity: 99, weigh: (item) => weights[item % 3] ?? 0 });
    const batches: number[][] = [];
    for (let next = 0; next < 60;) {
      for (let put = 0; put < 7; put++) queue.tryPut(next++);
      batches.push(await queue.takeUpTo(5));
      expect(queue.weight).toBe(
        Array.from({ length: queue.size }, (_, i) => weights[(next - 1 - i) % 3] ?? 0).reduce((a, b) => a + b),
      );
    }
    batches.push(await queue.takeUpTo(Infinity));
    expect(batches.flat()).toEqual(Array.from({ length: 63 }, (_, i) => i));
    expect([queue.size, queue.weight]).toEqual([0, 0]);
  });

  test('takes the newest first where they are taken so, and by a comparator', async () => {
    for (const [order, expected] of [
      ['lifo', [1, 2, 3]],
      [(a: number, b: number) => a - b, [1, 2, 3]],
    ] as const) {
      const queue = new AsyncQueue<number>({ capacity: 9, order });
      for (const item of [3, 2, 1]) queue.tryPut(item);
      expect(await queue.takeUpTo(9)).toEqual(expected);
    }
  });

  test('waits for the first item, and takes what came with it', async () => {
    const queue = new AsyncQueue<number>({ capacity: 9 });
    const batch = queue.takeUpTo(3);
    for (let i = 1; i <= 5; i++) queue.tryPut(i);
    expect(await batch).toEqual([1, 2, 3]);
    expect(drain(queue)).toEqual([4, 5]);
  });

  describe.each([
    ['without an op', undefined],
    ['with an op', { timeoutMs: 1000 }],
  ])('%s', (_, op) => {
    test.each(['fifo', 'lifo', (a: number, b: number) => a - b] as const)(
      'takes what is there in the call itself, and nothing that comes later, by order %s',
      async (order) => {
        const queue = new AsyncQueue<number>({ capacity: 4, order, timers: new TestClock() });
        for (const item of [1, 2, 3, 4]) queue.tryPut(item);
        const put = queue.put(5);
        const first = queue.takeUpTo(2, op);
        expect(queue.size).toBe(3);
        const second = queue.batches(9, op).next();
        expect(queue.size).toBe(0);
        queue.tryPut(6);
        expect(queue.abort()).toEqual([6]);
        await put;
        const expected = order === 'lifo' ? [4, 5, 3, 2, 1] : [1, 2, 3, 4, 5];
        expect([await first, (await second).value]).toEqual([expected.slice(0, 2), expected.slice(2)]);
      },
    );

    test('takes what puts by hand offer in the call itself', async () => {
      const queue = new AsyncQueue<number>({ capacity: 0, timers: new TestClock() });
      const puts = Promise.all([queue.put(1), queue.put(2), queue.put(3)]);
      const batches = [queue.takeUpTo(2, op), queue.takeUpTo(2, op)];
      expect(queue.waitingPutters).toBe(0);
      expect(await Promise.all(batches)).toEqual([[1, 2], [3]]);
      await puts;
    });

    test('goes behind who waits, and then takes what came with its item', async () => {
      const queue = new AsyncQueue<number>({ capacity: 9, timers: new TestClock() });
      const first = queue.take();
      const batch = queue.takeUpTo(2, op);
      for (const item of [1, 2, 3, 4]) queue.tryPut(item);
      expect([await first, await batch, queue.tryTake()]).toEqual([1, [2, 3], 4]);
    });

    test('does not pass a waiter that was told and has not come yet', async () => {
      const queue = new AsyncQueue<number>({ capacity: 9, timers: new TestClock() });
      const arm = queue.taking();
      const waiter = { wake: () => {} };
      arm.enlist(waiter);
      queue.tryPut(1);
      queue.tryPut(2);
      const batch = queue.takeUpTo(2, op);
      expect([queue.size, queue.waitingTakers]).toEqual([2, 2]);
      expect(arm.tryCommit()).toEqual({ value: 1 });
      arm.withdraw(waiter);
      expect(await batch).toEqual([2]);
    });
  });

  test('is over before it begins where its op is, also if something is there', async () => {
    const queue = new AsyncQueue<number>({ capacity: 9 });
    queue.tryPut(1);
    expect(await errorOf(queue.takeUpTo(2, { timeoutMs: 0 }))).toMatchObject({ name: 'TimeoutError' });
    expect(await errorOf(queue.takeUpTo(2, { signal: AbortSignal.abort('off') }))).toBe('off');
    expect(queue.size).toBe(1);
  });

  test('takes from puts that wait', async () => {
    const queue = new AsyncQueue<number>({ capacity: 0 });
    const puts = Promise.all([queue.put(1), queue.put(2), queue.put(3)]);
    expect([await queue.takeUpTo(2), await queue.takeUpTo(2)]).toEqual([[1, 2], [3]]);
    await puts;
  });

  test('leaves promises among the items as they are, so that one that rejects costs no other item', async () => {
    const queue = new AsyncQueue<Promise<number>>({ capacity: 9 });
    const broken = Promise.reject(new Error('broken'));
    for (const item of [broken, Promise.resolve(1)]) queue.tryPut(item);
    const [first, second] = await queue.takeUpTo(9);
    expect((await errorOf(first as Promise<number>)) as Error).toMatchObject({ message: 'broken' });
    expect(await second).toBe(1);
  });

  test.each([0, -1, NaN, 1.5])('rejects a count of %d and takes nothing', async (count) => {
    const queue = new AsyncQueue<number>({ capacity: 9 });
    queue.tryPut(1);
    expect(await errorOf(queue.takeUpTo(count))).toEqual(new RangeError(`expected an integer count > 0, saw ${count}`));
    expect(queue.size).toBe(1);
  });
});

describe('AsyncQueue.close', () => {
  test('lets takers have what is there, then tells them', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    queue.tryPut('a');
    queue.tryPut('b');
    queue.close();
    queue.close();
    expect([await queue.take(), queue.tryTake(), queue.tryTake()]).toEqual(['a', 'b', undefined]);
    const error = await errorOf(queue.take());
    expect(error).toBeInstanceOf(QueueClosedError);
    expect(error).toMatchObject({
      name: 'QueueClosedError',
      code: 'ERR_ASYNC_QUEUE_CLOSED',
      message: 'queue closed',
    });
    expect(await errorOf(queue.takeUpTo(3))).toBeInstanceOf(QueueClosedError);
  });

  test('refuses items, also those of puts that wait', async () => {
    for (const overflow of ['wait', 'error', 'drop-oldest', 'drop-newest'] as const) {
      const queue = new AsyncQueue<string>({ capacity: 1, overflow });
      queue.tryPut('a');
      const put = overflow === 'wait' ? errorOf(queue.put('b')) : Promise.resolve(new QueueClosedError());
      queue.close();
      expect(await put).toBeInstanceOf(QueueClosedError);
      expect(queue.tryPut('c')).toBe(false);
      expect(await errorOf(queue.put('c'))).toBeInstanceOf(QueueClosedError);
      expect(drain(queue)).toEqual(['a']);
    }
  });

  test('wakes takers that wait', async () => {
    const queue = new AsyncQueue<string>({ capacity: 1 });
    const takes = [errorOf(queue.take()), errorOf(queue.take()), errorOf(queue.takeUpTo(2))];
    queue.close();
    expect(queue.waitingTakers).toBe(0);
    for (const error of await Promise.all(takes)) expect(error).toBeInstanceOf(QueueClosedError);
  });
});

describe('AsyncQueue.fail', () => {
  test('gives the error, untouched, to takers once nothing is left, and to putters', async () => {
    const queue = new AsyncQueue<string>({ capacity: 1 });
    const error = { any: 'value' };
    queue.tryPut('a');
    const put = errorOf(queue.put('b'));
    queue.fail(error);
    queue.fail(new Error('a later one'));
    queue.close();
    expect(await put).toBe(error);
    expect(await queue.take()).toBe('a');
    expect(await errorOf(queue.take())).toBe(error);
    expect(await errorOf(queue.put('c'))).toBe(error);
    expect(queue.tryPut('c')).toBe(false);
  });

  test('does not come after a close', async () => {
    const queue = new AsyncQueue<string>({ capacity: 1 });
    queue.close();
    queue.fail(new Error('too late'));
    expect(await errorOf(queue.take())).toBeInstanceOf(QueueClosedError);
  });
});

describe('AsyncQueue.abort', () => {
  test('gives back what was in the queue, and the reason to all who wait and come', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    queue.tryPut('a');
    queue.tryPut('b');
    const put = errorOf(queue.put('c'));
    const reason = new Error('stop');
    expect(queue.abort(reason)).toEqual(['a', 'b']);
    expect([queue.size, queue.waitingPutters]).toEqual([0, 0]);
    for (const error of [await put, await errorOf(queue.take()), await errorOf(queue.put('d'))])
      expect(error).toBe(reason);
    expect(queue.abort(new Error('again'))).toEqual([]);
    expect(await errorOf(queue.take())).toBe(reason);
  });

  test('without a reason is a QueueClosedError', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    const take = errorOf(queue.take());
    expect(queue.abort()).toEqual([]);
    expect(await take).toBeInstanceOf(QueueClosedError);
  });

  test('comes after a close as long as something is left', async () => {
    const reason = new Error('stop');
    const queue = new AsyncQueue<string>({ capacity: 2 });
    queue.tryPut('a');
    queue.close();
    expect(queue.abort(reason)).toEqual(['a']);
    expect(await errorOf(queue.take())).toBe(reason);
    const drained = new AsyncQueue<string>({ capacity: 2 });
    drained.close();
    drained.abort(reason);
    expect(await errorOf(drained.take())).toBeInstanceOf(QueueClosedError);
  });
});

describe('AsyncQueue.join', () => {
  test('waits until every item was put, taken and done', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    await queue.join();
    await queue.put('a');
    queue.tryPut('b');
    const joins = [watch(queue.join()), watch(queue.join())];
    drain(queue);
    queue.taskDone();
    await turn();
    expect(joins.map(({ state }) => state)).toEqual(['pending', 'pending']);
    queue.taskDone();
    await turn();
    expect(joins.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('counts items that never lay in the queue', async () => {
    const queue = new AsyncQueue<string>({ capacity: 0 });
    void queue.take();
    queue.tryPut('a');
    void queue.put('b');
    expect(queue.tryTake()).toBe('b');
    const join = watch(queue.join());
    queue.taskDone();
    await turn();
    expect(join.state).toBe('pending');
    queue.taskDone();
    await turn();
    expect(join.state).toBe('fulfilled');
  });

  test('does not wait for what is dropped or aborted', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2, overflow: 'drop-oldest' });
    for (const item of ['a', 'b', 'c']) queue.tryPut(item);
    queue.tryTake();
    const join = watch(queue.join());
    queue.abort();
    await turn();
    expect(join.state).toBe('pending');
    queue.taskDone();
    await turn();
    expect(join.state).toBe('fulfilled');
  });

  test('taskDone for nothing is an error', () => {
    const queue = new AsyncQueue<string>({ capacity: 2, overflow: 'drop-oldest' });
    expect(() => {
      queue.taskDone();
    }).toThrow(new RangeError('expected items that are not done, saw 0'));
    queue.tryPut('a');
    queue.taskDone();
    expect(queue.abort()).toEqual(['a']);
    expect(() => {
      queue.taskDone();
    }).toThrow(RangeError);
  });
});

describe('AsyncQueue: loops', () => {
  test('take until the queue is closed and empty', async () => {
    const queue = new AsyncQueue<number>({ capacity: 2 });
    const producer = (async () => {
      for (let i = 0; i < 10; i++) await queue.put(i);
      queue.close();
    })();
    const seen: number[] = [];
    for await (const item of queue) seen.push(item);
    await producer;
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for await (const item of queue) seen.push(item);
    expect(seen.length).toBe(10);
  });

  test('throw what the queue was failed or aborted with', async () => {
    const error = new QueueClosedError('of another queue');
    for (const end of ['fail', 'abort'] as const) {
      const queue = new AsyncQueue<number>({ capacity: 2 });
      const seen: number[] = [];
      const loop = (async () => {
        for await (const item of queue) seen.push(item);
      })();
      queue.tryPut(1);
      await turn();
      queue[end](error);
      expect(await errorOf(loop)).toBe(error);
      expect(seen).toEqual([1]);
    }
  });

  test('end when the queue is aborted without a reason', async () => {
    const queue = new AsyncQueue<number>({ capacity: 2 });
    const seen: number[] = [];
    queue.tryPut(1);
    queue.tryPut(2);
    for await (const item of queue) seen.push(item, ...queue.abort());
    expect(seen).toEqual([1, 2]);
  });

  test('that are left keep the rest in the queue', async () => {
    const queue = new AsyncQueue<number>({ capacity: 9 });
    for (let i = 0; i < 4; i++) queue.tryPut(i);
    for await (const item of queue) if (item === 1) break;
    expect(drain(queue)).toEqual([2, 3]);
    expect(queue.waitingTakers).toBe(0);
  });

  test('share the items', async () => {
    const queue = new AsyncQueue<number>({ capacity: 1 });
    const seen: number[] = [];
    const worker = async (): Promise<void> => {
      for await (const item of queue) seen.push(item);
    };
    const workers = [worker(), worker(), worker()];
    for (let i = 0; i < 20; i++) await queue.put(i);
    queue.close();
    await Promise.all(workers);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('go by batches', async () => {
    const queue = new AsyncQueue<number>({ capacity: 9 });
    for (let i = 0; i < 5; i++) queue.tryPut(i);
    queue.close();
    const batches: number[][] = [];
    for await (const batch of queue.batches(2)) batches.push(batch);
    expect(batches).toEqual([[0, 1], [2, 3], [4]]);
    const error = await errorOf(queue.batches(0).next());
    expect(error).toEqual(new RangeError('expected an integer count > 0, saw 0'));
  });
});

describe('AsyncQueue.abort: what it returns', () => {
  test('is the oldest first, and with a comparator what would be taken last', () => {
    const items = (order: QueueOptions<number>['order']): number[] => {
      const queue = new AsyncQueue<number>({ capacity: 9, order });
      for (const item of [2, 3, 1]) queue.tryPut(item);
      return queue.abort();
    };
    expect([items('fifo'), items('lifo'), items((a, b) => a - b)]).toEqual([
      [2, 3, 1],
      [2, 3, 1],
      [3, 2, 1],
    ]);
  });
});
