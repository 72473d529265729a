import { WriteBuffer } from '@millrace/write-buffer';
import { Authentication } from './authentication.js';
import { Conversation } from './conversation.js';
import { LocalProtocolError } from './errors.js';
import * as extended from './messages/extended-query.js';
import type { NamedObject } from './messages/extended-query.js';
import type { FrontendHandler, TransactionStatus } from './frontend-handler.js';
import { encodeQuery } from './messages/simple-query.js';
import { encodeTerminate } from './messages/startup.js';
import { encodeStartup, type StartupOptions } from './startup-options.js';
import type { Expectation, State } from './state.js';
import { encodeStatementBind } from './statement-bind.js';
import type { Statement } from './statement.js';

/** Limits of a {@link FrontendMachine}. */
export interface FrontendMachineOptions {
  /** The longest message to accept, in bytes, from 1024 to 2^31 - 1. Default 2^30, the longest that a server can send. */
  readonly maxMessageBytes?: number | undefined;
  /** The most PBKDF2 iterations that a server may ask for. Default 1,000,000; servers ask for 4096 unless told otherwise. */
  readonly maxScramIterations?: number | undefined;
}

/** Requests of the extended protocol: what a Sync must follow before a simple query may. */
const GROUPED: readonly (Expectation | undefined)[] = [
  'parsing',
  'binding',
  'describingStatement',
  'describingColumns',
  'executing',
  'closing',
];

/**
 * The client's end of the PostgreSQL protocol, version 3.0, as a state machine: bytes in, events out; calls in, bytes
 * out. No I/O, no clock, no promise.
 *
 * Each `send*` appends whole messages to `output` and notes what they expect for an answer, so that requests may be
 * pipelined without limit. Whoever owns the machine moves `output` to the transport and bounds what is in flight.
 *
 * COPY is refused without harm: COPY FROM STDIN by an error of the server, COPY TO STDOUT by `rowsRefused`. Only
 * requests pipelined behind a COPY FROM STDIN (Sync aside) cost the connection, because the server gives it up.
 *
 * @remarks
 * Lifetime: a fed chunk is borrowed until `feed` returns.
 * Reentrancy: events may call `send*`, not `feed` or `eof`. If an event throws, the error passes through `feed`; the rest
 * of the chunk is kept for the next `feed`.
 * Cost: a request allocates nothing beyond what its encoder does; rows are decoded in place.
 * @see {@link https://www.postgresql.org/docs/current/protocol-flow.html | Message Flow}
 */
export class FrontendMachine {
  /**
   * Bytes for the server. The owner takes them (`output.take()`) and writes nothing to it.
   */
  readonly output: WriteBuffer;
  private readonly _conversation: Conversation;
  private readonly _maxScramIterations: number;

  /**
   * @param handler - Receives the events, in wire order.
   * @throws {RangeError} For an option out of range.
   */
  constructor(handler: FrontendHandler, options: FrontendMachineOptions = {}) {
    const { maxMessageBytes = 2 ** 30, maxScramIterations = 1_000_000 } = options;
    checkInteger('maxMessageBytes', maxMessageBytes, 1024, 2 ** 31 - 1);
    checkInteger('maxScramIterations', maxScramIterations, 1, 2 ** 31 - 1);
    this.output = new WriteBuffer();
    this._maxScramIterations = maxScramIterations;
    this._conversation = new Conversation(handler, this.output, maxMessageBytes);
  }

  /** Which answer is expected; `idle` when there is none, `closed` after a FATAL error, `broken` after a RemoteProtocolError. */
  get state(): State {
    return this._conversation.state;
  }

  /** As the last ReadyForQuery said; `I` before the first. */
  get transactionStatus(): TransactionStatus {
    return this._conversation.transactionStatus;
  }

  /** How many ReadyForQuery the server still owes: one for each `sendStartup`, `sendSync` and `sendQuery`. */
  get outstanding(): number {
    return this._conversation.outstanding;
  }

