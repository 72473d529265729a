import { TestClock } from '@millrace/testkit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BlockedReport } from '../src/index.js';
import { watch, type Watched } from '../src/node/watchdog.js';

class FakeLoop implements Watched {
  watchdog: Watched['watchdog'] = undefined;
  readonly clock = new TestClock();
  readonly reported: unknown[] = [];

  now(): number {
    return this.clock.now();
  }

  report(error: unknown): void {
    this.reported.push(error);
  }

  /** What a loop does around a callback. */
  call(owner: object, method: string, body: () => void): void {
    const { watchdog } = this;
    const startedAt = watchdog === undefined ? 0 : watchdog.begin();
    body();
    if (watchdog !== undefined) watchdog.endMethod(startedAt, owner, method, undefined);
  }

  take(ms: number): () => void {
    return () => {
      this.clock.advance(ms);
    };
  }
}

class Echo {
  readonly transport = undefined;
}

function watched(blockedMs?: number): { loop: FakeLoop; reports: BlockedReport[]; stop: () => void } {
  const loop = new FakeLoop();
  const reports: BlockedReport[] = [];
  const stop = watch(loop, { blockedMs, onBlocked: (report) => reports.push(report) });
  return { loop, reports, stop };
}

describe('watch', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('names the class and the method that took long', () => {
    const { loop, reports } = watched(50);
    loop.call(new Echo(), 'dataReceived', loop.take(50));
    expect(reports).toEqual([{ callback: 'Echo.dataReceived', elapsedMs: 50, transport: undefined }]);
  });

  it('is silent about callbacks below the limit', () => {
    const { loop, reports } = watched(50);
    loop.call(new Echo(), 'dataReceived', loop.take(49));
    expect(reports).toEqual([]);
  });

  it('takes 100 ms for long if nobody says otherwise', () => {
    const { loop, reports } = watched();
    loop.call(new Echo(), 'dataReceived', loop.take(99));
    loop.call(new Echo(), 'dataReceived', loop.take(100));
    expect(reports.map((report) => report.elapsedMs)).toEqual([100]);
  });

  it('blames an outer callback for its own time alone', () => {
    const { loop, reports } = watched(50);
    loop.call(new Echo(), 'dataReceived', () => {
      loop.clock.advance(10);
      loop.call(new Echo(), 'pauseWriting', loop.take(60));
      loop.call(new Echo(), 'resumeWriting', loop.take(1));
      loop.clock.advance(20);
    });
    expect(reports.map((report) => [report.callback, report.elapsedMs])).toEqual([['Echo.pauseWriting', 60]]);
  });

  it('reports both if both took long', () => {
    const { loop, reports } = watched(50);
    loop.call(new Echo(), 'dataReceived', () => {
      loop.call(new Echo(), 'pauseWriting', loop.take(60));
      loop.clock.advance(70);
    });
    expect(reports.map((report) => [report.callback, report.elapsedMs])).toEqual([
      ['Echo.pauseWriting', 60],
      ['Echo.dataReceived', 70],
    ]);
  });

  it('names scheduled functions, also those without a name', () => {
    const { loop, reports } = watched(50);
    const { watchdog } = loop;
    expect(watchdog).toBeDefined();
    for (const fn of [
      function refresh() {},
      (
        () => () =>
          undefined
      )(),
    ]) {
      const startedAt = watchdog?.begin() ?? 0;
      loop.clock.advance(70);
      watchdog?.endFunction(startedAt, fn);
    }
    const short = watchdog?.begin() ?? 0;
    watchdog?.endFunction(short, () => undefined);
    expect(reports.map((report) => report.callback)).toEqual(['refresh', 'a function without a name']);
  });

  it('names the method alone of what has no class', () => {
    const { loop, reports } = watched(50);
    loop.call(Object.create(null) as object, 'recycle', loop.take(60));
    loop.call({ constructor: 7 }, 'recycle', loop.take(60));
    expect(reports.map((report) => report.callback)).toEqual(['recycle', 'recycle']);
  });

  it('serves each watcher by its own limit', () => {
    const { loop, reports } = watched(50);
    const late: BlockedReport[] = [];
    watch(loop, { blockedMs: 80, onBlocked: (report) => late.push(report) });
    loop.call(new Echo(), 'dataReceived', loop.take(60));
    loop.call(new Echo(), 'dataReceived', loop.take(90));
    expect([reports.length, late.length]).toEqual([2, 1]);
  });

  it('lets the loop measure nothing before the first watcher and after the last one', () => {
    const loop = new FakeLoop();
    expect(loop.watchdog).toBeUndefined();
    const stopFirst = watch(loop, { onBlocked: () => undefined });
    const stopSecond = watch(loop, { onBlocked: () => undefined });
    stopFirst();
    expect(loop.watchdog).toBeDefined();
    stopSecond();
    expect(loop.watchdog).toBeUndefined();
  });

  it('does not end the watching of another when it is stopped twice', () => {
    const loop = new FakeLoop();
    const stopFirst = watch(loop, { onBlocked: () => undefined });
    stopFirst();
    watch(loop, { onBlocked: () => undefined });
    stopFirst();
    expect(loop.watchdog).toBeDefined();
  });

  it('may begin and end inside a callback', () => {
    const loop = new FakeLoop();
    const reports: BlockedReport[] = [];
    loop.call(new Echo(), 'connectionMade', () => {
      const stop = watch(loop, { blockedMs: 50, onBlocked: (report) => reports.push(report) });
      loop.clock.advance(60); // nobody watched when it began
      loop.call(new Echo(), 'dataReceived', () => {
        loop.clock.advance(60);
        stop();
      });
      loop.clock.advance(60);
    });
    expect(reports).toEqual([]);
    watch(loop, { blockedMs: 50, onBlocked: (report) => reports.push(report) });
    loop.call(new Echo(), 'dataReceived', loop.take(55));
    expect(reports.map((report) => report.elapsedMs)).toEqual([55]);
  });

  it('reports what a watcher throws, and tells the others', () => {
    const loop = new FakeLoop();
    const failure = new Error('the watcher failed');
    watch(loop, {
      blockedMs: 50,
      onBlocked: () => {
        throw failure;
      },
    });
    const reports: BlockedReport[] = [];
    watch(loop, { blockedMs: 50, onBlocked: (report) => reports.push(report) });
    loop.call(new Echo(), 'dataReceived', loop.take(60));
    expect(loop.reported).toEqual([failure]);
    expect(reports).toHaveLength(1);
  });

  it('warns on the console unless it is given a function', () => {
    const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const loop = new FakeLoop();
    watch(loop, {});
    loop.call(new Echo(), 'dataReceived', loop.take(123.456));
    expect(warned.mock.calls).toEqual([['Echo.dataReceived blocked the loop for 123.5 ms']]);
  });

  it.each([0, -1, NaN])('refuses a limit of %s', (blockedMs) => {
    const loop = new FakeLoop();
    expect(() => watch(loop, { blockedMs })).toThrow(RangeError);
    expect(loop.watchdog).toBeUndefined();
  });
});
