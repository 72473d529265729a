// A server that says what its script says, with no I/O:
//
//   feed -> frames -> the step that expects -> the steps after it -> sink
//
// It plays until a step waits: for a message that is not here yet, for a resume, for the client's end. A client may run
// ahead: what it sends is kept until a step expects it. The first thing that does not fit ends the play and the
// connection; finish() tells of it.
import { ReadBuffer } from '@millrace/read-buffer';
import { cutBytes, type Chunking } from './chunking.js';
import { concatenate } from '../concatenate.js';
import { decodeClientBytes, describeClientBytes, describeMessage, layoutOf } from './client-bytes.js';
import { describeBytes } from './describe-value.js';
import { isStartupPacket, readClientMessage, SESSION_LAYOUT, STARTUP_LAYOUT } from './frontend-message.js';
import type { ClientMessage } from './frontend-message.js';
import { ScriptError } from './script-error.js';
import { matches } from './matches.js';
import type { Script, Step } from './step.js';

/** Where a scripted backend writes. */
export interface ScriptSink {
  /** Sends `chunk`, which is the sink's from here on. */
  write(chunk: Uint8Array): void;
  /** Ends the connection after what was written. */
  close(): void;
  /** Resets the connection. */
  abort(): void;
}

/** Options of {@link ScriptedBackend}. */
export interface ScriptedBackendOptions {
  /** Hears of each `resume` step, besides the backend itself. */
  readonly onResume?: ((name: string) => void) | undefined;
}

/**
 * Plays a script against a client: one connection of a server that expects these messages and says those.
 *
 * @remarks
 * Reentrancy: the sink may feed from inside `write`, as a client in the same process does.
 */
export class ScriptedBackend {
  /** What the client has said so far, as far as steps expected it. */
  readonly received: ClientMessage[] = [];
  private readonly _script: Script;
  private readonly _sink: ScriptSink;
  private readonly _onResume: ((name: string) => void) | undefined;
  private readonly _input = new ReadBuffer({ frame: STARTUP_LAYOUT });
  private readonly _resumed = new Set<string>();
  private _position = 0;
  private _chunking: Chunking = 'whole';
  private _pending: Uint8Array[] = [];
  private _failure: ScriptError | undefined;
  /** The client has ended its side. Independent of {@link _isClosed}: both may come first. */
  private _hasEnded = false;
  /** The script has ended the connection: what the client still says was on its way, and is nobody's. */
  private _isClosed = false;
  private _isStarted = false;
  private _isPlaying = false;

  /**
   * Makes a backend that has said nothing yet.
   *
   * @param script - Its steps, made by `step`.
   * @param sink - Where its bytes go.
   * @throws {TypeError} If the script sends behind a `close` or `cut`.
   */
  constructor(script: Script, sink: ScriptSink, options: ScriptedBackendOptions = {}) {
    const end = script.findIndex(({ kind }) => kind === 'close' || kind === 'cut');
    if (end !== -1 && script.slice(end).some(({ kind }) => kind === 'send')) {
      throw new TypeError(`step ${end + 1} of ${script.length} ends the connection, nothing can be sent behind it`);
    }
    this._script = script;
    this._sink = sink;
    this._onResume = options.onResume;
  }

  /** Index of the step that waits; the length of the script when it is over. */
  get position(): number {
    return this._position;
  }

  /** The name that the script stalls at now; `undefined` if it does not. */
  get stalledAt(): string | undefined {
    const current = this._script[this._position];
    return current?.kind === 'stall' && this._failure === undefined ? current.name : undefined;
  }

  /** Plays what comes before the first thing that the client must do. `feed` does so as well. */
  start(): void {
    this._isStarted = true;
    this._play();
  }

  /**
   * Takes bytes of the client, and plays on.
   *
   * @param chunk - Copied.
   * @throws Never for what the client says: see {@link finish}. What the sink throws is passed on.
   */
  feed(chunk: Uint8Array): void {
    if (this._failure !== undefined || this._isClosed) return;
    this._input.feed(new Uint8Array(chunk));
    this.start();
  }

  /** The client has ended its side, or the connection is lost. */
  eof(): void {
    this._hasEnded = true;
    this.start();
  }

  /** Lets the script go on at `stall(name)`, now or when it gets there. */
  resume(name: string): void {
    this._resumed.add(name);
    if (this._isStarted) this._play();
  }

  /**
   * Says that the conversation is over.
   *
   * @throws {ScriptError} If something did not fit the script, steps are left, or the client has said more.
   */
  finish(): void {
    if (this._failure === undefined) this._checkOver();
    if (this._failure !== undefined) throw this._failure;
  }

