import { ReadBuffer, type FrameLayout } from '@millrace/read-buffer';
import type { CopyBatch } from './copy-batch.js';
import { checkFrontendLength, checkPendingLength } from './messages/lengths.js';

/** Type byte, and PG_MAX_AUTH_TOKEN_LENGTH of the server's auth.c. */
const MAX_BYTES_BEFORE_SESSION = 1 + 65_535;

/**
 * The bytes of a client as frames: without a type byte until the session is asked for, with one from then on. The length
 * of each is judged as soon as it is there, before the rest of its message is waited for.
 */
export class BackendFrames {
  readonly buffer: ReadBuffer;
  private readonly _maxMessageBytes: number;
  /** The layout with a type byte; `undefined` before. */
  private _layout: FrameLayout | undefined;
  /** Whether the header of the frame that is next was judged already. */
  private _isNextJudged = false;

  constructor(maxMessageBytes: number, maxStartupBytes: number) {
    this._maxMessageBytes = maxMessageBytes;
    this.buffer = new ReadBuffer({
      frame: { typeBytes: 0, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: maxStartupBytes },
    });
  }

  get areTyped(): boolean {
    return this._layout !== undefined;
  }

  /** From here on frames have a type byte. They are short: nobody was let in yet. */
  beginTyped(): void {
    this._setLayout(Math.min(MAX_BYTES_BEFORE_SESSION, this._maxMessageBytes));
  }

  /** From here on they may be long. */
  admit(): void {
    this._setLayout(this._maxMessageBytes);
  }

  /**
   * Goes on to the next frame, if all of it is there.
   *
   * @throws {FrameError | RemoteProtocolError} For a length that no message has.
   */
  take(): boolean {
    if (this.buffer.takeFrame()) {
      this._isNextJudged = false;
      return true;
    }
    if (this._layout !== undefined && !this._isNextJudged) {
      this._isNextJudged = checkPendingLength(this.buffer, this._layout, checkFrontendLength);
    }
    return false;
  }

  /** Takes the CopyData messages that are next and whole. */
  gather(copies: CopyBatch): void {
    this._isNextJudged = false;
    copies.gather(this.buffer);
  }

  /** Judges the length of the frame that was taken. */
  check(): void {
    checkFrontendLength(this.buffer.type, this.buffer.payloadLength + 4);
  }

  /** Forgets what has arrived. */
  drop(): void {
    this.buffer.setFrame(null);
    this.buffer.skip(this.buffer.length);
  }

  private _setLayout(maxFrameBytes: number): void {
    this._layout = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes };
    this.buffer.setFrame(this._layout);
  }
}
