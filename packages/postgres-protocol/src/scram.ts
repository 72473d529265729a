// SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's side, without channel binding.
import { decodeBase64, encodeBase64 } from './crypto/base64.js';
import { hmacSha256 } from './crypto/hmac-sha256.js';
import { sha256 } from './crypto/sha256.js';
import { RemoteProtocolError } from './errors.js';

/** The one mechanism that the machine knows. */
export const SCRAM_SHA_256 = 'SCRAM-SHA-256';

/** "n": this client does not do channel binding. */
const GS2_HEADER = 'n,,';

/** What the server asks the password to be mixed with. */
export interface ScramChallenge {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** One conversation. The calls come in the order of the methods. */
export class ScramConversation {
  readonly #nonce: string;
  readonly #maxIterations: number;
  readonly #clientFirstBare: string;
  #serverFirst = '';
  #fullNonce = '';
  #serverSignature: Uint8Array | undefined;

  /**
   * @param user - PostgreSQL ignores it and takes the one of the StartupMessage; libpq leaves it empty.
   * @param nonce - Fresh and random: 16 or more characters of printable ASCII without comma.
   * @throws {TypeError} For any other nonce.
   */
  constructor(user: string, nonce: string, maxIterations: number) {
    if (!/^[\x21-\x2b\x2d-\x7e]{16,}$/.test(nonce)) {
      throw new TypeError('a nonce is 16 or more characters of printable ASCII, without comma or space');
    }
    this.#nonce = nonce;
    this.#maxIterations = maxIterations;
    this.#clientFirstBare = `n=${user},r=${nonce}`;
  }

  get clientFirst(): string {
    return GS2_HEADER + this.#clientFirstBare;
  }

  /** @throws {RemoteProtocolError} If the message is malformed, another conversation's, or asks for too much work. */
  receiveServerFirst(message: string): ScramChallenge {
    const match = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{0,9})(?:,.*)?$/.exec(message);
    if (match === null) throw new RemoteProtocolError('SCRAM: the first message of the server is malformed');
    const [, nonce = '', saltText = '', iterationsText = ''] = match;
    if (!(nonce.startsWith(this.#nonce) && nonce.length > this.#nonce.length)) {
      throw new RemoteProtocolError("SCRAM: the server's nonce does not extend the client's");
    }
    const salt = decodeBase64(saltText);
    if (salt === undefined) throw new RemoteProtocolError('SCRAM: the salt is not base64');
    const iterations = Number(iterationsText);
    if (iterations > this.#maxIterations) {
      throw new RemoteProtocolError(
        `SCRAM: the server asks for ${iterations} iterations, at most ${this.#maxIterations} are allowed`,
      );
    }
    this.#serverFirst = message;
    this.#fullNonce = nonce;
    return { salt, iterations };
  }

  /** Proves that the client has the salted password, without showing it. */
  clientFinal(saltedPassword: Uint8Array): string {
    const clientKey = hmacSha256(saltedPassword, ascii('Client Key'));
    const withoutProof = `c=${encodeBase64(ascii(GS2_HEADER))},r=${this.#fullNonce}`;
    const authMessage = ascii(`${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`);
    const clientSignature = hmacSha256(sha256(clientKey), authMessage);
    const proof = clientKey.map((byte, i) => byte ^ (clientSignature[i] ?? 0));
    this.#serverSignature = hmacSha256(hmacSha256(saltedPassword, ascii('Server Key')), authMessage);
    return `${withoutProof},p=${encodeBase64(proof)}`;
  }

  /** @throws {RemoteProtocolError} If the server does not prove that it knows the password too. */
  receiveServerFinal(message: string): void {
    const refusal = /^e=([^,]*)/.exec(message);
    if (refusal !== null) throw new RemoteProtocolError(`SCRAM: the server refused: ${String(refusal[1])}`);
    const verifier = /^v=([A-Za-z0-9+/=]+)(?:,.*)?$/.exec(message)?.[1];
    const signature = verifier === undefined ? undefined : decodeBase64(verifier);
    if (signature === undefined) throw new RemoteProtocolError('SCRAM: the last message of the server is malformed');
    if (!isEqual(signature, this.#serverSignature)) {
      throw new RemoteProtocolError("SCRAM: the server's signature is wrong: it does not know the password");
    }
  }
}

/** The messages are ASCII, but for what an extension of the server may hold. */
function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Looks at every byte, so that the time does not say where the first difference is. */
function isEqual(a: Uint8Array, b: Uint8Array | undefined): boolean {
  if (a.length !== b?.length) return false;
  let difference = 0;
  a.forEach((byte, i) => (difference |= byte ^ (b[i] ?? 0)));
  return difference === 0;
}
