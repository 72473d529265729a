// What is known of the conversation, and how the server's bytes move it:
//
//   feed -> greeting -> frames -> table -> decode -> state -> handler
//
// The rules are in state.ts; what each message does is in startup-messages.ts and query-messages.ts.
import { ReadBuffer, type FrameLayout } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { Authentication } from './authentication.js';
import { LocalProtocolError, RemoteProtocolError } from './errors.js';
import { Expectations } from './expectations.js';
import type { FrontendHandler, TransactionStatus } from './frontend-handler.js';
import { Greeting } from './greeting.js';
import { QUERY_MESSAGES } from './query-messages.js';
import { ResultRows, type RowsRefusal } from './result-rows.js';
import { bareFields } from './messages/notices.js';
import { DATA_ROW, readMessageName } from './server-message-names.js';
import { STARTUP_MESSAGES } from './startup-messages.js';
import { ASYNC_PHASES, PHASES, STARTUP_SENDS, TRANSITIONS } from './state.js';
import type { AsyncMessageName, Expectation, ServerMessageName, StartupSend, State } from './state.js';
import type { Statement } from './statement.js';
import { isPeersFault, translate } from './translate.js';

/** What the table says to do after a message. */
export type Next = State | 'next';

/** Decodes one kind of message, moves the state by `conversation.finish(next)`, then tells the handler. */
export type MessageHandler = (conversation: Conversation, next: Next) => void;

const MESSAGES: Readonly<Record<ServerMessageName | AsyncMessageName, MessageHandler>> = {
  ...STARTUP_MESSAGES,
  ...QUERY_MESSAGES,
};

/** The longest message of a server that has not let us in yet. libpq: 2000, and 30000 for an error. */
const MAX_BYTES_BEFORE_SESSION = 64 * 1024;

/** sqlserver_rejected_establishment_of_sqlconnection: for an error that came without a code. */
const REJECTED = '08004';

/** One connection's conversation. Internal: `FrontendMachine` is what owners see. */
export class Conversation {
  readonly handler: FrontendHandler;
  readonly output: WriteBuffer;
  readonly input: ReadBuffer;
  readonly expectations: Expectations = new Expectations();
  readonly rows: ResultRows;
  /** Set by `sendStartup`. */
  authentication: Authentication | undefined;
  transactionStatus: TransactionStatus = 'I';

  private readonly _maxMessageBytes: number;
  private _state: State = 'created';
  private _greeting: Greeting | undefined = new Greeting();
  private _brokenBy: RemoteProtocolError | undefined;
  /** SQLSTATE of the error that closed the session. */
  private _closedBy: string | undefined;
  /** Independent of the state: says that a call comes from inside an event. */
  private _isFeeding = false;
  /** Independent of the state: whether what is thrown now comes of the peer's bytes, or of the handler. */
  private _isDecoding = false;
  private _received: ServerMessageName | AsyncMessageName | undefined;

  constructor(handler: FrontendHandler, output: WriteBuffer, maxMessageBytes: number) {
    this.handler = handler;
    this.output = output;
    this.rows = new ResultRows(handler);
    this._maxMessageBytes = maxMessageBytes;
    this.input = new ReadBuffer({ frame: layout(Math.min(MAX_BYTES_BEFORE_SESSION, maxMessageBytes)) });
  }

  get state(): State {
    return this._state;
  }

  get outstanding(): number {
    const phase = PHASES[this._state];
    return phase === 'authenticating' || phase === 'initializing' ? 1 : this.expectations.readyCount;
  }

  feed(chunk: Uint8Array): void {
    this._enter('feed');
    this._isFeeding = true;
    this._isDecoding = true;
    try {
      if (!this._greet(chunk)) return;
      this.input.feedBorrowed(chunk);
      try {
        this._takeMessages();
        this._flushRows();
      } finally {
        this.input.endBorrow();
      }
    } catch (error) {
      throw this._isPeersFault(error) ? this._break(error) : error;
    } finally {
      this._isFeeding = false;
    }
  }

