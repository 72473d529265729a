import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import type { Waiter } from '@millrace/timeouts';
import { Broadcast, LaggedError, QueueClosedError } from '../src/broadcast.js';
import type { BroadcastOptions, Subscription } from '../src/broadcast.js';
import { AsyncQueue } from '../src/index.js';
import { select } from '../src/select.js';
import { errorOf, turn, watch } from './settled.js';

function drain(subscription: Subscription<number>): number[] {
  const items: number[] = [];
  for (let item = subscription.tryTake(); item !== undefined; item = subscription.tryTake()) items.push(item);
  return items;
}

function putAll(channel: Broadcast<number>, ...items: number[]): boolean[] {
  return items.map((item) => channel.tryPut(item));
}

describe('Broadcast', () => {
  test.each([
    [{ capacity: 0 }, 'expected an integer capacity >= 1, saw 0'],
    [{ capacity: 1.5 }, 'expected an integer capacity >= 1, saw 1.5'],
    [{ capacity: 1, lag: 'never' }, "expected lag in error,skip,wait, saw 'never'"],
  ])('rejects %o', (options, message) => {
    expect(() => new Broadcast(options as BroadcastOptions)).toThrow(new RangeError(message));
  });

  test('gives every item to every subscription, in order, from its beginning on', () => {
    const channel = new Broadcast<number>({ capacity: 4 });
    const early = channel.subscribe();
    putAll(channel, 1, 2);
    const late = channel.subscribe();
    putAll(channel, 3);
    expect([early.size, late.size, channel.subscriptionCount]).toEqual([3, 1, 2]);
    expect([drain(early), drain(late), early.tryTake()]).toEqual([[1, 2, 3], [3], undefined]);
  });

  test('needs no subscription', async () => {
    for (const lag of ['error', 'skip', 'wait'] as const) {
      const channel = new Broadcast<number>({ capacity: 1, lag });
      await channel.put(1);
      expect(putAll(channel, 2, 3)).toEqual([true, true]);
      expect(channel.subscribe().tryTake()).toBeUndefined();
    }
  });

  test('refuses undefined', async () => {
    const channel = new Broadcast<number>({ capacity: 1 });
    const nothing = undefined as unknown as number;
    expect(() => channel.tryPut(nothing)).toThrow(new RangeError('expected an item, saw undefined'));
    expect(await errorOf(channel.put(nothing))).toBeInstanceOf(RangeError);
  });

  test('hands an item to all who wait, and to several takes of one subscription in turn', async () => {
    const channel = new Broadcast<number>({ capacity: 1 });
    const [one, two] = [channel.subscribe(), channel.subscribe()];
    const takes = [one.take(), one.take(), two.take()];
    expect(one.waitingTakers).toBe(2);
    putAll(channel, 1, 2);
    expect(await Promise.all(takes)).toEqual([1, 2, 1]);
    expect(two.tryTake()).toBe(2);
  });
});

