/**
 * Checks a count that the caller gave.
 *
 * @throws {RangeError} If it is not an integer from `least` to `most`; says of what type it is, if not a number.
 */
export function checkCount(name: string, count: number, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(count) && count >= least && count <= most) return;
  // A caller without types may have given anything, of which some looks like a number.
  const value = count as number | string | bigint | undefined;
  const isPlain = typeof value === 'number' || value === undefined;
  const seen = isPlain ? String(value) : `'${String(value)}' (a ${typeof value})`;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new RangeError(`expected ${name} to be an integer ${range}, saw ${seen}`);
}
