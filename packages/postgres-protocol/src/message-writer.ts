import type { WriteBuffer } from '@millrace/write-buffer';
import type { BackendState } from './backend-state.js';
import { LocalProtocolError } from './errors.js';
import type { State } from './frontend-state.js';

/**
 * Appends messages, each of them whole or not at all, and none into another: to encode a value may run the owner's code
 * (`toJSON`, an iterator, a getter), and that may call the machine.
 */
export class MessageWriter {
  private readonly _output: WriteBuffer;
  private _isEncoding = false;

  constructor(output: WriteBuffer) {
    this._output = output;
  }

  /** @throws {LocalProtocolError} If `call` comes from inside an encoder. */
  checkIdle(call: string, state: State | BackendState): void {
    if (this._isEncoding)
      throw new LocalProtocolError(call, state, 'cannot be called while a message is being encoded');
  }

  /**
   * Runs `encode`.
   *
   * @throws {LocalProtocolError} As `checkIdle`; the message that is being encoded is none the worse.
   * @throws Whatever `encode` throws; nothing is written.
   */
  write(call: string, state: State | BackendState, encode: () => void): void {
    this.checkIdle(call, state);
    this._isEncoding = true;
    try {
      this._output.atomic(encode);
    } finally {
      this._isEncoding = false;
    }
  }
}
