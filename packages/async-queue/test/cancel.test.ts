import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { Deadline, openCancelScope, TimeoutError } from '@millrace/timeouts';
import type { Op } from '@millrace/timeouts';
import { AsyncQueue } from '../src/index.js';
import { errorOf, turn, watch } from './settled.js';

/** Each operation that waits, on a queue on which it does. */
const waits: [string, (op?: Op, timers?: TestClock) => { queue: AsyncQueue<string>; done: Promise<unknown> }][] = [
  ['put', (op, timers) => waiting(1, timers, (queue) => queue.put('b', op))],
  ['take', (op, timers) => waiting(0, timers, (queue) => queue.take(op))],
  ['take', (op, timers) => waiting(0, timers, (queue) => queue.takeUpTo(2, op))],
  ['join', (op, timers) => waiting(1, timers, (queue) => queue.join(op))],
  ['take', (op, timers) => waiting(0, timers, (queue) => queue.batches(2, op).next())],
];

function waiting(
  items: number,
  timers: TestClock | undefined,
  begin: (queue: AsyncQueue<string>) => Promise<unknown>,
): { queue: AsyncQueue<string>; done: Promise<unknown> } {
  const queue = new AsyncQueue<string>({ capacity: 1, timers });
  if (items > 0) queue.tryPut('a');
  return { queue, done: begin(queue) };
}

function waiters(queue: AsyncQueue<string>): number {
  return queue.waitingPutters + queue.waitingTakers;
}

describe.each(waits)('AsyncQueue.%s, called off', (operation, wait) => {
  test('by a signal that is aborted already, rejects with its reason', async () => {
    const { queue, done } = wait({ signal: AbortSignal.abort('reason') });
    expect(await errorOf(done)).toBe('reason');
    expect(waiters(queue)).toBe(0);
  });

  test('by a signal while it waits, rejects with its reason and leaves nothing behind', async () => {
    const controller = new AbortController();
    const { queue, done } = wait({ signal: controller.signal });
    const reason = { any: 'value' };
    controller.abort(reason);
    expect(waiters(queue)).toBe(0);
    expect(await errorOf(done)).toBe(reason);
  });

  test('by a scope', async () => {
    const scope = openCancelScope();
    const { queue, done } = wait({ scope });
    scope.cancel('reason');
    expect(waiters(queue)).toBe(0);
    expect(await errorOf(done)).toBe('reason');
  });

  test("by a timeout on the queue's clock, never before its time, without a timer left", async () => {
    const clock = new TestClock();
    const { queue, done } = wait({ timeoutMs: 50 }, clock);
    const watched = watch(done);
    await clock.advanceAsync(49.9);
    expect(watched.state).toBe('pending');
    await clock.advanceAsync(60);
    expect(watched.error).toBeInstanceOf(TimeoutError);
    expect(watched.error).toMatchObject({ operation, timeoutMs: 50 });
    expect([waiters(queue), clock.pending]).toEqual([0, 0]);
  });

  test('by a deadline', async () => {
    const clock = new TestClock();
    const { done } = wait({ deadline: Deadline.after(20, clock) });
    const error = errorOf(done);
    await clock.advanceAsync(40);
    expect(await error).toBeInstanceOf(TimeoutError);
    expect(clock.pending).toBe(0);
  });

  test('by a timeoutMs of 0, does not begin', async () => {
    const { done } = wait({ timeoutMs: 0, timers: new TestClock() });
    expect(await errorOf(done)).toBeInstanceOf(TimeoutError);
  });

  test('by a timeoutMs that is none, is a RangeError', async () => {
    const { queue, done } = wait({ timeoutMs: -1 });
    expect(await errorOf(done)).toBeInstanceOf(RangeError);
    expect(waiters(queue)).toBe(0);
  });

  test('too late, is what it was', async () => {
    const controller = new AbortController();
    const clock = new TestClock();
    const { queue, done } = wait({ signal: controller.signal, timeoutMs: 50 }, clock);
    if (operation === 'join') {
      queue.taskDone();
    } else {
      queue.tryPut('a');
      queue.tryTake();
    }
    controller.abort('too late');
    await done;
    expect(clock.pending).toBe(0);
  });
});

