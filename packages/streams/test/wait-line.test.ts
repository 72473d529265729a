import { TestClock } from '@millrace/testkit';
import { TimeoutError } from '@millrace/timeouts';
import { describe, expect, test } from 'vitest';
import { WaitLine } from '../src/wait-line.js';

describe('WaitLine', () => {
  test('lets those who wait go on in the order in which they came', async () => {
    const line = new WaitLine<number>('wait', undefined);
    const order: string[] = [];
    const waits = ['a', 'b', 'c'].map(async (name) => {
      order.push(`${name}${await line.wait(undefined)}`);
    });
    expect(line.length).toBe(3);
    expect(line.settleFirst(1)).toBe(true);
    line.settle(2);
    await Promise.all(waits);
    expect(order).toEqual(['a1', 'b2', 'c2']);
  });

  test('is empty before somebody came, and after all have gone', async () => {
    const line = new WaitLine<number>('wait', undefined);
    expect([line.length, line.settleFirst(1)]).toEqual([0, false]);
    line.fail(new Error('nobody hears it'));
    const wait = line.wait(undefined);
    line.settle(1);
    expect(await wait).toBe(1);
    expect([line.length, line.settleFirst(1)]).toEqual([0, false]);
  });

  test('lets one of them give up, who loses only its own place', async () => {
    const timers = new TestClock();
    const line = new WaitLine<number>('wait', timers);
    const first = line.wait({ timeoutMs: 10 });
    const second = line.wait({ timeoutMs: 20 });
    timers.advance(10);
    await expect(first).rejects.toThrow(TimeoutError);
    expect(line.settleFirst(7)).toBe(true);
    expect(await second).toBe(7);
    expect(timers.pending).toBe(0);
  });

  test('takes nobody whose time is over before it came', async () => {
    const line = new WaitLine<number>('wait', undefined);
    await expect(line.wait({ timeoutMs: 0 })).rejects.toThrow('wait timed out');
    expect(line.length).toBe(0);
  });

  test('fails them all', async () => {
    const line = new WaitLine<number>('wait', undefined);
    const waits = [line.wait(undefined), line.wait({ timeoutMs: 60_000 })];
    const error = new Error('over');
    line.fail(error);
    for (const wait of waits) await expect(wait).rejects.toBe(error);
  });
});
