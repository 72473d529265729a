import { ConnectionLostError, getLoop, TransportClosedError, withLimits } from '@millrace/loop-policy';
import type {
  AnyProtocol,
  Endpoint,
  LimitOptions,
  ListenOptions,
  Loop,
  Server,
  Transport,
} from '@millrace/loop-policy';
import type { StreamConnection } from './stream-connection.js';
import { reportUncaught } from './report-uncaught.js';
import { checkLimit } from './stream-inflow.js';
import { StreamProtocol, type StreamOptions } from './stream-protocol.js';

/** Options of {@link listenStreams}. */
export interface ListenStreamsOptions extends ListenOptions, StreamOptions {
  /** Default: the current loop. */
  readonly loop?: Loop | undefined;
  /** How much the peers may ask for, see `withLimits` of loop-policy. Default: as much as they like. */
  readonly limits?: LimitOptions | undefined;
}

/** Serves one connection; the connection is closed when it returns. */
export type StreamHandler = (connection: StreamConnection) => Promise<void> | void;

/**
 * Listens, and calls `handler` for each connection.
 *
 * When the handler returns, the connection is closed: what it wrote is sent. When it throws, the connection is aborted
 * and the error reported once, through the loop's `onUncaught`; unless it only says that the connection is gone.
 *
 * While the server is being closed, reads that find nothing fail with a TransportClosedError, which handlers may let pass;
 * the server waits for them until its grace period is over.
 *
 * @param handler - Is called before any data is delivered.
 * @throws {RangeError} If an option is out of its range.
 * @throws As `Loop.listen` does.
 */
export async function listenStreams(
  handler: StreamHandler,
  endpoint: Endpoint,
  options: ListenStreamsOptions = {},
): Promise<Server> {
  return await listenWith((own) => new HandledProtocol(own, handler), endpoint, options);
}

/** Listens with the loop and the limits of `options`; the factory gets what is left for the protocol. */
export async function listenWith(
  factory: (options: StreamOptions) => AnyProtocol,
  endpoint: Endpoint,
  options: ListenStreamsOptions,
): Promise<Server> {
  const { loop = getLoop(), limits, limitBytes, timers } = options;
  if (limitBytes !== undefined) checkLimit(limitBytes);
  const make = (): AnyProtocol => factory({ limitBytes, timers });
  return await loop.listen(limits === undefined ? make : withLimits(make, limits), endpoint, options);
}

/** A connection whose bytes are the handler's business. */
class HandledProtocol extends StreamProtocol {
  private readonly _handler: StreamHandler;
  private _lost: Error | null = null;

  constructor(options: StreamOptions, handler: StreamHandler) {
    super(options);
    this._handler = handler;
  }

  override connectionMade(transport: Transport): void {
    super.connectionMade(transport);
    void this._run(transport);
  }

  override connectionLost(error: Error | null): void {
    this._lost = error;
    super.connectionLost(error);
  }

  private async _run(transport: Transport): Promise<void> {
    try {
      await this._handler(this.connection);
    } catch (error) {
      if (!this._isOver(error)) {
        transport.abort(error instanceof Error ? error : new Error('the handler threw', { cause: error }));
        reportUncaught(transport.loop, error);
      }
    }
    // Whether it ends well is the peer's business, and was the handler's as long as it ran.
    if (this.connection._isHandedOver) await this.connection.close().catch(() => undefined);
    else this.connection.transport.close();
  }

  /** Whether `error` only says that the connection is gone. */
  private _isOver(error: unknown): boolean {
    if (error instanceof TransportClosedError) return true;
    // Another protocol was told of the loss, not this one.
    if (this.connection._isHandedOver) return error instanceof ConnectionLostError;
    return this._lost !== null && error === this._lost;
  }
}
