import { QueryCalls } from './frontend-query-calls.js';
import { encodeCopyData, encodeCopyDone, encodeCopyFail } from './messages/copy.js';

/** The calls of an owner that sends data, as COPY FROM STDIN wants it or a COPY in both directions. */
export abstract class CopyCalls extends QueryCalls {
  /**
   * Sends a piece of the data. Rows may be cut anywhere.
   *
   * @param data - Up to 1 GiB less 7 bytes, the longest that a server takes. Copied.
   * @throws {RangeError} For more.
   * @throws {LocalProtocolError} Unless the last event about it was `copyInResponse` or `copyBothResponse`: after an
   * `errorResponse` the copy is over, whatever the owner still had to send. In each case nothing is written.
   */
  sendCopyData(data: Uint8Array): void {
    this._conversation.send('sendCopyData', () => {
      encodeCopyData(this.output, data);
    });
  }

  /**
   * Says that this was all the data. COPY FROM STDIN is answered by `commandComplete` or `errorResponse`; a copy in both
   * directions goes on until the server is done, too.
   *
   * The server has swallowed the Syncs that were sent behind the command, so they are sent again.
   *
   * @throws {LocalProtocolError} As `sendCopyData()` does; nothing is written.
   */
  sendCopyDone(): void {
    this._conversation.send('sendCopyDone', () => {
      encodeCopyDone(this.output);
      this._conversation.syncs.encode(this.output);
    });
  }

  /**
   * Gives COPY FROM STDIN up, also to decline it from the start. Answered by `errorResponse`, which quotes the reason.
   *
   * The server has swallowed the Syncs that were sent behind the command, so they are sent again.
   *
   * @throws {RangeError} For U+0000 in the reason, or one above 10000 bytes.
   * @throws {LocalProtocolError} As `sendCopyData()` does, and in a copy in both directions; nothing is written.
   */
  sendCopyFail(reason: string): void {
    this._conversation.send('sendCopyFail', () => {
      encodeCopyFail(this.output, reason);
      this._conversation.syncs.encode(this.output);
    });
  }
}
