import { describe, expect, test } from 'vitest';
import { seededRandom, TestClock } from '../src/index.js';

/** Records what fires, with the time that the timer saw. */
function recorder(clock: TestClock): { log: string[]; note: (name: string) => () => void } {
  const log: string[] = [];
  return { log, note: (name) => () => void log.push(`${name}@${clock.now()}`) };
}

describe('TestClock.advance', () => {
  test('fires timers by time, then by order of making, each at its own time', () => {
    const clock = new TestClock(100);
    const { log, note } = recorder(clock);
    clock.callLater(20, note('late'));
    clock.callLater(10, note('first'));
    clock.callLater(10, note('second'));
    clock.callLater(0, note('zero'));
    clock.callLater(-5, note('past'));
    clock.callLater(21, note('beyond'));
    expect(log).toEqual([]);
    clock.advance(20);
    expect(log).toEqual(['zero@100', 'past@100', 'first@110', 'second@110', 'late@120']);
    expect(clock.now()).toBe(120);
    expect(clock.pending).toBe(1);
    clock.advance(0.5);
    clock.advance(0.5);
    expect(log.at(-1)).toBe('beyond@121');
    expect(clock.pending).toBe(0);
  });

  test('fires timers made by timers in the same move, where they are due', () => {
    const clock = new TestClock();
    const { log, note } = recorder(clock);
    clock.callLater(1, () => {
      note('outer')();
      clock.callLater(1, note('inner'));
      clock.callLater(9, note('too late'));
    });
    clock.callLater(3, note('other'));
    clock.advance(5);
    expect(log).toEqual(['outer@1', 'inner@2', 'other@3']);
    expect(clock.pending).toBe(1);
  });

  test('does not fire what a timer of the same time cancelled', () => {
    const clock = new TestClock();
    const { log, note } = recorder(clock);
    clock.callLater(1, () => {
      second.cancel();
    });
    const second = clock.callLater(1, note('second'));
    clock.advance(5);
    expect(log).toEqual([]);
  });

  test('passes on what a timer throws, at the time of that timer, and keeps the rest', () => {
    const clock = new TestClock();
    const { log, note } = recorder(clock);
    clock.callLater(2, () => {
      throw new Error('boom');
    });
    clock.callLater(3, note('rest'));
    expect(() => {
      clock.advance(10);
    }).toThrow('boom');
    expect([clock.now(), clock.pending]).toEqual([2, 1]);
    clock.advance(1);
    expect(log).toEqual(['rest@3']);
  });

  test('stops timers that re-arm themselves without moving the time', () => {
    const clock = new TestClock();
    const again = (): void => void clock.callLater(0, again);
    again();
    expect(() => {
      clock.advance(1);
    }).toThrow('do they re-arm themselves?');
  });

  test.each([-1, NaN, Infinity])('rejects a move by %d ms and stands still', (ms) => {
    const clock = new TestClock(7);
    expect(() => {
      clock.advance(ms);
    }).toThrow(RangeError);
    expect(clock.now()).toBe(7);
    clock.advance(1);
    expect(clock.now()).toBe(8);
  });

  test('cannot be called by a timer', () => {
    const clock = new TestClock();
    clock.callLater(1, () => {
      clock.advance(1);
    });
    expect(() => {
      clock.advance(1);
    }).toThrow('already being moved');
    clock.advance(1);
    expect(clock.now()).toBe(2);
  });
});

describe('TestClock.callLater', () => {
  test.each([NaN, Infinity])('rejects a delay of %d', (delayMs) => {
    const clock = new TestClock();
    expect(() => clock.callLater(delayMs, () => {})).toThrow(RangeError);
    expect(clock.pending).toBe(0);
  });

  test('returns a timer that can be cancelled twice, and after it fired', () => {
    const clock = new TestClock();
    const { log, note } = recorder(clock);
    const fired = clock.callLater(1, note('fired'));
    const kept = clock.callLater(2, note('kept'));
    clock.advance(1);
    fired.cancel();
    expect(clock.pending).toBe(1);
    kept.cancel();
    kept.cancel();
    clock.advance(5);
    expect(log).toEqual(['fired@1']);
  });

  test('returns a timer whose ref and unref show in pendingRefs', () => {
    const clock = new TestClock();
    const timer = clock.callLater(1, () => {});
    clock.callLater(1, () => {}).unref();
    expect([clock.pending, clock.pendingRefs]).toEqual([2, 1]);
    timer.unref();
    expect(clock.pendingRefs).toBe(0);
    timer.ref();
    expect(clock.pendingRefs).toBe(1);
  });

  test('agrees with a sorted list for random delays and cancellations', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seededRandom(seed);
      const clock = new TestClock();
      const log: number[] = [];
      const expected: { dueMs: number; id: number }[] = [];
      for (let id = 0; id < 100; id++) {
        const delayMs = random.int(0, 20);
        const timer = clock.callLater(delayMs, () => log.push(id));
        if (random.int(0, 3) === 0) timer.cancel();
        else expected.push({ dueMs: delayMs, id });
      }
      expected.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id);
      expect(clock.pending, `seed ${seed}`).toBe(expected.length);
      clock.advance(20);
      expect(log, `seed ${seed}`).toEqual(expected.map(({ id }) => id));
    }
  });
});

