import { text } from './text.js';
import type { WireType } from './wire-type.js';

/**
 * Makes an enum type: its labels as strings. Which there are is not checked, since `ALTER TYPE … ADD VALUE` adds some
 * without a word to the client: the server judges.
 */
export function enumOf(oid: number, name: string): WireType {
  return { ...text, oid, name };
}
