/** The error for a value that its field cannot hold. */
export function outOfRange(field: string, min: number | bigint, max: number | bigint, seen: unknown): RangeError {
  return new RangeError(`${field} must be an integer from ${min} to ${max}, saw ${String(seen)}`);
}

/** Throws unless `value` is an int32. */
export function checkInt32(value: number): void {
  if ((value | 0) !== value) throw outOfRange('int32', -0x80000000, 0x7fffffff, value);
}

/** Throws unless `value` is a count of at least `min`. */
export function checkCount(name: string, value: number, min: number): void {
  if (!(Number.isSafeInteger(value) && value >= min)) {
    throw new RangeError(`${name} must be an integer from ${min}, saw ${value}`);
  }
}
