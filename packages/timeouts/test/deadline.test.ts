import { afterEach, describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { Deadline, TimeoutError, hostTimers } from '../src/index.js';

const DEFAULT_TIMERS = Symbol.for('millrace.timers');

afterEach(() => {
  Reflect.deleteProperty(globalThis, DEFAULT_TIMERS);
});

describe('Deadline', () => {
  test('counts down to zero and stays there', () => {
    const clock = new TestClock();
    const deadline = Deadline.after(50, clock);
    expect([deadline.remainingMs, deadline.expired]).toEqual([50, false]);
    clock.advance(49.5);
    expect([deadline.remainingMs, deadline.expired]).toEqual([0.5, false]);
    clock.advance(0.5);
    expect([deadline.remainingMs, deadline.expired]).toEqual([0, true]);
    clock.advance(100);
    expect([deadline.remainingMs, deadline.expired]).toEqual([0, true]);
    expect(clock.pending).toBe(0);
  });

  test('never comes when it is never, or after Infinity', () => {
    const clock = new TestClock();
    for (const deadline of [Deadline.never, Deadline.after(Infinity, clock)]) {
      clock.advance(1e9);
      expect([deadline.remainingMs, deadline.expired]).toEqual([Infinity, false]);
      deadline.throwIfExpired();
    }
  });

  test('is over at once after 0 ms', () => {
    expect(Deadline.after(0, new TestClock()).expired).toBe(true);
  });

  test.each([NaN, -1, -Infinity, '5' as unknown as number])('rejects a duration of %s', (ms) => {
    expect(() => Deadline.after(ms, new TestClock())).toThrow(RangeError);
  });

  test('throws an error that names the operation and the budget once it has passed', () => {
    const clock = new TestClock();
    const deadline = Deadline.after(50, clock);
    deadline.throwIfExpired('parse');
    clock.advance(62);
    const error = caught(() => {
      deadline.throwIfExpired('parse');
    });
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      name: 'TimeoutError',
      code: 'ERR_TIMEOUTS_EXPIRED',
      timeoutMs: 50,
      elapsedMs: 62,
      operation: 'parse',
      message: 'parse timed out after 62 ms (budget 50 ms)',
    });
    expect((error as TimeoutError).stack).toContain('TimeoutError: parse timed out');
  });

  test('gives the earlier of two, itself when they tie', () => {
    const clock = new TestClock();
    const soon = Deadline.after(10, clock);
    const late = Deadline.after(20, clock);
    expect(soon.earliest(late)).toBe(soon);
    expect(late.earliest(soon)).toBe(soon);
    expect(soon.earliest(Deadline.after(10, clock))).toBe(soon);
    expect(soon.earliest(Deadline.never)).toBe(soon);
    expect(Deadline.never.earliest(soon)).toBe(soon);
  });

  test('compares deadlines on different clocks by what they have left', () => {
    const [a, b] = [new TestClock(1e6), new TestClock(5)];
    const onA = Deadline.after(10, a);
    const onB = Deadline.after(20, b);
    expect(onA.earliest(onB)).toBe(onA);
    b.advance(15);
    expect(onA.earliest(onB)).toBe(onB);
  });

  test('counts on the shared default clock where one is installed, else on the host', () => {
    expect(Deadline.after(1000).timers).toBe(hostTimers);
    const clock = new TestClock();
    Object.assign(globalThis, { [DEFAULT_TIMERS]: clock });
    const deadline = Deadline.after(5);
    clock.advance(5);
    expect(deadline.expired).toBe(true);
  });
});

function caught(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('expected a throw');
}
