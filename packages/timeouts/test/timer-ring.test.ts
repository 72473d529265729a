import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { TimerEntry, TimerRing } from '../src/index.js';
import type { TimerSource } from '../src/index.js';

/** Writes down when it expired. */
class Entry extends TimerEntry {
  readonly at: number[] = [];
  readonly overdue: number[] = [];
  private readonly _clock: TestClock;
  private readonly _then: (() => void) | undefined;

  constructor(clock: TestClock, then?: () => void) {
    super();
    this._clock = clock;
    this._then = then;
  }

  override onExpire(overdueMs: number): void {
    this.at.push(this._clock.now());
    this.overdue.push(overdueMs);
    this._then?.();
  }
}

const armed = (ring: TimerRing, clock: TestClock, delays: readonly number[]): Entry[] =>
  delays.map((delayMs) => {
    const entry = new Entry(clock);
    ring.arm(entry, delayMs);
    return entry;
  });

/** The clock of a host, but one that stands still until it is moved: what says so is treated as such. */
class HostClock extends TestClock {
  readonly isSimulated = false;
}

describe('TimerRing', () => {
  test('calls few entries exactly at their times, in order, on one unref’d timer', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock);
    const entries = armed(ring, clock, [40, 7, 16, 0, 15.5, 40_000, 1e7]);
    expect([clock.pending, clock.pendingRefs]).toEqual([1, 0]);
    clock.advance(2e7);
    expect(entries.map(({ at }) => at)).toEqual([[40], [7], [16], [0], [15.5], [40_000], [1e7]]);
    expect(clock.pending).toBe(0);
  });

  test('never calls from inside arm, not even for a time that has passed', () => {
    const clock = new TestClock(1000);
    const ring = new TimerRing(clock);
    const [now, past] = [new Entry(clock), new Entry(clock)];
    ring.arm(now, 0);
    ring.armAt(past, 400);
    expect([now.at, past.at]).toEqual([[], []]);
    clock.advance(0);
    expect([now.at, past.at]).toEqual([[1000], [1000]]);
    expect([now.overdue, past.overdue]).toEqual([[0], [600]]);
  });

  test('disarms at once and takes the timer off the clock with the last entry', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock);
    const [first, second] = [new Entry(clock), new Entry(clock)];
    ring.arm(first, 5);
    ring.arm(second, 9);
    ring.disarm(first);
    ring.disarm(first);
    expect(clock.pending).toBe(1);
    ring.disarm(second);
    expect(clock.pending).toBe(0);
    clock.advance(100);
    expect([first.at, second.at]).toEqual([[], []]);
  });

  test('gives an armed entry the new time instead of the old, sooner or later', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock);
    const [sooner, later, never] = [new Entry(clock), new Entry(clock), new Entry(clock)];
    for (const entry of [sooner, later, never]) ring.arm(entry, 50);
    ring.arm(sooner, 20);
    ring.arm(later, 5000);
    ring.arm(never, Infinity);
    clock.advance(1e5);
    expect([sooner.at, later.at, never.at]).toEqual([[20], [5000], []]);
    expect(clock.pending).toBe(0);
  });

  test('can be armed again from onExpire, which waits for another sweep', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock);
    const delays = [0, 0, 3, 20_000];
    const entry: Entry = new Entry(clock, () => {
      const delayMs = delays.shift();
      if (delayMs !== undefined) ring.arm(entry, delayMs);
    });
    ring.arm(entry, 10);
    clock.advance(1e6);
    expect(entry.at).toEqual([10, 10, 10, 13, 20_013]);
  });

  test('lets onExpire disarm what is due in the same sweep', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock);
    const victim = new Entry(clock);
    const killer = new Entry(clock, () => {
      ring.disarm(victim);
    });
    ring.arm(killer, 10);
    ring.arm(victim, 10);
    clock.advance(50);
    expect([killer.at, victim.at]).toEqual([[10], []]);
    expect(clock.pending).toBe(0);
  });

  test('loses none of the others when onExpire throws, and lets the source report it', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock);
    const failure = new Error('bad entry');
    const bad = new Entry(clock, () => {
      throw failure;
    });
    const others = [new Entry(clock), new Entry(clock), new Entry(clock)] as const;
    ring.arm(others[0], 10);
    ring.arm(bad, 10);
    ring.arm(others[1], 10);
    ring.arm(others[2], 30);
    expect(() => {
      clock.advance(50);
    }).toThrow(failure);
    clock.advance(50);
    expect([...others.map(({ at }) => at), bad.at]).toEqual([[10], [10], [30], [10]]);
  });

  test('expires everything that a long jump of the clock passes, whatever turn of the wheel it lay in', () => {
    let nowMs = 0;
    let wake: (() => void) | undefined;
    const timers: TimerSource = {
      now: () => nowMs,
      callLater: (_, fn) => ((wake = fn), { cancel() {}, ref() {}, unref() {} }),
    };
    const ring = new TimerRing(timers);
    let expired = 0;
    class Count extends TimerEntry {
      override onExpire(): void {
        expired++;
      }
    }
    for (let delayMs = 1; delayMs < 100_000; delayMs += 97) ring.arm(new Count(), delayMs);
    ring.arm(new Count(), 200_000);
    nowMs = 150_000;
    wake?.();
    expect(expired).toBe(Math.ceil(99_999 / 97));
    nowMs = 200_000;
    wake?.();
    expect(expired).toBe(Math.ceil(99_999 / 97) + 1);
  });

  test('is at most half a tick late in a crowd', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock, { tickMs: 100 });
    const delays = Array.from({ length: 1000 }, (_, i) => 200 + (i % 100));
    const entries = armed(ring, clock, delays);
    clock.advance(1000);
    const lateness = entries.map(({ at }, i) => (at[0] ?? NaN) - (delays[i] ?? NaN));
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...lateness)).toBeLessThanOrEqual(50);
    expect(Math.max(...lateness)).toBeGreaterThan(0);
  });

  test('works on clocks that begin below zero, or far above', () => {
    for (const startMs of [-1e6 - 0.5, 1.7e12]) {
      const clock = new TestClock(startMs);
      const ring = new TimerRing(clock);
      const entries = armed(ring, clock, [1, 17, 70_000]);
      clock.advance(100_000);
      expect(entries.map(({ at }) => at)).toEqual([[startMs + 1], [startMs + 17], [startMs + 70_000]]);
    }
  });

  test('tells how long an entry has left', () => {
    const clock = new TestClock();
    const ring = new TimerRing(clock);
    const entry = new Entry(clock);
    expect(ring.leftMs(entry)).toBe(Infinity);
    ring.arm(entry, 30);
    clock.advance(10);
    expect(ring.leftMs(entry)).toBe(20);
    expect(new TimerRing(clock).leftMs(entry)).toBe(Infinity);
  });

  test('rejects what is not a time, and an entry of another ring, without a change', () => {
    const clock = new TestClock();
    const [ring, other] = [new TimerRing(clock), new TimerRing(clock)];
    const entry = new Entry(clock);
    ring.arm(entry, 10);
    for (const delayMs of [NaN, -1, '1' as unknown as number]) {
      expect(() => {
        ring.arm(entry, delayMs);
      }).toThrow(RangeError);
    }
    expect(() => {
      ring.armAt(entry, NaN);
    }).toThrow(RangeError);
    expect(() => {
      other.arm(entry, 1);
    }).toThrow(TypeError);
    expect(() => {
      other.disarm(entry);
    }).toThrow('armed in another ring');
    clock.advance(100);
    expect(entry.at).toEqual([10]);
    other.arm(entry, 1);
    clock.advance(1);
    expect(entry.at).toEqual([10, 101]);
  });

  test.each([0, -1, NaN, Infinity])('rejects a tickMs of %d', (tickMs) => {
    expect(() => new TimerRing(new TestClock(), { tickMs })).toThrow(RangeError);
  });

  test('arms nothing, and stays usable, when the source refuses a timer', () => {
    const clock = new TestClock();
    let isClosed = true;
    const timers: TimerSource = {
      now: () => clock.now(),
      callLater: (delayMs, fn) => {
        if (isClosed) throw new Error('closed');
        return clock.callLater(delayMs, fn);
      },
    };
    const ring = new TimerRing(timers);
    const entry = new Entry(clock);
    expect(() => {
      ring.arm(entry, 5);
    }).toThrow('closed');
    expect(ring.leftMs(entry)).toBe(Infinity);
    isClosed = false;
    ring.arm(entry, 5);
    clock.advance(5);
    expect(entry.at).toEqual([5]);
  });
});

