/** The bytes are not what the codec describes: the peer's fault, or another protocol. */
export class DecodeError extends Error {
  override readonly name: string = 'DecodeError';
  /** Stable name of this kind of error. */
  readonly code: 'ERR_CODECS_DECODE' | 'ERR_CODECS_LIMIT' = 'ERR_CODECS_DECODE';
}

/** The bytes announce more than a limit allows. It is thrown as soon as they do, before anything is kept for it. */
export class LimitError extends DecodeError {
  override readonly name = 'LimitError';
  override readonly code = 'ERR_CODECS_LIMIT';
  /** What the bytes announce: a length in bytes, a count, or a depth. */
  declare readonly requested: number;
  /** The limit. */
  declare readonly available: number;

  /** Makes the error for `requested` of `what`, where `available` are allowed. */
  constructor(what: string, requested: number, available: number) {
    super(`expected ${what} from 0 to ${available}, saw ${requested}`);
    this.requested = requested;
    this.available = available;
  }
}

/** Says what a caller's value should have been. Shows its type only, because it may be a secret. */
export function wrongType(expected: string, value: unknown): TypeError {
  return new TypeError(`expected ${expected}, saw ${value === null ? 'null' : typeof value}`);
}

/** Bytes as they are shown in errors: `12 34`. */
export function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** The greatest integer that all numbers up to it can be told apart. */
export const MAX: number = Number.MAX_SAFE_INTEGER;

/** Throws unless a caller's value, called `what`, is an integer from `min` to `max`. */
export function checkInteger(what: string, value: unknown, min: number, max: number = MAX): number {
  if (typeof value !== 'number') throw wrongType('a number', value);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`expected ${what} from ${min} to ${max}, saw ${value}`);
}
