/** Reads the whole frames from `start` on, and returns the offset after the last one. */
export type FrameWalker = (bytes: Buffer, start: number, end: number) => number;

const NONE = Buffer.alloc(0);
/** No header is longer. */
const HEADER_BYTES = 16;

/**
 * What a peer that knows no chunks is given: its frames are read where they are, and only the one that straddles two
 * chunks is put together in a small buffer. This is the best that its user could add.
 */
export class FrameSplitter {
  private _rest: Buffer = NONE;
  private readonly _frameBytes: (head: Buffer) => number;
  private readonly _walk: FrameWalker;

  /** @param frameBytes - Gives the length of the frame that begins with `head`, or -1 if more bytes are needed. */
  constructor(frameBytes: (head: Buffer) => number, walk: FrameWalker) {
    this._frameBytes = frameBytes;
    this._walk = walk;
  }

  feed(chunk: Buffer): void {
    const start = this._rest.length === 0 ? 0 : this._finish(chunk);
    if (start < 0) return;
    const next = this._walk(chunk, start, chunk.length);
    this._rest = next === chunk.length ? NONE : Buffer.from(chunk.subarray(next));
  }

  /** Completes the frame that began before; returns where the next one begins, or -1. */
  private _finish(chunk: Buffer): number {
    const rest = this._rest;
    const head = rest.length >= HEADER_BYTES ? rest : Buffer.concat([rest, chunk.subarray(0, HEADER_BYTES)]);
    const missing = this._frameBytes(head) - rest.length;
    if (missing < 0 || missing > chunk.length) {
      this._rest = Buffer.concat([rest, chunk]);
      return -1;
    }
    const frame = Buffer.concat([rest, chunk.subarray(0, missing)]);
    this._rest = NONE;
    this._walk(frame, 0, frame.length);
    return missing;
  }
}