describe('AsyncQueue: cancellation', () => {
  test('an operation with a signal that is not aborted does at once what can be done at once', async () => {
    const { signal } = new AbortController();
    const queue = new AsyncQueue<string>({ capacity: 1 });
    await queue.put('a', { signal });
    expect(await queue.take({ signal })).toBe('a');
    await queue.put('b', { signal });
    expect(await queue.takeUpTo(3, { signal })).toEqual(['b']);
  });

  test('a signal that is aborted already puts and takes nothing', async () => {
    const signal = AbortSignal.abort('reason');
    const queue = new AsyncQueue<string>({ capacity: 2 });
    expect(await errorOf(queue.put('a', { signal }))).toBe('reason');
    expect(queue.size).toBe(0);
    queue.tryPut('b');
    expect(await errorOf(queue.take({ signal }))).toBe('reason');
    expect(queue.size).toBe(1);
  });

  test('the item of a take that was called off goes to the next one', async () => {
    const controller = new AbortController();
    const queue = new AsyncQueue<string>({ capacity: 2 });
    const first = errorOf(queue.take({ signal: controller.signal }));
    const second = queue.take();
    controller.abort('reason');
    queue.tryPut('a');
    expect([await first, await second]).toEqual(['reason', 'a']);
  });

  test('an item that was handed over before the abort arrives, in the same tick too', async () => {
    const controller = new AbortController();
    const queue = new AsyncQueue<string>({ capacity: 2 });
    const taken = queue.take({ signal: controller.signal });
    queue.tryPut('a');
    controller.abort('too late');
    expect(await taken).toBe('a');
    expect(queue.size).toBe(0);
  });

  test('the item of a put that was called off is never delivered', async () => {
    const controller = new AbortController();
    const queue = new AsyncQueue<string>({ capacity: 1 });
    queue.tryPut('a');
    const put = errorOf(queue.put('b', { signal: controller.signal }));
    controller.abort('reason');
    expect([queue.tryTake(), queue.tryTake(), await put]).toEqual(['a', undefined, 'reason']);
  });

  test('a heavy put that was called off makes way for a light one behind it', async () => {
    const controller = new AbortController();
    const queue = new AsyncQueue<number>({ capacity: 4, weigh: (item) => item });
    queue.tryPut(2);
    const heavy = errorOf(queue.put(4, { signal: controller.signal }));
    const light = watch(queue.put(1));
    controller.abort('reason');
    await turn();
    expect([await heavy, light.state, queue.weight]).toEqual(['reason', 'fulfilled', 3]);
  });

  test('one of many that wait leaves from the middle of the line', async () => {
    const controllers = Array.from({ length: 9 }, () => new AbortController());
    const queue = new AsyncQueue<number>({ capacity: 1 });
    const takes = controllers.map(({ signal }) => watch(queue.take({ signal })));
    for (const at of [4, 0, 8, 3, 5]) controllers[at]?.abort();
    expect(queue.waitingTakers).toBe(4);
    for (let item = 0; item < 4; item++) queue.tryPut(item);
    await turn();
    expect(takes.map(({ value }) => value)).toEqual([
      undefined,
      0,
      1,
      undefined,
      undefined,
      undefined,
      2,
      3,
      undefined,
    ]);
  });

  test('a scope that is cancelled ends all its waits, and a take in one does not get the item of a put in it', async () => {
    const scope = openCancelScope();
    const queue = new AsyncQueue<string>({ capacity: 0 });
    const ends = [errorOf(queue.take({ scope })), errorOf(queue.takeUpTo(2, { scope }))];
    scope.cancel('reason');
    expect(await Promise.all(ends)).toEqual(['reason', 'reason']);
    const put = errorOf(queue.put('a', { scope }));
    expect(await put).toBe('reason');
    expect([queue.waitingTakers, queue.waitingPutters]).toEqual([0, 0]);
  });

  test('a loop over batches ends with its scope', async () => {
    const scope = openCancelScope();
    const queue = new AsyncQueue<number>({ capacity: 9 });
    queue.tryPut(1);
    const seen: number[][] = [];
    const loop = (async () => {
      for await (const batch of queue.batches(2, { scope })) seen.push(batch);
    })();
    await turn();
    scope.cancel('reason');
    expect(await errorOf(loop)).toBe('reason');
    expect([seen, queue.waitingTakers]).toEqual([[[1]], 0]);
  });
});
