import type { ConnectionInfo } from './transport.js';

/** Where a server listens: a TCP address with the port that it really got, or the path of a unix socket. */
export type ServerAddress =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined };

/** How a server ended. */
export interface CloseReport {
  /** Connections that were open at `close()`, and had finished and sent everything within the grace period. */
  readonly drained: number;
  /** Connections that were aborted at its end, with bytes unsent, or before they had finished what they were at. */
  readonly cut: number;
  /** Whose they were. */
  readonly cutPeers: readonly ConnectionInfo[];
}

/** A listening socket and the connections that it accepted. */
export interface Server extends AsyncDisposable {
  readonly address: ServerAddress;
  /** Connections that are open now. */
  readonly connectionCount: number;
  /** Resolves when the server is over, whoever closed it, with what `close()` reports; is never rejected. */
  readonly closed: Promise<CloseReport>;

  /**
   * Stops accepting, asks every protocol to finish (`closeRequested`; without one its transport is closed, which sends
   * what is queued), and aborts the connections that are left after the grace period.
   *
   * Connections that the system has queued but we have not accepted are reset, and TLS handshakes are broken off.
   *
   * @param options - `graceMs`: how long connections may take, 0 or more; `Infinity` cuts nobody. Default 5000.
   * @returns How it went, once the last protocol had its `connectionLost`; always settles. Further calls get the same
   * report, and the shortest grace period counts.
   * @throws {RangeError} If `graceMs` is NaN or negative; nothing is closed.
   */
  close(options?: { readonly graceMs?: number | undefined }): Promise<CloseReport>;
}
