// The situations that CPython's test_queues and trio's test_channel ask about, under their names; the answers are ours.
import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { openCancelScope, sleep } from '@millrace/timeouts';
import { AsyncQueue, QueueClosedError } from '../src/index.js';
import type { QueueOptions } from '../src/index.js';
import { errorOf, turn, watch } from './settled.js';

const make = (capacity: number, options?: Partial<QueueOptions<number>>): AsyncQueue<number> =>
  new AsyncQueue({ capacity, ...options });
const takeAll = (queue: AsyncQueue<number>): number[] => queue.abort();

describe('CPython test_queues: QueueBasicTests', () => {
  test('test_empty, test_full: size says it', () => {
    const queue = make(1);
    expect(queue.size).toBe(0);
    queue.tryPut(1);
    expect([queue.size, queue.tryPut(2), queue.tryTake(), queue.size]).toEqual([1, false, 1, 0]);
  });

  test('test_order: as they came', () => {
    const queue = make(9);
    for (const item of [1, 3, 2]) queue.tryPut(item);
    expect(takeAll(queue)).toEqual([1, 3, 2]);
  });

  test('test_maxsize: the putter is held after as many items as there is room for', async () => {
    const queue = make(2);
    const put: number[] = [];
    const putter = (async () => {
      for (let i = 0; i < 3; i++) {
        await queue.put(i);
        put.push(i);
      }
    })();
    await turn();
    expect([put, queue.tryTake()]).toEqual([[0, 1], 0]);
    await putter;
    expect([put, takeAll(queue)]).toEqual([
      [0, 1, 2],
      [1, 2],
    ]);
  });
});

describe('CPython test_queues: QueueGetTests', () => {
  test('test_blocking_get: an item that is there comes at once', async () => {
    const queue = make(1);
    queue.tryPut(1);
    expect(await queue.take()).toBe(1);
  });

  test('test_get_with_putters, test_get_with_waiting_putters: taking lets the next putter in', async () => {
    const queue = make(1);
    const puts = [queue.put(1), queue.put(2)];
    expect([await queue.take(), await queue.take()]).toEqual([1, 2]);
    await Promise.all(puts);
  });

  test('test_blocking_get_wait: a take waits for the put', async () => {
    const clock = new TestClock();
    const queue = make(1);
    const taken = watch(queue.take());
    clock.callLater(10, () => queue.tryPut(1));
    await clock.advanceAsync(9);
    expect(taken.state).toBe('pending');
    await clock.advanceAsync(1);
    expect(taken.value).toBe(1);
  });

  test('test_nonblocking_get, test_nonblocking_get_exception: undefined where nothing is', () => {
    const queue = make(1);
    queue.tryPut(1);
    expect([queue.tryTake(), queue.tryTake()]).toEqual([1, undefined]);
  });

  test('test_get_cancelled: an item that comes before the time is up is taken', async () => {
    const clock = new TestClock();
    const queue = make(1);
    const taken = queue.take({ timeoutMs: 51, timers: clock });
    await clock.advanceAsync(10);
    queue.tryPut(1);
    await clock.advanceAsync(100);
    expect(await taken).toBe(1);
  });

  test('test_get_cancelled_race: the item goes past the taker that was called off', async () => {
    const queue = make(1);
    const controller = new AbortController();
    const [first, second] = [errorOf(queue.take({ signal: controller.signal })), queue.take()];
    await turn();
    controller.abort('off');
    queue.tryPut(7);
    expect([await first, await second]).toEqual(['off', 7]);
  });

  test('test_cancelled_getters_not_being_held_in_self_getters', async () => {
    const clock = new TestClock();
    const queue = make(5, { timers: clock });
    const late = errorOf(queue.take({ timeoutMs: 10 }));
    await clock.advanceAsync(50);
    await late;
    expect(queue.waitingTakers).toBe(0);
  });

  test('test_why_are_getters_waiting: nobody waits while there are items, however takers are called off', async () => {
    const queue = make(9);
    const controllers = Array.from({ length: 4 }, () => new AbortController());
    const takes = controllers.map(({ signal }) => watch(queue.take({ signal })));
    queue.tryPut(0);
    queue.tryPut(1);
    controllers[0]?.abort();
    controllers[2]?.abort();
    await turn();
    expect(takes.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'pending']);
    queue.tryPut(2);
    expect([queue.size, queue.waitingTakers]).toEqual([0, 0]);
  });
});

