/** The error for a value that its field cannot hold. */
export function outOfRange(field: string, min: number | bigint, max: number | bigint, seen: unknown): RangeError {
  return new RangeError(`expected integer ${field} from ${min} to ${max}, saw ${String(seen)}`);
}

/** Throws unless `value` is an integer from `min` to `max`. */
export function checkInteger(field: string, value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): void {
  // Stated as "in range", then negated, so that NaN is not.
  if (!(Number.isInteger(value) && value >= min && value <= max)) throw outOfRange(field, min, max, value);
}

const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** The error for a value of another type. */
export function wrongType(expected: string, seen: unknown): TypeError {
  return new TypeError(`expected ${expected}, saw ${kindOf(seen)}`);
}

/** Throws unless `value` is a Uint8Array, of this realm or another one. */
export function requireBytes(value: unknown): void {
  const name = 'Uint8Array';
  if (!(value instanceof Uint8Array || kindOf(value) === name)) throw wrongType(name, value);
}

/** The error for a value that a field cannot hold: `field` is as DataView names it. */
export function refusal(field: string, value: unknown): RangeError {
  return new RangeError(`expected ${field}, saw ${String(value)}`);
}
