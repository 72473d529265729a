import { BackendConversation } from './backend-conversation.js';
import type { BackendHandler } from './backend-handler.js';
import { BackendStartup } from './backend-startup.js';
import type { BackendState } from './backend-state.js';
import * as copy from './messages/copy.js';
import * as extended from './messages/extended-query.js';
import type { FormatCode } from './messages/format-codes.js';
import { encodeFunctionCallResponse } from './messages/function-call.js';
import * as simple from './messages/simple-query.js';
import type { FieldDescription } from './messages/simple-query.js';
import { MAX_STARTUP_BYTES } from './messages/startup.js';
import type { RawValue } from './messages/values.js';

/** Limits of a {@link BackendMachine}. */
export interface BackendMachineOptions {
  /** The longest message to accept in a session, in bytes, from 1024 to 2^31 - 1. Default 2^30, as servers do. */
  readonly maxMessageBytes?: number | undefined;
  /** The longest first message to accept, in bytes, from 264 to 65536. Default 10004, as servers do. */
  readonly maxStartupBytes?: number | undefined;
}

/**
 * The server's end of the PostgreSQL protocol, versions 3.0 and 3.2, as a state machine: bytes in, events out; calls in,
 * bytes out. No I/O, no clock, no promise. For proxies, poolers, fake servers and tools.
 *
 * Requests are delivered as they arrive, and remembered. Each `send*` appends one message to `output`, if it answers the
 * oldest unanswered request; so an owner that answers late, or in one go, is still held to the order of the wire. The
 * machine bounds the length of a message; what is in flight its owner bounds, by not feeding while `unanswered` is large.
 *
 * Every `send*` throws a LocalProtocolError where `state` does not have it, a RangeError for fields that the message
 * cannot have, and after a RemoteProtocolError that same error. In each case nothing is written and nothing changes.
 *
 * Text is UTF-8. A client whose `client_encoding` is another is for the owner to refuse.
 *
 * @remarks
 * Lifetime: a fed chunk is borrowed until `feed` returns. Arguments of `send*` are copied.
 * Reentrancy: events may call `send*`, not `feed` or `eof`. If an event throws, the error passes through `feed` or `eof`;
 * what came behind it is kept for the next call of either, an error of the client with it: so each error comes out of a
 * call of its own, in wire order. `feed` of no bytes goes on at once. What an encoder runs of the owner's code (a getter)
 * may call nothing: a LocalProtocolError, and the message is none the worse.
 * @see {@link https://www.postgresql.org/docs/current/protocol-flow.html | Message Flow}
 */
export class BackendMachine extends BackendStartup {
  protected override readonly _conversation: BackendConversation;

  /**
   * @param handler - Receives the events, in wire order.
   * @throws {RangeError} For an option out of range.
   */
  constructor(handler: BackendHandler, options: BackendMachineOptions = {}) {
    super();
    const { maxMessageBytes = 2 ** 30, maxStartupBytes = MAX_STARTUP_BYTES } = options;
    checkInteger('maxMessageBytes', maxMessageBytes, 1024, 2 ** 31 - 1);
    checkInteger('maxStartupBytes', maxStartupBytes, 264, 65536);
    this._conversation = new BackendConversation(handler, this.output, maxMessageBytes, maxStartupBytes);
  }

  /** What was asked for, or which request is being answered; `idle` when there is none. */
  get state(): BackendState {
    return this._conversation.state;
  }

  /**
   * How many ReadyForQuery are owed: one for the startup, and for each Sync, Query and FunctionCall. None once the
   * conversation is over (`closed`, `broken`).
   */
  get outstanding(): number {
    return this._conversation.outstanding;
  }

  /** How many requests have arrived that are not answered in full; none once the conversation is over. */
  get unanswered(): number {
    return this._conversation.requests.count;
  }

  /**
   * Takes bytes from the client and tells the handler what they say.
   *
   * @param chunk - Borrowed: all of it is decoded or copied before this returns. In `closed` it is dropped.
   * @throws {RemoteProtocolError} If the client breaks the protocol. Events decoded before were delivered; the machine is
   * dead, every later call throws the same error, but for one `sendErrorResponse`.
   * @throws {LocalProtocolError} From inside an event or an encoder; nothing is taken.
   * @throws Whatever an event throws; all bytes are taken, and the next `feed` or `eof` tells what they say behind it.
   */
  feed(chunk: Uint8Array): void {
    this._conversation.feed(chunk);
  }

  /**
   * Says that the client has closed its side. What an event has left by throwing is told first. Requests before a
   * Terminate may still be answered.
   *
   * @throws {RemoteProtocolError} Unless the client may: before its StartupMessage, when it was asked for a password, and
   * after CancelRequest, Terminate or a FATAL error. The machine is dead.
   * @throws {LocalProtocolError} From inside an event or an encoder; nothing changes.
   * @throws Whatever an event throws; call it again.
   */
  eof(): void {
    this._conversation.eof();
  }