describe('CPython test_queues: QueuePutTests', () => {
  test('test_blocking_put, test_nonblocking_put: at once where there is room', async () => {
    const queue = make(2);
    await queue.put(1);
    expect([queue.tryPut(2), takeAll(queue)]).toEqual([true, [1, 2]]);
  });

  test('test_blocking_put_wait, test_nonblocking_put_exception: a put waits, a tryPut says no', async () => {
    const queue = make(1);
    queue.tryPut(1);
    const put = watch(queue.put(2));
    expect(queue.tryPut(3)).toBe(false);
    await turn();
    expect(put.state).toBe('pending');
    queue.tryTake();
    await turn();
    expect(put.state).toBe('fulfilled');
  });

  test('test_float_maxsize: a capacity that is no integer has room for its whole part', () => {
    const queue = make(1.3);
    expect([queue.tryPut(1), queue.tryPut(2)]).toEqual([true, false]);
  });

  test('test_put_cancelled: a put whose item was taken is done, whatever comes later', async () => {
    const queue = make(0);
    const scope = openCancelScope();
    const put = watch(queue.put(1, { scope }));
    expect(await queue.take()).toBe(1);
    scope.cancel();
    await turn();
    expect(put.state).toBe('fulfilled');
  });

  test('test_put_cancelled_race: the item of the putter that was called off is not seen', async () => {
    const queue = make(1);
    const scope = openCancelScope();
    const puts = [watch(queue.put(1)), watch(queue.put(2)), watch(queue.put(99, { scope }))];
    await turn();
    scope.cancel('off');
    await turn();
    expect(puts.map(({ state }) => state)).toEqual(['fulfilled', 'pending', 'rejected']);
    expect([queue.tryTake(), queue.tryTake(), queue.tryTake()]).toEqual([1, 2, undefined]);
  });

  test('test_put_with_waiting_getters', async () => {
    const queue = make(1);
    const taken = queue.take();
    await queue.put(1);
    expect(await taken).toBe(1);
  });

  test('test_why_are_putters_waiting: nobody waits while there is room, however putters are called off', async () => {
    const queue = make(2);
    const scope = openCancelScope();
    const puts = [0, 1, 2, 3, 4].map((item) => watch(queue.put(item, item === 2 ? { scope } : undefined)));
    queue.tryTake();
    scope.cancel('too late');
    queue.tryTake();
    await turn();
    expect(puts.map(({ state }) => state)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'pending']);
    expect([queue.size, queue.waitingPutters]).toEqual([2, 1]);
  });

  test('test_cancelled_puts_not_being_held_in_self_putters', async () => {
    const clock = new TestClock();
    const queue = make(1, { timers: clock });
    queue.tryPut(1);
    const late = errorOf(queue.put(2, { timeoutMs: 10 }));
    await clock.advanceAsync(50);
    await late;
    expect([queue.waitingPutters, takeAll(queue)]).toEqual([0, [1]]);
  });

  test('test_cancelled_put_silence_value_error_exception: to call off what was delivered does nothing', async () => {
    const queue = make(1);
    const controller = new AbortController();
    queue.tryPut(1);
    const put = queue.put(2, { signal: controller.signal });
    queue.tryTake();
    controller.abort(new Error('too late'));
    await put;
    expect(takeAll(queue)).toEqual([2]);
  });
});

describe('CPython test_queues: other orders and join', () => {
  test('LifoQueueTests.test_order, PriorityQueueTests.test_order', () => {
    for (const [order, expected] of [
      ['lifo', [2, 3, 1]],
      [(a: number, b: number): number => a - b, [1, 2, 3]],
    ] as const) {
      const queue = make(9, { order });
      for (const item of [1, 3, 2]) queue.tryPut(item);
      expect([queue.tryTake(), queue.tryTake(), queue.tryTake()]).toEqual(expected);
    }
  });

  test('test_task_done_underflow, test_join_empty_queue', async () => {
    const queue = make(1);
    expect(() => {
      queue.taskDone();
    }).toThrow(RangeError);
    await queue.join();
    await queue.join();
  });

  test('test_task_done: join waits for the workers, not for the queue to be empty', async () => {
    const clock = new TestClock();
    const queue = make(Infinity);
    for (let i = 0; i < 100; i++) queue.tryPut(i);
    let sum = 0;
    const worker = async (): Promise<void> => {
      for await (const item of queue) {
        await sleep(1, { timers: clock });
        sum += item;
        queue.taskDone();
      }
    };
    const workers = [worker(), worker()];
    const joined = watch(queue.join());
    await clock.advanceAsync(49);
    expect([joined.state, queue.size]).toEqual(['pending', 0]);
    await clock.advanceAsync(1);
    expect([joined.state, sum]).toEqual(['fulfilled', 4950]);
    queue.close();
    await Promise.all(workers);
  });
});

