import type { WriteWatermarks } from './transport.js';

// Callers may not be typed. What they give is checked before anything is made or queued, so that a mistake is told where
// it was made, and not to the first connection.

/** @throws {TypeError} If `value` is no object. */
export function checkObject(value: unknown, what = 'options'): void {
  if (typeof value === 'object' && value !== null) return;
  throw new TypeError(`expected ${what} to be an object, got ${describe(value)}`);
}

/** @throws {TypeError} If `value` is no function. */
export function checkFunction(value: unknown, what: string): void {
  if (typeof value === 'function') return;
  throw new TypeError(`expected ${what} to be a function, got ${describe(value)}`);
}

/** @throws {TypeError} If one of the options is given, and is neither `true` nor `false`. */
export function checkFlags<T extends object>(options: T, names: readonly (keyof T & string)[]): void {
  for (const name of names) {
    const value: unknown = options[name];
    if (value === undefined || typeof value === 'boolean') continue;
    throw new TypeError(`expected ${name} to be true or false, got ${describe(value)}`);
  }
}

/** @throws {RangeError} If `value` is no finite number of `least` or more. */
export function checkDuration(value: unknown, what: string, least: number): void {
  if (typeof value === 'number' && value >= least && value < Infinity) return;
  throw new RangeError(`expected ${what} to be ${least} or more and finite, got ${String(value)}`);
}

/**
 * Checks when writing is to be paused.
 *
 * @throws {TypeError} If they are no object.
 * @throws {RangeError} Unless 0 <= lowWaterBytes <= highWaterBytes.
 */
export function checkWatermarks(watermarks: WriteWatermarks): void {
  checkObject(watermarks, 'watermarks');
  const { highWaterBytes: high, lowWaterBytes: low } = watermarks as {
    highWaterBytes: unknown;
    lowWaterBytes: unknown;
  };
  if (typeof high === 'number' && typeof low === 'number' && low >= 0 && low <= high) return;
  throw new RangeError(`expected 0 <= lowWaterBytes <= highWaterBytes, got ${String(low)} and ${String(high)}`);
}

/** What accepted connections and those of clients have in common. */
interface CommonOptions {
  readonly noDelay?: boolean | undefined;
  readonly keepAliveMs?: number | undefined;
  readonly watermarks?: WriteWatermarks | undefined;
}

/**
 * Checks what `connect` and `listen` were given.
 *
 * @throws {TypeError} or {RangeError} If something is not what it must be.
 */
export function checkConnectionOptions(factory: unknown, options: CommonOptions): void {
  checkFunction(factory, 'factory');
  checkObject(options);
  checkFlags(options, ['noDelay']);
  if (options.keepAliveMs !== undefined) checkDuration(options.keepAliveMs, 'keepAliveMs', 0);
  if (options.watermarks !== undefined) checkWatermarks(options.watermarks);
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
