import type { Segment } from './segment.js';

/** A place in the stream: index `at` of a segment. */
export interface Place {
  segment: Segment;
  at: number;
}

/** Moves `place` forward to `offset` in the stream, or as far as there are bytes. */
export function moveTo(place: Place, offset: number): void {
  for (;;) {
    const { segment } = place;
    if (offset <= segment.base + segment.end || segment.next === undefined) {
      place.at = Math.min(segment.end, offset - segment.base);
      return;
    }
    place.segment = segment.next;
  }
}

/**
 * Moves `place` forward to where `needle` begins, if it ends at or before the offset `limit`.
 *
 * @returns Whether it was found. If not, `place` is where the search has to go on when there are more bytes.
 */
export function seek(place: Place, needle: number | Uint8Array, limit: number): boolean {
  if (typeof needle === 'number') return seekByte(place, needle, limit);
  const [first = 0] = needle;
  const lastStart = limit - needle.length + 1;
  while (seekByte(place, first, lastStart)) {
    if (matches(place, needle)) return true;
    place.at += 1;
  }
  return false;
}

function seekByte(place: Place, byte: number, limit: number): boolean {
  for (;;) {
    const { segment } = place;
    const end = Math.min(segment.end, limit - segment.base);
    const found = indexOfByte(segment.bytes, byte, place.at, end);
    if (found >= 0) {
      place.at = found;
      return true;
    }
    place.at = Math.max(place.at, end);
    if (segment.base + segment.end >= limit || segment.next === undefined) return false;
    place.segment = segment.next;
    place.at = segment.next.start;
  }
}

/** `bytes.indexOf` with an end: without one, each search in a short frame would walk through the whole chunk. */
function indexOfByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  if (end - start > 64) {
    const found = bytes.subarray(start, end).indexOf(byte);
    return found < 0 ? -1 : start + found;
  }
  for (let i = start; i < end; i++) if (bytes[i] === byte) return i;
  return -1;
}

/** Whether `needle` begins at `place`, where there are enough bytes. */
function matches(place: Place, needle: Uint8Array): boolean {
  let { segment, at } = place;
  for (const byte of needle) {
    while (at === segment.end && segment.next !== undefined) {
      segment = segment.next;
      at = segment.start;
    }
    if (segment.bytes[at] !== byte) return false;
    at += 1;
  }
  return true;
}
