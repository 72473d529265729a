/** What a connection URL says, every part as text. */
export interface ConnectionStringParts {
  readonly host?: string;
  readonly port?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly applicationName?: string;
  readonly fallbackApplicationName?: string;
  readonly options?: string;
  readonly connectTimeout?: string;
  readonly sslmode?: string;
  readonly clientEncoding?: string;
}

type Part = keyof ConnectionStringParts;

/** The query parameters that are understood, by libpq's names. */
const PARAMETERS: ReadonlyMap<string, Part> = new Map([
  ['host', 'host'],
  ['port', 'port'],
  ['user', 'user'],
  ['password', 'password'],
  ['dbname', 'database'],
  ['application_name', 'applicationName'],
  ['fallback_application_name', 'fallbackApplicationName'],
  ['options', 'options'],
  ['connect_timeout', 'connectTimeout'],
  ['sslmode', 'sslmode'],
  ['client_encoding', 'clientEncoding'],
]);

/**
 * Takes a `postgres://` or `postgresql://` URL apart, by libpq's rules: every part may be percent-encoded, may be
 * missing, or may come as a query parameter instead, which wins.
 *
 * @param url - For example `postgres://me:secret@db.example:5433/shop?application_name=till`.
 * @throws {TypeError} If it is not such a URL, or has an unknown parameter. The message never quotes a part that might
 * be a secret, not even in a URL that is cut wrongly because its password was not encoded.
 * @see {@link https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS | libpq, Connection URIs}
 */
export function parseConnectionString(url: string): ConnectionStringParts {
  const match = /^postgres(?:ql)?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(#.*)?$/is.exec(url);
  if (match === null) throw new TypeError("the connection URL must begin with 'postgres://' or 'postgresql://'");
  const [, authority = '', path, query = '', fragment] = match;
  if (fragment !== undefined)
    throw new TypeError(
      "the connection URL has a '#': percent-encode it as %23 where it belongs to a name or password",
    );
  const parts: Partial<Record<Part, string>> = {};
  readAuthority(authority, parts);
  // libpq: an empty database name is the same as none.
  if (path !== undefined && path !== '') parts.database = readDatabase(path);
  readQuery(query, parts);
  return parts;
}

function readAuthority(authority: string, parts: Partial<Record<Part, string>>): void {
  const at = authority.lastIndexOf('@');
  if (at !== -1) {
    const userinfo = authority.slice(0, at);
    const colon = userinfo.indexOf(':');
    const user = colon === -1 ? userinfo : userinfo.slice(0, colon);
    if (user !== '') parts.user = decode(user, 'the user name');
    if (colon !== -1 && colon + 1 < userinfo.length) parts.password = decode(userinfo.slice(colon + 1), 'the password');
  }
  const hostAndPort = authority.slice(at + 1);
  if (hostAndPort.includes(',')) throw new TypeError('the connection URL names several hosts, only one is supported');
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(hostAndPort);
  if (match === null)
    throw new TypeError('the host in the connection URL is malformed (an IPv6 address needs brackets)');
  const [, host = '', port] = match;
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (bare !== '') parts.host = decode(bare, 'the host');
  if (port === undefined || port === '') return;
  // Not quoted: in `user:pass/word@host` what stands here is the start of a password.
  if (!/^\d{1,5}$/.test(port))
    throw new TypeError(
      'the port in the connection URL is not a number (special characters in a password must be percent-encoded)',
    );
  parts.port = port;
}

function readDatabase(path: string): string {
  // In `user:pass/word@host` the rest of a password would end up here.
  if (path.includes('@')) throw new TypeError("the connection URL has a '@' behind the host: percent-encode it as %40");
  return decode(path, 'the database name');
}

function readQuery(query: string, parts: Partial<Record<Part, string>>): void {
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals), 'a query parameter');
    const part = PARAMETERS.get(name);
    if (part === undefined) throw new TypeError(unknownParameter(name));
    if (equals === -1) throw new TypeError(`the query parameter '${name}' of the connection URL has no value`);
    parts[part] = decode(pair.slice(equals + 1), `the query parameter '${name}'`);
  }
}

function unknownParameter(name: string): string {
  const shown = /^\w{1,40}$/.test(name) ? ` '${name}'` : '';
  return `the connection URL has an unknown query parameter${shown}; known are ${[...PARAMETERS.keys()].join(', ')}`;
}

function decode(text: string, what: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    // The URIError is not kept as a cause: nothing may lead back to the text.
    throw new TypeError(`${what} in the connection URL has a malformed percent-encoding`);
  }
  if (decoded.includes('\0')) throw new TypeError(`${what} in the connection URL contains a NUL character`);
  return decoded;
}
