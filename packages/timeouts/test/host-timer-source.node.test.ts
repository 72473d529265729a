import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostTimers, sleep } from '../src/index.js';
import { compileForNode } from './compiled.js';

describe('hostTimers', () => {
  test('never calls back early, whatever the fraction and however stale the clock of the host', async () => {
    const early: string[] = [];
    const waits: Promise<void>[] = [];
    for (let i = 0; i < 400; i++) {
      const delayMs = (i % 40) * 0.37;
      // Work between two timers makes the host's cached time lag behind the clock.
      if (i % 50 === 0) for (const until = performance.now() + 3; performance.now() < until;);
      waits.push(
        new Promise((resolve) => {
          const dueAt = hostTimers.now() + delayMs;
          hostTimers.callLater(delayMs, () => {
            const now = hostTimers.now();
            if (now < dueAt) early.push(`${delayMs} ms was ${dueAt - now} ms early`);
            resolve();
          });
        }),
      );
    }
    await Promise.all(waits);
    expect(early).toEqual([]);
  });

  test('does not call back at once when the delay overflows setTimeout', async () => {
    let fired = false;
    const timer = hostTimers.callLater(2 ** 31 + 10, () => (fired = true));
    await sleep(20);
    timer.cancel();
    timer.cancel();
    expect(fired).toBe(false);
  });

  test.each([NaN, -1, Infinity])('rejects a delay of %d', (delayMs) => {
    expect(() => hostTimers.callLater(delayMs, () => {})).toThrow(RangeError);
  });

  test('makes no call after cancel', async () => {
    let fired = false;
    hostTimers.callLater(5, () => (fired = true)).cancel();
    await sleep(20);
    expect(fired).toBe(false);
  });
});

describe('the process', () => {
  let index = '';
  beforeAll(() => {
    index = compileForNode();
  });
  afterAll(() => {
    rmSync(dirname(index), { recursive: true });
  });

  const run = (body: string): ReturnType<typeof spawnSync> => {
    const code = `import * as timeouts from ${JSON.stringify(pathToFileURL(index).href)};\n${body}`;
    return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', timeout: 20_000 });
  };

  test('is held by a pending sleep', () => {
    expect(
      run(`await timeouts.sleep(60); await timeouts.sleep(60, { timeoutMs: 5000 }); process.exitCode = 42;`),
    ).toMatchObject({
      status: 42,
    });
  });

  test('is not held by a deadline: 13 is what Node exits with when a top-level await can never settle', () => {
    expect(run(`await timeouts.withTimeout(15_000, () => new Promise(() => {}));`)).toMatchObject({ status: 13 });
    expect(
      run(`timeouts.openCancelScope({ timeoutMs: 15_000 }).onCancel(() => {}); process.exitCode = 7;`),
    ).toMatchObject({
      status: 7,
    });
  });

  test('stays unheld when a deadline is chained over many timers', () => {
    expect(run(`timeouts.openCancelScope({ timeoutMs: 2 ** 33 }).onCancel(() => {});`)).toMatchObject({ status: 0 });
  });

  test('can let a timer go and hold it again', () => {
    const body = `timeouts.hostTimers.callLater(15_000, () => process.exit(1)).unref();
      const held = timeouts.hostTimers.callLater(30, () => process.exit(9)); held.unref(); held.ref();`;
    expect(run(body)).toMatchObject({ status: 9 });
  });
});
