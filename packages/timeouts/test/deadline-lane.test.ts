import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TestClock } from '@millrace/testkit';
import { DeadlineLane } from '../src/lane.js';

class HostClock extends TestClock {
  readonly isSimulated = false;
}

function laneOn(clock: TestClock): { lane: DeadlineLane; expired: [at: number, position: number][] } {
  const expired: [number, number][] = [];
  const lane = new DeadlineLane((position) => expired.push([clock.now(), position]), clock);
  return { lane, expired };
}

describe('DeadlineLane', () => {
  test('reports each operation once when its time has come, with its place in line', () => {
    const clock = new TestClock();
    const { lane, expired } = laneOn(clock);
    for (const dueAt of [10, 20, Infinity, 30]) lane.push(dueAt);
    clock.advance(15);
    expect(expired).toEqual([[10, 0]]);
    lane.shift();
    expect(lane.length).toBe(3);
    clock.advance(100);
    expect(expired).toEqual([
      [10, 0],
      [20, 0],
      [30, 2],
    ]);
    expect([lane.length, clock.pending]).toEqual([3, 0]);
  });

  test('reports nothing of what has finished in time, and leaves no timer', () => {
    const clock = new TestClock();
    const { lane, expired } = laneOn(clock);
    for (let i = 0; i < 100; i++) lane.push(clock.now() + 10);
    expect([clock.pending, clock.pendingRefs]).toEqual([1, 0]);
    clock.advance(9);
    for (let i = 0; i < 100; i++) lane.shift();
    expect([lane.length, clock.pending]).toEqual([0, 0]);
    clock.advance(100);
    expect(expired).toEqual([]);
  });

  test('reports a deadline that is sooner than those before it', () => {
    const clock = new TestClock();
    const { lane, expired } = laneOn(clock);
    for (const dueAt of [100, 20, Infinity, 50, 10]) lane.push(dueAt);
    clock.advance(1000);
    expect(expired).toEqual([
      [10, 4],
      [20, 1],
      [50, 3],
      [100, 0],
    ]);
  });

  test('reports what is past when it is pushed, but not from inside', () => {
    const clock = new TestClock(50);
    const { lane, expired } = laneOn(clock);
    lane.push(20);
    expect(expired).toEqual([]);
    clock.advance(0);
    expect(expired).toEqual([[50, 0]]);
  });

  test('forgets all by clear, and can be used again', () => {
    const clock = new TestClock();
    const { lane, expired } = laneOn(clock);
    lane.push(10);
    lane.push(5);
    lane.clear();
    expect([lane.length, clock.pending]).toEqual([0, 0]);
    lane.push(30);
    clock.advance(100);
    expect(expired).toEqual([[30, 0]]);
  });

  test('lets onExpire shift, push and clear', () => {
    const clock = new TestClock();
    const seen: [number, number][] = [];
    const lane: DeadlineLane = new DeadlineLane((position) => {
      seen.push([clock.now(), position]);
      if (clock.now() === 10) {
        lane.shift();
        if (lane.length === 1) lane.push(40);
      }
      if (clock.now() === 40) lane.clear();
    }, clock);
    for (const dueAt of [10, 10, 30]) lane.push(dueAt);
    clock.advance(100);
    expect(seen).toEqual([
      [10, 0],
      [10, 0],
      [30, 0],
      [40, 1],
    ]);
    expect([lane.length, clock.pending]).toEqual([0, 0]);
  });

  test('loses none of the others when onExpire throws', () => {
    const clock = new TestClock();
    const seen: number[] = [];
    const lane = new DeadlineLane((position) => {
      seen.push(position);
      if (position === 1) throw new Error('bad');
    }, clock);
    for (const dueAt of [10, 10, 10, 20]) lane.push(dueAt);
    expect(() => {
      clock.advance(50);
    }).toThrow('bad');
    clock.advance(50);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test('rejects NaN, and a shift of nothing', () => {
    const { lane } = laneOn(new TestClock());
    expect(() => {
      lane.push(NaN);
    }).toThrow(RangeError);
    expect(() => {
      lane.shift();
    }).toThrow('the lane is empty');
    expect(lane.length).toBe(0);
  });

  test('lets its alarm run out once on a clock that is the host’s', () => {
    const clock = new HostClock();
    const { lane, expired } = laneOn(clock);
    for (let i = 0; i < 100; i++) {
      lane.push(clock.now() + 100);
      lane.shift();
    }
    expect(clock.pending).toBe(1);
    clock.advance(200);
    expect([expired.length, clock.pending]).toEqual([0, 0]);
    lane.push(250);
    clock.advance(100);
    expect(expired).toEqual([[250, 0]]);
  });

  test('counts on the default clock if none is given', () => {
    const clock = new TestClock();
    const key = Symbol.for('millrace.timers');
    Object.assign(globalThis, { [key]: clock });
    try {
      let count = 0;
      new DeadlineLane(() => count++).push(5);
      clock.advance(5);
      expect(count).toBe(1);
    } finally {
      Reflect.deleteProperty(globalThis, key);
    }
  });

  test('agrees with a plain list, whatever is pushed, finished and waited for', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('push' as const), ms: fc.oneof(fc.nat(60), fc.constant(50), fc.constant(Infinity)) }),
      fc.record({ do: fc.constantFrom('shift' as const, 'advance' as const), ms: fc.nat(40) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (program, isHost) => {
        const clock = isHost ? new HostClock() : new TestClock();
        const { lane, expired } = laneOn(clock);
        const plain: { dueAt: number; isReported: boolean }[] = [];
        for (const { do: what, ms } of program) {
          if (what === 'push') {
            plain.push({ dueAt: clock.now() + ms, isReported: false });
            lane.push(clock.now() + ms);
          } else if (what === 'shift' && plain.length > 0) {
            plain.shift();
            lane.shift();
          } else if (what === 'advance') {
            clock.advance(ms);
            const due = plain.flatMap((one, position) =>
              one.dueAt <= clock.now() && !one.isReported ? [[one.dueAt, position]] : [],
            );
            for (const one of plain) one.isReported ||= one.dueAt <= clock.now();
            expect(expired.splice(0).sort(byTimeAndPlace)).toEqual(due.sort(byTimeAndPlace));
          }
          expect(lane.length).toBe(plain.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function byTimeAndPlace(a: number[], b: number[]): number {
  return a[0]! - b[0]! || a[1]! - b[1]!;
}
