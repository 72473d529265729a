import { describe, expect, test, vi } from 'vitest';
import {
  type TimeoutError,
  TimerEntry,
  TimerRing,
  hostTimers,
  openCancelScope,
  sleep,
  watchOp,
  withTimeout,
} from '../src/index.js';

function block(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** Holds the process, which deadlines do not, until `promise` has settled. */
async function held<T>(promise: Promise<T>): Promise<T> {
  const holding = setInterval(() => {}, 1000);
  try {
    return await promise;
  } finally {
    clearInterval(holding);
  }
}

class Entry extends TimerEntry {
  readonly dueAt: number;
  readonly expired: Promise<number>;
  private _resolve: (at: number) => void = () => {};

  constructor(delayMs: number) {
    super();
    this.dueAt = performance.now() + delayMs;
    this.expired = new Promise((resolve) => (this._resolve = resolve));
  }

  override onExpire(): void {
    this._resolve(performance.now());
  }
}

describe('on the real clock, with stretches of 200 ms in which the loop is blocked', () => {
  test('no entry expires before its time, and each does', async () => {
    const ring = TimerRing.of(hostTimers);
    const entries: Entry[] = [];
    const armSome = (): void => {
      for (const delayMs of [0, 0.3, 1, 15, 16, 17, 100, 199, 200, 201, 250, 500, 520, 600, 900]) {
        const entry = new Entry(delayMs);
        ring.arm(entry, delayMs);
        entries.push(entry);
      }
    };
    armSome();
    block(200);
    armSome(); // the ring has not looked at the clock for 200 ms
    await sleep(30);
    armSome();
    block(200);
    armSome();
    block(200);
    const lateness = await held(Promise.all(entries.map(async ({ dueAt, expired }) => (await expired) - dueAt)));
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
  });

  test('no operation is out of time before its time', async () => {
    const outcomes: Promise<number>[] = [];
    const begin = (timeoutMs: number): void => {
      const startedAt = performance.now();
      const leftAt = (): number => performance.now() - startedAt - timeoutMs;
      const forever = (): Promise<never> => new Promise(() => {});
      outcomes.push(
        withTimeout(timeoutMs, forever).catch(leftAt),
        openCancelScope({ timeoutMs }).race(forever()).catch(leftAt),
        new Promise((resolve) => {
          watchOp(
            { timeoutMs },
            {
              onCancel: () => {
                resolve(leftAt());
              },
            },
          );
        }),
      );
    };
    for (const timeoutMs of [5, 150, 600]) begin(timeoutMs);
    block(200);
    for (const timeoutMs of [5, 150, 600]) begin(timeoutMs);
    const lateness = await held(Promise.all(outcomes));
    expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0);
  });
});

describe('the fake timers of a test runner', () => {
  test('neither stop nor hasten what counts on the host', async () => {
    const forever = (): Promise<never> => new Promise(() => {});
    const held = setInterval(() => {}, 1000);
    const before = withTimeout(530, forever).catch((error: unknown) => error);
    vi.useFakeTimers();
    try {
      const during = withTimeout(520, forever).catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(60_000);
      const startedAt = hostTimers.now();
      await sleep(20);
      expect(hostTimers.now() - startedAt).toBeGreaterThanOrEqual(20);
      for (const outcome of [before, during]) {
        const { elapsedMs } = (await outcome) as TimeoutError;
        expect(elapsedMs).toBeGreaterThanOrEqual(520);
        expect(elapsedMs).toBeLessThan(50_000);
      }
    } finally {
      vi.useRealTimers();
      clearInterval(held);
    }
  });
});