  /**
   * Describes the columns of a portal or statement, or of the rows that follow in the answer to a Query.
   *
   * @throws {RangeError} For more than 65535 columns, a number out of its range, or U+0000 in a name.
   */
  sendRowDescription(fields: readonly FieldDescription[]): void {
    this._send('sendRowDescription', 'RowDescription', () => {
      simple.encodeRowDescription(this.output, fields);
    });
  }

  /**
   * Sends a row.
   *
   * @param values - Each in the format that was agreed for its column; `null` is SQL NULL.
   */
  sendDataRow(values: readonly RawValue[]): void {
    this._send('sendDataRow', 'DataRow', () => {
      simple.encodeDataRow(this.output, values);
    });
  }

  /** Ends an Execute, or one statement of a Query. */
  sendCommandComplete(tag: string): void {
    this._send('sendCommandComplete', 'CommandComplete', () => {
      simple.encodeCommandComplete(this.output, tag);
    });
  }

  /** Takes the place of CommandComplete where there was no statement. */
  sendEmptyQueryResponse(): void {
    this._send('sendEmptyQueryResponse', 'EmptyQueryResponse', () => {
      simple.encodeEmptyQueryResponse(this.output);
    });
  }

  /** Answers a Parse. */
  sendParseComplete(): void {
    this._send('sendParseComplete', 'ParseComplete', () => {
      extended.encodeParseComplete(this.output);
    });
  }

  /** Answers a Bind. */
  sendBindComplete(): void {
    this._send('sendBindComplete', 'BindComplete', () => {
      extended.encodeBindComplete(this.output);
    });
  }

  /** Answers a Close. */
  sendCloseComplete(): void {
    this._send('sendCloseComplete', 'CloseComplete', () => {
      extended.encodeCloseComplete(this.output);
    });
  }

  /** Answers a Describe of a statement, in part: RowDescription or NoData follows. */
  sendParameterDescription(typeOids: readonly number[]): void {
    this._send('sendParameterDescription', 'ParameterDescription', () => {
      extended.encodeParameterDescription(this.output, typeOids);
    });
  }

  /** Answers a Describe of what returns no rows. */
  sendNoData(): void {
    this._send('sendNoData', 'NoData', () => {
      extended.encodeNoData(this.output);
    });
  }

  /** Ends an Execute that has sent its `maxRows`. */
  sendPortalSuspended(): void {
    this._send('sendPortalSuspended', 'PortalSuspended', () => {
      extended.encodePortalSuspended(this.output);
    });
  }

  /**
   * Asks for the data of COPY FROM STDIN. Syncs that arrived behind the command are not answered, as servers in copy mode
   * do not; the client knows, and sends others. Only if the copy fails, each of them may be answered: servers do so where
   * it failed before they had read them.
   *
   * @throws {RemoteProtocolError} If the client has pipelined anything else behind the command: servers take that for an
   * error that they cannot recover from. Nothing is written; the machine is dead.
   */
  sendCopyInResponse(format: FormatCode, columnFormats: readonly FormatCode[]): void {
    this._send('sendCopyInResponse', 'CopyInResponse', () => {
      copy.encodeCopyInResponse(this.output, format, columnFormats);
    });
  }

  /** Announces the data of COPY TO STDOUT. */
  sendCopyOutResponse(format: FormatCode, columnFormats: readonly FormatCode[]): void {
    this._send('sendCopyOutResponse', 'CopyOutResponse', () => {
      copy.encodeCopyOutResponse(this.output, format, columnFormats);
    });
  }

  /**
   * Lets both sides send data, each until its own CopyDone.
   *
   * @throws {RemoteProtocolError} As {@link sendCopyInResponse}.
   */
  sendCopyBothResponse(format: FormatCode, columnFormats: readonly FormatCode[]): void {
    this._send('sendCopyBothResponse', 'CopyBothResponse', () => {
      copy.encodeCopyBothResponse(this.output, format, columnFormats);
    });
  }

  /** Sends a piece of the data. */
  sendCopyData(data: Uint8Array): void {
    this._send('sendCopyData', 'CopyData', () => {
      copy.encodeCopyData(this.output, data);
    });
  }

  /** Ends the data. CommandComplete follows, in CopyBoth when the client has ended its data too. */
  sendCopyDone(): void {
    this._send('sendCopyDone', 'CopyDone', () => {
      copy.encodeCopyDone(this.output);
    });
  }

  /** Answers a FunctionCall; ReadyForQuery follows. */
  sendFunctionCallResponse(value: RawValue): void {
    this._send('sendFunctionCallResponse', 'FunctionCallResponse', () => {
      encodeFunctionCallResponse(this.output, value);
    });
  }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (!(Number.isSafeInteger(value) && value >= min && value <= max)) {
    throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
}
