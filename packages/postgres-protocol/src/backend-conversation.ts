// What the server's end knows of the conversation, and how the client's bytes and the owner's answers move it:
//
//   feed -> frames -> table -> decode -> state -> handler             send -> table -> encode -> state
//
// The rules are in backend-state.ts; what each message does is in backend-startup-messages.ts and
// backend-request-messages.ts.
import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { BackendFrames } from './backend-frames.js';
import type { BackendHandler } from './backend-handler.js';
import { ANSWERS, ASYNC_SENDS, AWAITS_ENCRYPTION, BACKEND_PHASES } from './backend-phases.js';
import { BACKEND_REQUEST_MESSAGES } from './backend-request-messages.js';
import { BACKEND_STARTUP_MESSAGES, receivePacket } from './backend-startup-messages.js';
import { RECEIVES, SENDS } from './backend-state.js';
import type { AsyncSendName, BackendRequest, BackendState, ReceivedName, SentName } from './backend-state.js';
import { CopyBatch } from './copy-batch.js';
import { LocalProtocolError, RemoteProtocolError } from './errors.js';
import { MessageWriter } from './message-writer.js';
import { decodeStartupPacket, type StartupMessage } from './messages/startup.js';
import { readFrontendMessageName, type FrontendMessageName } from './messages/names.js';
import { isPeersFault, translate } from './translate.js';
import { UnansweredRequests } from './unanswered-requests.js';

/** What the table says to do after a message of the client that is delivered. */
export type ReceivedNext = BackendState | 'queue' | 'pass';

/** Decodes one kind of message, moves the state by `conversation.finish(next)`, then tells the handler. */
export type ReceivedHandler = (conversation: BackendConversation, next: ReceivedNext) => void;

const MESSAGES: Readonly<Record<Exclude<FrontendMessageName, 'CopyData'>, ReceivedHandler>> = {
  ...BACKEND_STARTUP_MESSAGES,
  ...BACKEND_REQUEST_MESSAGES,
};

const NO_BYTES = new Uint8Array(0);

/** One connection's conversation. Internal: `BackendMachine` is what owners see. */
export class BackendConversation {
  readonly handler: BackendHandler;
  readonly output: WriteBuffer;
  readonly input: ReadBuffer;
  readonly requests: UnansweredRequests = new UnansweredRequests();
  /** Of protocol 3, as the client asked for it or was told. */
  minorVersion = 0;
  /** Names of the protocol options that the client asked for. */
  protocolOptions: readonly string[] = [];

  private readonly _writer: MessageWriter;
  private readonly _frames: BackendFrames;
  private readonly _copies: CopyBatch;
  private _state: BackendState = 'created';
  private _brokenBy: RemoteProtocolError | undefined;
  /** Independent of the state: says that a call comes from inside an event. */
  private _isFeeding = false;
  /** Independent of the state: whether what is thrown now comes of the peer's bytes, or of the handler. */
  private _isDecoding = false;
  /** Independent of the state, which goes on to later requests: rule 9. */
  private _isCopyOnTheWay = false;
  private _received: ReceivedName | undefined;

  constructor(handler: BackendHandler, output: WriteBuffer, maxMessageBytes: number, maxStartupBytes: number) {
    this.handler = handler;
    this.output = output;
    this._writer = new MessageWriter(output);
    this._frames = new BackendFrames(maxMessageBytes, maxStartupBytes);
    this._copies = new CopyBatch(maxMessageBytes);
    this.input = this._frames.buffer;
  }

  get state(): BackendState {
    return this._state;
  }

  get outstanding(): number {
    const phase = BACKEND_PHASES[this._state];
    return phase === 'authenticating' || phase === 'initializing' ? 1 : this.requests.readyCount;
  }

  feed(chunk: Uint8Array): void {
    this._enter('feed');
    try {
      this._takeChunk(chunk);
    } catch (error) {
      throw this._isPeersFault(error) ? this.break(error) : error;
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
      throw this._isPeersFault(error) ? this.break(error) : error;
    } finally {
      this._isFeeding = false;
    }
  }

  private _takeChunk(chunk: Uint8Array): void {
    if (this._state === 'closed') return;
    this.input.feedBorrowed(chunk);
    try {
      this._takeMessages();
    } finally {
      this.input.endBorrow();
    }
  }