describe('CPython test_queues: QueueShutdownTests', () => {
  test('test_shutdown_empty: nothing can be put or taken', async () => {
    const queue = make(1);
    queue.close();
    expect([queue.tryPut(1), queue.tryTake()]).toEqual([false, undefined]);
    expect(await errorOf(queue.put(1))).toBeInstanceOf(QueueClosedError);
    expect(await errorOf(queue.take())).toBeInstanceOf(QueueClosedError);
  });

  test('test_shutdown_nonempty: what is there can be taken; the putter that waits is told', async () => {
    const queue = make(1);
    queue.tryPut(1);
    const put = errorOf(queue.put(2));
    queue.close();
    expect(await put).toBeInstanceOf(QueueClosedError);
    expect(await queue.take()).toBe(1);
    expect(await errorOf(queue.take())).toBeInstanceOf(QueueClosedError);
  });

  test('test_shutdown_immediate: nothing is left, and join does not wait for it', async () => {
    const queue = make(2);
    queue.tryPut(1);
    queue.tryPut(2);
    const joined = watch(queue.join());
    expect(queue.abort()).toEqual([1, 2]);
    await turn();
    expect(joined.state).toBe('fulfilled');
  });

  test('test_shutdown_immediate_with_unfinished: join waits for the item that somebody works on', async () => {
    const queue = make(2);
    queue.tryPut(1);
    queue.tryPut(2);
    queue.tryTake();
    const joined = watch(queue.join());
    queue.abort();
    await turn();
    expect(joined.state).toBe('pending');
    queue.taskDone();
    await turn();
    expect(joined.state).toBe('fulfilled');
  });

  test('test_shutdown_allowed_transitions: close, then abort, any number of times', () => {
    const queue = make(2);
    queue.tryPut(1);
    queue.close();
    queue.close();
    expect([queue.abort(), queue.abort()]).toEqual([[1], []]);
    queue.close();
    expect(queue.tryPut(1)).toBe(false);
  });
});

describe('trio test_channel', () => {
  test('test_channel: in order, with room for the capacity', async () => {
    const queue = make(1);
    expect([queue.tryPut(1), queue.tryPut(2), await queue.take(), queue.tryTake()]).toEqual([
      true,
      false,
      1,
      undefined,
    ]);
    const puts = [queue.put(2), queue.put(3)];
    expect([await queue.take(), await queue.take()]).toEqual([2, 3]);
    await Promise.all(puts);
  });

  test('test_553: a receiver that was called off takes no item of a later sender', async () => {
    const queue = make(1);
    const scope = openCancelScope();
    const taken = errorOf(queue.take({ scope }));
    scope.cancel('off');
    expect(await taken).toBe('off');
    await queue.put(1);
    expect(queue.tryTake()).toBe(1);
  });

  test('test_channel_multiple_producers', async () => {
    const queue = make(0);
    const produce = async (from: number): Promise<void> => {
      for (let i = 0; i < 3; i++) await queue.put(from + i);
    };
    void Promise.all([0, 10, 20].map(produce)).then(() => {
      queue.close();
    });
    const seen: number[] = [];
    for await (const item of queue) seen.push(item);
    expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 10, 11, 12, 20, 21, 22]);
  });

  test('test_channel_multiple_consumers', async () => {
    const queue = make(1);
    const seen = new Set<number>();
    const consumers = Array.from({ length: 10 }, async () => {
      for await (const item of queue) seen.add(item);
    });
    for (let i = 0; i < 10; i++) await queue.put(i);
    queue.close();
    await Promise.all(consumers);
    expect(seen.size).toBe(10);
  });

  test('test_close_basics, test_close_sync: a close wakes both ends', async () => {
    for (const capacity of [0, 1]) {
      const [full, empty] = [make(capacity), make(capacity)];
      if (capacity > 0) full.tryPut(0);
      const ends = [errorOf(full.put(1)), errorOf(empty.take()), errorOf(empty.take())];
      full.close();
      empty.close();
      for (const error of await Promise.all(ends)) expect(error).toBeInstanceOf(QueueClosedError);
    }
  });

  test('test_inf_capacity', async () => {
    const queue = make(Infinity);
    for (let i = 0; i < 1000; i++) await queue.put(i);
    expect([queue.size, queue.waitingPutters, await queue.take()]).toEqual([1000, 0, 0]);
  });

  test('test_statistics', async () => {
    const queue = make(2);
    const figures = (): number[] => [queue.capacity, queue.size, queue.waitingPutters, queue.waitingTakers];
    expect(figures()).toEqual([2, 0, 0, 0]);
    queue.tryPut(1);
    expect(figures()).toEqual([2, 1, 0, 0]);
    queue.tryPut(2);
    const puts = [queue.put(3), queue.put(4)];
    expect(figures()).toEqual([2, 2, 2, 0]);
    takeAll(make(1));
    for (let i = 0; i < 4; i++) queue.tryTake();
    await Promise.all(puts);
    void queue.take();
    void queue.take();
    expect(figures()).toEqual([2, 0, 0, 2]);
  });

  test('test_channel_fairness: who has waited is served before who comes back', async () => {
    const queue = make(1);
    const order: string[] = [];
    const consumer = async (name: string): Promise<void> => {
      for await (const item of queue) order.push(`${name}${item}`);
    };
    const consumers = [consumer('a'), consumer('b')];
    for (let i = 0; i < 6; i++) {
      await queue.put(i);
      await turn();
    }
    queue.close();
    await Promise.all(consumers);
    expect(order).toEqual(['a0', 'b1', 'a2', 'b3', 'a4', 'b5']);
  });

  test('test_unbuffered: nothing is kept', async () => {
    const queue = make(0);
    expect([queue.tryPut(1), queue.tryTake()]).toEqual([false, undefined]);
    const put = watch(queue.put(1));
    await turn();
    expect([put.state, await queue.take()]).toEqual(['pending', 1]);
  });
});
