/**
 * Thrown by a writer for a value that its type cannot take. It never leaves the package: the parameter encoder names
 * the parameter and rethrows it as a `TypeError` (wrong kind) or a `RangeError` (right kind, impossible value).
 */
export class RefusedValueError extends Error {
  override readonly name: string = 'RefusedValueError';
  readonly kind: 'type' | 'range';

  constructor(kind: 'type' | 'range', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The value is of a kind that the type never takes. `expected` reads as a noun: "a string". */
export function wrongKind(expected: string, value: unknown): RefusedValueError {
  return new RefusedValueError('type', `expected ${expected}, got ${kindOf(value)}`);
}

/** The value is of the right kind; `got` says what is wrong with it, without quoting it. */
export function outOfRange(expected: string, got: string): RefusedValueError {
  return new RefusedValueError('range', `expected ${expected}, got ${got}`);
}

/** Names what a value is, never what it holds: bind values are kept out of every message. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (tag === 'Object') return 'an object';
  return `${/^[aeiou](?!int)/i.test(tag) && !tag.startsWith('Uint') ? 'an' : 'a'} ${tag}`;
}