  private _checkOver(): void {
    const waiting = this._script[this._position];
    if (waiting !== undefined) {
      const left = this._script.length - this._position;
      this._note(`the conversation is over with ${left} steps to go, the first: ${waiting.text}`);
    } else if (this._input.bufferedBytes > 0) {
      this._note(`the script is over, the client has said more: ${this._rest()}`);
    }
  }

  private _play(): void {
    if (this._isPlaying) return; // the sink feeds from inside a write: the loop below goes on with it
    this._isPlaying = true;
    try {
      while (this._failure === undefined) {
        const current = this._script[this._position];
        if (current?.kind !== 'send') this._flush();
        if (current === undefined || !this._perform(current)) return;
        this._position += 1;
      }
    } finally {
      this._isPlaying = false;
    }
  }

  /** @returns Whether the step is done. */
  private _perform(current: Step): boolean {
    switch (current.kind) {
      case 'expect':
        return this._take(current);
      case 'expectBytes':
        return this._takeBytes(current);
      case 'send':
        this._pending.push(current.bytes);
        return true;
      case 'split':
        this._chunking = current.chunking;
        return true;
      case 'stall':
        return this._resumed.has(current.name);
      case 'resume':
        this._resumed.add(current.name);
        this._onResume?.(current.name);
        return true;
      case 'expectEnd':
        return this._takeEnd();
      case 'close':
        this._isClosed = true;
        this._sink.close();
        return true;
      case 'cut':
        this._isClosed = true;
        this._sink.abort();
        return true;
    }
  }

  private _take(expected: Step & { readonly kind: 'expect' }): boolean {
    const input = this._input;
    let message: ClientMessage;
    try {
      input.setFrame(isStartupPacket(expected.name) ? STARTUP_LAYOUT : SESSION_LAYOUT);
      if (!input.takeFrame()) return this._await(expected);
      message = readClientMessage(input, expected.name);
    } catch (error) {
      this._fail(`expected ${expected.text}, saw what is none: ${(error as Error).message}`);
      return false;
    }
    this.received.push(message);
    const saw = `expected ${expected.text}, saw ${describeMessage(message)}`;
    try {
      if (message.name === expected.name && expected.accepts(message.fields)) return true;
      this._fail(saw);
    } catch (cause) {
      this._fail(`${saw}: ${String(cause)}`, { cause }); // an assertion, say
    }
    return false;
  }

  private _takeBytes(expected: Step & { readonly kind: 'expectBytes' }): boolean {
    const input = this._input;
    const layout = layoutOf(expected.bytes);
    let seen: Uint8Array;
    try {
      input.setFrame(layout);
      if (!input.takeFrame()) return this._await(expected);
      const type = layout.typeBytes === 0 ? [] : [Uint8Array.of(input.type)];
      const length = Uint8Array.of(0, 0, 0, 0);
      new DataView(length.buffer).setInt32(0, 4 + input.payloadLength);
      seen = concatenate([...type, length, input.readBytes(input.length)]);
    } catch (error) {
      this._fail(`expected ${expected.text}, saw what is none: ${(error as Error).message}`);
      return false;
    }
    const message = decodeClientBytes(seen);
    if (message !== undefined) this.received.push(message);
    if (matches(expected.bytes, seen)) return true;
    this._fail(`expected ${expected.text}, saw ${describeClientBytes(seen)}`);
    return false;
  }

  /** Nothing whole is here: that is fine as long as more may come. */
  private _await(expected: Step): false {
    if (this._hasEnded) {
      const cut = this._input.bufferedBytes > 0 ? ` in the middle of a message: ${this._rest()}` : '';
      this._fail(`expected ${expected.text}, saw the end of the connection${cut}`);
    }
    return false;
  }

  private _takeEnd(): boolean {
    if (this._input.bufferedBytes > 0) {
      this._fail(`expected the client's end of the connection, saw ${this._rest()}`);
      return false;
    }
    return this._hasEnded;
  }

  /** What consecutive steps send leaves in one write. */
  private _flush(): void {
    if (this._pending.length === 0) return;
    const pending = this._pending;
    this._pending = [];
    for (const piece of cutBytes(concatenate(pending), this._chunking)) this._sink.write(piece);
  }

  private _fail(text: string, options?: ErrorOptions): void {
    this._note(text, options);
    this._sink.close(); // or the client would wait for ever
  }

  private _note(text: string, options?: ErrorOptions): void {
    const at = Math.min(this._position + 1, this._script.length);
    this._failure = new ScriptError(`step ${at} of ${this._script.length}: ${text}`, this._position, options);
  }

  private _rest(): string {
    this._input.setFrame(null);
    return describeBytes(this._input.viewBytes(this._input.length));
  }
}
