// What the two ends of SCRAM compute (RFC 5802, section 3). The hash is what the mechanism is named after.
import { hmacSha256 } from './crypto/hmac-sha256.js';
import { sha256 } from './crypto/sha256.js';

/** H and HMAC of RFC 5802. */
export interface ScramHash {
  /** Length of a digest. */
  readonly digestBytes: number;
  digest(data: Uint8Array): Uint8Array;
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
}

/** The hash of SCRAM-SHA-256 and SCRAM-SHA-256-PLUS. */
export const SHA_256: ScramHash = { digestBytes: 32, digest: sha256, hmac: hmacSha256 };

/** The key whose possession the client proves. */
export function clientKey(hash: ScramHash, saltedPassword: Uint8Array): Uint8Array {
  return hash.hmac(saltedPassword, utf8('Client Key'));
}

/** The key whose possession the server proves. */
export function serverKey(hash: ScramHash, saltedPassword: Uint8Array): Uint8Array {
  return hash.hmac(saltedPassword, utf8('Server Key'));
}

/** Makes a proof of a client's key and the signature, and of a proof and the signature the client's key: equally long. */
export function exclusiveOr(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] as number));
}

/** Not ASCII: what an extension or the name of a user holds is part of what is signed. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
