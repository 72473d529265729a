import { describe, expect, test } from 'vitest';
import { TimeoutError, openCancelScope, watchOp, withTimeout } from '../src/index.js';
import { BlockingClock } from './blocking-clock.js';

const BUDGETS = [5, 500, 512, 600, 1000, 60_000];

describe.each([false, true])('while the loop is blocked, on a clock that is the host’s: %s', (isHost) => {
  test.each(BUDGETS)('a scope of withTimeout answers from the clock, with a budget of %d ms', async (timeoutMs) => {
    const timers = new BlockingClock(100.25, isHost);
    const answers: unknown[] = [];
    const result = withTimeout(
      timeoutMs,
      async (scope) => {
        timers.block(timeoutMs - 1);
        answers.push(scope.isCancelled, scope.remainingMs);
        scope.throwIfCancelled();
        timers.block(2);
        answers.push(scope.remainingMs, scope.isCancelled);
        scope.throwIfCancelled();
      },
      { timers },
    );
    await expect(result).rejects.toMatchObject({ timeoutMs, elapsedMs: timeoutMs + 1 });
    expect(answers).toEqual([false, 1, 0, true]);
    timers.idle(1e6);
    expect(timers.pending).toBe(0);
  });

  test.each(BUDGETS)('a wait is over with the first turn after it, with a budget of %d ms', (timeoutMs) => {
    const timers = new BlockingClock(100.25, isHost);
    const reasons: unknown[] = [];
    const waiter = { onCancel: (reason: unknown) => reasons.push(reason) };
    watchOp({ timeoutMs, timers }, waiter);
    openCancelScope({ timeoutMs, timers }).onCancel(waiter.onCancel);
    timers.block(timeoutMs + 400);
    timers.turn();
    const late = { timeoutMs, elapsedMs: timeoutMs + 400 };
    expect(reasons).toEqual([expect.objectContaining(late), expect.objectContaining(late)]);
    expect(reasons[0]).toBeInstanceOf(TimeoutError);
  });

  test.each(BUDGETS)('a wait that begins after a stretch of it has its whole budget of %d ms', (timeoutMs) => {
    const timers = new BlockingClock(100.25, isHost);
    const endedAt: number[] = [];
    const begin = (): void => {
      const dueAt = timers.now() + timeoutMs;
      watchOp({ timeoutMs, timers }, { onCancel: () => endedAt.push(timers.now() - dueAt) });
    };
    begin();
    timers.block(400);
    begin();
    timers.idle(1e5);
    expect(endedAt).toHaveLength(2);
    expect(Math.min(...endedAt)).toBeGreaterThanOrEqual(0);
    expect(endedAt[1]).toBeLessThanOrEqual(16);
  });
});
