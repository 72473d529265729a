import { createHmac } from 'node:crypto';

const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** The last message of a server that knows the salted password, to a client that calls itself ''. */
export function serverFinal(clientNonce: string, serverFirst: string, saltedPassword: Uint8Array): string {
  const fullNonce = /^r=([^,]*)/.exec(serverFirst)?.[1] ?? '';
  const authMessage = `n=,r=${clientNonce},${serverFirst},c=biws,r=${fullNonce}`;
  return `v=${hmac(hmac(saltedPassword, 'Server Key'), authMessage).toString('base64')}`;
}
