// SCRAM, the client's side: SCRAM-SHA-256 (RFC 5802, RFC 7677), with and without channel binding. The messages:
//
//   clientFirst         gs2 header, n=user, r=nonce
//   receiveServerFirst  r=both nonces, s=salt, i=iterations
//   clientFinal         c=what is bound, r=both nonces, p=proof
//   receiveServerFinal  v=signature, or e=error
import { decodeBase64, encodeBase64 } from './crypto/base64.js';
import { isEqualBytes } from './crypto/equal-bytes.js';
import { RemoteProtocolError } from './errors.js';
import {
  checkNonce,
  escapeName,
  isNonce,
  leadingValues,
  parseScramAttributes,
  type ScramAttribute,
} from './scram-attributes.js';
import { bindingInput, gs2Header, type ScramChannelBinding } from './scram-binding.js';
import { clientKey, exclusiveOr, serverKey, SHA_256, utf8, type ScramHash } from './scram-hash.js';

const SERVER_FIRST = 'the first message of the server';
const SERVER_FINAL = 'the last message of the server';

/** The values of RFC 5802, section 7. Any other counts as `other-error`. */
const SERVER_ERRORS: readonly string[] = [
  'invalid-encoding',
  'extensions-not-supported',
  'invalid-proof',
  'channel-bindings-dont-match',
  'server-does-support-channel-binding',
  'channel-binding-not-supported',
  'unsupported-channel-binding-type',
  'unknown-user',
  'invalid-username-encoding',
  'no-resources',
];

/** What the server asks the password to be mixed with. */
export interface ScramChallenge {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** What a conversation is made of. */
export interface ScramClientOptions {
  /** PostgreSQL ignores it and takes the one of the StartupMessage; libpq leaves it empty. Already prepared. */
  readonly user: string;
  /** Fresh and random: 16 or more characters of printable ASCII without comma. */
  readonly nonce: string;
  /** The most iterations that a server may ask for. */
  readonly maxIterations: number;
  /** The fewest; 1 if left out, which is the least that `scram_iterations` of PostgreSQL can be. */
  readonly minIterations?: number | undefined;
  /** `'unsupported'` if left out. */
  readonly channelBinding?: ScramChannelBinding | undefined;
  /** SHA-256 if left out. */
  readonly hash?: ScramHash | undefined;
}

/** One conversation. The calls come in the order of the methods. */
export class ScramConversation {
  readonly #nonce: string;
  readonly #minIterations: number;
  readonly #maxIterations: number;
  readonly #hash: ScramHash;
  readonly #gs2Header: string;
  readonly #bindingInput: string;
  readonly #clientFirstBare: string;
  #serverFirst = '';
  #fullNonce = '';
  #serverSignature: Uint8Array | undefined;
  #isServerProven = false;

  /** @throws {TypeError} If the nonce is too short or holds other characters, or the user name holds a NUL. */
  constructor(options: ScramClientOptions) {
    const { user, nonce, maxIterations, minIterations = 1, channelBinding = 'unsupported', hash = SHA_256 } = options;
    checkNonce(nonce);
    this.#nonce = nonce;
    this.#minIterations = minIterations;
    this.#maxIterations = maxIterations;
    this.#hash = hash;
    this.#gs2Header = gs2Header(channelBinding);
    this.#bindingInput = bindingInput(channelBinding);
    this.#clientFirstBare = `n=${escapeName(user)},r=${nonce}`;
  }

  get clientFirst(): string {
    return this.#gs2Header + this.#clientFirstBare;
  }

  /** Whether the server has proved that it knows the password too. Until then it may be anybody. */
  get isServerProven(): boolean {
    return this.#isServerProven;
  }

  /** @throws {RemoteProtocolError} If the message is malformed, another conversation's, or asks for too much or too little work. */
  receiveServerFirst(message: string): ScramChallenge {
    const attributes = parseScramAttributes(message, SERVER_FIRST);
    const [nonce = '', saltText = '', iterationsText = ''] = leadingValues(attributes, 'rsi', SERVER_FIRST);
    if (!(isNonce(nonce) && nonce.startsWith(this.#nonce) && nonce.length > this.#nonce.length)) {
      throw new RemoteProtocolError("SCRAM: the server's nonce does not extend the client's");
    }
    const salt = decodeBase64(saltText);
    if (salt === undefined || salt.length === 0) throw new RemoteProtocolError('SCRAM: the salt is not base64');
    const iterations = this.#readIterations(iterationsText);
    this.#serverFirst = message;
    this.#fullNonce = nonce;
    return { salt, iterations };
  }

  /** Proves that the client has the salted password, without showing it. */
  clientFinal(saltedPassword: Uint8Array): string {
    const hash = this.#hash;
    const withoutProof = `c=${this.#bindingInput},r=${this.#fullNonce}`;
    const authMessage = utf8(`${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`);
    const key = clientKey(hash, saltedPassword);
    const proof = exclusiveOr(key, hash.hmac(hash.digest(key), authMessage));
    this.#serverSignature = hash.hmac(serverKey(hash, saltedPassword), authMessage);
    return `${withoutProof},p=${encodeBase64(proof)}`;
  }

  /** @throws {RemoteProtocolError} If the server refuses, or does not prove that it knows the password too. */
  receiveServerFinal(message: string): void {
    const attributes = parseScramAttributes(message, SERVER_FINAL);
    const [name, value] = attributes[0] as ScramAttribute;
    if (name === 'e') {
      const error = SERVER_ERRORS.includes(value) ? value : 'other-error';
      throw new RemoteProtocolError(`SCRAM: the server refused: ${error}`);
    }
    const [verifier = ''] = leadingValues(attributes, 'v', SERVER_FINAL);
    const signature = decodeBase64(verifier);
    if (signature === undefined) throw new RemoteProtocolError('SCRAM: the signature of the server is not base64');
    if (this.#serverSignature === undefined || !isEqualBytes(signature, this.#serverSignature)) {
      throw new RemoteProtocolError("SCRAM: the server's signature is wrong: it does not know the password");
    }
    this.#isServerProven = true;
  }

  #readIterations(text: string): number {
    if (!/^[1-9][0-9]{0,14}$/.test(text)) {
      throw new RemoteProtocolError('SCRAM: the count of iterations is not a positive integer');
    }
    const iterations = Number(text);
    if (iterations > this.#maxIterations) {
      throw new RemoteProtocolError(
        `SCRAM: the server asks for ${iterations} iterations, at most ${this.#maxIterations} are allowed`,
      );
    }
    if (iterations < this.#minIterations) {
      throw new RemoteProtocolError(
        `SCRAM: the server asks for ${iterations} iterations, at least ${this.#minIterations} are demanded`,
      );
    }
    return iterations;
  }
}
