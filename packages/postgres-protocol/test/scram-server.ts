import { encodeBase64 } from '../src/crypto/base64.js';
import { hmacSha256 } from '../src/crypto.js'; // `crypto.node.test.ts` holds it against OpenSSL
import { utf8 } from './wire.js';

/** The last message of a server that knows the salted password, to a client that calls itself ''. */
export function serverFinal(clientNonce: string, serverFirst: string, saltedPassword: Uint8Array): string {
  const fullNonce = /^r=([^,]*)/.exec(serverFirst)?.[1] ?? '';
  const authMessage = `n=,r=${clientNonce},${serverFirst},c=biws,r=${fullNonce}`;
  return `v=${encodeBase64(hmacSha256(hmacSha256(saltedPassword, utf8('Server Key')), utf8(authMessage)))}`;
}
