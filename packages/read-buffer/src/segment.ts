/** A longer frame gets this much at first, and more only as its bytes arrive: its header alone proves nothing. */
export const CARRY_AT_ONCE_BYTES: number = 16 * 1024 * 1024;

/** So that the next small frame that straddles two chunks finds a carry that is large enough. */
const MIN_CARRY_BYTES = 128;

/** A stretch of the stream in one piece of memory. The segments of a buffer form a list without gaps. */
export class Segment {
  bytes: Uint8Array;
  view: DataView;
  /** Offset in the stream of index 0 of `bytes`. */
  base: number;
  /** The segment is what lies between `start` and `end` in `bytes`. */
  start: number;
  end: number;
  /** Memory of the buffer itself, which may be written behind `end`, and used again when the segment was read. */
  isCarry: boolean;
  next: Segment | undefined = undefined;

  constructor(bytes: Uint8Array, base: number, start: number, end: number, isCarry: boolean) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.base = base;
    this.start = start;
    this.end = end;
    this.isCarry = isCarry;
  }

  /** Puts the same stretch, from offset `base` in the stream on, into other memory: its first `length` bytes. */
  replace(bytes: Uint8Array, base: number, length: number, isCarry: boolean): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.base = base;
    this.start = 0;
    this.end = length;
    this.isCarry = isCarry;
  }
}

/** Makes a segment without bytes at `offset` of the stream. */
export function emptySegment(offset: number): Segment {
  return new Segment(new Uint8Array(0), offset, 0, 0, false);
}

/** Copies bytes; for a few of them a loop is cheaper than the view that `set` needs. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start < 16) for (let i = start; i < end; i++) target[at + i - start] = source[i] ?? 0;
  else target.set(source.subarray(start, end), at);
}

/** How much memory a frame of `frameBytes` gets when `heldBytes` of it are there: all of it, or twice what is there. */
export function carryBytes(frameBytes: number, heldBytes: number): number {
  return Math.min(frameBytes, Math.max(CARRY_AT_ONCE_BYTES, 2 * heldBytes));
}

/** Makes memory for a carry of `byteLength` bytes or more. */
export function newCarry(byteLength: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.max(byteLength, MIN_CARRY_BYTES));
}
