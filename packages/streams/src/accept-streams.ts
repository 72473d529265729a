import { getLoop } from '@millrace/loop-policy';
import type { CloseReport, Endpoint, Server, ServerAddress, Transport } from '@millrace/loop-policy';
import { throwIfOver, type Op, type TimerSource } from '@millrace/timeouts';
import { listenWith, type ListenStreamsOptions } from './listen-streams.js';
import type { StreamConnection } from './stream-connection.js';
import { StreamProtocol, type StreamOptions } from './stream-protocol.js';
import { WaitLine } from './wait-line.js';

const DEFAULT_MAX_WAITING = 1024;

/** Options of {@link acceptStreams}. */
export interface AcceptStreamsOptions extends ListenStreamsOptions {
  /** How many connections may wait to be accepted, 1 or more; a further one is aborted. Default 1024. */
  readonly maxWaiting?: number | undefined;
}

/** The connections that a server accepts, one after the other. */
export class AcceptedStreams implements AsyncIterable<StreamConnection>, AsyncDisposable {
  /** Closing it ends the loops over the connections. */
  readonly server: Server;
  private readonly _queue: ConnectionQueue;

  /** @internal */
  constructor(server: Server, queue: ConnectionQueue) {
    this._queue = queue;
    this.server = new QueueServer(server, queue);
    // However the server ended: nobody waits for connections that cannot come.
    void server.closed.then(() => {
      queue.end();
    });
  }

  /**
   * Takes the next connection, in the order in which they were made.
   *
   * @returns `undefined` once the server is being closed.
   * @throws {TimeoutError} or what else ends `op`; no connection is taken then.
   */
  accept(op?: Op): Promise<StreamConnection | undefined> {
    return this._queue.take(op);
  }

  /** Accepts connection after connection until the server is being closed. Whoever takes one closes it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamConnection, void, undefined> {
    for (let next = await this.accept(); next !== undefined; next = await this.accept()) yield next;
  }

  /** Closes the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

/**
 * Listens, and gives the connections to whoever asks for the next one.
 *
 * @example
 * const accepted = await acceptStreams('tcp://127.0.0.1:7000');
 * for await (const connection of accepted) void serve(connection);
 * @throws {RangeError} If an option is out of its range.
 * @throws As `Loop.listen` does.
 */
export async function acceptStreams(endpoint: Endpoint, options: AcceptStreamsOptions = {}): Promise<AcceptedStreams> {
  const { maxWaiting = DEFAULT_MAX_WAITING, loop = getLoop() } = options;
  if (!(maxWaiting >= 1)) throw new RangeError(`expected maxWaiting of 1 or more, saw ${maxWaiting}`);
  const queue = new ConnectionQueue(maxWaiting, options.timers ?? loop);
  const server = await listenWith((own) => new AcceptedProtocol(own, queue), endpoint, { ...options, loop });
  return new AcceptedStreams(server, queue);
}

/** Connections that wait to be accepted, or those who wait for one. */
class ConnectionQueue {
  private readonly _maxWaiting: number;
  private readonly _connections: StreamConnection[] = [];
  private readonly _takers: WaitLine<StreamConnection | undefined>;
  private _isEnded = false;

  constructor(maxWaiting: number, timers: TimerSource) {
    this._maxWaiting = maxWaiting;
    this._takers = new WaitLine('accept', timers);
  }

  put(connection: StreamConnection): void {
    if (this._isEnded) connection.transport.close();
    else if (this._takers.settleFirst(connection)) return;
    else if (this._connections.length < this._maxWaiting) this._connections.push(connection);
    else connection.abort();
  }

  async take(op: Op | undefined): Promise<StreamConnection | undefined> {
    throwIfOver(op, 'accept'); // no connection is taken then
    const connection = this._connections.shift();
    if (connection !== undefined || this._isEnded) return connection;
    return await this._takers.wait(op);
  }

  end(): void {
    this._isEnded = true;
    for (const { transport } of this._connections.splice(0)) transport.close();
    this._takers.settle(undefined);
  }
}

class AcceptedProtocol extends StreamProtocol {
  private readonly _queue: ConnectionQueue;

  constructor(options: StreamOptions, queue: ConnectionQueue) {
    super(options);
    this._queue = queue;
  }

  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    this._queue.put(this.connection);
  }
}

/** A server whose end is the end of its queue. */
class QueueServer implements Server {
  private readonly _server: Server;
  private readonly _queue: ConnectionQueue;

  constructor(server: Server, queue: ConnectionQueue) {
    this._server = server;
    this._queue = queue;
  }

  get address(): ServerAddress {
    return this._server.address;
  }

  get connectionCount(): number {
    return this._server.connectionCount;
  }

  get closed(): Promise<CloseReport> {
    return this._server.closed;
  }

  close(options?: { readonly graceMs?: number | undefined }): Promise<CloseReport> {
    this._queue.end();
    return this._server.close(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
