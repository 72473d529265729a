import type { Loop } from '@millrace/loop-policy';
import { TypeRegistry } from '@millrace/postgres-protocol';
import type { ValueOptions } from '@millrace/postgres-protocol';
import { parseConnectionString } from './connection-string.js';
import type { ConnectionStringParts } from './connection-string.js';
import { readEnvironment } from './platform/environment.js';
import type { Environment } from './platform/environment.js';
import { resolveValueOptions } from './value-options.js';

/** How far TLS is wanted. `disable`, `allow` and `prefer` connect in plain text; the others are refused for now. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where to connect, as whom, and how the session behaves. What is left out comes from `url`, then from `PG*` variables. */
export interface ConnectOptions extends ValueOptions {
  /** A `postgres://` URL to start from; the other options win over its parts. */
  readonly url?: string | URL | undefined;
  /** A name, an address, or the directory of the server's unix socket (begins with `/`). Default: `localhost`. */
  readonly host?: string | undefined;
  /** 1 to 65535. Default: 5432. */
  readonly port?: number | undefined;
  /** Default: the user who runs the process. */
  readonly user?: string | undefined;
  /** The password, or what is called for it each time that the server asks. It is not kept once the session is open. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /** Default: the server takes the user's name. */
  readonly database?: string | undefined;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string | undefined;
  readonly sslmode?: SslMode | undefined;
  /** Settings of the session, such as `{ search_path: 'shop' }`. `client_encoding` can only be UTF8. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds for all of connecting: name lookup, socket, authentication. Default: 15000. `Infinity`: no limit. */
  readonly connectTimeoutMs?: number | undefined;
  /** How many prepared statements are kept per connection; 0 prepares anew each time. Default: 100. */
  readonly statementCacheSize?: number | undefined;
  /** Milliseconds that the server may take to give up a cancelled statement before the connection is destroyed. Default: 2000. */
  readonly cancelGraceMs?: number | undefined;
  /**
   * What is known of the types of the database, to be shared by connections to the same one: what one of them has learnt
   * the others need not ask for. Default: one of its own.
   */
  readonly types?: TypeRegistry | undefined;
  /** Where sockets, time and randomness come from. Default: `getLoop()`, read once. */
  readonly loop?: Loop | undefined;
}

/** The socket to connect to. */
export type ServerEndpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/** The options with every default filled in. Holds the password: it must not outlive the start-up. */
export interface ResolvedOptions {
  readonly endpoint: ServerEndpoint;
  /** The endpoint for people. */
  readonly address: string;
  readonly user: string;
  readonly password: string | (() => string | Promise<string>) | undefined;
  readonly database: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  readonly statementCacheSize: number;
  readonly cancelGraceMs: number;
  readonly values: ValueOptions;
  readonly types: TypeRegistry;
}