describe('TestClock.advanceAsync', () => {
  test('lets promises settle before the first timer, between timers and at the end', async () => {
    const clock = new TestClock();
    const log: string[] = [];
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.callLater(ms, resolve));
    const worker = async (name: string, ms: number): Promise<void> => {
      await Promise.resolve();
      for (let i = 0; i < 3; i++) {
        await sleep(ms);
        for (let hop = 0; hop < 50; hop++) await Promise.resolve();
        log.push(`${name}@${clock.now()}`);
      }
    };
    void worker('a', 10);
    void worker('b', 15);
    await clock.advanceAsync(45);
    expect(log).toEqual(['a@10', 'b@15', 'a@20', 'b@30', 'a@30', 'b@45']);
    expect([clock.now(), clock.pending]).toEqual([45, 0]);
  });

  test('rejects a second move until it has settled', async () => {
    const clock = new TestClock();
    const move = clock.advanceAsync(5);
    expect(() => {
      clock.advance(1);
    }).toThrow('already being moved');
    await expect(clock.advanceAsync(1)).rejects.toThrow('already being moved');
    await move;
    clock.advance(1);
    expect(clock.now()).toBe(6);
  });

  test('rejects with what a timer throws, and can be used again', async () => {
    const clock = new TestClock();
    clock.callLater(1, () => {
      throw new Error('boom');
    });
    await expect(clock.advanceAsync(5)).rejects.toThrow('boom');
    await clock.advanceAsync(1);
    expect(clock.now()).toBe(2);
  });
});

describe('TestClock.runAll', () => {
  test('fires everything, in order, however far in the future', () => {
    const clock = new TestClock();
    const { log, note } = recorder(clock);
    clock.callLater(1e9, note('far'));
    clock.callLater(5, () => void clock.callLater(5, note('nested')));
    expect(clock.runAll()).toBe(3);
    expect(log).toEqual(['nested@10', 'far@1000000000']);
  });

  test('stops after its bound, and takes exactly the bound', async () => {
    const clock = new TestClock();
    const again = (): void => void clock.callLater(1, again);
    again();
    expect(() => clock.runAll(10)).toThrow('timers are still pending after 10 fired');
    expect(clock.now()).toBe(10);
    await expect(clock.runAllAsync(10)).rejects.toThrow('timers are still pending after 10 fired');
    const bounded = new TestClock();
    for (let i = 0; i < 10; i++) bounded.callLater(i, () => {});
    expect(bounded.runAll(10)).toBe(10);
  });

  test('follows promises in its asynchronous form', async () => {
    const clock = new TestClock();
    let rounds = 0;
    const worker = async (): Promise<void> => {
      for (; rounds < 5; rounds++) await new Promise<void>((resolve) => void clock.callLater(10, resolve));
    };
    void worker();
    expect(await clock.runAllAsync()).toBe(5);
    expect([rounds, clock.now(), clock.pending]).toEqual([5, 50, 0]);
  });
});

describe('TestClock.nextDueMs', () => {
  test('is the time of the next timer', () => {
    const clock = new TestClock(100);
    expect(clock.nextDueMs).toBe(Infinity);
    clock.callLater(20, () => {});
    const sooner = clock.callLater(10, () => {});
    expect(clock.nextDueMs).toBe(110);
    sooner.cancel();
    expect(clock.nextDueMs).toBe(120);
    clock.advance(20);
    expect(clock.nextDueMs).toBe(Infinity);
  });
});