  /**
   * Takes bytes from the server and tells the handler what they say.
   *
   * @param chunk - Borrowed: all of it is decoded or copied before this returns.
   * @throws {RemoteProtocolError} If the server breaks the protocol or speaks another one. Events decoded before were
   * delivered; the machine is dead, and every later call throws the same error.
   * @throws {LocalProtocolError} From inside an event; nothing is taken.
   */
  feed(chunk: Uint8Array): void {
    this._conversation.feed(chunk);
  }

  /**
   * Says that the server has closed its side.
   *
   * @throws {RemoteProtocolError} Unless the server may: after a FATAL error, or after `sendTerminate()` when everything
   * before it is answered. The machine is dead.
   * @throws {LocalProtocolError} From inside an event; nothing changes.
   */
  eof(): void {
    this._conversation.eof();
  }

  /**
   * Begins the session. The server answers with a request for a password, or with `authenticated()`.
   *
   * @throws {TypeError} For an empty user, or `user`, `database` or `client_encoding` among the parameters.
   * @throws {RangeError} For U+0000 in a text, or more than 10000 bytes in all.
   * @throws {LocalProtocolError} If it was called before. In each case nothing is written and nothing changes.
   */
  sendStartup(options: StartupOptions): void {
    const conversation = this._conversation;
    conversation.startup('sendStartup', () => {
      encodeStartup(this.output, options);
    });
    conversation.authentication = new Authentication(options.user, this._maxScramIterations);
  }

  /**
   * Answers `needPassword`. Where the server asked for MD5, only a salted digest is sent; else the password itself.
   *
   * @throws {RangeError} For U+0000 in the password.
   * @throws {LocalProtocolError} If the server is not waiting for it. In each case nothing is written.
   */
  sendPassword(password: string): void {
    this._authenticate('sendPassword', (authentication) => {
      authentication.encodePassword(this.output, password);
    });
  }

  /**
   * Answers `needSasl` and begins the exchange.
   *
   * @param mechanism - `SCRAM-SHA-256`, if the server offers it.
   * @param nonce - Fresh and random: 16 or more characters of printable ASCII without comma; libpq takes base64 of 18 bytes.
   * @throws {RangeError} For another mechanism, or one that the server does not offer.
   * @throws {TypeError} For another nonce.
   * @throws {LocalProtocolError} If the server is not waiting for it. In each case nothing is written.
   */
  sendSaslInitialResponse(mechanism: string, nonce: string): void {
    this._authenticate('sendSaslInitialResponse', (authentication) => {
      authentication.encodeSaslInitialResponse(this.output, mechanism, nonce);
    });
  }

  /**
   * Answers `needSaltedPassword`. The server must then prove that it knows the password too, before `authenticated()`.
   *
   * @param saltedPassword - 32 bytes: PBKDF2 with HMAC-SHA-256 of `saslPrep(password)` with the salt and iterations of
   * the request. Not kept.
   * @throws {RangeError} For another length.
   * @throws {LocalProtocolError} If the server is not waiting for it. In each case nothing is written.
   */
  sendSaltedPassword(saltedPassword: Uint8Array): void {
    this._authenticate('sendSaltedPassword', (authentication) => {
      authentication.encodeSaltedPassword(this.output, saltedPassword);
    });
  }

  /**
   * Sends a simple query: any number of statements in one text. Answered per statement by `rowDescription` and `rows`,
   * `commandComplete` or `emptyQueryResponse`; at the end by one `readyForQuery`.
   *
   * @throws {RangeError} For U+0000 in the text.
   * @throws {LocalProtocolError} Outside the session, or while a group of extended messages waits for its `sendSync()`.
   * In each case nothing is written.
   */
  sendQuery(sql: string): void {
    if (GROUPED.includes(this._conversation.expectations.newest)) {
      this._conversation.checkOpen('sendQuery');
      throw new LocalProtocolError('sendQuery', this.state, 'a group of extended messages is open, sendSync() ends it');
    }
    this._send('sendQuery', 'querying', () => {
      encodeQuery(this.output, sql);
    });
  }

