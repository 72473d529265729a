// How values are decoded, and how decoding stops half-way.
//
// A layout decodes at a cursor over one contiguous stretch of bytes. A leaf (a number, a string of known length) either
// takes all its bytes, or leaves the cursor where it is and says by `short` how many it needs. A composite layout that
// meets an incomplete part saves that part, and what makes a value of the part's, as a frame, and returns Incomplete as
// well: so the call stack unwinds into a list of frames, the innermost first. To go on, the part of the innermost frame,
// a leaf, is decoded again, its value goes to the frame around it, and so on: nothing else is decoded twice.
import { Incomplete, isIncomplete } from './codec.js';

/** What can be decoded. */
export interface Part {
  decodeAt(cursor: Cursor): unknown;
}

/** Goes on when a part is complete: returns the value of the whole, or Incomplete. */
type Next<V> = (value: V) => unknown;

interface Frame {
  readonly part: Part;
  readonly next: Next<never>;
}

/** No bytes. */
export const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
/** No bytes either. */
export const NO_VIEW: DataView = /* @__PURE__ */ new DataView(NO_BYTES.buffer);

/** Where the value of the part is that of the whole. */
export function same<V>(value: V): V {
  return value;
}

/** A place in a contiguous stretch of bytes, and the frames of a value that is not complete. */
export class Cursor {
  bytes: Uint8Array = NO_BYTES;
  /** The same memory as `bytes`, with the same indices. */
  view: DataView = NO_VIEW;
  at = 0;
  end = 0;
  /** How many bytes from `at` on there must be before it makes sense to go on. */
  need = 0;
  /** How many bytes from `at` on the leaf that was cut has searched already. */
  scanned = 0;
  /** How many lazy layouts are open. */
  depth = 0;
  /** How many items of arrays took no bytes, in the value that is decoded. */
  emptyItems = 0;
  /** Whether the struct that was decoded last is whole. */
  isWhole = false;
  /** The frames of the value, the outermost first. */
  readonly #frames: Frame[] = [];
  /** Frames that are being saved, the innermost first. */
  readonly #saved: Frame[] = [];

  /** Moves to a stretch of bytes. */
  set(bytes: Uint8Array, view: DataView, at: number, end: number): void {
    this.bytes = bytes;
    this.view = view;
    this.at = at;
    this.end = end;
  }

  /** Moves over `byteLength` bytes and returns where they begin, or -1 if they are not all there. */
  take(byteLength: number): number {
    const { at } = this;
    if (this.end - at < byteLength) {
      this.need = byteLength;
      return -1;
    }
    this.at = at + byteLength;
    return at;
  }

  /** Says what a leaf needs that is incomplete. The cursor must be where the leaf begins. */
  short(needBytes: number, scannedBytes = 0): typeof Incomplete {
    this.need = needBytes;
    this.scanned = scannedBytes;
    return Incomplete;
  }

  /** Saves a composite layout whose `part` is incomplete. */
  save<V>(part: Part, next: Next<V>): typeof Incomplete {
    this.#saved.push({ part, next });
    return Incomplete;
  }

  /** Decodes `part` and goes on with its value, now or later. */
  then<V, R>(part: { decodeAt(cursor: Cursor): V | typeof Incomplete }, next: (value: V) => R): R | typeof Incomplete {
    const value = part.decodeAt(this);
    return isIncomplete(value) ? this.save(part, next) : next(value);
  }

  get hasFrames(): boolean {
    return this.#frames.length > 0;
  }

  /** Begins a value with `root`. */
  begin<V>(root: { decodeAt(cursor: Cursor): V }): V {
    this.emptyItems = 0;
    return root.decodeAt(this);
  }

  /** Begins a value with `root`, or goes on with the one that was saved. */
  run(root: Part): unknown {
    const value = this.hasFrames ? this.#resume() : this.begin(root);
    if (isIncomplete(value)) this.keep();
    return value;
  }

  /** Moves the frames that were saved while the stack unwound to where they are resumed from. */
  keep(): void {
    for (let frame = this.#saved.pop(); frame !== undefined; frame = this.#saved.pop()) this.#frames.push(frame);
  }

  /** Forgets the value and the bytes. */
  clear(): void {
    this.set(NO_BYTES, NO_VIEW, 0, 0);
    this.need = 0;
    this.scanned = 0;
    this.depth = 0;
    // perf: struct; nearly always they are empty, and setting a length is not free.
    if (this.#frames.length > 0) this.#frames.length = 0;
    if (this.#saved.length > 0) this.#saved.length = 0;
  }

  #resume(): unknown {
    let value: unknown = Incomplete;
    for (let frame = this.#frames.pop(); frame !== undefined; frame = this.#frames.pop()) {
      // Only the innermost part is a leaf that has no value yet.
      if (isIncomplete(value)) value = frame.part.decodeAt(this);
      if (isIncomplete(value)) this.#saved.push(frame);
      else value = frame.next(value as never);
      if (isIncomplete(value)) break;
    }
    return value;
  }
}
