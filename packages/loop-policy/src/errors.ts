/** A transport was used after its end: `close()`, `abort()`, `writeEof()` or the loss of the connection. */
export class TransportClosedError extends Error {
  override readonly name = 'TransportClosedError';
  readonly code = 'ERR_LOOP_POLICY_TRANSPORT_CLOSED';
}

/** A connection ended for an outside reason, its `cause`. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = 'ERR_LOOP_POLICY_CONNECTION_LOST';
}

/** No byte moved on a connection for too long, see {@link withLimits}. */
export class IdleTimeoutError extends Error {
  override readonly name = 'IdleTimeoutError';
  readonly code = 'ERR_LOOP_POLICY_IDLE';
  /** How long the silence was allowed to be, in milliseconds. */
  readonly idleMs: number;

  constructor(idleMs: number) {
    super(`expected a byte either way within ${idleMs} ms, there was none`);
    this.idleMs = idleMs;
  }
}

/** An endpoint could not be reached, for the reason in `cause`. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code = 'ERR_LOOP_POLICY_CONNECT';
  /** The address as text, `tcp://127.0.0.1:7000`. */
  readonly endpoint: string;
  /** The system's name for the reason, such as `ECONNREFUSED`; `undefined` if there is none. */
  readonly reason: string | undefined;

  constructor(endpoint: string, cause: unknown) {
    const reason = systemCode(cause);
    super(`cannot connect to ${endpoint}: ${describe(cause, reason)}`, { cause });
    this.endpoint = endpoint;
    this.reason = reason;
  }
}

/** TLS could not be agreed on, or was broken; the connection is gone. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  readonly code = 'ERR_LOOP_POLICY_TLS';
  /** OpenSSL's or the platform's name for the reason, such as `CERT_HAS_EXPIRED`; `undefined` if there is none. */
  readonly reason: string | undefined;

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.reason = systemCode(options.cause);
  }
}

/** A server could not listen, for the reason in `cause`. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'ERR_LOOP_POLICY_LISTEN';
  readonly endpoint: string;
  readonly reason: string | undefined;

  constructor(endpoint: string, cause: unknown) {
    const reason = systemCode(cause);
    const stale = reason === 'EADDRINUSE' && endpoint.startsWith('unix:');
    const hint = stale ? '; if no server uses the path, remove the file' : '';
    super(`cannot listen on ${endpoint}: ${describe(cause, reason)}${hint}`, { cause });
    this.endpoint = endpoint;
    this.reason = reason;
  }
}

/** A loop was used after its `close()`. */
export class LoopClosedError extends Error {
  override readonly name = 'LoopClosedError';
  readonly code = 'ERR_LOOP_POLICY_LOOP_CLOSED';
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the peer',
  ENOTFOUND: 'no such host',
  EADDRINUSE: 'address in use',
  EADDRNOTAVAIL: 'address not available',
  EACCES: 'permission denied',
  ENOENT: 'no such file',
  ETIMEDOUT: 'timed out',
};

function systemCode(error: unknown): string | undefined {
  // A host with several addresses fails with one error for each; the first one speaks for them.
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const code = (first as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

function describe(error: unknown, code: string | undefined): string {
  const words = code === undefined ? undefined : WORDS[code];
  if (words !== undefined && code !== undefined) return `${words} (${code})`;
  return error instanceof Error ? error.message : String(error);
}