describe('TimerRing.of', () => {
  test('is one ring for each source', () => {
    const [a, b] = [new TestClock(), new TestClock()];
    expect(TimerRing.of(a)).toBe(TimerRing.of(a));
    expect(TimerRing.of(a)).not.toBe(TimerRing.of(b));
  });
});

describe('a sweep with much to do', () => {
  test('stops after its time and goes on in later turns, while what is left can be disarmed and armed', () => {
    let nowMs = 0;
    const wakes: (() => void)[] = [];
    const timers: TimerSource = {
      now: () => nowMs,
      callLater: (_, fn) => (wakes.push(fn), { cancel() {}, ref() {}, unref() {} }),
    };
    const ring = new TimerRing(timers);
    const expired: number[] = [];
    class Slow extends TimerEntry {
      readonly place: number;
      constructor(place: number) {
        super();
        this.place = place;
      }
      override onExpire(): void {
        expired.push(this.place);
        nowMs += 0.5;
      }
    }
    const entries = Array.from({ length: 100 }, (_, i) => new Slow(i));
    for (const entry of entries) ring.arm(entry, 10);
    nowMs = 10;
    wakes.at(-1)?.();
    expect(expired.length).toBeLessThan(20);
    ring.disarm(entries[98]!);
    ring.arm(entries[99]!, 1000);
    for (let turn = 0; turn < 20; turn++) wakes.at(-1)?.();
    expect(expired).toEqual(Array.from({ length: 98 }, (_, i) => i));
    nowMs = 2000;
    wakes.at(-1)?.();
    expect(expired.at(-1)).toBe(99);
  });
});

