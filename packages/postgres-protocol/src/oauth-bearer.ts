// OAUTHBEARER (RFC 7628, as PostgreSQL 18 has it), both directions:
//
//   client  its token, or none to ask what token is wanted
//   server  nothing more (AuthenticationOk follows), or a failure in JSON
//   client  a dummy response, after which the server sends its ErrorResponse
import { RemoteProtocolError } from './errors.js';
import { decodeSaslText } from './sasl-text.js';

/** Name of the mechanism. */
export const OAUTHBEARER = 'OAUTHBEARER';

/** Ends a pair of key and value, and the list of them. RFC 7628, section 3.1. */
const SEPARATOR = '\x01';

/** ABNF `b64token` of RFC 6750, section 2.1. */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The scheme, in any case. RFC 7628, section 4. */
const BEARER = /^bearer +/i;

/** A pair of RFC 7628, section 3.1. */
const PAIR = /^([A-Za-z]+)=([\t\n\r\x20-\x7e]*)$/;

/** Why a server does not take a token, and where to get one. All of it is the server's word: check it before use. */
export interface OauthBearerFailure {
  /** `invalid_token`, or another error code of RFC 6750, section 3.1. */
  readonly status: string;
  /** Scopes that a token needs, separated by spaces. */
  readonly scope: string | undefined;
  /** URI of the discovery document of the issuer. Nothing says that it is not an attacker's: compare it with your own. */
  readonly openidConfiguration: string | undefined;
}

/**
 * Makes the client's initial response.
 *
 * @param token - What the issuer gave; `null` asks the server what it wants, which answers with a failure.
 * @returns The data of the SASLInitialResponse.
 * @throws {TypeError} If the token holds characters that a bearer token cannot; the text does not show it.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7628#section-3.1 | RFC 7628, section 3.1}
 */
export function encodeOauthBearerResponse(token: string | null): Uint8Array {
  if (token !== null && !TOKEN.test(token)) {
    throw new TypeError('a bearer token is made of letters, digits and -._~+/, and may end in =');
  }
  const auth = token === null ? '' : `Bearer ${token}`;
  return new TextEncoder().encode(`n,,${SEPARATOR}auth=${auth}${SEPARATOR}${SEPARATOR}`);
}

/**
 * Reads the client's initial response.
 *
 * @param data - Of the SASLInitialResponse; where that had none, of the SASLResponse after an empty
 * AuthenticationSASLContinue.
 * @returns The token; `null` where there is none: the client asks what is wanted, or sent something else than a bearer
 * token. Answer `null` as a token that is not good, with a failure.
 * @throws {RemoteProtocolError} If the message is malformed; the text does not show it.
 */
export function decodeOauthBearerResponse(data: Uint8Array): string | null {
  const [header = '', ...pairs] = decodeSaslText(data, 'OAUTHBEARER: a message').split(SEPARATOR);
  if (header.startsWith('p'))
    throw new RemoteProtocolError('OAUTHBEARER: the client does channel binding, which is none');
  if (/^[ny],a/.test(header)) {
    throw new RemoteProtocolError('OAUTHBEARER: an authorization identity is not supported');
  }
  // "n,," 0x01 pair 0x01 pair 0x01 0x01: two empty parts at the end.
  if (!/^[ny],,$/.test(header) || pairs.pop() !== '' || pairs.pop() !== '') {
    throw new RemoteProtocolError("OAUTHBEARER: the client's response is malformed");
  }
  const values = pairs.map(readPair).flatMap(([key, value]) => (key === 'auth' ? [value] : []));
  const [value] = values;
  if (value === undefined || values.length > 1) {
    throw new RemoteProtocolError(`OAUTHBEARER: expected one value of auth, got ${values.length}`);
  }
  const token = value.replace(BEARER, '');
  return token !== value && TOKEN.test(token) ? token : null;
}

/**
 * Makes the server's answer to a token that is not good, and to none.
 *
 * @returns The data of the AuthenticationSASLContinue; the client answers with a dummy response, then it is the time
 * for an ErrorResponse.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7628#section-3.2.2 | RFC 7628, section 3.2.2}
 */
export function encodeOauthBearerFailure(failure: OauthBearerFailure): Uint8Array {
  const { status, scope, openidConfiguration } = failure;
  return new TextEncoder().encode(JSON.stringify({ status, 'openid-configuration': openidConfiguration, scope }));
}

/**
 * Reads the server's answer to a token that is not good, and to none.
 *
 * @param data - Of the AuthenticationSASLContinue.
 * @throws {RemoteProtocolError} Unless it is a JSON object with a `status`, and what is known of it are strings.
 */
export function decodeOauthBearerFailure(data: Uint8Array): OauthBearerFailure {
  const fields = parseObject(decodeSaslText(data, 'OAUTHBEARER: a message'));
  const status = readString(fields, 'status');
  if (status === undefined) throw new RemoteProtocolError("OAUTHBEARER: the server's answer has no status");
  return {
    status,
    scope: readString(fields, 'scope'),
    openidConfiguration: readString(fields, 'openid-configuration'),
  };
}

/** The client's answer to a failure: it is in no position to say anything. RFC 7628, section 3.2.3. */
export function oauthBearerDummyResponse(): Uint8Array {
  return new TextEncoder().encode(SEPARATOR);
}

/** Whether `data`, of a SASLResponse, is the answer to a failure, as it has to be. */
export function isOauthBearerDummyResponse(data: Uint8Array): boolean {
  return data.length === 1 && data[0] === 1;
}

function readPair(text: string): readonly [key: string, value: string] {
  const match = PAIR.exec(text);
  if (match === null)
    throw new RemoteProtocolError("OAUTHBEARER: a key or value of the client's response is malformed");
  const [, key = '', value = ''] = match;
  return [key, value];
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RemoteProtocolError("OAUTHBEARER: the server's answer is not JSON", { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RemoteProtocolError("OAUTHBEARER: the server's answer is not a JSON object");
  }
  return value as Readonly<Record<string, unknown>>;
}

function readString(fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new RemoteProtocolError(`OAUTHBEARER: ${name} in the server's answer is not a string`);
}