  /**
   * Prepares a statement. Answered by `parseComplete`.
   *
   * @param name - Empty for the unnamed statement, which the next Parse of it replaces.
   * @param parameterOids - Types of the first parameters; 0 and what is left out is inferred by the server.
   * @throws {RangeError} For U+0000 in a text, more than 65535 parameters, or an oid that is no uint32.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendParse(name: string, sql: string, parameterOids: readonly number[] = []): void {
    this._send('sendParse', 'parsing', () => {
      extended.encodeParse(this.output, name, sql, parameterOids);
    });
  }

  /**
   * Asks for a description. Answered by `parameterDescription` (of a statement only), then `rowDescription` or `noData`.
   *
   * @throws {RangeError} For U+0000 in the name.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendDescribe(what: NamedObject, name: string): void {
    this._send('sendDescribe', what === 'statement' ? 'describingStatement' : 'describingColumns', () => {
      extended.encodeDescribe(this.output, what, name);
    });
  }

  /**
   * Binds values to a statement: makes a portal. Answered by `bindComplete`.
   *
   * @param portal - Empty for the unnamed portal.
   * @throws {TypeError | RangeError} For a value that its parameter cannot take, or U+0000 in the name.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendBind(portal: string, statement: Statement, values: readonly unknown[]): void {
    this._send('sendBind', 'binding', () => {
      encodeStatementBind(this.output, portal, statement, values);
    });
  }

  /**
   * Runs a portal. Answered by `rows`, then `commandComplete`, `emptyQueryResponse` or `portalSuspended`.
   *
   * @param statement - The one that the portal was bound with; decodes the rows.
   * @param maxRows - Rows to send before `portalSuspended`, up to 2^31 - 1; 0 means all.
   * @throws {RangeError} For U+0000 in the name, or `maxRows` out of range.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendExecute(portal: string, statement: Statement, maxRows: number): void {
    this._send(
      'sendExecute',
      'executing',
      () => {
        extended.encodeExecute(this.output, portal, maxRows);
      },
      statement,
    );
  }

  /**
   * Closes a statement or a portal; it need not exist. Answered by `closeComplete`.
   *
   * @throws {RangeError} For U+0000 in the name.
   * @throws {LocalProtocolError} Outside the session. In each case nothing is written.
   */
  sendClose(what: NamedObject, name: string): void {
    this._send('sendClose', 'closing', () => {
      extended.encodeClose(this.output, what, name);
    });
  }

  /**
   * Ends a group of extended messages. Answered by `readyForQuery`, also after an error within the group.
   *
   * @throws {LocalProtocolError} Outside the session; nothing is written.
   */
  sendSync(): void {
    this._send('sendSync', 'syncing', () => {
      extended.encodeSync(this.output);
    });
  }

  /**
   * Asks the server to send what it has buffered, without ending the group. Not answered.
   *
   * @throws {LocalProtocolError} Outside the session; nothing is written.
   */
  sendFlush(): void {
    this._send('sendFlush', undefined, () => {
      extended.encodeFlush(this.output);
    });
  }

  /**
   * Says good-bye. The server answers what was sent before, and closes; nothing can be sent any more.
   *
   * @throws {LocalProtocolError} Outside the session, where closing the transport is all there is to do; nothing is written.
   */
  sendTerminate(): void {
    this._send('sendTerminate', 'terminating', () => {
      encodeTerminate(this.output);
    });
  }

  private _send(call: string, expected: Expectation | undefined, encode: () => void, statement?: Statement): void {
    this._conversation.checkOpen(call);
    this.output.atomic(encode);
    if (expected !== undefined) this._conversation.expect(expected, statement);
  }

  private _authenticate(
    call: 'sendPassword' | 'sendSaslInitialResponse' | 'sendSaltedPassword',
    encode: (authentication: Authentication) => void,
  ): void {
    const conversation = this._conversation;
    conversation.startup(call, () => {
      // The table of states has these calls only after sendStartup.
      if (conversation.authentication !== undefined) encode(conversation.authentication);
    });
  }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (!(Number.isSafeInteger(value) && value >= min && value <= max)) {
    throw new RangeError(`${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
}
