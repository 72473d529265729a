// One connection to a server. Operations wait in one queue, are composed when their turn comes, and are answered in the
// order in which they were sent. Everything that is issued in one tick leaves in one write: an operation only joins the
// queue, and the queue is sent when the loop's current callback and its microtasks are over.
//
// What follows waits while: an operation holds the line (its answer decides what comes next), as much as may be is in
// flight, the transport has enough to write, or something is being cancelled (canceller.ts).
import type { Loop, Protocol, Transport } from '@millrace/loop-policy';
import { FrontendMachine } from '@millrace/postgres-protocol';
import type {
  FieldDescription,
  FrontendHandler,
  Row,
  ServerMessageFields,
  Statement,
  StartupOptions,
  TransactionStatus,
  ValueOptions,
} from '@millrace/postgres-protocol';
import { Authenticator } from './authenticator.js';
import { Canceller } from './canceller.js';
import type { CancelHost } from './canceller.js';
import { CloseStatementOperation } from './close-statement-operation.js';
import type { ResolvedOptions, ServerEndpoint } from './connection-options.js';
import { ConnectionClosedError, ConnectionLostError, PostgresError } from './errors.js';
import type { FenceOperation } from './fence-operation.js';
import { Notices } from './notices.js';
import type { Operation, Wire } from './operation.js';
import { OperationQueue } from './operation-queue.js';
import { StartupOperation } from './startup-operation.js';
import { StatementCache } from './statement-cache.js';

const MAX_IN_FLIGHT = 100;
const MAX_IN_FLIGHT_BYTES = 64 * 1024;

/** `closing`: what was issued is finished, nothing new is taken. `closed`: nothing goes out or in any more. */
type SessionState = 'starting' | 'open' | 'closing' | 'closed';

/** The protocol of one connection: what is between a transport and the callers' promises. */
export class Session implements Protocol, FrontendHandler, CancelHost, Wire {
  readonly loop: Loop;
  readonly endpoint: ServerEndpoint;
  readonly graceMs: number;
  readonly values: ValueOptions;
  readonly machine: FrontendMachine;
  readonly statements: StatementCache;
  readonly notices: Notices;
  readonly parameters: Record<string, string> = Object.create(null) as Record<string, string>;
  backendPid = 0;
  /** As the last ReadyForQuery said. */
  transactionStatus: TransactionStatus = 'I';
  /** Bytes that came from the server so far. */
  receivedByteCount = 0;
  /** The stream that is being received: what is issued behind it would wait for its consumer. */
  activeStream: Operation | undefined;
  /** Resolves when the transport is gone. */
  readonly gone: Promise<void>;
  private readonly _waiting = new OperationQueue();
  private readonly _inFlight = new OperationQueue();
  private readonly _canceller: Canceller;
  private readonly _startupOptions: StartupOptions;
  private _authenticator: Authenticator | undefined;
  private _state: SessionState = 'starting';
  private _transport: Transport | undefined;
  private _inFlightBytes = 0;
  private _abandonedCount = 0;
  private _holder: Operation | undefined;
  private _lastTurn = 0;
  private _isSendScheduled = false;
  private _isWritingPaused = false;
  /** Why the session is over, unless it was closed on this side. */
  private _lossCause: Error | undefined;
  private _idleWaiters: (() => void)[] = [];
  private _resolveGone!: () => void;

  constructor(loop: Loop, options: ResolvedOptions) {
    this.loop = loop;
    this.endpoint = options.endpoint;
    this.graceMs = options.cancelGraceMs;
    this.values = options.values;
    this.machine = new FrontendMachine(this);
    this.notices = new Notices(loop);
    this.statements = new StatementCache(options.statementCacheSize, (name) => {
      this._closeStatement(name);
    });
    this._canceller = new Canceller(this);
    this._authenticator = new Authenticator(loop, options.password);
    this._startupOptions = { user: options.user, database: options.database, parameters: options.parameters };
    this.gone = new Promise((resolve) => {
      this._resolveGone = resolve;
    });
  }

  get isClosed(): boolean {
    return this._state === 'closed' || this._state === 'closing';
  }

  get head(): Operation | undefined {
    return this._inFlight.first;
  }

  get hasAbandoned(): boolean {
    return this._abandonedCount > 0;
  }

  // ---- for the layers above

  /** Opens the session; the transport must be connected. */
  start(): Promise<void> {
    const startup = new StartupOperation(this._startupOptions);
    if (this._state === 'closed') startup.fail(this._lossFor(startup));
    else this._compose(startup);
    this._flush();
    return startup.promise;
  }

  /** Lets `operation` wait for its turn. Never throws: a session that is over fails the operation. */
  issue(operation: Operation): void {
    if (this.isClosed) {
      operation.fail(this._lossFor(operation));
      return;
    }
    operation.turn = this._lastTurn += 1;
    this._waiting.push(operation);
    this._scheduleSend();
  }