describe('Broadcast: a subscription that lags', () => {
  test('is told how many items it missed, and goes on with the oldest that is left', async () => {
    const channel = new Broadcast<number>({ capacity: 2 });
    const [slow, fast] = [channel.subscribe(), channel.subscribe()];
    for (const item of [1, 2, 3, 4, 5]) {
      channel.tryPut(item);
      expect(fast.tryTake()).toBe(item);
    }
    expect(slow.size).toBe(5);
    const error = await errorOf(slow.take());
    expect(error).toBeInstanceOf(LaggedError);
    expect(error).toMatchObject({ code: 'ERR_ASYNC_QUEUE_LAGGED', name: 'LaggedError', missed: 3 });
    expect((error as Error).message).toBe('expected the next item, missed 3 that were overwritten');
    expect([await slow.take(), slow.missed, slow.size]).toEqual([4, 3, 1]);
    putAll(channel, 6, 7);
    expect(() => slow.tryTake()).toThrow(LaggedError);
    expect([drain(slow), slow.missed, fast.missed]).toEqual([[6, 7], 4, 0]);
  });

  test('goes on without a word, if it is to skip', () => {
    const channel = new Broadcast<number>({ capacity: 2, lag: 'skip' });
    const slow = channel.subscribe();
    putAll(channel, 1, 2, 3, 4, 5);
    expect([drain(slow), slow.missed]).toEqual([[4, 5], 3]);
  });

  test('is waited for, if puts are to wait', async () => {
    const channel = new Broadcast<number>({ capacity: 2, lag: 'wait' });
    const [slow, fast] = [channel.subscribe(), channel.subscribe()];
    expect(putAll(channel, 1, 2, 3)).toEqual([true, true, false]);
    const puts = [watch(channel.put(3)), watch(channel.put(4))];
    expect(drain(fast)).toEqual([1, 2]);
    await turn();
    expect([puts[0]?.state, channel.waitingPutters]).toEqual(['pending', 2]);
    expect(slow.tryTake()).toBe(1);
    await turn();
    expect(puts.map(({ state }) => state)).toEqual(['fulfilled', 'pending']);
    expect([drain(slow), drain(fast), slow.missed]).toEqual([[2, 3, 4], [3, 4], 0]);
  });

  test('is not waited for any more once it is closed', async () => {
    const channel = new Broadcast<number>({ capacity: 2, lag: 'wait' });
    const [slow, fast] = [channel.subscribe(), channel.subscribe()];
    putAll(channel, 1, 2);
    const puts = Promise.all([channel.put(3), channel.put(4)]);
    expect(fast.tryTake()).toBe(1);
    slow.close();
    slow.close();
    expect([channel.waitingPutters, channel.subscriptionCount]).toEqual([1, 1]);
    expect(drain(fast)).toEqual([2, 3, 4]);
    await puts;
    expect(putAll(channel, 5, 6, 7)).toEqual([true, true, false]);
    expect(slow.tryTake()).toBeUndefined();
    expect(await errorOf(slow.take())).toBeInstanceOf(QueueClosedError);
  });

  test('leaves without a loss for a loop that waits, however many puts it held up', async () => {
    const channel = new Broadcast<number>({ capacity: 1, lag: 'wait' });
    const [fast, slow] = [channel.subscribe(), channel.subscribe()];
    const got: number[] = [];
    const loop = (async () => {
      for await (const item of fast) got.push(item);
    })();
    const puts = Promise.all([0, 1, 2, 3].map((item) => channel.put(item)));
    await turn();
    slow.close();
    await puts;
    channel.close();
    await loop;
    expect(got).toEqual([0, 1, 2, 3]);
  });

  test('leaves thousands of puts and thousands of takes to each other, in order', async () => {
    const channel = new Broadcast<number>({ capacity: 1, lag: 'wait' });
    const [fast, slow] = [channel.subscribe(), channel.subscribe()];
    const items = Array.from({ length: 5000 }, (_, item) => item);
    const seen: number[] = [];
    const takes = Promise.all(items.map(() => fast.take().then((item) => seen.push(item))));
    const puts = Promise.all(items.map((item) => channel.put(item)));
    slow.close();
    await Promise.all([takes, puts]);
    expect(seen).toEqual(items);
    expect([channel.waitingPutters, fast.waitingTakers, fast.size]).toEqual([0, 0, 0]);
  });

  test('nobody puts past those who wait', () => {
    const channel = new Broadcast<number>({ capacity: 1, lag: 'wait' });
    const subscription = channel.subscribe();
    putAll(channel, 1);
    void channel.put(2);
    expect(channel.tryPut(3)).toBe(false);
    expect(drain(subscription)).toEqual([1, 2]);
    expect(channel.tryPut(3)).toBe(true);
  });
});

describe('Broadcast: its end', () => {
  test('close lets subscriptions take what they have not taken', async () => {
    const channel = new Broadcast<number>({ capacity: 2, lag: 'wait' });
    const [one, two] = [channel.subscribe(), channel.subscribe()];
    putAll(channel, 1, 2);
    drain(two);
    const waiting = [errorOf(two.take()), errorOf(channel.put(3))];
    channel.close();
    channel.close();
    for (const error of await Promise.all(waiting)) expect(error).toBeInstanceOf(QueueClosedError);
    expect([await one.take(), one.tryTake()]).toEqual([1, 2]);
    for (const error of [await errorOf(one.take()), await errorOf(channel.put(3))]) {
      expect(error).toBeInstanceOf(QueueClosedError);
    }
    expect(channel.tryPut(3)).toBe(false);
    expect(() => channel.subscribe()).toThrow(QueueClosedError);
    one.close();
    expect(channel.subscriptionCount).toBe(1);
  });

  test('fail gives its error, untouched', async () => {
    const error = { any: 'value' };
    const channel = new Broadcast<number>({ capacity: 2 });
    const subscription = channel.subscribe();
    channel.tryPut(1);
    channel.fail(error);
    expect(await subscription.take()).toBe(1);
    expect([await errorOf(subscription.take()), await errorOf(channel.put(1))]).toEqual([error, error]);
  });
});

