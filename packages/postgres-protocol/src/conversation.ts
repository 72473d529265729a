// What is known of the conversation, and how the server's bytes move it:
//
//   feed -> opening -> frames -> table -> decode -> state -> handler
//
// The rules are in frontend-state.ts; what each message does is in authentication-messages.ts,
// startup-messages.ts, query-messages.ts and copy-messages.ts; what the owner sends is in the frontend-*-calls.ts.
import type { WriteBuffer } from '@millrace/write-buffer';
import { AUTHENTICATION_MESSAGES } from './authentication-messages.js';
import { ConversationState, type Next } from './conversation-state.js';
import { CopyBatch } from './copy-batch.js';
import { COPY_MESSAGES } from './copy-messages.js';
import { LocalProtocolError, RemoteProtocolError } from './errors.js';
import type { FrontendHandler } from './frontend-handler.js';
import { ASYNC_PHASES, PHASES } from './frontend-phases.js';
import { TRANSITIONS } from './frontend-state.js';
import type { AsyncMessageName, ServerMessageName } from './frontend-state.js';
import { concatenate } from './concatenate.js';
import { checkBackendLength, checkPendingLength } from './messages/lengths.js';
import { BACKEND_NAMES, BACKEND_TYPES, readBackendMessageName } from './messages/names.js';
import { bareFields } from './messages/notices.js';
import { Opening, type EncryptionVerdict } from './opening.js';
import { QUERY_MESSAGES } from './query-messages.js';
import { checkSupported } from './server-message-names.js';
import { STARTUP_MESSAGES } from './startup-messages.js';
import { isPeersFault, translate } from './translate.js';

/** Decodes one kind of message, moves the state by `conversation.finish(next)`, then tells the handler. */
export type MessageHandler = (conversation: Conversation, next: Next) => void;

const MESSAGES: Readonly<Record<ServerMessageName | AsyncMessageName, MessageHandler>> = {
  ...AUTHENTICATION_MESSAGES,
  ...STARTUP_MESSAGES,
  ...QUERY_MESSAGES,
  ...COPY_MESSAGES,
};

/** sqlserver_rejected_establishment_of_sqlconnection: for an error that came without a code. */
const REJECTED = '08004';

const { DataRow: DATA_ROW, AuthenticationOk: AUTHENTICATION } = BACKEND_TYPES;

const NO_BYTES = new Uint8Array(0);

/** What a length counts besides the fields: itself. */
const LENGTH_BYTES = 4;

/** One connection's conversation. Internal: `FrontendMachine` is what owners see. */
export class Conversation extends ConversationState {
  /**
   * Follows from the state: a COPY has begun that sends data, and may still go on.
   *
   * perf: the driver's small queries; the table is asked before a frame only where it may say yes.
   */
  mayCopy = false;
  private readonly _copies: CopyBatch;
  private _opening: Opening | undefined = new Opening();
  /** Independent of the state: says that a call comes from inside an event. */
  private _isFeeding = false;
  /** Independent of the state: whether the frame that is still incomplete was found to be legal. */
  private _isHeaderJudged = false;
  /** Independent of the state: a frame was taken, but a handler of what came before it has thrown. */
  private _isFrameWaiting = false;
  /** What is wrong with the peer's bytes, while a handler of what came before has thrown: it has yet to be said. */
  private _fault: Error | undefined;
  /** What came in one chunk with the answer to a request for encryption, and is yet to be judged. */
  private _behindAnswer: Uint8Array = NO_BYTES;
  private readonly _judge = (type: number, length: number): void => {
    this._judgeHeader(type, length);
  };
  private _received: string | undefined;

  constructor(handler: FrontendHandler, output: WriteBuffer, maxMessageBytes: number, simpleResults: 'text' | 'raw') {
    super(handler, output, maxMessageBytes, simpleResults);
    this._copies = new CopyBatch(maxMessageBytes);
  }

