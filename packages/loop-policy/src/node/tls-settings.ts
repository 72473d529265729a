import type { ConnectionOptions, SecureContextOptions, Server as TlsServer } from 'node:tls';
import { checkObject } from '../check-options.js';
import type { TlsClientOptions, TlsCommonOptions, TlsMaterial, TlsServerOptions } from '../tls.js';
import type { Host } from './host.js';

/** How one end shakes hands, with its options checked and its certificates read. */
export type TlsSettings = ClientTls | ServerTls;

export interface ClientTls {
  readonly side: 'client';
  readonly isVerified: boolean;
  /** For `tls.connect`: all but the socket. */
  readonly options: ConnectionOptions;
}

export interface ServerTls {
  readonly side: 'server';
  readonly handshakeTimeoutMs: number;
  /** Whether a certificate that is shown and not good ends the handshake although none is required. */
  readonly refusesBadCertificates: boolean;
  /** A `tls.Server` that never listens: sockets are given to it. It costs as much as a handshake, so many share one. */
  readonly shared: TlsServer;
  /** Makes one that nobody shares. */
  makeServer(): TlsServer;
}

const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/**
 * Settings of a client.
 *
 * @param defaultName - The host that is connected to; `undefined` where there is none.
 * @throws {TypeError} or {RangeError} If an option is not what it must be.
 */
export function clientTls(host: Host, options: TlsClientOptions, defaultName: string | undefined): ClientTls {
  checkObject(options, 'tls');
  const verify = oneOf('verify', options.verify ?? 'full', ['full', 'ca', 'none']);
  const { serverName = defaultName } = options;
  if (serverName !== undefined && typeof serverName !== 'string') {
    throw new TypeError(`expected serverName to be a name or an address, got ${typeof serverName}`);
  }
  const name = serverName?.replace(/\.$/, '');
  if (verify === 'full' && (name === undefined || name === '')) {
    throw new TypeError(
      "expected serverName: there is no host whose name the certificate could be for (or verify: 'ca')",
    );
  }
  const { tls } = host;
  const context = readMaterial(() => tls.createSecureContext(commonOptions(options)));
  return {
    side: 'client',
    isVerified: verify !== 'none',
    options: {
      secureContext: context,
      rejectUnauthorized: verify !== 'none',
      checkServerIdentity: (_, certificate) =>
        verify === 'full' && name !== undefined ? tls.checkServerIdentity(name, certificate) : undefined,
      // Addresses are not names: RFC 6066 bars them from SNI.
      ...(name === undefined || name === '' || host.net.isIP(name) !== 0 ? {} : { servername: name }),
      ...alpnOptions(options),
    },
  };
}

/**
 * Settings of a server.
 *
 * @throws {TypeError} or {RangeError} If an option is not what it must be.
 */
export function serverTls(host: Host, options: TlsServerOptions): ServerTls {
  checkObject(options, 'tls');
  const asks = oneOf('clientCertificate', options.clientCertificate ?? 'none', ['none', 'request', 'require']);
  const handshakeTimeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS;
  if (typeof handshakeTimeoutMs !== 'number' || !(handshakeTimeoutMs > 0)) {
    throw new RangeError(`expected handshakeTimeoutMs to be more than 0, got ${String(handshakeTimeoutMs)}`);
  }
  if (options.cert === undefined || options.key === undefined) {
    throw new TypeError('expected cert and key: a TLS server must show a certificate');
  }
  if (asks !== 'none' && options.ca === undefined) {
    throw new TypeError(`expected ca: it says whose client certificates are taken (clientCertificate: '${asks}')`);
  }
  const { tls } = host;
  const makeServer = (): TlsServer =>
    readMaterial(() =>
      tls.createServer({
        ...commonOptions(options),
        ...alpnOptions(options),
        requestCert: asks !== 'none',
        rejectUnauthorized: asks === 'require',
        // The loop has a timer of its own. As long as a timer can be: 0 is the default of 120 seconds.
        handshakeTimeout: 0x7fffffff,
      }),
    );
  const refusesBadCertificates = asks === 'request';
  return { side: 'server', handshakeTimeoutMs, refusesBadCertificates, shared: makeServer(), makeServer };
}

const SERVER_OPTIONS = [
  'cert',
  'key',
  'passphrase',
  'ca',
  'alpn',
  'minVersion',
  'maxVersion',
  'clientCertificate',
  'handshakeTimeoutMs',
] as const satisfies readonly (keyof TlsServerOptions)[];

let last: { readonly options: TlsServerOptions; readonly settings: ServerTls } | undefined;

/**
 * As {@link serverTls}; gives the settings of the call before if the options are the same.
 *
 * @remarks Cost: reading certificates takes as long as a handshake, and a server upgrades each connection with the same.
 */
export function lastServerTls(host: Host, options: TlsServerOptions): ServerTls {
  const before = last;
  if (before !== undefined && SERVER_OPTIONS.every((name) => before.options[name] === options[name])) {
    return before.settings;
  }
  const settings = serverTls(host, options);
  last = { options: { ...options }, settings };
  return settings;
}

function commonOptions(options: TlsCommonOptions): SecureContextOptions {
  const minVersion = oneOf('minVersion', options.minVersion ?? 'TLSv1.2', VERSIONS);
  const maxVersion = oneOf('maxVersion', options.maxVersion ?? 'TLSv1.3', VERSIONS);
  if (minVersion > maxVersion) {
    throw new RangeError(`expected minVersion to be at most maxVersion, got ${minVersion} and ${maxVersion}`);
  }
  if ((options.cert === undefined) !== (options.key === undefined)) {
    throw new TypeError(`expected both cert and key, got only ${options.cert === undefined ? 'key' : 'cert'}`);
  }
  return {
    minVersion,
    maxVersion,
    ...(options.cert === undefined ? {} : { cert: material(options.cert) }),
    ...(options.key === undefined ? {} : { key: one(options.key) }),
    ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    ...(options.ca === undefined ? {} : { ca: material(options.ca).map(checkAuthority) }),
  };
}

function alpnOptions({ alpn }: TlsCommonOptions): { ALPNProtocols?: string[] } {
  if (alpn === undefined || alpn.length === 0) return {};
  if (!((alpn as unknown) instanceof Array) || alpn.some((name) => typeof (name as unknown) !== 'string')) {
    throw new TypeError('expected alpn to be an array of names');
  }
  for (const name of alpn) {
    const { length } = new TextEncoder().encode(name);
    if (length === 0 || length > 255) {
      throw new RangeError(`expected names in alpn of 1 to 255 bytes, got ${length} bytes`);
    }
  }
  return { ALPNProtocols: [...alpn] };
}

function material(value: TlsMaterial | readonly TlsMaterial[]): (string | Buffer)[] {
  return (Array.isArray(value) ? (value as readonly TlsMaterial[]) : [value as TlsMaterial]).map(one);
}

function one(value: TlsMaterial): string | Buffer {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError(`expected certificates and keys to be text or bytes, got ${typeof value}`);
}

/** The platform takes what is no certificate for no authority at all, without a word. */
function checkAuthority<T extends string | Buffer>(ca: T): T {
  if (!/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(String(ca))) {
    throw new TypeError('expected ca to be certificates as PEM, got text without "BEGIN CERTIFICATE"');
  }
  return ca;
}

/** Whatever the platform finds wrong with certificates and keys is the caller's mistake. */
function readMaterial<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw new TypeError(`expected certificates and keys that can be used for TLS: ${said}`, { cause: error });
  }
}

function oneOf<T extends string>(option: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw new TypeError(`expected ${option} to be one of ${choices.join(', ')}, got ${value}`);
}
