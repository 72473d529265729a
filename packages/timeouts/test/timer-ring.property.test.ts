import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TimerEntry, TimerRing } from '../src/index.js';
import { BlockingClock } from './blocking-clock.js';

type Step =
  | { do: 'arm' | 'armAt' | 'rearmInside' | 'disarmInside' | 'passInside'; which: number; ms: number }
  | { do: 'disarm' | 'throwInside'; which: number }
  | { do: 'block' | 'idle'; ms: number };

const ENTRIES = 6;
const TICK_MS = 16;
const which = fc.integer({ min: 0, max: ENTRIES - 1 });
const ms = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.double({ min: 0, max: 40_000, noNaN: true }),
  fc.constantFrom(0, 16, 512, 16_384, 100_000),
);
const stepsOf = (ms: fc.Arbitrary<number>, which: fc.Arbitrary<number>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({ do: fc.constantFrom('arm', 'armAt', 'rearmInside', 'disarmInside', 'passInside'), which, ms }),
      fc.record({ do: fc.constantFrom('disarm', 'throwInside'), which }),
      fc.record({ do: fc.constantFrom('block', 'idle'), ms }),
    ),
    { maxLength: 25 },
  );
/** Little else than what crosses the border between short and long delays, on few entries. */
const border = stepsOf(fc.constantFrom(5, 50, 600, 1000), fc.integer({ min: 0, max: 2 }));

/** What ought to be: an entry is armed for a time or not, and when it expires the time has come. */
class Model {
  readonly clock: BlockingClock;
  readonly ring: TimerRing;
  readonly entries: Entry[];
  readonly dueAt = new Map<number, number>();
  readonly inside = new Map<number, Step>();
  thrown = 0;

  constructor(isHost: boolean) {
    this.clock = new BlockingClock(100.125, isHost);
    this.ring = new TimerRing(this.clock, { tickMs: TICK_MS });
    this.entries = Array.from({ length: ENTRIES }, (_, i) => new Entry(this, i));
  }

  arm(place: number, delayMs: number, exactly: boolean): void {
    const dueAt = this.clock.now() + delayMs;
    this.dueAt.set(place, dueAt);
    if (exactly) this.ring.armAt(this.entries[place]!, dueAt);
    else this.ring.arm(this.entries[place]!, delayMs);
  }

  disarm(place: number): void {
    this.dueAt.delete(place);
    this.ring.disarm(this.entries[place]!);
  }

  expired(place: number): void {
    const dueAt = this.dueAt.get(place);
    expect(dueAt, `entry ${place} was not armed`).toBeDefined();
    expect(this.clock.now()).toBeGreaterThanOrEqual(dueAt!);
    this.dueAt.delete(place);
    const step = this.inside.get(place);
    this.inside.delete(place);
    if (step?.do === 'rearmInside') this.arm((place + 1) % ENTRIES, step.ms, false);
    if (step?.do === 'disarmInside') this.disarm((place + 1) % ENTRIES);
    if (step?.do === 'passInside') {
      this.arm((place + 1) % ENTRIES, step.ms, false);
      this.disarm((place + 1) % ENTRIES);
    }
    if (step?.do === 'throwInside') throw new Bad();
  }

  run(step: Step): void {
    if (step.do === 'arm' || step.do === 'armAt') this.arm(step.which, step.ms, step.do === 'armAt');
    else if (step.do === 'disarm') this.disarm(step.which);
    else if (step.do === 'block') this.clock.block(step.ms);
    else if (step.do === 'idle') this.idle(step.ms);
    else if ('which' in step) this.inside.set(step.which, step);
  }

  idle(durationMs: number): void {
    const untilMs = this.clock.now() + durationMs;
    do {
      try {
        this.clock.idle(untilMs - this.clock.now());
      } catch (error) {
        if (!(error instanceof Bad)) throw error;
        this.thrown++;
      }
    } while (this.clock.now() < untilMs);
  }
}

class Bad extends Error {}

class Entry extends TimerEntry {
  private readonly _model: Model;
  private readonly _place: number;

  constructor(model: Model, place: number) {
    super();
    this._model = model;
    this._place = place;
  }

  override onExpire(): void {
    this._model.expired(this._place);
  }
}

describe.each([false, true])('TimerRing on a clock that is the host’s: %s', (isHost) => {
  test.each([
    ['all delays', stepsOf(ms, which), 300],
    ['delays around the border of long ones', border, 2000],
  ])('does what a table of times would do with %s', (_, steps, numRuns) => {
    fc.assert(
      fc.property(steps, (program) => {
        const model = new Model(isHost);
        for (const step of program) model.run(step);
        model.idle(4e6); // longer than all delays in a row
        expect(model.dueAt).toEqual(new Map());
        expect(model.clock.pending).toBe(0);
        for (const entry of model.entries) expect(model.ring.leftMs(entry)).toBe(Infinity);
      }),
      { numRuns },
    );
  });
});
