import { AsyncQueue } from '@millrace/async-queue';
import { select } from '@millrace/async-queue/select';
import { TestClock } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { Event, SyncClosedError } from '../src/index.js';
import { settled } from './settled.js';

describe('Event', () => {
  test('lets everybody go on when it is set, and whoever comes later at once', async () => {
    const event = new Event();
    const waits = [event.wait(), event.wait()];
    expect(event.stats()).toEqual({ isSet: false, waiting: 2 });
    expect(event.tryWait()).toBe(false);
    event.set();
    event.set();
    expect(event.isSet).toBe(true);
    await Promise.all(waits);
    await event.wait();
    expect(event.tryWait()).toBe(true);
    expect(event.stats()).toEqual({ isSet: true, waiting: 0 });
  });

  test('lets those go on who waited, even if it is cleared in the same tick', async () => {
    const event = new Event();
    const before = event.wait();
    event.set();
    event.clear();
    const after = event.wait();
    await before;
    expect(await settled(after)).toBe('pending');
    expect(event.stats()).toEqual({ isSet: false, waiting: 1 });
  });

  test('forgets one who gives up', async () => {
    const clock = new TestClock();
    const event = new Event({ timers: clock });
    const wait = event.wait({ timeoutMs: 5 });
    clock.advance(5);
    await expect(wait).rejects.toMatchObject({ operation: 'Event.wait' });
    expect(event.stats().waiting).toBe(0);
    event.set();
    await expect(event.wait({ signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(clock.pending).toBe(0);
  });

  test('ends all waits on close', async () => {
    const event = new Event({ name: 'ready' });
    const wait = event.wait();
    event.close();
    await expect(wait).rejects.toThrow('ready was closed');
    await expect(event.wait()).rejects.toThrow(SyncClosedError);
  });
});

describe('Event as an arm', () => {
  test('commits when it is set, and wakes those who are enlisted each time it is set', () => {
    const event = new Event();
    const woken: string[] = [];
    const waiter = { wake: () => void woken.push('one') };
    event.enlist(waiter);
    event.enlist({ wake: () => void woken.push('two') });
    expect(event.tryCommit()).toBeUndefined();
    event.set();
    expect(woken).toEqual(['one', 'two']);
    expect(event.tryCommit()).toEqual({ value: undefined });
    event.clear();
    expect(event.tryCommit()).toBeUndefined();
    expect(event.stats().waiting).toBe(2);
    event.withdraw(waiter);
    event.withdraw(waiter);
    event.set();
    expect(woken).toEqual(['one', 'two', 'two']);
  });

  test('lets a waiter leave and come back while it is woken', () => {
    const event = new Event();
    let wakes = 0;
    const waiter = {
      wake: () => {
        wakes++;
        event.withdraw(waiter);
        event.enlist(waiter);
      },
    };
    event.enlist(waiter);
    event.set();
    expect(wakes).toBe(1);
    expect(event.stats().waiting).toBe(1);
  });

  test('ends a select, and leaves its other arms as they were', async () => {
    const stop = new Event();
    const queue = new AsyncQueue<string>({ capacity: 1 });
    const stopped = select([queue.taking(), stop]);
    expect(await settled(stopped)).toBe('pending');
    stop.set();
    stop.clear();
    queue.tryPut('kept');
    expect(await stopped).toEqual({ index: 1, value: undefined });
    expect(stop.stats().waiting).toBe(0);
    expect(await select([stop, queue.taking()])).toEqual({ index: 1, value: 'kept' });
  });

  test('fails a select when it is closed', async () => {
    const event = new Event();
    const wait = select([event]);
    event.close();
    await expect(wait).rejects.toThrow('Event was closed');
    expect(() => event.tryCommit()).toThrow(SyncClosedError);
    expect(event.stats().waiting).toBe(0);
  });
});
