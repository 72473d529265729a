/** PEM text, or DER bytes where the platform takes them. */
export type TlsMaterial = string | Uint8Array;

/** What both ends may say. */
export interface TlsCommonOptions {
  /** The certificate that we show, with its chain, as PEM. Servers need one. */
  readonly cert?: TlsMaterial | readonly TlsMaterial[] | undefined;
  /** Its private key, as PEM. */
  readonly key?: TlsMaterial | undefined;
  /** The passphrase of `key`. */
  readonly passphrase?: string | undefined;
  /** Whom to trust instead of the platform's authorities, as PEM. */
  readonly ca?: TlsMaterial | readonly TlsMaterial[] | undefined;
  /**
   * Application protocols, the preferred first; the server's preference counts. If both ends name some and have none in
   * common, the handshake fails.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc7301 | RFC 7301}
   */
  readonly alpn?: readonly string[] | undefined;
  /** Default 1.2. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/**
 * How a client speaks TLS.
 *
 * @remarks
 * A TCP connection that ends without TLS's own end (close_notify) is an `eofReceived` like any other: platforms do not
 * tell the two apart. Whoever sits on the line can therefore cut a conversation short, so a protocol must know by itself
 * whether a message is complete. For the same reason `abort` resets the TCP connection below where the platform lets it;
 * on Node that is everywhere but for clients that spoke TLS from the start.
 */
export interface TlsClientOptions extends TlsCommonOptions {
  /**
   * The name or address that the certificate must be for; a name is also sent to the server (SNI). Default: the host that
   * is connected to. Needed where there is none, as on unix sockets, unless `verify` says otherwise.
   */
  readonly serverName?: string | undefined;
  /**
   * What is checked: `'full'`, the chain and the name; `'ca'`, the chain only; `'none'`, nothing, which protects against
   * listeners but not against impostors. Default `'full'`.
   */
  readonly verify?: 'full' | 'ca' | 'none' | undefined;
}

/** How a server speaks TLS. */
export interface TlsServerOptions extends TlsCommonOptions {
  /**
   * Whether clients show certificates, which must be signed by one of `ca` (needed then): `'request'` takes clients
   * without one, but none whose certificate is not good. Default `'none'`.
   *
   * In TLS 1.3 a client is through before the server has looked at its certificate: being refused, it hears of it after
   * `connectionMade`.
   */
  readonly clientCertificate?: 'none' | 'request' | 'require' | undefined;
  /** Milliseconds that a client has for its handshake, more than 0. Default 10000. */
  readonly handshakeTimeoutMs?: number | undefined;
}

/** Options of {@link Transport.startTls}: which side we are, and what it needs. */
export type StartTlsOptions =
  ({ readonly side?: 'client' | undefined } & TlsClientOptions) | ({ readonly side: 'server' } & TlsServerOptions);

/** What a handshake agreed on. */
export interface TlsInfo {
  /** `TLSv1.3`, say. */
  readonly protocol: string;
  /** The cipher suite by its standard name. */
  readonly cipher: string;
  /** The application protocol; `undefined` if none was agreed on. */
  readonly alpn: string | undefined;
  /** The peer's certificate; `undefined` if it showed none. For channel bindings, and for pinning. */
  readonly peerCertificateDer: Uint8Array | undefined;
  /** Whether the peer's certificate was checked and found good; `false` where nothing is checked (`verify: 'none'`). */
  readonly isVerified: boolean;
}
