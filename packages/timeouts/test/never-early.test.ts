import { describe, expect, test } from 'vitest';
import { TimerEntry, TimerRing } from '../src/index.js';
import { BlockingClock } from './blocking-clock.js';

const DELAYS = [0, 0.5, 1, 15, 16, 17, 31, 33, 600, 16_384, 16_400, 40_000];
const BLOCKS = [0, 1, 9, 16, 40, 200, 17_000];
const TICKS = [1, 16, 100];
const STARTS = [0, 7.25];
/** More than the longest delay, the longest blocks, and two ticks. */
const LONG = 90_000;

class Entry extends TimerEntry {
  at: number | undefined;
  readonly dueAt: number;
  private readonly _clock: BlockingClock;

  constructor(clock: BlockingClock, delayMs: number) {
    super();
    this._clock = clock;
    this.dueAt = clock.now() + delayMs;
  }

  override onExpire(overdueMs: number): void {
    if (this.at !== undefined) throw new Error('expired twice');
    if (!(overdueMs >= 0)) throw new Error(`expired with ${overdueMs} ms overdue`);
    this.at = this._clock.now();
  }
}

function* combinations(): Generator<[startMs: number, first: number, blockMs: number, second: number, then: number]> {
  for (const startMs of STARTS) {
    for (const first of DELAYS) {
      for (const blockMs of BLOCKS) {
        for (const second of DELAYS) for (const then of BLOCKS) yield [startMs, first, blockMs, second, then];
      }
    }
  }
}

describe.each([false, true])('on a clock that is the host’s: %s', (isHost) => {
  test.each(TICKS)('with ticks of %d ms, no combination of two delays and two blocks is early or lost', (tickMs) => {
    const wrong: string[] = [];
    let count = 0;
    for (const combination of combinations()) {
      const [startMs, first, blockMs, second, then] = combination;
      const clock = new BlockingClock(startMs, isHost);
      const ring = new TimerRing(clock, { tickMs });
      const entries = [new Entry(clock, first)] as const;
      ring.arm(entries[0], first);
      clock.block(blockMs);
      const later = new Entry(clock, second);
      ring.arm(later, second);
      clock.block(then);
      const freeAt = clock.now();
      clock.idle(LONG);
      for (const { at, dueAt } of [entries[0], later]) {
        // A tick late at most once the loop is free; a delay that is counted late was armed before a block.
        const latest = Math.max(dueAt, freeAt) + tickMs + (isHost ? blockMs + then : 0);
        if (at === undefined || at < dueAt || at > latest) wrong.push(`${combination.join()}: ${dueAt}, at ${at}`);
      }
      if (clock.pending > 0) wrong.push(`${combination.join()}: left a timer`);
      count++;
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(STARTS.length * (DELAYS.length * BLOCKS.length) ** 2);
  });
});