  eof(): void {
    this._enter('eof');
    if (this._state === 'closed') return;
    const text = this._greeting?.end();
    if (text !== undefined) {
      this._plainError(text);
      return;
    }
    const isCut = this.input.bufferedBytes > 0;
    if (!isCut && this.outstanding === 0 && this.expectations.newest === 'terminating') {
      this._state = 'closed';
      return;
    }
    const cut = isCut ? 'in the middle of a message, ' : '';
    const state = this._state;
    throw this._break(new RemoteProtocolError(`the connection ended ${cut}while ${state}`, { state }));
  }

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
    this._closedBy = sqlState;
  }

  /** Tells the handler that the rest of the rows of the result at hand is not coming. */
  refuseRows(refusal: RowsRefusal): void {
    this.rows.skip();
    try {
      this._flushRows();
    } finally {
      this.handler.rowsRefused(refusal.statement, refusal.error);
    }
  }

  /** From here on the server may send large messages. */
  admit(): void {
    this.input.setFrame(layout(this._maxMessageBytes));
  }

  /** The error for a message that the table does not have here. */
  illegal(name: string): RemoteProtocolError {
    const closed = this._closedBy === undefined ? '' : ` by ${this._closedBy}`;
    return new RemoteProtocolError(`${name} is illegal while ${this._state}${closed}`, {
      state: this._state,
      received: name,
    });
  }

  /** Throws unless requests may be sent. */
  checkOpen(call: string): void {
    if (this._brokenBy !== undefined) throw this._brokenBy;
    if (this._state === 'closed') {
      const by = this._closedBy === undefined ? '' : ` with ${this._closedBy}`;
      throw new LocalProtocolError(call, this._state, `the server has ended the session${by}`);
    }
    if (PHASES[this._state] !== 'session') {
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

  /** Runs `encode` and makes the transition of a call that belongs to start-up. */
  startup(call: StartupSend, encode: () => void): void {
    if (this._brokenBy !== undefined) throw this._brokenBy;
    const next = STARTUP_SENDS[call][this._state];
    if (next === undefined) {
      throw new LocalProtocolError(call, this._state, `is not what the server waits for while ${this._state}`);
    }
    this.output.atomic(encode);
    this._state = next;
  }

  private _enter(call: string): void {
    if (this._brokenBy !== undefined) throw this._brokenBy;
    if (this._isFeeding) throw new LocalProtocolError(call, this._state, 'cannot be called from inside an event');
  }

  /** Looks at the first bytes of all. Returns whether frames may be taken. */
  private _greet(chunk: Uint8Array): boolean {
    if (this._greeting === undefined) return true;
    const verdict = this._greeting.feed(chunk);
    if (verdict.kind === 'undecided') return false;
    this._greeting = undefined;
    if (verdict.kind === 'plainError') {
      this._plainError(verdict.message);
      return false;
    }
    this.input.feed(verdict.held);
    return true;
  }

  private _plainError(message: string): void {
    this._greeting = undefined;
    this._isDecoding = false;
    this._state = 'closed';
    this._closedBy = REJECTED;
    this.handler.errorResponse(bareFields('FATAL', REJECTED, message));
  }

  private _takeMessages(): void {
    let hasFrame = this._takeFrame();
    while (hasFrame) {
      if (this.input.type === DATA_ROW && TRANSITIONS[this._state].DataRow !== undefined) {
        hasFrame = this._takeRows();
      } else {
        this._takeMessage();
        hasFrame = this._takeFrame();
      }
    }
  }

  private _takeFrame(): boolean {
    this._received = undefined;
    this._isDecoding = true;
    return this.input.takeFrame();
  }

  /** A DataRow changes no state, so a run of them needs one look at the table. */
  private _takeRows(): boolean {
    const { input, rows } = this;
    for (;;) {
      this._received = 'DataRow';
      const refusal = rows.decode(input);
      if (refusal !== undefined) this.refuseRows(refusal);
      if (!this._takeFrame()) return false;
      if (input.type !== DATA_ROW) return true;
    }
  }

  private _takeMessage(): void {
    const name = readMessageName(this.input);
    this._received = name;
    const next = isAsync(name) ? this._asyncTransition(name) : TRANSITIONS[this._state][name];
    if (next === undefined) throw this.illegal(name);
    try {
      this._flushRows();
    } finally {
      // Whatever the handler throws, the frame was taken, and what it says must not be lost.
      this._isDecoding = true;
      MESSAGES[name](this, next);
    }
  }

  /** Rows come before every other event, so that the order is that of the wire. */
  private _flushRows(): void {
    this._isDecoding = false;
    this.rows.flush();
  }

  private _asyncTransition(name: AsyncMessageName): State | undefined {
    return ASYNC_PHASES[name].includes(PHASES[this._state]) ? this._state : undefined;
  }

  private _answerOldest(): void {
    this._state = this.expectations.oldest ?? 'idle';
    if (this._state === 'executing') this.rows.begin(this.expectations.oldestStatement);
  }

  private _isPeersFault(error: unknown): error is Error {
    return this._isDecoding && isPeersFault(error);
  }

  /** The peer broke the protocol: the conversation is over, and says so to every later call. */
  private _break(error: Error): RemoteProtocolError {
    const brokenBy = translate(error, this._state, this._received);
    this._brokenBy = brokenBy;
    this._state = 'broken';
    this._flushRows(); // what was decoded before is delivered
    return brokenBy;
  }
}

function isAsync(name: ServerMessageName | AsyncMessageName): name is AsyncMessageName {
  return Object.hasOwn(ASYNC_PHASES, name);
}

function layout(maxFrameBytes: number): FrameLayout {
  return { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes };
}
