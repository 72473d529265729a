import { outOfRange } from './refused-value-error.js';

/**
 * Refuses a lone surrogate, which UTF-8 cannot carry, instead of letting it be replaced; and U+0000, which no text of the
 * server holds.
 *
 * @throws {RefusedValueError} If there is one.
 */
export function checkWellFormed(value: string): void {
  // In every runtime of ES2024; the compiler's library is ES2023.
  if (!(value as string & { isWellFormed(): boolean }).isWellFormed()) {
    throw outOfRange('a well-formed string', 'a string with a lone surrogate');
  }
  if (value.includes('\0')) throw outOfRange('a string that the server can hold', 'a string with U+0000');
}
