/**
 * Where to connect to or to listen: an object, or an address such as `tcp://127.0.0.1:7000`, `tcp://[::1]:7000` or
 * `unix:/tmp/socket`.
 */
export type Endpoint =
  { readonly host: string; readonly port: number } | { readonly path: string } | { readonly fd: number } | URL | string;

/** An {@link Endpoint} that was understood. */
export type ParsedEndpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number };

/**
 * Understands an endpoint.
 *
 * @throws {TypeError} If it is not one; the message says what was expected.
 * @throws {RangeError} If the port is not an integer from 0 to 65535, or the fd is negative.
 */
export function parseEndpoint(endpoint: Endpoint): ParsedEndpoint {
  if (typeof endpoint === 'string' || endpoint instanceof URL) return parseAddress(String(endpoint));
  if (typeof endpoint === 'object' && (endpoint as unknown) !== null) {
    if ('path' in endpoint && isName(endpoint.path)) {
      return { kind: 'unix', path: endpoint.path };
    }
    if ('fd' in endpoint) return { kind: 'fd', fd: checkInteger(endpoint.fd, 2 ** 31 - 1, 'fd') };
    if ('host' in endpoint && isName(endpoint.host)) {
      return { kind: 'tcp', host: endpoint.host, port: checkInteger(endpoint.port, 65535, 'port') };
    }
  }
  throw new TypeError('expected an endpoint: { host, port }, { path }, { fd }, "tcp://host:port" or "unix:/path"');
}

/** Writes an endpoint as an address, for messages. */
export function formatEndpoint(endpoint: ParsedEndpoint): string {
  if (endpoint.kind === 'unix') return `unix:${endpoint.path}`;
  if (endpoint.kind === 'fd') return `fd:${endpoint.fd}`;
  return `tcp://${endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}

function parseAddress(address: string): ParsedEndpoint {
  if (address.startsWith('unix:')) {
    const path = decode(address.slice('unix:'.length).replace(/^\/\/(?=\/)/, ''));
    if (isName(path)) return { kind: 'unix', path };
  }
  const match = /^tcp:\/\/(?:\[([^\]]+)\]|([^:/[\]]+)):(\d+)\/?$/.exec(address);
  if (match === null) {
    throw new TypeError(
      `expected an address like "tcp://127.0.0.1:7000" or "unix:/path", got ${JSON.stringify(address)}`,
    );
  }
  return { kind: 'tcp', host: match[1] ?? match[2] ?? '', port: checkInteger(Number(match[3]), 65535, 'port') };
}

/** The system would take what follows a NUL for no part of the name. */
function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !name.includes('\0');
}

/** `undefined` where a percent sign begins no character. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function checkInteger(value: unknown, max: number, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`expected ${what} to be an integer from 0 to ${max}, got ${String(value)}`);
  }
  return value;
}
