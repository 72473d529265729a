// One connection to a server, from the transport's callbacks and the machine's events to the callers' promises. The parts
// that think are elsewhere: pipeline.ts sends, canceller.ts cancels, authenticator.ts knows the password. What is here is
// which part hears of what, and the life of the session.
import type { Loop, Protocol, Transport } from '@millrace/loop-policy';
import { FrontendMachine } from '@millrace/postgres-protocol';
import type {
  FrontendHandler,
  ServerMessageFields,
  StartupOptions,
  TransactionStatus,
  TypeRegistry,
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
import type { Operation } from './operation.js';
import { OperationEvents } from './operation-events.js';
import { Pipeline } from './pipeline.js';
import type { PipelineHost } from './pipeline.js';
import { StartupOperation } from './startup-operation.js';
import { StatementCache } from './statement-cache.js';

/** `closing`: what was issued is finished, nothing new is taken. `closed`: nothing goes out or in any more. */
type SessionState = 'starting' | 'open' | 'closing' | 'closed';

/** The protocol of one connection: what is between a transport and the callers' promises. */
export class Session extends OperationEvents implements Protocol, FrontendHandler, CancelHost, PipelineHost {
  readonly loop: Loop;
  /** Where the server is: once connected its very address, as the name may have several. */
  endpoint: ServerEndpoint;
  readonly graceMs: number;
  readonly values: ValueOptions;
  readonly types: TypeRegistry;
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
  private readonly _pipeline: Pipeline;
  private readonly _canceller: Canceller;
  private readonly _startupOptions: StartupOptions;
  private _authenticator: Authenticator | undefined;
  private _state: SessionState = 'starting';
  /** Why the session is over, unless it was closed on this side. */
  private _lossCause: Error | undefined;
  private _idleWaiters: (() => void)[] = [];
  private _resolveGone!: () => void;

  constructor(loop: Loop, options: ResolvedOptions) {
    super();
    this.loop = loop;
    this.endpoint = options.endpoint;
    this.graceMs = options.cancelGraceMs;
    this.values = options.values;
    this.types = options.types;
    this.machine = new FrontendMachine(this);
    this.notices = new Notices(loop);
    this.statements = new StatementCache(options.statementCacheSize, (name) => {
      this._closeStatement(name);
    });
    this._pipeline = new Pipeline(loop, this);
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
    return this._pipeline.head;
  }

  get hasAbandoned(): boolean {
    return this._pipeline.hasAbandoned;
  }

  // ---- for the layers above

  /** Opens the session; the transport must be connected. */
  start(): Promise<void> {
    const startup = new StartupOperation(this._startupOptions);
    if (this._state === 'closed') startup.fail(this._lossFor(startup));
    else this._pipeline.sendNow(startup);
    return startup.promise;
  }

  /** Lets `operation` wait for its turn. Never throws: a session that is over fails the operation. */
  issue(operation: Operation): void {
    if (this.isClosed) {
      operation.fail(this._lossFor(operation));
      return;
    }
    this._pipeline.issue(operation);
  }

  /** Gives `operation` up: takes it out if it was not sent, else has the server cancel it. Its promise is its own. */
  abandon(operation: Operation): void {
    const place = this._pipeline.abandon(operation);
    if (place === 'inFlight') this._canceller.advance();
    this.settled(operation);
    if (place === 'removed') this.mayBeIdle();
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
      this.mayBeIdle();
    });
  }

  /** Says good-bye to the server. Must be idle. */
  leave(): void {
    if (this._state === 'closed') return;
    this.machine.sendTerminate();
    this._pipeline.flush();
    this._end();
    this._pipeline.transport?.close();
  }

  /** Ends the session now, without a word to the server. */
  terminate(): void {
    if (this._state === 'closed') return;
    this._end();
    this._pipeline.transport?.abort();
  }

  // ---- Protocol

  connectionMade(transport: Transport): void {
    this._pipeline.transport = transport;
    const { remoteAddress: host, remotePort: port } = transport.info;
    if (host !== undefined && port !== undefined) this.endpoint = { host, port };
  }

  dataReceived(chunk: Uint8Array): void {
    this.receivedByteCount += chunk.length;
    try {
      this.machine.feed(chunk);
      if (this._state !== 'closed') this._pipeline.flush(); // the machine's own answer, to a COPY
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
    this._pipeline.pauseWriting();
  }

  resumeWriting(): void {
    this._pipeline.resumeWriting();
  }

  connectionLost(error: Error | null): void {
    this.lose(error ?? new Error('the connection was closed'));
    this._resolveGone();
  }

  pauseReading(): void {
    this._pipeline.transport?.pauseReading();
  }

  resumeReading(): void {
    if (this._state !== 'closed') this._pipeline.transport?.resumeReading();
  }

  // ---- FrontendHandler, besides what answers an operation

  encryptionAnswer(): void {
    // Nobody asks.
  }

  negotiateProtocolVersion(): void {
    // Every server knows 3.0, and no protocol options are asked for.
  }

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

  oauthRefused(): void {
    // No token was sent.
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
    // Text is decoded without looking at the session, and would be garbled silently from here on.
    if (name === 'client_encoding' && !/^utf-?8$/i.test(value))
      this.lose(new Error(`client_encoding must stay UTF8, the session has changed it to ${JSON.stringify(value)}`));
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
    if (this._state === 'starting') this._state = 'open';
    this._pipeline.finishRound(statusBefore, status, this._canceller.mayHit);
    this._canceller.advance();
    this._pipeline.schedule();
    this.mayBeIdle();
  }

  errorResponse(fields: ServerMessageFields): void {
    this.head?.errorResponse(fields);
    if (fields.severityCode === 'FATAL' || fields.severityCode === 'PANIC') this.lose(new PostgresError(fields));
  }

  // ---- CancelHost

  sendFence(fence: FenceOperation): void {
    this._pipeline.sendNow(fence);
  }

  resume(): void {
    this._pipeline.schedule();
    this.mayBeIdle();
  }

  /** Ends the session for an outside reason: everything that is pending fails with it. */
  lose(cause: Error): void {
    if (this._state === 'closed') return;
    this._lossCause = cause;
    this._end();
    this._pipeline.transport?.abort();
  }

  // ---- PipelineHost

  get isSendingAllowed(): boolean {
    return (this._state === 'open' || this._state === 'closing') && !this._canceller.isCancelling;
  }

  settled(operation: Operation): void {
    if (this.activeStream !== operation) return;
    this.activeStream = undefined;
    this.resumeReading(); // its consumer may have paused it
  }

  mayBeIdle(): void {
    if (this._idleWaiters.length === 0) return;
    const isBusy = !this._pipeline.isEmpty || this._canceller.isCancelling;
    if (isBusy && this._state !== 'closed') return;
    const waiters = this._idleWaiters;
    this._idleWaiters = [];
    for (const wake of waiters) wake();
  }

  // ---- ending

  private _end(): void {
    this._state = 'closed';
    this._authenticator = undefined;
    this._canceller.stop();
    this._pipeline.failAll((operation) => this._lossFor(operation));
    this.activeStream = undefined;
    this.mayBeIdle();
  }

  private _lossFor(operation: Operation): Error {
    return this._loss(!operation.hasLeft);
  }

  private _loss(safeToRetry: boolean): Error {
    if (this._lossCause === undefined) return new ConnectionClosedError();
    return new ConnectionLostError(this._lossCause, safeToRetry);
  }

  private _closeStatement(name: string): void {
    const operation = new CloseStatementOperation(name);
    operation.promise.catch(() => undefined); // nobody asked for it
    this.issue(operation);
  }

  /** Runs a step of authentication, which may take its time, and sends what it says. */
  private _authenticate(step: (authenticator: Authenticator) => Promise<void> | void): void {
    const authenticator = this._authenticator;
    if (authenticator === undefined) return;
    (async () => {
      await step(authenticator);
      if (this._state !== 'closed') this._pipeline.flush();
    })().catch((error: unknown) => {
      this.lose(error as Error);
    });
  }
}
