// What would come of a wait if its limits could not be watched, whatever the reason.
import type { Cancellable } from '@millrace/timeouts';
import { expect, test, vi } from 'vitest';
import { Condition, Lock, Semaphore, singleFlight } from '../src/index.js';

const told: Cancellable[] = [];

vi.mock('@millrace/timeouts', async (original) => ({
  ...(await original<object>()),
  watchOp: (op: object | undefined, waiter: Cancellable) => {
    if (op === undefined) return undefined;
    told.push(waiter);
    throw new Error('cannot watch');
  },
}));

const op = { timeoutMs: 9 };

test('A wait that cannot be watched rejects, and stays out of line', async () => {
  const lock = new Lock();
  const lease = await lock.lock();
  await expect(lock.lock(op)).rejects.toThrow('cannot watch');
  expect(lock.stats().waiting).toBe(0);
  const next = lock.lock();
  told.pop()?.onCancel('told twice');
  expect(lock.stats().waiting).toBe(1);
  lease.release();
  (await next).release();
  expect(lock.isLocked).toBe(false);
});

test('A wait for much that cannot be watched lets those behind it go on', async () => {
  const memory = new Semaphore(2);
  await memory.acquire(1);
  await expect(memory.acquire(2, op)).rejects.toThrow('cannot watch');
  expect((await memory.acquire(1)).isHeld).toBe(true);
});

test('A flight that nobody could wait for does not start', async () => {
  let runs = 0;
  const load = singleFlight((key: string) => Promise.resolve(`${key} ${++runs}`));
  await expect(load('row', op)).rejects.toThrow('cannot watch');
  expect(load.stats()).toEqual({ running: 0, waiting: 0 });
  expect(await load('row')).toBe('row 1');
});

test('A wait on a condition that cannot be watched has its lock again', async () => {
  const condition = new Condition();
  const lease = await condition.lock.lock();
  await expect(condition.wait(lease, op)).rejects.toThrow('cannot watch');
  expect([lease.isHeld, condition.stats().waiting]).toEqual([true, 0]);
});
