import { getLoop, TransportClosedError } from '@millrace/loop-policy';
import type { Endpoint, ListenOptions, Loop, Server, Transport } from '@millrace/loop-policy';
import type { StreamConnection } from './stream-connection.js';
import { StreamProtocol, type StreamOptions } from './stream-protocol.js';

/** Options of {@link listenStreams}. */
export interface ListenStreamsOptions extends ListenOptions, StreamOptions {
  /** Default: the current loop. */
  readonly loop?: Loop | undefined;
}

/** Serves one connection; the connection is closed when it returns. */
export type StreamHandler = (connection: StreamConnection) => Promise<void> | void;

/**
 * Listens, and calls `handler` for each connection.
 *
 * When the handler returns, the connection is closed: what it wrote is sent. When it throws, the connection is aborted
 * and the error reported once, through the loop's `onUncaught`; unless it only says that the connection is gone. While the
 * server is being closed, reads that find nothing fail with a TransportClosedError, which handlers may let pass; the server waits for them until its grace period is over.
 *
 * @param handler - Is called before any data is delivered.
 * @throws As `Loop.listen` does.
 */
export function listenStreams(
  handler: StreamHandler,
  endpoint: Endpoint,
  options: ListenStreamsOptions = {},
): Promise<Server> {
  const loop = options.loop ?? getLoop();
  return loop.listen(() => new HandledProtocol(options, handler), endpoint, options);
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
      const isOver = error instanceof TransportClosedError || (this._lost !== null && error === this._lost);
      if (!isOver) {
        transport.abort(error instanceof Error ? error : new Error('the handler threw', { cause: error }));
        report(transport.loop, error);
      }
    }
    transport.close();
  }
}

/** What a scheduled function throws is reported by its loop. */
function report(loop: Loop, error: unknown): void {
  try {
    loop.callSoon(() => {
      throw error;
    });
  } catch {
    // The handler outlived its loop, and with it whoever listened there.
    console.error(error);
  }
}
