/** A part of a program was async although nobody waits for it. */
export class AsyncPartError extends TypeError {}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * Returns `value`, which the `part` of a program has returned.
 *
 * @throws {AsyncPartError} If it is a promise: what it rejects with would be heard of by nobody.
 */
export function synchronous<T>(part: string, value: T): T {
  if (!isThenable(value)) return value;
  // The error below is enough: a rejection besides would end the process.
  value.then(undefined, () => undefined);
  throw new AsyncPartError(`expected ${part} to be synchronous, saw it return a promise`);
}
