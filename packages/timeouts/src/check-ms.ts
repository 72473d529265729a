/**
 * Returns `ms` if it is a duration: 0 or more, `Infinity` included.
 *
 * @throws {RangeError} If it is NaN, negative or not a number.
 */
export function checkMs(ms: number, name: string): number {
  // Stated as "in range", then negated, so that NaN fails too.
  if (!(typeof ms === 'number' && ms >= 0)) {
    throw new RangeError(`expected ${name} to be a number of milliseconds, 0 or more, but saw ${String(ms)}`);
  }
  return ms;
}

/**
 * The longest delay that is asked of a clock at once: what setTimeout takes, and a fair bound for any other. Longer
 * waits, endless ones included, are made of several.
 */
export const MAX_DELAY_MS: number = 2 ** 31 - 1;
