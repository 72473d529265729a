import { TestClock } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { RWLock, SyncClosedError } from '../src/index.js';
import { settled } from './settled.js';

describe('RWLock', () => {
  test('lets many read, or one write', async () => {
    const lock = new RWLock();
    const readers = [await lock.read(), await lock.read(), await lock.read()];
    expect(lock.stats()).toEqual({ readers: 3, isWriting: false, waiting: 0 });
    const write = lock.write();
    for (const reader of readers) {
      expect(await settled(write)).toBe('pending');
      reader.release();
    }
    const writer = await write;
    expect(lock.stats()).toEqual({ readers: 0, isWriting: true, waiting: 0 });
    const reads = [lock.read(), lock.read()];
    expect(await settled(reads[0] ?? write)).toBe('pending');
    writer.release();
    await Promise.all(reads);
    expect(lock.stats()).toEqual({ readers: 2, isWriting: false, waiting: 0 });
  });

  test('prefers writers: who comes to read while one waits, waits behind it', async () => {
    const lock = new RWLock();
    const first = await lock.read();
    const write = lock.write();
    const late = lock.read();
    expect(lock.tryRead()).toBeUndefined();
    expect(await settled(late)).toBe('pending');
    first.release();
    const writer = await write;
    expect(await settled(late)).toBe('pending');
    writer.release();
    expect((await late).isHeld).toBe(true);
  });

  test('lets readers go on when the writer before them gives up', async () => {
    const clock = new TestClock();
    const lock = new RWLock({ timers: clock });
    await lock.read();
    const write = lock.write({ timeoutMs: 5 });
    const controller = new AbortController();
    const another = lock.write({ signal: controller.signal });
    const reads = [lock.read(), lock.read()];
    controller.abort('called off');
    await expect(another).rejects.toBe('called off');
    expect(lock.stats()).toEqual({ readers: 1, isWriting: false, waiting: 3 });
    clock.advance(5);
    expect(lock.stats()).toEqual({ readers: 3, isWriting: false, waiting: 0 });
    await expect(write).rejects.toMatchObject({ operation: 'RWLock.write' });
    await Promise.all(reads);
  });

  test('only tries to read or write', () => {
    const lock = new RWLock();
    const reader = lock.tryRead();
    expect(lock.tryWrite()).toBeUndefined();
    expect(lock.tryRead()).toBeDefined();
    reader?.release();
    expect(lock.stats().readers).toBe(1);
    const other = new RWLock();
    expect(other.tryWrite()).toBeDefined();
    expect(other.tryRead()).toBeUndefined();
    expect(other.tryWrite()).toBeUndefined();
  });

  test('ends all waits on close', async () => {
    const lock = new RWLock();
    const writer = await lock.write();
    const waits = [lock.read(), lock.write()];
    lock.close();
    for (const wait of waits) await expect(wait).rejects.toThrow('RWLock was closed');
    expect(() => {
      writer.release();
    }).toThrow(SyncClosedError);
  });
});
