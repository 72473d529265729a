/**
 * What `@millrace/read-buffer` is under the export condition `millrace-debug`: the same, but a view that is used after
 * its time gives nothing, and whoever is handed one says who ended it.
 *
 * @packageDocumentation
 */
import type { RunDecoder } from './field-reader.js';
import type { FrameLayout } from './frame-layout.js';
import { assertLive, Loans } from './loans.js';
import { ReadBuffer as PlainReadBuffer } from './read-buffer.js';

export type { ReadBufferOptions } from './read-buffer.js';
export type { ReadBufferStats } from './chunk-chain.js';
export type { FrameLayout } from './frame-layout.js';
export type { RunDecoder } from './field-reader.js';
export { decodeUtf8 } from './text-window.js';
export { BufferOverflowError, BufferUnderflowError, FrameError } from './errors.js';

/** A `ReadBuffer` whose views are private copies, which are detached as soon as they are no longer valid. */
export class ReadBuffer extends PlainReadBuffer {
  /** Views that end with the next feed or `endBorrow`. */
  private readonly _views = new Loans();
  /** Those that end with the frame, too. */
  private readonly _payloads = new Loans();
  private _isLent = false;

  override feed(chunk: Uint8Array): void {
    assertLive(chunk);
    super.feed(chunk);
    this._release('feed');
  }

  override feedBorrowed(chunk: Uint8Array): void {
    assertLive(chunk);
    super.feedBorrowed(chunk);
    this._isLent = true;
    this._release('feedBorrowed');
  }

  override endBorrow(): void {
    super.endBorrow();
    if (this._isLent) this._release('endBorrow');
    this._isLent = false;
  }

  override takeFrame(): boolean {
    const isTaken = super.takeFrame();
    this._payloads.release('takeFrame');
    return isTaken;
  }

  override takeRun(type: number, decode: RunDecoder): boolean {
    const hasAdvanced = super.takeRun(type, decode);
    this._payloads.release('takeRun');
    return hasAdvanced;
  }

  override setFrame(layout: FrameLayout | null): void {
    super.setFrame(layout);
    this._payloads.release('setFrame');
  }

  override payload(): Uint8Array {
    return this._payloads.lend(super.payload());
  }

  override takePayload(): Uint8Array {
    const payload = super.takePayload();
    // The plain payload() that it calls is ours, so that what it returned may be on loan.
    return this._payloads.keep(payload);
  }

  override viewBytes(byteLength: number): Uint8Array {
    return this._views.lend(super.viewBytes(byteLength));
  }

  override tryViewBytes(byteLength: number): Uint8Array | undefined {
    const view = super.tryViewBytes(byteLength);
    return view === undefined ? undefined : this._views.lend(view);
  }

  override nextRun(): Uint8Array {
    return this._views.lend(super.nextRun());
  }

  override readInto(target: Uint8Array): void {
    assertLive(target);
    super.readInto(target);
  }

  override indexOf(needle: number | Uint8Array, from?: number): number {
    assertLive(needle);
    return super.indexOf(needle, from);
  }

  override readUntil(delimiter: number | Uint8Array, maxBytes?: number): Uint8Array | undefined {
    assertLive(delimiter);
    return super.readUntil(delimiter, maxBytes);
  }

  protected override _decodeRun(decode: RunDecoder, end: number): boolean {
    return super._decodeRun((bytes, _view, start) => {
      const run = new Loans();
      const copy = run.lend(bytes.subarray(start, end));
      try {
        return start + decode(copy, new DataView(copy.buffer), 0, copy.length);
      } finally {
        run.release('the end of the run');
      }
    }, end);
  }

  private _release(by: string): void {
    this._views.release(by);
    this._payloads.release(by);
  }
}
