import type { ConnectionInfo } from './transport.js';

/** Where a server listens: a TCP address with the port that it really got, or the path of a unix socket. */
export type ServerAddress =
  | { readonly host: string; readonly port: number; readonly path?: undefined }
  | { readonly path: string; readonly host?: undefined; readonly port?: undefined };

/** How a server ended. */
export interface CloseReport {
  /** Connections that were open at `close()` and ended by themselves within the grace period. */
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

  /**
   * Stops accepting, closes every connection gracefully, and aborts those that are left after the grace period.
   *
   * @param options - `graceMs`: how long connections may take to send what they owe, 0 or more. Default 5000.
   * @returns How it went; always settles. Further calls get the same report, and the shorter grace period counts.
   */
  close(options?: { readonly graceMs?: number | undefined }): Promise<CloseReport>;
}
