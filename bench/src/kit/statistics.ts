/** What is kept of the samples of many rounds. */
export interface Summary {
  readonly p20: number;
  readonly median: number;
  /** First and third quartile. */
  readonly low: number;
  readonly high: number;
}

/**
 * Gives the quantile `q` of `values`, interpolated linearly.
 *
 * @param q - From 0, the smallest value, to 1, the largest.
 * @throws {RangeError} If there are no values or `q` is outside of its range.
 */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError('expected at least one value, got none');
  if (!(q >= 0 && q <= 1)) throw new RangeError(`expected a quantile from 0 to 1, got ${q}`);
  const sorted = [...values].sort((a, b) => a - b);
  const index = q * (sorted.length - 1);
  const below = sorted[Math.floor(index)] ?? NaN;
  const above = sorted[Math.ceil(index)] ?? NaN;
  return below + (index % 1) * (above - below);
}

/** Summarises the samples of all rounds; the 20th percentile is what a noisy neighbour disturbs least. */
export function summarise(values: readonly number[]): Summary {
  return {
    p20: quantile(values, 0.2),
    median: quantile(values, 0.5),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
  };
}