  private _judgeEnd(): void {
    const cut = this.input.bufferedBytes > 0 ? 'in the middle of a message, ' : '';
    const receiving = this._receivingState();
    if (cut === '' && RECEIVES[receiving].EndOfInput !== undefined) {
      // What was asked before a Terminate is still to be answered.
      if (receiving === this._state) this._close();
      return;
    }
    throw this._refuse(`the connection ended ${cut}while ${this._state}`);
  }

  /**
   * Ends the work on the message at hand: all of its bytes must have been read.
   *
   * @param request - What the message asks for, if it is to be answered.
   */
  finish(next: ReceivedNext, request?: BackendRequest): void {
    const extra = this.input.length;
    if (extra !== 0) throw new RemoteProtocolError(`a message has ${extra} bytes more than its fields`);
    this._isDecoding = false;
    if (next === 'pass') return;
    if (next === 'terminating') this.requests.clear();
    if (request !== undefined) this.requests.push(request);
    if (next !== 'queue') this._state = next;
    else if (this._state === 'idle') this._state = this.requests.oldest ?? 'idle';
  }

  /** A session was asked for: from here on messages have a type byte. */
  begin({ protocolVersion, parameters }: StartupMessage): void {
    this.minorVersion = protocolVersion.minor;
    this.protocolOptions = parameters.map(([name]) => name).filter((name) => name.startsWith('_pq_.'));
    this._frames.beginTyped();
  }

  /** Looks up what a message of the client does. */
  transition(name: ReceivedName): ReceivedNext | 'skip' {
    this._received = name;
    if (this._isCopyOnTheWay && this._isStrayCopy(name)) return 'skip';
    const state = this._receivingState();
    const next = RECEIVES[state][name];
    if (next !== undefined) return next;
    throw new RemoteProtocolError(`${name} is illegal while ${state}`, { state, received: name });
  }

  /**
   * Judges and writes a message of the server that the table has.
   *
   * @param isFatal - Whether it is an ErrorResponse that ends the session.
   */
  send(call: string, name: SentName, encode: () => void, isFatal = false): void {
    const state = this._state;
    this._writer.checkIdle(call, state); // or what follows could break the conversation in the middle of a message
    // Once the client is at fault, the one thing left to do is to tell it.
    if (this._brokenBy !== undefined && name !== 'ErrorResponse') throw this._brokenBy;
    const next = SENDS[state][name];
    if (next === undefined && name === 'ReadyForQuery' && this.requests.surplusSyncs > 0) {
      this._sendSurplus(call, encode);
      return;
    }
    if (next === undefined) {
      if (this._brokenBy !== undefined) throw this._brokenBy;
      throw new LocalProtocolError(call, state, `${name} cannot be sent while ${state}`);
    }
    this._checkClient(name);
    this._writer.write(call, state, encode);
    if (isFatal || next === 'closed') {
      this._close();
      return;
    }
    if (name !== 'ReadyForQuery' && name !== 'ErrorResponse') this.requests.settle();
    this._answered(next);
  }

  /** Answers a Sync that a COPY FROM STDIN has not swallowed: rule 8. */
  private _sendSurplus(call: string, encode: () => void): void {
    this._writer.write(call, this._state, encode);
    this.requests.takeSurplus();
    if (this._state === 'skipping') this._state = 'idle';
  }

  /** Judges and writes a message of the server that may come at any time. */
  sendAsync(call: string, name: AsyncSendName, encode: () => void): void {
    if (this._brokenBy !== undefined) throw this._brokenBy;
    const state = this._state;
    if (!ASYNC_SENDS[name].includes(BACKEND_PHASES[state])) {
      throw new LocalProtocolError(call, state, `${name} cannot be sent while ${state}`);
    }
    this._writer.write(call, state, encode);
  }

  /** The peer broke the protocol: the conversation is over, and says so to every later call. */
  break(error: Error): RemoteProtocolError {
    const brokenBy = translate(error, this._state, this._received);
    this._brokenBy = brokenBy;
    this._state = 'broken';
    this.requests.clear();
    this._frames.drop();
    return brokenBy;
  }

  private _answered(next: Exclude<(typeof SENDS)[BackendState][SentName], undefined>): void {
    if (next === 'next' || next === 'idle') {
      if (next === 'next') this.requests.shift();
      this._state = this.requests.oldest ?? 'idle';
    } else if (next === 'afterCopy') {
      this.requests.releaseSyncs(false);
      this._answered(this.requests.oldest === 'querying' ? 'querying' : 'next');
    } else if (next === 'failed') {
      this._fail();
    } else {
      if (next === 'copyingIn' || next === 'copyingBoth') this.requests.holdSyncs();
      if (next === 'initializing') this._frames.admit();
      this._state = next;
    }
  }

