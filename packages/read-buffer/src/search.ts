/** Returns the index of the first `needle` that lies from `start` up to `end`, or -1. */
export function search(bytes: Uint8Array, needle: Uint8Array, start: number, end: number): number {
  const last = needle.length - 1;
  for (let at = start; ; at++) {
    at = searchByte(bytes, needle[0] as number, at, end - last);
    let i = last;
    while (i > 0 && bytes[at + i] === needle[i]) i--;
    if (i === 0 || at < 0) return at;
  }
}

/** `bytes.indexOf` with an end: without one, each search in a short frame would walk through the whole chunk. */
export function searchByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  const soon = Math.min(end, start + 64);
  for (let i = start; i < soon; i++) if (bytes[i] === byte) return i;
  const found = soon < end ? bytes.subarray(soon, end).indexOf(byte) : -1;
  return found < 0 ? -1 : soon + found;
}

/** The needles of one byte that were looked for. */
const BYTES: Uint8Array[] = [];

/** Returns what to look for as bytes; throws a RangeError if that is none. */
export function needleOf(needle: number | Uint8Array): Uint8Array {
  if (typeof needle === 'number' ? (needle & 0xff) === needle : ArrayBuffer.isView(needle) && needle.length > 0) {
    return typeof needle === 'number' ? (BYTES[needle] ??= Uint8Array.of(needle)) : needle;
  }
  throw new RangeError(`expected a byte or more to look for, saw ${String(needle) || 'none'}`);
}
