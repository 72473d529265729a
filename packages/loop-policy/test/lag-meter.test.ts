import { TestClock } from '@millrace/testkit';
import type { Timer, TimerSource } from '@millrace/timeouts';
import { describe, expect, it } from 'vitest';
import { LagMeter } from '../src/lag-meter.js';

/** A clock whose timers fire late, as those of a busy loop. */
class LateClock implements TimerSource {
  readonly isSimulated = true;
  readonly #clock = new TestClock();
  #fn: (() => void) | undefined;
  #dueAt = 0;
  refs = 0;
  armed = 0;

  now(): number {
    return this.#clock.now();
  }

  callLater(delayMs: number, fn: () => void): Timer {
    this.#fn = fn;
    this.#dueAt = this.now() + delayMs;
    this.refs++;
    this.armed++;
    return {
      cancel: () => (this.#fn = undefined),
      ref: () => this.refs++,
      unref: () => this.refs--,
    };
  }

  /** Fires the timer, `lateMs` after it is due. @returns Whether there was one. */
  fire(lateMs: number): boolean {
    const fn = this.#fn;
    if (fn === undefined) return false;
    this.#fn = undefined;
    this.#clock.advance(this.#dueAt + lateMs - this.now());
    fn();
    return true;
  }
}

describe('LagMeter', () => {
  it('does nothing before it is read', () => {
    const clock = new LateClock();
    new LagMeter(clock);
    expect(clock.armed).toBe(0);
  });

  it('knows nothing at the first look', () => {
    expect(new LagMeter(new LateClock()).read()).toBeUndefined();
  });

  it('tells the mean and the greatest lateness', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.read();
    for (const lateMs of [0, 3, 9]) clock.fire(lateMs);
    expect(meter.read()).toEqual({ mean: 4, max: 9 });
  });

  it('counts what would have been due while the loop stood still', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.read();
    clock.fire(50); // those due 20 and 40 ms later were 30 and 10 ms late
    expect(meter.read()).toEqual({ mean: 30, max: 50 });
  });

  it('forgets what is older than ten seconds', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.read();
    clock.fire(19);
    for (let i = 0; i < 499; i++) clock.fire(1);
    expect(meter.read()?.max).toBe(19);
    clock.fire(1);
    expect(meter.read()).toEqual({ mean: 1, max: 1 });
  });

  it('takes a stop of hours for one of ten seconds, but for its length', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.read();
    clock.fire(3_600_000);
    expect(meter.read()?.max).toBe(3_600_000);
    expect(meter.read()?.mean).toBeCloseTo(3_600_000 - 4990);
  });

  it('never holds the process open', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.read();
    clock.fire(0);
    expect(clock.refs).toBe(0);
  });

  it('measures once, however often it is read', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.read();
    meter.read();
    expect(clock.armed).toBe(1);
  });

  it('measures no more once it is stopped, and keeps what it knows', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.read();
    clock.fire(5);
    meter.stop();
    expect(clock.fire(0)).toBe(false);
    expect(meter.read()).toEqual({ mean: 5, max: 5 });
    expect(clock.armed).toBe(2);
  });

  it('does not begin after it was stopped', () => {
    const clock = new LateClock();
    const meter = new LagMeter(clock);
    meter.stop();
    expect(meter.read()).toBeUndefined();
    expect(clock.armed).toBe(0);
  });
});