  /** What the client must not have sent before this message of ours. */
  private _checkClient(name: SentName): void {
    if (name === 'EncryptionAccepted' || name === 'EncryptionDeclined') this._checkNothingBehind();
    if (name !== 'CopyInResponse' && name !== 'CopyBothResponse') return;
    const other = this.requests.otherThanSyncBehindOldest;
    if (other === undefined) return;
    throw this._refuse(`a request was pipelined behind a COPY FROM STDIN (it would be answered while ${other})`);
  }

  /** Bytes that came before TLS begins were not encrypted: whoever sent them, they must not count as the client's. */
  private _checkNothingBehind(): void {
    const behind = this.input.bufferedBytes;
    if (behind === 0) return;
    throw this._refuse(`${behind} bytes came before the answer to an encryption request (while ${this._state})`);
  }

  private _refuse(text: string): RemoteProtocolError {
    return this.break(new RemoteProtocolError(text, { state: this._state }));
  }

  /** An ErrorResponse was sent: rule 4. */
  private _fail(): void {
    const { requests } = this;
    this._isCopyOnTheWay = RECEIVES[this._state].CopyData !== undefined;
    requests.releaseSyncs(true);
    if (requests.oldest === 'querying' || requests.oldest === 'callingFunction') {
      this._state = 'draining';
      return;
    }
    const oldest = requests.dropToSync();
    this._state = oldest === undefined ? 'skipping' : oldest === 'syncing' ? 'draining' : 'terminating';
  }

  /** Whether a message belongs to a copy that has failed: rule 9. */
  private _isStrayCopy(name: ReceivedName): boolean {
    if (name === 'CopyData') return true;
    const isEnd = name === 'CopyDone' || name === 'CopyFail';
    if (name !== 'Sync' && name !== 'Flush') this._isCopyOnTheWay = false;
    return isEnd;
  }

  /** Behind a Terminate nothing is legal, whatever is still being answered. */
  private _receivingState(): BackendState {
    return this.requests.newest === 'terminating' ? 'terminating' : this._state;
  }

  private _enter(call: string): void {
    if (this._brokenBy !== undefined) throw this._brokenBy;
    if (this._isFeeding) throw new LocalProtocolError(call, this._state, 'cannot be called from inside an event');
    this._writer.checkIdle(call, this._state);
    this._isFeeding = true;
    this._isDecoding = true;
  }

  private _takeMessages(): void {
    for (;;) {
      // A call from inside an event may have ended the session, or found the client at fault.
      if (this._brokenBy !== undefined) throw this._brokenBy;
      if (this._state === 'closed') return;
      this._received = undefined;
      this._isDecoding = true;
      if (AWAITS_ENCRYPTION.includes(this._state)) this._checkNothingBehind();
      if (this._takeCopies()) continue;
      if (!this._frames.take()) return;
      if (this._frames.areTyped) this._takeMessage();
      else this._takePacket();
    }
  }

  /** Takes the CopyData that is there, if the state admits it. Returns whether there was any. */
  private _takeCopies(): boolean {
    const next = RECEIVES[this._receivingState()].CopyData;
    if (next === undefined || next === 'skip') return false;
    this._received = 'CopyData';
    this._frames.gather(this._copies);
    const batch = this._copies.take();
    if (batch.length === 0) return false;
    this._isDecoding = false;
    this.handler.copyData(batch);
    return true;
  }

  /** A message without a type byte, before the session. */
  private _takePacket(): void {
    const packet = decodeStartupPacket(this.input);
    const next = this.transition(packet.kind);
    if (next !== 'skip') receivePacket(this, next, packet);
  }

  private _takeMessage(): void {
    const { input } = this;
    const name = readFrontendMessageName(input, ANSWERS[this._state] ?? 'PasswordMessage');
    const next = this.transition(name);
    this._frames.check();
    // CopyData that is not skipped was taken with others before.
    if (next === 'skip' || name === 'CopyData') input.skip(input.length);
    else MESSAGES[name](this, next);
  }

  private _close(): void {
    this._state = 'closed';
    this.requests.clear();
    this._frames.drop();
  }

  private _isPeersFault(error: unknown): error is Error {
    return this._isDecoding && isPeersFault(error);
  }
}
