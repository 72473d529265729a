import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../src/limits/token-bucket.js';

describe('TokenBucket', () => {
  test('lets a tenth of the rate through at once, and nothing more', () => {
    const bucket = new TokenBucket(1000, 0);
    expect(bucket.allowance(0)).toBe(100);
    bucket.take(100, 0);
    expect(bucket.allowance(0)).toBe(0);
    expect(bucket.waitMs(0)).toBe(50);
    expect(bucket.allowance(50)).toBe(50);
    expect(bucket.allowance(10_000)).toBe(100);
  });

  test('makes up for what was too much by a longer wait', () => {
    const bucket = new TokenBucket(1000, 0);
    bucket.take(1100, 0);
    expect(bucket.waitMs(0)).toBe(1050);
    expect(bucket.allowance(999)).toBe(0);
    expect(bucket.allowance(1050)).toBe(50);
  });

  test('lets whole bytes through, however slow it is', () => {
    const bucket = new TokenBucket(0.5, 0);
    expect(bucket.allowance(0)).toBe(2);
    bucket.take(2, 0);
    expect(bucket.waitMs(0)).toBe(2000);
    expect(bucket.allowance(2000)).toBe(1);
  });

  test('keeps to the rate over any time, and uses it up, whoever asks when', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.array(fc.double({ min: 0, max: 1000, noNaN: true })),
        (rate, pauses) => {
          const bucket = new TokenBucket(rate, 0);
          let [nowMs, taken] = [0, 0];
          for (const pauseMs of pauses) {
            nowMs += Math.max(pauseMs, bucket.waitMs(nowMs));
            const allowed = bucket.allowance(nowMs);
            expect(allowed).toBeGreaterThanOrEqual(1); // whoever waited gets something
            bucket.take(allowed, nowMs);
            taken += allowed;
            expect(taken).toBeLessThanOrEqual(Math.max(2, rate / 10) + (rate * nowMs) / 1000 + 1e-3);
          }
        },
      ),
    );
  });
});