  /** Gives `operation` up: takes it out if it was not sent, else has the server cancel it. Its promise is its own. */
  abandon(operation: Operation): void {
    if (this._waiting.remove(operation)) {
      this._announceIdle();
    } else if (operation.links.queue === this._inFlight && !operation.isAbandoned) {
      operation.isAbandoned = true;
      this._abandonedCount += 1;
      this._canceller.advance();
    }
    this._endStream(operation);
  }

  /** @throws {ConnectionClosedError | ConnectionLostError} If the session takes no more operations. */
  checkOpen(): void {
    if (this.isClosed) throw this._loss(true);
  }

  /** Cuts the stream that is open, if there is one: its consumer gets the error. */
  cutStream(error: Error): void {
    const stream = this.activeStream;
    if (stream === undefined) return;
    stream.fail(error);
    this.abandon(stream);
  }

  /** Takes no more operations, and resolves when those that were issued are settled. */
  drain(): Promise<void> {
    if (this._state === 'open') this._state = 'closing';
    this.cutStream(new ConnectionClosedError('the connection was closed while the stream was open'));
    return new Promise((resolve) => {
      this._idleWaiters.push(resolve);
      this._announceIdle();
    });
  }

  /** Says good-bye to the server. Must be idle. */
  leave(): void {
    if (this._state === 'closed') return;
    this.machine.sendTerminate();
    this._flush();
    this._end();
    this._transport?.close();
  }

  /** Ends the session now, without a word to the server. */
  terminate(): void {
    if (this._state === 'closed') return;
    this._end();
    this._transport?.abort();
  }

  // ---- Protocol

  connectionMade(transport: Transport): void {
    this._transport = transport;
  }

  dataReceived(chunk: Uint8Array): void {
    this.receivedByteCount += chunk.length;
    try {
      this.machine.feed(chunk);
    } catch (error) {
      this.lose(error as Error);
    }
  }

  eofReceived(): void {
    try {
      this.machine.eof();
    } catch (error) {
      this.lose(error as Error);
    }
  }

  pauseWriting(): void {
    this._isWritingPaused = true;
  }

  resumeWriting(): void {
    this._isWritingPaused = false;
    this._scheduleSend();
  }

  connectionLost(error: Error | null): void {
    this.lose(error ?? new Error('the connection was closed'));
    this._resolveGone();
  }

  pauseReading(): void {
    this._transport?.pauseReading();
  }

  resumeReading(): void {
    if (this._state !== 'closed') this._transport?.resumeReading();
  }

  // ---- FrontendHandler

  needPassword(): void {
    this._authenticate((authenticator) => authenticator.sendPassword(this.machine));
  }

  needSasl(mechanisms: readonly string[]): void {
    this._authenticate((authenticator) => {
      authenticator.beginSasl(this.machine, mechanisms);
    });
  }

  needSaltedPassword(request: { readonly salt: Uint8Array; readonly iterations: number }): void {
    this._authenticate((authenticator) =>
      authenticator.sendSaltedPassword(this.machine, request.salt, request.iterations),
    );
  }

  authenticated(): void {
    this._authenticator = undefined;
  }

  backendKeyData(processId: number, secretKey: Uint8Array): void {
    this.backendPid = processId;
    this._canceller.key = { processId, secretKey };
  }

  parameterStatus(name: string, value: string): void {
    this.parameters[name] = value;
  }

  notice(fields: ServerMessageFields): void {
    this.notices.dispatch(fields);
  }

  notification(): void {
    // Nobody can listen yet, other than by SQL of their own.
  }

  readyForQuery(status: TransactionStatus): void {
    const statusBefore = this.transactionStatus;
    this.transactionStatus = status;
    const operation = this._inFlight.shift();
    if (operation === undefined) return;
    this._inFlightBytes -= operation.byteCount;
    if (operation === this._holder) this._holder = undefined;
    if (operation.isAbandoned) this._abandonedCount -= 1;
    if (this._state === 'starting') this._state = 'open';
    const end = { statusBefore, statusAfter: status, cancelMayHaveHit: this._canceller.mayHit };
    if (operation.ready(end) === 'again') this._waiting.putBack(operation);
    else this._endStream(operation);
    this._canceller.advance();
    this._scheduleSend();
    this._announceIdle();
  }

  parseComplete(): void {
    // What follows in the same round says as much.
  }

  bindComplete(): void {
    // As above.
  }

  closeComplete(): void {
    // As above.
  }

  noData(): void {
    // No columns is where an operation begins.
  }

  emptyQueryResponse(): void {
    this.head?.commandComplete?.('');
  }

