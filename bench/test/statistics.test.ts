import { describe, expect, test } from 'vitest';
import { quantile, summarise } from '../src/kit/statistics.js';

describe('quantile', () => {
  test('gives the ends and the middle, whatever the order', () => {
    const values = [30, 10, 50, 20, 40];
    expect([0, 0.5, 1].map((q) => quantile(values, q))).toEqual([10, 30, 50]);
  });

  test('interpolates between two neighbours', () => {
    expect(quantile([10, 20], 0.2)).toBeCloseTo(12);
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  });

  test('sorts by number, not by text', () => {
    expect(quantile([9, 10, 100], 0)).toBe(9);
  });

  test('leaves the samples in their order', () => {
    const values = [3, 1, 2];
    quantile(values, 0.5);
    expect(values).toEqual([3, 1, 2]);
  });

  test('gives the only value there is', () => {
    expect(quantile([7], 0.2)).toBe(7);
  });

  test('rejects an empty list and a quantile out of range', () => {
    expect(() => quantile([], 0.5)).toThrow('expected at least one value, got none');
    expect(() => quantile([1], 1.5)).toThrow('expected a quantile from 0 to 1, got 1.5');
    expect(() => quantile([1], NaN)).toThrow(RangeError);
  });
});

describe('summarise', () => {
  test('gives p20, the median and the quartiles', () => {
    expect(summarise([0, 10, 20, 30, 40])).toEqual({ p20: 8, median: 20, low: 10, high: 30 });
  });

  test('keeps one slow round out of p20, the median and the quartiles', () => {
    const summary = summarise([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 9999]);
    expect(summary).toEqual({ p20: 10, median: 10, low: 10, high: 10 });
  });
});
