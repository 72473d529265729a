// A registered symbol, so that two copies of the package agree.
const LOWER_BOUNDS = Symbol.for('millrace.postgres.array-lower-bounds');

/**
 * Returns the lower bounds of a PostgreSQL array, one for each dimension, where it is not simply 1 throughout:
 * `'[0:2]={a,b,c}'::text[]` decodes to `['a', 'b', 'c']` with the bounds `[0]`.
 *
 * They travel with the decoded array object, not with copies of it, and are written back when it is a parameter of as
 * many dimensions. Indices in JavaScript start at 0 whatever they are.
 *
 * @param value - Any value; what is not such an array has no bounds.
 * @returns The bounds, or `undefined` for 1 throughout.
 */
export function arrayLowerBounds(value: unknown): readonly number[] | undefined {
  return Array.isArray(value) ? (value as { [LOWER_BOUNDS]?: readonly number[] })[LOWER_BOUNDS] : undefined;
}

/** Attaches the bounds to a decoded array, where no loop, copy or comparison over its elements meets them. */
export function attachLowerBounds(array: unknown[], bounds: readonly number[]): void {
  Object.defineProperty(array, LOWER_BOUNDS, { value: Object.freeze(bounds), configurable: true, enumerable: false });
}