const DEFAULT_PORT = 5432; // https://www.postgresql.org/docs/current/runtime-config-connection.html
const SSL_MODES: readonly string[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * Fills in and checks the options.
 *
 * @throws {TypeError} For a value of the wrong kind. {@link RangeError} for a number out of range. The message names
 * the option and never quotes a password.
 */
export function resolveOptions(
  target: string | URL | ConnectOptions,
  environment: Environment = readEnvironment(),
): ResolvedOptions {
  const given: ConnectOptions = typeof target === 'string' || target instanceof URL ? { url: target } : target;
  const url = given.url === undefined ? {} : parseConnectionString(String(given.url));
  const sslmode = given.sslmode ?? url.sslmode ?? environment.sslmode ?? 'prefer';
  checkSslMode(sslmode);
  const endpoint = resolveEndpoint(given, url, environment);
  return {
    endpoint,
    address: addressOf(endpoint),
    user: text('user', given.user ?? url.user ?? environment.user ?? environment.systemUser ?? missingUser()),
    password: resolvePassword(given.password ?? url.password ?? environment.password),
    database: optionalText('database', given.database ?? url.database ?? environment.database),
    parameters: resolveParameters(given, url, environment),
    connectTimeoutMs: resolveConnectTimeout(given, url, environment),
    statementCacheSize: count('statementCacheSize', given.statementCacheSize ?? 100),
    cancelGraceMs: duration('cancelGraceMs', given.cancelGraceMs ?? 2000),
    values: resolveValueOptions(given),
    types: resolveTypes(given.types),
  };
}

function resolveEndpoint(given: ConnectOptions, url: ConnectionStringParts, env: Environment): ServerEndpoint {
  const host = text('host', given.host ?? url.host ?? env.host ?? 'localhost');
  if (host.includes(',')) throw new TypeError('the option host names several hosts, only one is supported');
  const port = resolvePort(given.port ?? url.port ?? env.port ?? DEFAULT_PORT);
  // The server's own naming: https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-UNIX-SOCKET-DIRECTORIES
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

function addressOf(endpoint: ServerEndpoint): string {
  if ('path' in endpoint) return endpoint.path;
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`;
}

function resolvePort(port: number | string): number {
  const value = typeof port === 'string' && /^\s*\d{1,5}\s*$/.test(port) ? Number(port) : port;
  if (typeof value !== 'number' || !(Number.isInteger(value) && value >= 1 && value <= 65535))
    throw new RangeError(`the port must be a whole number from 1 to 65535, not '${port}'`);
  return value;
}

function resolveParameters(
  given: ConnectOptions,
  url: ConnectionStringParts,
  env: Environment,
): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  const applicationName =
    given.applicationName ?? url.applicationName ?? env.applicationName ?? url.fallbackApplicationName;
  if (applicationName !== undefined) parameters['application_name'] = text('applicationName', applicationName);
  const options = url.options ?? env.options;
  if (options !== undefined) parameters['options'] = options;
  checkEncoding(url.clientEncoding);
  for (const [name, value] of Object.entries(given.parameters ?? {})) {
    if (name === '' || name.includes('\0') || name === 'user' || name === 'database' || name === 'replication')
      throw new TypeError(`the option parameters cannot set '${name.replaceAll('\0', '')}'`);
    if (name.toLowerCase() === 'client_encoding') checkEncoding(value);
    else parameters[name] = text(`parameters.${name}`, value);
  }
  return parameters;
}

/** Text is decoded as UTF-8 without looking at the session. */
function checkEncoding(encoding: string | undefined): void {
  if (encoding !== undefined && !/^(utf-?8|auto)$/i.test(encoding))
    throw new TypeError('client_encoding can only be UTF8');
}

function resolveConnectTimeout(given: ConnectOptions, url: ConnectionStringParts, env: Environment): number {
  if (given.connectTimeoutMs !== undefined) return duration('connectTimeoutMs', given.connectTimeoutMs);
  const seconds = url.connectTimeout ?? env.connectTimeout;
  if (seconds === undefined) return 15_000;
  if (!/^\s*-?\d{1,9}\s*$/.test(seconds))
    throw new TypeError(`connect_timeout must be a whole number of seconds, not '${seconds}'`);
  // libpq: zero, negative or not given means no limit.
  return Number(seconds) > 0 ? Number(seconds) * 1000 : Infinity;
}

function resolvePassword(password: unknown): ResolvedOptions['password'] {
  if (password === undefined || typeof password === 'string') return password;
  if (typeof password === 'function') return password as () => string | Promise<string>;
  throw new TypeError('the option password must be a string or a function');
}

function resolveTypes(types: unknown = new TypeRegistry()): TypeRegistry {
  if (types instanceof TypeRegistry) return types;
  throw new TypeError('the option types must be a TypeRegistry');
}

function checkSslMode(sslmode: unknown): void {
  if (typeof sslmode !== 'string' || !SSL_MODES.includes(sslmode))
    throw new TypeError(`sslmode must be one of ${SSL_MODES.join(', ')}`);
  if (SSL_MODES.indexOf(sslmode) > SSL_MODES.indexOf('prefer'))
    throw new TypeError(`sslmode '${sslmode}' asks for TLS, which this version does not speak; nothing was sent`);
}

function missingUser(): never {
  throw new TypeError('the option user is missing, and neither PGUSER nor USER says who connects');
}

function text(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw new TypeError(`the option ${option} must be a string that is not empty and has no NUL character`);
  return value;
}

function optionalText(option: string, value: unknown): string | undefined {
  return value === undefined ? undefined : text(option, value);
}

function count(option: string, value: unknown): number {
  if (typeof value !== 'number' || !(Number.isInteger(value) && value >= 0))
    throw new RangeError(`the option ${option} must be a whole number of 0 or more`);
  return value;
}

function duration(option: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0))
    throw new RangeError(`the option ${option} must be 0 or more milliseconds`);
  return value;
}
