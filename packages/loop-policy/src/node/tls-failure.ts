import { TlsError } from '../errors.js';

const UNTRUSTED = 'the certificate is not signed by a trusted authority';
const NOT_TLS = 'the peer does not speak TLS here';

/** What the codes of OpenSSL and of the platform mean, where they do not say it. */
const WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  ERR_SSL_WRONG_VERSION_NUMBER: NOT_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NOT_TLS,
  ERR_SSL_HTTP_REQUEST: NOT_TLS,
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'the client offered none of our application protocols (alpn)',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'the server has none of our application protocols (alpn)',
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: 'the client showed no certificate',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server asks for a certificate',
  ECONNRESET: 'the peer ended the connection',
};

/** Says why a handshake failed. */
export function handshakeFailure(cause: Error): TlsError {
  return new TlsError(`the TLS handshake failed: ${reasonOf(cause)}`, { cause });
}

/** Whether `error` came from TLS, not from the connection below it. */
export function isTlsFailure(error: Error): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO');
}

/** Says how TLS was broken after the handshake. */
export function brokenTls(cause: Error): TlsError {
  return new TlsError(`TLS was broken: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: Error): string {
  const { code, reason } = cause as { code?: unknown; reason?: unknown };
  const words = typeof code === 'string' ? WORDS[code] : undefined;
  if (words !== undefined) return `${words} (${String(code)})`;
  // The check of names says in `reason` what it compared; in OpenSSL's errors it is the shorter text.
  return typeof reason === 'string' ? reason : cause.message;
}