  portalSuspended(): void {
    // Every Execute asks for all rows.
  }

  parameterDescription(typeOids: readonly number[]): void {
    this.head?.parameterDescription?.(typeOids);
  }

  rowDescription(fields: readonly FieldDescription[]): void {
    this.head?.rowDescription?.(fields);
  }

  rows(statement: Statement, batch: readonly Row[]): void {
    this.head?.rows?.(statement, batch);
  }

  rowsRefused(_statement: Statement, error: Error): void {
    this.head?.rowsRefused?.(error);
  }

  commandComplete(tag: string): void {
    this.head?.commandComplete?.(tag);
  }

  errorResponse(fields: ServerMessageFields): void {
    this.head?.errorResponse(fields);
    if (fields.severityCode === 'FATAL' || fields.severityCode === 'PANIC') this.lose(new PostgresError(fields));
  }

  // ---- CancelHost

  sendFence(fence: FenceOperation): void {
    this._compose(fence);
    this._flush();
  }

  resume(): void {
    this._scheduleSend();
    this._announceIdle();
  }

  /** Ends the session for an outside reason: everything that is pending fails with it. */
  lose(cause: Error): void {
    if (this._state === 'closed') return;
    this._lossCause = cause;
    this._end();
    this._transport?.abort();
  }

  // ---- sending

  private _scheduleSend(): void {
    if (this._isSendScheduled) return;
    this._isSendScheduled = true;
    this.loop.callSoon(() => {
      this._isSendScheduled = false;
      this._send();
    });
  }

  private _send(): void {
    for (let next = this._waiting.first; next !== undefined && this._maySend(next); next = this._waiting.first) {
      this._waiting.remove(next);
      this._compose(next);
    }
    this._flush();
    this._announceIdle();
  }

  private _maySend(next: Operation): boolean {
    if (this._state !== 'open' && this._state !== 'closing') return false;
    if (this._holder !== undefined || this._canceller.isCancelling || this._isWritingPaused) return false;
    if (this._inFlight.count === 0) return true;
    return !next.needsIdle && this._inFlight.count < MAX_IN_FLIGHT && this._inFlightBytes < MAX_IN_FLIGHT_BYTES;
  }

  private _compose(operation: Operation): void {
    const { output } = this.machine;
    const before = output.length;
    try {
      const composed = operation.compose(this);
      if (composed === 'settled') return;
      if (composed === 'holding') this._holder = operation;
    } catch (error) {
      operation.fail(error as Error);
      this._endStream(operation);
      return;
    }
    operation.byteCount = output.length - before;
    this._inFlightBytes += operation.byteCount;
    this._inFlight.push(operation);
  }

  private _flush(): void {
    const { output } = this.machine;
    if (output.length === 0 || this._transport === undefined) return;
    for (let sent = this._inFlight.first; sent !== undefined; sent = sent.links.after) sent.hasLeft = true;
    this._transport.write(output.take(), output);
  }

  private _closeStatement(name: string): void {
    const operation = new CloseStatementOperation(name);
    operation.promise.catch(() => undefined); // nobody asked for it
    this.issue(operation);
  }

  // ---- ending

  private _end(): void {
    this._state = 'closed';
    this._authenticator = undefined;
    this._canceller.stop();
    for (const queue of [this._inFlight, this._waiting]) {
      for (let lost = queue.shift(); lost !== undefined; lost = queue.shift()) lost.fail(this._lossFor(lost));
    }
    this.activeStream = undefined;
    this._announceIdle();
  }

  private _lossFor(operation: Operation): Error {
    return this._loss(!operation.hasLeft);
  }

  private _loss(safeToRetry: boolean): Error {
    if (this._lossCause === undefined) return new ConnectionClosedError();
    return new ConnectionLostError(this._lossCause, safeToRetry);
  }

  private _announceIdle(): void {
    if (this._idleWaiters.length === 0) return;
    const isBusy = this._waiting.count > 0 || this._inFlight.count > 0 || this._canceller.isCancelling;
    if (isBusy && this._state !== 'closed') return;
    const waiters = this._idleWaiters;
    this._idleWaiters = [];
    for (const wake of waiters) wake();
  }

  private _endStream(operation: Operation): void {
    if (this.activeStream !== operation) return;
    this.activeStream = undefined;
    this.resumeReading(); // its consumer may have paused it
  }

  /** Runs a step of authentication, which may take its time, and sends what it says. */
  private _authenticate(step: (authenticator: Authenticator) => Promise<void> | void): void {
    const authenticator = this._authenticator;
    if (authenticator === undefined) return;
    (async () => {
      await step(authenticator);
      if (this._state !== 'closed') this._flush();
    })().catch((error: unknown) => {
      this.lose(error as Error);
    });
  }
}
