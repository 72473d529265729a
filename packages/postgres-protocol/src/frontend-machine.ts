import { WriteBuffer } from '@millrace/write-buffer';
import { AuthenticationPolicy, type AuthenticationOptions } from './authentication-policy.js';
import { Conversation } from './conversation.js';
import { CopyCalls } from './frontend-copy-calls.js';
import type { FrontendHandler } from './frontend-handler.js';
import type { State } from './frontend-state.js';
import type { TransactionStatus } from './messages/startup.js';

/** What a {@link FrontendMachine} puts up with. */
export interface FrontendMachineOptions extends AuthenticationOptions {
  /** The longest message to accept, in bytes, from 1024 to 2^31 - 1. Default 2^30 + 3, the longest that a server can send. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * What the rows of simple queries come as: objects of strings, or, for proxies, the bytes of each value, as of
   * `createRawStatement`. Default `'text'`.
   */
  readonly simpleResults?: 'text' | 'raw' | undefined;
}

/**
 * The client's end of the PostgreSQL protocol, versions 3.0 and 3.2, as a state machine: bytes in, events out; calls in, bytes
 * out. No I/O, no clock, no promise.
 *
 * Each `send*` appends whole messages to `output` and notes what they expect for an answer, so that requests may be
 * pipelined without limit. Whoever owns the machine moves `output` to the transport and bounds what is in flight.
 *
 * COPY FROM STDIN wants an answer: data, or `sendCopyFail()`. What was pipelined behind it costs the connection (Sync
 * aside), because the server gives it up. `feed` may write to `output`, too: take it after each.
 *
 * @remarks
 * Lifetime: a fed chunk is borrowed until `feed` returns.
 * Reentrancy: events may call `send*`, not `feed` or `eof`. If an event throws, the error passes through `feed` or `eof`;
 * what came behind it is kept for the next call of either, an error of the server with it: so each error comes out of a
 * call of its own, in wire order. `feed` of no bytes goes on at once. What an encoder runs of the owner's code (`toJSON`)
 * may call nothing: a LocalProtocolError, and the message is none the worse.
 * Cost: a request allocates nothing beyond what its encoder does; rows are decoded in place.
 * @see {@link https://www.postgresql.org/docs/current/protocol-flow.html | Message Flow}
 */
export class FrontendMachine extends CopyCalls {
  /**
   * @param handler - Receives the events, in wire order.
   * @throws {RangeError} For an option out of range.
   * @throws {TypeError} For another kind of `simpleResults`.
   */
  constructor(handler: FrontendHandler, options: FrontendMachineOptions = {}) {
    const { maxMessageBytes = 2 ** 30 + 3, simpleResults = 'text' } = options;
    if (!['text', 'raw'].includes(simpleResults))
      throw new TypeError(`simpleResults must be text or raw, got ${simpleResults}`);
    if (!(Number.isSafeInteger(maxMessageBytes) && maxMessageBytes >= 1024 && maxMessageBytes < 2 ** 31)) {
      throw new RangeError(`maxMessageBytes must be an integer from 1024 to 2147483647, got ${maxMessageBytes}`);
    }
    super(
      new Conversation(handler, new WriteBuffer(), maxMessageBytes, simpleResults),
      new AuthenticationPolicy(options),
    );
  }

  /** Which answer is expected; `idle` when there is none, `closed` after a FATAL error, `broken` after a RemoteProtocolError. */
  get state(): State {
    return this._conversation.state;
  }

  /** As the last ReadyForQuery said; `I` before the first. */
  get transactionStatus(): TransactionStatus {
    return this._conversation.transactionStatus;
  }

  /**
   * How many ReadyForQuery the server still owes: one for each `sendStartup`, `sendSync`, `sendQuery` and
   * `sendFunctionCall`. None once the session is over (`closed`, `broken`), whatever was not answered.
   */
  get outstanding(): number {
    return this._conversation.outstanding;
  }

  /**
   * Takes bytes from the server and tells the handler what they say.
   *
   * @param chunk - Borrowed: all of it is decoded or copied before this returns.
   * @throws {RemoteProtocolError} If the server breaks the protocol or speaks another one. Events decoded before were
   * delivered; the machine is dead, and every later call throws the same error.
   * @throws {LocalProtocolError} From inside an event or an encoder; nothing is taken.
   * @throws Whatever an event throws; all bytes are taken, and the next `feed` or `eof` tells what they say behind it.
   */
  feed(chunk: Uint8Array): void {
    this._conversation.feed(chunk);
  }

  /**
   * Says that the server has closed its side. What an event has left by throwing is told first.
   *
   * @throws {RemoteProtocolError} Unless the server may: after a FATAL error, or after `sendTerminate()` when everything
   * before it is answered. The machine is dead.
   * @throws {LocalProtocolError} From inside an event or an encoder; nothing changes.
   * @throws Whatever an event throws; call it again.
   */
  eof(): void {
    this._conversation.eof();
  }
}