  feed(chunk: Uint8Array): void {
    this._enter('feed');
    try {
      this._takeChunk(chunk);
    } catch (error) {
      throw this._isPeersFault(error) ? this._break(error) : error;
    } finally {
      this._isFeeding = false;
    }
  }

  eof(): void {
    this._enter('eof');
    try {
      this._takeChunk(NO_BYTES); // what was left because a handler has thrown
      this._judgeEnd();
    } catch (error) {
      throw this._isPeersFault(error) ? this._break(error) : error;
    } finally {
      this._isFeeding = false;
    }
  }

  private _judgeEnd(): void {
    if (this._state === 'closed') return;
    this._isDecoding = true;
    const text = this._opening?.end();
    if (text !== undefined) {
      this._plainError(text);
      return;
    }
    const isCut = this.input.bufferedBytes > 0;
    if (!isCut && this.outstanding === 0 && this.expectations.newest === 'terminating') {
      this._end('closed');
      return;
    }
    const cut = isCut ? 'in the middle of a message, ' : '';
    const state = this._state;
    throw new RemoteProtocolError(`the connection ended ${cut}while ${state}`, { state });
  }

  private _enter(call: string): void {
    if (this._brokenBy !== undefined) throw this._brokenBy;
    if (this._isFeeding) throw new LocalProtocolError(call, this._state, 'cannot be called from inside an event');
    this._writer.checkIdle(call, this._state);
    this._isFeeding = true;
    this._isDecoding = true;
  }

  /** Looks at the first bytes of all. Returns those that are frames, if they are any. */
  private _open(chunk: Uint8Array): Uint8Array | undefined {
    if (this._opening === undefined) return chunk;
    const bytes = this._behindAnswer.length === 0 ? chunk : concatenate([this._behindAnswer, chunk]);
    this._behindAnswer = NO_BYTES;
    if (bytes.length === 0) return undefined;
    const verdict = this._opening.judge(this._state, bytes);
    switch (verdict.kind) {
      case 'undecided':
        return undefined;
      case 'encryption':
        this._state = verdict.next;
        return this._answerEncryption(verdict);
      case 'plainError':
        this._plainError(verdict.message);
        return undefined;
      case 'frames':
        this._opening = undefined;
        this.input.feed(verdict.held);
        return bytes;
    }
  }

  /** A server that declines may go on, if only with an error. */
  private _answerEncryption({ request, isAccepted, rest }: EncryptionVerdict): Uint8Array | undefined {
    // Kept, for the handler may throw. Judged only after it, for what it sends changes the state.
    this._behindAnswer = new Uint8Array(rest);
    this._isDecoding = false;
    this.handler.encryptionAnswer(request, isAccepted);
    this._isDecoding = true;
    return this._open(NO_BYTES);
  }

  private _plainError(message: string): void {
    this._opening = undefined;
    this._isDecoding = false;
    this._end('closed');
    this._closedBy = REJECTED;
    this.handler.errorResponse(bareFields('FATAL', REJECTED, message));
  }

  private _takeChunk(chunk: Uint8Array): void {
    const frames = this._open(chunk);
    if (frames === undefined) return;
    this.input.feedBorrowed(frames);
    try {
      if (this._fault !== undefined) throw this._fault;
      this._takeMessages();
      this._flush();
      this._judgePending();
    } finally {
      this.input.endBorrow();
    }
  }

  private _takeMessages(): void {
    let hasFrame = this._isFrameWaiting || this._takeFrame();
    while (hasFrame) {
      this._takeMessage();
      hasFrame = this._takeFrame();
    }
  }

  private _takeFrame(): boolean {
    this._isDecoding = true;
    if (this.mayCopy) this._takeCopyData();
    if (TRANSITIONS[this._state].DataRow !== undefined) this._takeRows();
    return this._takeOneFrame();
  }

  /** A CopyData does not change the state: all that are here are taken at once. */
  private _takeCopyData(): void {
    this.mayCopy = TRANSITIONS[this._state].CopyData !== undefined;
    if (!this.mayCopy) return;
    this._copies.gather(this.input);
    this._isHeaderJudged = false;
  }