describe.each([false, true])('a hundred thousand entries at once, on a clock that is the host’s: %s', (isHost) => {
  test('expire over several turns, in the order of arming, none lost', () => {
    const clock = isHost ? new HostClock() : new TestClock();
    const ring = new TimerRing(clock);
    let expired = 0;
    let isInOrder = true;
    class Count extends TimerEntry {
      readonly place: number;
      constructor(place: number) {
        super();
        this.place = place;
      }
      override onExpire(): void {
        isInOrder &&= this.place === expired++;
      }
    }
    for (let place = 0; place < 100_000; place++) ring.arm(new Count(place), 1000);
    clock.advance(999);
    expect(expired).toBe(0);
    clock.advance(1 + 16);
    expect([expired, isInOrder, clock.pending]).toEqual([100_000, true, 0]);
  });
});

describe('on a source that says it is the host', () => {
  test('counts a long delay from the next look at the clock, half a tick away at most, and a short one exactly', () => {
    const clock = new HostClock();
    const ring = new TimerRing(clock);
    const [long, short] = [new Entry(clock), new Entry(clock)];
    ring.arm(long, 5000);
    ring.arm(short, 500);
    clock.advance(500);
    expect(short.at).toEqual([500]);
    expect(ring.leftMs(long)).toBe(4508);
    clock.advance(5000);
    expect(long.at).toEqual([5008]);
  });

  test('does not read the clock for each entry, and yet none is early after the loop was blocked', () => {
    let nowMs = 0;
    let reads = 0;
    let wake: (() => void) | undefined;
    const timers: TimerSource = {
      isSimulated: false,
      now: () => (reads++, nowMs),
      callLater: (_, fn) => ((wake = fn), { cancel() {}, ref() {}, unref() {} }),
    };
    const ring = new TimerRing(timers);
    const clock = new TestClock();
    armed(ring, clock, [1000]);
    nowMs = 200; // blocked: the next ones are armed before the ring has looked again
    reads = 0;
    const late = armed(ring, clock, [1000, 1000, 1000]);
    expect(reads).toBe(0);
    wake?.();
    nowMs = 1199;
    wake?.();
    expect(late.map(({ at }) => at.length)).toEqual([0, 0, 0]);
    nowMs = 1200;
    wake?.();
    expect(late.map(({ at }) => at.length)).toEqual([1, 1, 1]);
  });

  test('lets the timer of a ring that is empty run out once', () => {
    const clock = new HostClock();
    const ring = new TimerRing(clock);
    const entry = new Entry(clock);
    for (let i = 0; i < 1000; i++) {
      ring.arm(entry, 5000);
      ring.disarm(entry);
    }
    expect([clock.pending, clock.pendingRefs]).toEqual([1, 0]);
    clock.advance(8);
    expect([clock.pending, entry.at.length]).toEqual([0, 0]);
    ring.arm(entry, 5000);
    clock.advance(6000);
    expect([clock.pending, entry.at.length]).toEqual([0, 1]);
  });

  test('places what was armed during a sweep, and what is moved while it is fresh', () => {
    const clock = new HostClock();
    const ring = new TimerRing(clock);
    const second = new Entry(clock);
    const moved = new Entry(clock);
    const first = new Entry(clock, () => {
      ring.arm(second, 1000);
      expect(ring.leftMs(second)).toBe(1000);
    });
    ring.arm(first, 1000);
    ring.arm(moved, 1000);
    ring.arm(moved, 3000);
    ring.disarm(moved);
    ring.arm(moved, 2000);
    clock.advance(10_000);
    expect([first.at, second.at, moved.at]).toEqual([[1008], [2016], [2008]]);
  });

  test('is not left asleep by what is armed and disarmed inside a sweep', () => {
    const clock = new HostClock();
    const ring = new TimerRing(clock);
    const passing = new Entry(clock);
    const first = new Entry(clock, () => {
      ring.arm(passing, 1000);
      ring.disarm(passing);
    });
    ring.arm(first, 10);
    clock.advance(50);
    const long = new Entry(clock);
    ring.arm(long, 1000);
    clock.advance(2000);
    expect([first.at, passing.at, long.at]).toEqual([[10], [], [1058]]);
    expect(clock.pending).toBe(0);
  });

  test('keeps its wake-up when the source refuses an earlier one', () => {
    const clock = new HostClock();
    let isClosed = false;
    const timers: TimerSource = {
      isSimulated: false,
      now: () => clock.now(),
      callLater: (delayMs, fn) => {
        if (isClosed) throw new Error('closed');
        return clock.callLater(delayMs, fn);
      },
    };
    const ring = new TimerRing(timers);
    const [long, longer, refused] = [new Entry(clock), new Entry(clock), new Entry(clock)];
    ring.arm(long, 1000);
    isClosed = true;
    expect(() => {
      ring.arm(refused, 1);
    }).toThrow('closed');
    isClosed = false;
    ring.arm(longer, 2000);
    clock.advance(3000);
    expect([long.at, longer.at, refused.at]).toEqual([[1008], [2008], []]);
  });

  test('takes a time before the clock began for one that has passed', () => {
    const clock = new HostClock();
    const ring = new TimerRing(clock);
    const entry = new Entry(clock);
    ring.armAt(entry, -5);
    expect(ring.leftMs(entry)).toBeLessThanOrEqual(0);
    clock.advance(0);
    expect(entry.at).toEqual([0]);
  });
});
