import { FrameError, type ReadBuffer, type RunDecoder } from '@millrace/read-buffer';
import { FRONTEND_TYPES } from './messages/names.js';

/** Type byte of CopyData, the same in both directions. */
export const COPY_DATA: number = FRONTEND_TYPES.CopyData;

/** Type byte and length. */
const HEADER_BYTES = 5;

/** What a length counts at least: itself. */
const MIN_LENGTH = 4;

/**
 * Gathers the CopyData messages of one chunk, so that their receiver is told once. A run of them is copied once, headers
 * and all; each entry is a view of the copy.
 */
export class CopyBatch {
  private _entries: Uint8Array[] = [];
  private readonly _maxMessageBytes: number;
  private readonly _decode: RunDecoder;

  /** @param maxMessageBytes - A longer message is left for `takeFrame` to judge. */
  constructor(maxMessageBytes: number) {
    this._maxMessageBytes = maxMessageBytes;
    this._decode = (bytes, view, start, end) => this._decodeRun(bytes, view, start, end);
  }

  /**
   * Takes all CopyData messages that are next in `input` and are there as a whole.
   *
   * @throws {FrameError} For a hostile length, if nothing came before it. Else the next call throws it: first the batch is
   * to be told, and what its receiver does may end the conversation.
   */
  gather(input: ReadBuffer): void {
    try {
      while (input.takeRun(COPY_DATA, this._decode));
    } catch (error) {
      if (this._entries.length === 0 || !(error instanceof FrameError)) throw error;
    }
  }

  /** Hands over what was gathered, and begins anew. */
  take(): readonly Uint8Array[] {
    const entries = this._entries;
    if (entries.length > 0) this._entries = [];
    return entries;
  }

  private _decodeRun(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    let next = start;
    for (let bytesOfOne = this._whole(view, next, end); bytesOfOne > 0; bytesOfOne = this._whole(view, next, end)) {
      next += bytesOfOne;
    }
    // perf: one copy for many small messages. Not slice(), which for a Buffer is a view.
    const copy = new Uint8Array(bytes.subarray(start, next));
    for (let at = start; at < next;) {
      const after = at + 1 + view.getInt32(at + 1);
      this._entries.push(copy.subarray(at + HEADER_BYTES - start, after - start));
      at = after;
    }
    return next;
  }

  /** The bytes of the CopyData message at `at`; 0 if there is none, or it is not whole, or its length is not sound. */
  private _whole(view: DataView, at: number, end: number): number {
    if (end - at < HEADER_BYTES || view.getUint8(at) !== COPY_DATA) return 0;
    const length = view.getInt32(at + 1);
    const messageBytes = length + 1;
    return length >= MIN_LENGTH && messageBytes <= end - at && messageBytes <= this._maxMessageBytes ? messageBytes : 0;
  }
}