  private _takeOneFrame(): boolean {
    const { input } = this;
    this._received = undefined;
    this._isDecoding = true;
    if (!input.takeFrame()) return false;
    this._isHeaderJudged = false;
    return true;
  }

  /** What is wrong with a message is said at its header: a hostile one is not waited for. */
  private _judgePending(): void {
    if (this._isHeaderJudged) return;
    this._isDecoding = true;
    this._isHeaderJudged = checkPendingLength(this.input, this._layout, this._judge);
  }

  /** Neither does a DataRow: all that are here are decoded in one call, or in two where one of them spans chunks. */
  private _takeRows(): void {
    const { input, rows } = this;
    this._received = undefined;
    try {
      while (input.takeRun(DATA_ROW, rows.decode)) this._isHeaderJudged = false;
    } finally {
      rows.gather();
    }
    if (rows.fault === undefined) return;
    this._received = 'DataRow';
    throw rows.fault;
  }

  private _takeMessage(): void {
    const { input } = this;
    // First of all: what the handler sends may change the state. If it throws, the frame waits for the next feed.
    this._isFrameWaiting = true;
    this._flush();
    this._isFrameWaiting = false;
    this._isDecoding = true;
    const received = readBackendMessageName(input);
    this._received = received;
    checkBackendLength(input.type, LENGTH_BYTES + input.payloadLength);
    const name = input.type === AUTHENTICATION ? checkSupported(received) : (received as AsyncMessageName);
    const next = this._transition(name);
    if (next === undefined) throw this.illegal(name);
    MESSAGES[name](this, next);
  }

  private _judgeHeader(type: number, length: number): void {
    const name = BACKEND_NAMES[type];
    this._received = name;
    checkBackendLength(type, length);
    // An authentication request has no name yet.
    if (name !== undefined && this._transition(name) === undefined) throw this.illegal(name);
  }

  private _transition(name: ServerMessageName | AsyncMessageName): Next | undefined {
    if (isAsync(name)) return ASYNC_PHASES[name].includes(PHASES[this._state]) ? this._state : undefined;
    const next = TRANSITIONS[this._state][name];
    return this.syncs.mayBeSurplus ? this._surplusTransition(name, next) : next;
  }

  /** See swallowed-syncs.ts. The state stays where a ReadyForQuery belongs to no request. */
  private _surplusTransition(name: ServerMessageName, next: Next | undefined): Next | undefined {
    if (name !== 'ReadyForQuery') {
      if (name !== 'ErrorResponse') this.syncs.settle();
      return next;
    }
    // The first answer to a simple query is never this, though later ones may be.
    const isOpen = PHASES[this._state] === 'session';
    return isOpen && (next === undefined || this._state === 'querying') ? this._state : next;
  }

  /** Rows and copied data come before every other event, so that the order is that of the wire. */
  private _flush(): void {
    this._isDecoding = false;
    this.rows.flush();
    if (!this.mayCopy) return;
    const copied = this._copies.take();
    if (copied.length > 0) this.handler.copyData(copied);
  }

  private _isPeersFault(error: unknown): error is Error {
    return this._isDecoding && isPeersFault(error);
  }

  /**
   * The peer broke the protocol. First all that was decoded before is delivered; where a handler throws meanwhile, the
   * next call of `feed` or `eof` goes on with it. Then the conversation is over, and says so to every later call.
   */
  private _break(error: Error): RemoteProtocolError {
    this._fault = error;
    this._flush();
    const brokenBy = translate(error, this._state, this._received);
    this._brokenBy = brokenBy;
    this._end('broken');
    this._fault = undefined;
    this._opening = undefined;
    this.input.setFrame(null);
    this.input.skip(this.input.length);
    return brokenBy;
  }
}

function isAsync(name: ServerMessageName | AsyncMessageName): name is AsyncMessageName {
  return Object.hasOwn(ASYNC_PHASES, name);
}
