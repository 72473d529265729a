import { BufferUnderflowError, FrameError, ReadBuffer, type FrameLayout } from '@millrace/read-buffer';
import { BACKEND_TYPES, FRONTEND_TYPES, type AuthenticationAnswerName } from '../messages/names.js';
import { MAX_STARTUP_BYTES } from '../messages/startup.js';
import type { TraceLine } from './trace-fields.js';
import {
  tracedAuthentication,
  tracedBackendMessage,
  tracedFrontendMessage,
  tracedUntypedMessage,
  type TracedMessage,
} from './trace-messages.js';

/** Options of {@link TracePrinter}. */
export interface TracePrinterOptions {
  /**
   * `true`: what may be different in each run (oids, keys, the server's source lines, copied data) is printed as a
   * placeholder, as with libpq's PQTRACE_REGRESS_MODE. Default `false`.
   */
  readonly regress?: boolean | undefined;
  /**
   * Is asked at each message for the time to print before it; libpq prints the local time, as in
   * `2026-01-31 23:59:59.123456`. Left out, none is printed, as with libpq's PQTRACE_SUPPRESS_TIMESTAMPS.
   */
  readonly timestamp?: (() => string) | undefined;
}

type Direction = 'F' | 'B';

const LENGTH_BYTES = 4;
const HEADER = { lengthBytes: LENGTH_BYTES, lengthIncludes: 'length' } as const;
const UNTYPED: FrameLayout = { ...HEADER, typeBytes: 0, maxFrameBytes: MAX_STARTUP_BYTES };
const TYPED: FrameLayout = { ...HEADER, typeBytes: 1, maxFrameBytes: 2 ** 31 - 1 };

/** Requests that are answered by one byte, which libpq names so. */
const ANSWERS: Readonly<Record<string, string>> = { SSLRequest: 'SSLResponse', GSSENCRequest: 'GSSENCResponse' };

/**
 * Prints a conversation in the format of libpq's PQtrace, of PostgreSQL 18: a line for each message, with its direction,
 * its length, its name and its fields, separated by tabs.
 *
 * PQtrace leaves out AuthenticationOk, for which it has a format; this does not. A program that calls PQtrace when it has
 * connected does not see the difference.
 *
 * Feed it the bytes of both directions in the order in which they went, cut wherever they were; of an encrypted
 * connection, what was encrypted. It needs no valid conversation: where a message ends too early, or there cannot be
 * one, it says so in a line that begins with `malformed message:`. Where no message can begin, the rest of that
 * direction is not printed.
 *
 * @remarks
 * Lifetime: chunks are borrowed until the call returns.
 * Cost: for tests and for looking at; each message makes a text. Passwords are printed.
 * @see {@link https://www.postgresql.org/docs/18/libpq-control.html#LIBPQ-PQTRACE | PQtrace}
 */
export class TracePrinter {
  private readonly _isRegress: boolean;
  private readonly _timestamp: (() => string) | undefined;
  private readonly _inputs: Readonly<Record<Direction, ReadBuffer>> = {
    F: new ReadBuffer({ frame: UNTYPED }),
    B: new ReadBuffer({ frame: TYPED }),
  };
  private readonly _lost = new Set<Direction>();
  private _hasStarted = false;
  /** Names of the answers of one byte that the server owes. */
  private readonly _owed: string[] = [];
  /** What the client's next message of type `p` is. */
  private _answer: AuthenticationAnswerName | undefined;

  constructor(options: TracePrinterOptions = {}) {
    this._isRegress = options.regress === true;
    this._timestamp = options.timestamp;
  }

  /**
   * Takes bytes that the client sent.
   *
   * @returns A line, without its end, for each message that is complete now; two where something is odd about it.
   */
  frontend(chunk: Uint8Array): string[] {
    return this._feed('F', chunk);
  }

  /** Takes bytes that the server sent; see {@link frontend}. */
  backend(chunk: Uint8Array): string[] {
    return this._feed('B', chunk);
  }

  private _feed(direction: Direction, chunk: Uint8Array): string[] {
    const lines: string[] = [];
    if (this._lost.has(direction)) return lines;
    const input = this._inputs[direction];
    input.feedBorrowed(chunk);
    try {
      if (direction === 'B') this._takeAnswers(input, lines);
      while (input.takeFrame()) this._print(direction, input, lines);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this._lost.add(direction);
      lines.push(`malformed message: ${error.message}`);
    } finally {
      input.endBorrow();
    }
    return lines;
  }

  /** The answers to SSLRequest and GSSENCRequest are no messages; but an old server may answer by an ErrorResponse. */
  private _takeAnswers(input: ReadBuffer, lines: string[]): void {
    if (this._owed.length === 0) return;
    input.setFrame(null);
    while (this._owed.length > 0 && input.length > 0) {
      const answer = String.fromCharCode(input.peekUint8());
      const name = 'SGN'.includes(answer) ? this._owed.shift() : undefined;
      if (name === undefined) this._owed.length = 0;
      else lines.push(`${this._time()}B\t1\t${name}\t ${String.fromCharCode(input.readUint8())}`);
    }
    input.setFrame(TYPED);
  }

  private _print(direction: Direction, input: ReadBuffer, lines: string[]): void {
    const isTyped = direction === 'B' || this._hasStarted;
    const length = input.payloadLength + LENGTH_BYTES;
    const line: TraceLine = { input, isRegress: this._isRegress, text: '' };
    let problem: string | undefined;
    try {
      printMessage(this._message(direction, input), line);
      const consumed = length - input.length;
      if (isTyped && consumed !== length)
        problem = `mismatched message length: consumed ${consumed}, expected ${length}`;
    } catch (error) {
      if (!(error instanceof BufferUnderflowError)) throw error;
      problem = `malformed message: ${error.message}`;
    }
    const shownLength = this._isRegress && isNotice(direction, input.type) ? 'NN' : length;
    lines.push(`${this._time()}${direction}\t${shownLength}\t${line.text}`);
    if (problem !== undefined) lines.push(problem);
    if (!isTyped && this._hasStarted) input.setFrame(TYPED);
  }

  private _message(direction: Direction, input: ReadBuffer): TracedMessage {
    if (direction === 'F') return this._hasStarted ? this._frontendMessage(input.type) : this._untypedMessage(input);
    if (input.type !== BACKEND_TYPES.AuthenticationOk) return tracedBackendMessage(input.type);
    const request = tracedAuthentication(input.readInt32());
    this._answer = request.answer;
    return request;
  }

  private _frontendMessage(type: number): TracedMessage {
    const answer = this._answer;
    if (type === FRONTEND_TYPES.PasswordMessage) this._answer = undefined;
    return tracedFrontendMessage(type, answer);
  }

  private _untypedMessage(input: ReadBuffer): TracedMessage {
    if (input.length < 4) return { name: 'Unknown message', fields: [] };
    const message = tracedUntypedMessage(input.peekInt32());
    const owed = ANSWERS[message.name];
    if (owed !== undefined) this._owed.push(owed);
    this._hasStarted = message.name === 'StartupMessage';
    return message;
  }

  private _time(): string {
    return this._timestamp === undefined ? '' : `${this._timestamp()}\t`;
  }
}

function printMessage({ name, fields }: TracedMessage, line: TraceLine): void {
  line.text = fields.length > 0 ? `${name}\t` : name;
  for (const field of fields) field(line);
}

/** Their length is of the server's version, too. */
const isNotice = (direction: Direction, type: number): boolean =>
  direction === 'B' && (type === BACKEND_TYPES.ErrorResponse || type === BACKEND_TYPES.NoticeResponse);