describe('Subscription: loops', () => {
  test('end with the channel', async () => {
    const channel = new Broadcast<number>({ capacity: 9 });
    const subscription = channel.subscribe();
    putAll(channel, 1, 2, 3);
    channel.close();
    const seen: number[] = [];
    for await (const item of subscription) seen.push(item);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('close the subscription when they are left', async () => {
    const channel = new Broadcast<number>({ capacity: 9, lag: 'wait' });
    const subscription = channel.subscribe();
    putAll(channel, 1, 2, 3);
    for await (const item of subscription) if (item === 2) break;
    expect([channel.subscriptionCount, subscription.tryTake()]).toEqual([0, undefined]);
  });

  test('can go on after a lag, and throw what the channel was failed with', async () => {
    const channel = new Broadcast<number>({ capacity: 2 });
    const subscription = channel.subscribe();
    putAll(channel, 1, 2, 3);
    channel.fail('broken');
    const seen: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const item of subscription) seen.push(item);
    };
    expect(await errorOf(loop())).toBeInstanceOf(LaggedError);
    expect(await errorOf(loop())).toBe('broken');
    expect(seen).toEqual([2, 3]);
  });

  test('end when the subscription is closed, which using does', async () => {
    const channel = new Broadcast<number>({ capacity: 2 });
    const subscription = channel.subscribe();
    const loop = (async () => {
      for await (const item of subscription) void item;
    })();
    await turn();
    subscription[Symbol.dispose]();
    await loop;
    expect(channel.subscriptionCount).toBe(0);
  });
});

describe('Broadcast: waits that are called off', () => {
  test('by a timeout, leave neither timers nor places', async () => {
    const clock = new TestClock();
    const channel = new Broadcast<number>({ capacity: 1, lag: 'wait', timers: clock });
    const subscription = channel.subscribe();
    const take = errorOf(subscription.take({ timeoutMs: 50 }));
    await clock.advanceAsync(100);
    expect(await take).toMatchObject({ code: 'ERR_TIMEOUTS_EXPIRED', operation: 'take' });
    channel.tryPut(1);
    const put = errorOf(channel.put(2, { timeoutMs: 50 }));
    const next = watch(channel.put(3));
    await clock.advanceAsync(100);
    expect(await put).toBeInstanceOf(TimeoutError);
    expect(drain(subscription)).toEqual([1, 3]);
    await turn();
    expect([next.state, clock.pending, channel.waitingPutters, subscription.waitingTakers]).toEqual([
      'fulfilled',
      0,
      0,
      0,
    ]);
  });

  test('by a signal that is aborted already, do nothing', async () => {
    const signal = AbortSignal.abort('reason');
    const channel = new Broadcast<number>({ capacity: 1 });
    const subscription = channel.subscribe();
    expect(await errorOf(channel.put(1, { signal }))).toBe('reason');
    channel.tryPut(2);
    expect(await errorOf(subscription.take({ signal }))).toBe('reason');
    expect(subscription.tryTake()).toBe(2);
  });
});

describe('Subscription.taking', () => {
  test('is an arm for select', async () => {
    const channel = new Broadcast<number>({ capacity: 1 });
    const queue = new AsyncQueue<string>({ capacity: 1 });
    const subscription = channel.subscribe();
    const selected = select([queue.taking(), subscription.taking()]);
    channel.tryPut(1);
    expect(await selected).toEqual({ index: 1, value: 1 });
    expect([queue.waitingTakers, subscription.waitingTakers]).toEqual([0, 0]);
    putAll(channel, 2, 3);
    expect(await errorOf(select([subscription.taking()]))).toBeInstanceOf(LaggedError);
    expect((await select([subscription.taking()])).value).toBe(3);
    channel.close();
    expect(await errorOf(select([subscription.taking()]))).toBeInstanceOf(QueueClosedError);
  });

  test('keeps the place of a waiter that comes later, and tells the takers behind it what they have missed', async () => {
    const channel = new Broadcast<number>({ capacity: 1 });
    const subscription = channel.subscribe();
    let woken = 0;
    const waiter: Waiter = { wake: () => void woken++ };
    const arm = subscription.taking();
    arm.enlist(waiter);
    arm.enlist(waiter);
    const takes = [watch(subscription.take()), watch(subscription.take())];
    putAll(channel, 1, 2);
    await turn();
    expect([woken > 0, takes[0]?.state]).toEqual([true, 'pending']);
    arm.withdraw(waiter);
    arm.withdraw(waiter);
    await turn();
    expect(takes[0]?.error).toBeInstanceOf(LaggedError);
    expect(takes[1]?.value).toBe(2);
  });
});
