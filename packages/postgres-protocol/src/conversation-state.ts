// What both sides of a conversation know and change: the state, what is expected, and how it ended. The way of the bytes
// that come in is in conversation.ts.
import { ReadBuffer, type FrameLayout } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { Authentication } from './authentication.js';
import { LocalProtocolError, RemoteProtocolError } from './errors.js';
import { Expectations } from './expectations.js';
import type { FrontendHandler } from './frontend-handler.js';
import { PHASES } from './frontend-phases.js';
import { SENDS, type StateSend } from './frontend-sends.js';
import type { Expectation, State } from './frontend-state.js';
import { MessageWriter } from './message-writer.js';
import type { TransactionStatus } from './messages/startup.js';
import { ProtocolNegotiation } from './protocol-negotiation.js';
import { ResultRows } from './result-rows.js';
import type { Statement } from './statement.js';
import { SwallowedSyncs } from './swallowed-syncs.js';

/** What the table says to do after a message. */
export type Next = State | 'next';

/** The longest message of a server that has not let us in yet. libpq: 2000, and 30000 for an error. */
const MAX_BYTES_BEFORE_SESSION = 64 * 1024;

/** One connection's conversation, as the handlers of messages and the owner's calls see it. */
export abstract class ConversationState {
  readonly handler: FrontendHandler;
  readonly output: WriteBuffer;
  readonly input: ReadBuffer;
  readonly simpleResults: 'text' | 'raw';
  readonly expectations: Expectations = new Expectations();
  readonly syncs: SwallowedSyncs = new SwallowedSyncs();
  readonly rows: ResultRows;
  /** Set by `sendStartup`. */
  authentication: Authentication | undefined;
  /** Likewise. */
  negotiation: ProtocolNegotiation = new ProtocolNegotiation('3.0', []);
  transactionStatus: TransactionStatus = 'I';

  protected _state: State = 'created';
  protected _layout: FrameLayout;
  protected _brokenBy: RemoteProtocolError | undefined;
  /** SQLSTATE of the error that closed the session. */
  protected _closedBy: string | undefined;
  /** Independent of the state: whether what is thrown now comes of the peer's bytes, or of the handler. */
  protected _isDecoding = false;
  protected readonly _writer: MessageWriter;
  private readonly _maxMessageBytes: number;

  constructor(handler: FrontendHandler, output: WriteBuffer, maxMessageBytes: number, simpleResults: 'text' | 'raw') {
    this.handler = handler;
    this.output = output;
    this.simpleResults = simpleResults;
    this._writer = new MessageWriter(output);
    this.rows = new ResultRows(handler);
    this._maxMessageBytes = maxMessageBytes;
    this._layout = layoutOf(Math.min(MAX_BYTES_BEFORE_SESSION, maxMessageBytes));
    this.input = new ReadBuffer({ frame: this._layout });
  }

  get state(): State {
    return this._state;
  }

  get outstanding(): number {
    const phase = PHASES[this._state];
    return phase === 'authenticating' || phase === 'initializing' ? 1 : this.expectations.readyCount;
  }

  // ---- what handlers of messages do

  /**
   * Ends the work on the message at hand: all of its bytes must have been read.
   *
   * @param next - The state to go to; `next` for that of the next request.
   */
  finish(next: Next): void {
    const extra = this.input.length;
    if (extra !== 0) throw new RemoteProtocolError(`a message has ${extra} bytes more than its fields`);
    this._isDecoding = false;
    if (next !== 'next') {
      this._state = next;
      return;
    }
    if (this._state === 'draining') this.expectations.shiftThroughReady();
    else this.expectations.shift();
    this._answerOldest();
  }

  /** A FATAL error, or one out of turn, is the end of the session. */
  close(sqlState: string): void {
    this.finish('closed');
    this._end('closed');
    this._closedBy = sqlState;
  }

  /** From here on the server may send large messages. */
  admit(): void {
    this._layout = layoutOf(this._maxMessageBytes);
    this.input.setFrame(this._layout);
  }

  /** The error for a message that the table does not have here. */
  illegal(name: string): RemoteProtocolError {
    const closed = this._closedBy === undefined ? '' : ` by ${this._closedBy}`;
    return new RemoteProtocolError(`${name} is illegal while ${this._state}${closed}`, {
      state: this._state,
      received: name,
    });
  }

  // ---- what the owner's calls do

  /** Throws unless requests may be sent. */
  checkOpen(call: string): void {
    this._checkAlive(call);
    const phase = PHASES[this._state];
    if (phase === 'copyingIn') {
      throw new LocalProtocolError(call, this._state, 'the server takes nothing but data until the copy is ended');
    }
    if (phase !== 'session') {
      throw new LocalProtocolError(call, this._state, 'the session opens with the first readyForQuery');
    }
    if (this.expectations.newest === 'terminating') {
      throw new LocalProtocolError(call, this._state, 'nothing can be sent after sendTerminate');
    }
  }

  /** Remembers what a request that was just encoded waits for. */
  expect(kind: Expectation, statement?: Statement): void {
    this.expectations.push(kind, statement);
    if (this._state === 'idle') this._answerOldest();
  }

  /** Appends what `encode` writes to the output: all of it, or nothing if it throws. */
  write(call: string, encode: () => void): void {
    this._writer.write(call, this._state, encode);
  }

  /** Runs `encode` and makes the transition of a call that has one of its own. */
  send(call: StateSend, encode: () => void): void {
    this._checkAlive(call);
    const next = SENDS[call][this._state];
    if (next === undefined) {
      throw new LocalProtocolError(call, this._state, `is not what the server waits for while ${this._state}`);
    }
    this.write(call, encode);
    this._state = next;
  }

  /** Nothing is owed any more, nor kept: statements, what authentication knows. */
  protected _end(state: 'closed' | 'broken'): void {
    this._state = state;
    this.expectations.clear();
    this.rows.begin(undefined);
    this.authentication = undefined;
  }

  private _checkAlive(call: string): void {
    if (this._brokenBy !== undefined) throw this._brokenBy;
    if (this._state !== 'closed') return;
    const by = this._closedBy === undefined ? '' : ` with ${this._closedBy}`;
    throw new LocalProtocolError(call, this._state, `the server has ended the session${by}`);
  }

  private _answerOldest(): void {
    this._state = this.expectations.oldest ?? 'idle';
    if (this._state === 'executing') this.rows.begin(this.expectations.oldestStatement);
  }
}

function layoutOf(maxFrameBytes: number): FrameLayout {
  return { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes };
}
