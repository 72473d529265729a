import { describe, expect, test } from 'vitest';
import { Broadcast } from '../src/broadcast.js';
import { AsyncQueue, QueueClosedError } from '../src/index.js';
import { errorOf, turn, watch } from './settled.js';

const END = { done: true, value: undefined };

describe('an iterator that is let go', () => {
  test('while it waits gives up its place, and the next item goes to somebody else', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    const iterator = queue[Symbol.asyncIterator]();
    const [first, second] = [iterator.next(), iterator.next()];
    const taken = queue.take();
    expect(queue.waitingTakers).toBe(3);
    expect(await iterator.return?.()).toEqual(END);
    expect(await Promise.all([first, second, iterator.next()])).toEqual([END, END, END]);
    expect(queue.waitingTakers).toBe(1);
    queue.tryPut('precious');
    expect(await taken).toBe('precious');
  });

  test('of batches does the same, whatever might have ended the wait', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    const controller = new AbortController();
    const batches = queue.batches(2, { signal: controller.signal });
    const next = batches.next();
    await batches.return?.();
    controller.abort();
    expect([await next, await batches.next(), queue.waitingTakers]).toEqual([END, END, 0]);
    queue.tryPut('precious');
    expect(queue.tryTake()).toBe('precious');
  });

  test('of a subscription closes it, before the first item as well', async () => {
    const channel = new Broadcast<number>({ capacity: 1, lag: 'wait' });
    const [waiting, unused] = [
      channel.subscribe()[Symbol.asyncIterator](),
      channel.subscribe()[Symbol.asyncIterator](),
    ];
    const next = waiting.next();
    expect([await waiting.return?.(), await next, await unused.return?.()]).toEqual([END, END, END]);
    expect([await waiting.next(), channel.subscriptionCount]).toEqual([END, 0]);
  });

  test('after it was handed an item still gives that one out', async () => {
    const queue = new AsyncQueue<string>({ capacity: 2 });
    const iterator = queue[Symbol.asyncIterator]();
    const next = iterator.next();
    queue.tryPut('handed over');
    const left = iterator.return?.();
    expect([await next, await left]).toEqual([{ done: false, value: 'handed over' }, END]);
  });
});

describe('an iterator', () => {
  test('awaits an item that is a promise, whether it waited for it or not', async () => {
    const queue = new AsyncQueue<Promise<number>>({ capacity: 2 });
    const iterator = queue[Symbol.asyncIterator]();
    const waited = iterator.next();
    queue.tryPut(Promise.resolve(1));
    queue.tryPut(Promise.resolve(2));
    expect([await waited, await iterator.next()]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
  });

  test('is done after an error, as a generator is', async () => {
    const queue = new AsyncQueue<number>({ capacity: 2 });
    const iterator = queue[Symbol.asyncIterator]();
    queue.fail('broken');
    expect([await errorOf(iterator.next()), await iterator.next()]).toEqual(['broken', END]);
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });

  test.each([undefined, null])('throws %s, where the queue failed with that', async (error) => {
    for (const fail of ['fail before', 'fail while it waits']) {
      const queue = new AsyncQueue<number>({ capacity: 2 });
      const waiting = fail === 'fail before' ? undefined : watch(queue[Symbol.asyncIterator]().next());
      queue.fail(error);
      queue.close();
      await turn();
      if (waiting !== undefined) expect([waiting.state, waiting.error]).toEqual(['rejected', error]);
      expect(await errorOf(queue[Symbol.asyncIterator]().next())).toBe(error);
      expect(await errorOf(queue.batches(2).next())).toBe(error);
      expect([await errorOf(queue.take()), await errorOf(queue.put(1)), queue.tryPut(1)]).toEqual([
        error,
        error,
        false,
      ]);
      expect(queue.isClosed).toBe(true);
    }
  });

  test('ends after an abort without a reason, and throws null if that is the reason', async () => {
    const [without, withNull] = [new AsyncQueue<number>({ capacity: 2 }), new AsyncQueue<number>({ capacity: 2 })];
    expect([without.isClosed, without.abort(), without.isClosed]).toEqual([false, [], true]);
    withNull.abort(null);
    expect(await without[Symbol.asyncIterator]().next()).toEqual(END);
    expect(await errorOf(without.take())).toBeInstanceOf(QueueClosedError);
    expect(await errorOf(withNull[Symbol.asyncIterator]().next())).toBeNull();
  });
});
