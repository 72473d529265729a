// SCRAM, the server's side: SCRAM-SHA-256 (RFC 5802, RFC 7677), with and without channel binding.
//
//   clientFirst   the first message of the client    -> the challenge: r=both nonces, s=salt, i=iterations
//   clientFinal   its proof                          -> v=signature, which proves that the server has the verifier
//   over
//
// What a client gets wrong ends the conversation. Only a wrong password is a result: what a server says then is the
// same for every method of authentication.
import { decodeBase64, encodeBase64 } from './crypto/base64.js';
import { isEqualBytes } from './crypto/equal-bytes.js';
import { RemoteProtocolError } from './errors.js';
import {
  checkNonce,
  isNonce,
  leadingValues,
  parseScramAttributes,
  unescapeName,
  type ScramAttribute,
} from './scram-attributes.js';
import {
  bindingInput,
  SCRAM_SHA_256,
  SCRAM_SHA_256_PLUS,
  TLS_SERVER_END_POINT,
  type ScramChannelBinding,
} from './scram-binding.js';
import { decodeSaslText } from './sasl-text.js';
import { exclusiveOr, SHA_256, utf8 } from './scram-hash.js';
import type { ScramVerifier } from './scram-verifier.js';

const CLIENT_FIRST = 'the first message of the client';
const CLIENT_FINAL = 'the last message of the client';

/** What a {@link ScramServer} is made of. */
export interface ScramServerOptions {
  /** The one that the client chose: `SCRAM-SHA-256` or `SCRAM-SHA-256-PLUS`. */
  readonly mechanism: string;
  /** What is kept of the user's password, or `ScramVerifier.mock` for a user that does not exist. */
  readonly verifier: ScramVerifier;
  /** The server's part: fresh and random, 16 or more characters of printable ASCII without comma. */
  readonly nonce: string;
  /**
   * Hash of the certificate of this TLS connection (RFC 5929, section 4) where `SCRAM-SHA-256-PLUS` was offered; left
   * out where it was not.
   */
  readonly channelBinding?: Uint8Array | undefined;
}

/**
 * The server's end of one SCRAM conversation. No I/O, no randomness: the nonce is an input.
 *
 * Messages are the data of SASLInitialResponse, SASLResponse, AuthenticationSASLContinue and AuthenticationSASLFinal.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc5802 | RFC 5802}
 */
export class ScramServer {
  readonly #mechanism: string;
  readonly #verifier: ScramVerifier;
  readonly #nonce: string;
  readonly #channelBinding: Uint8Array | undefined;
  #step: 'clientFirst' | 'clientFinal' | 'over' = 'clientFirst';
  #binding: ScramChannelBinding = 'unsupported';
  #clientFirstBare = '';
  #serverFirst = '';
  #fullNonce = '';
  #user: string | undefined;

  /**
   * @throws {RangeError} If the mechanism is another, or `SCRAM-SHA-256-PLUS` without `channelBinding`.
   * @throws {TypeError} If the nonce is too short or holds other characters.
   */
  constructor(options: ScramServerOptions) {
    const { mechanism, verifier, nonce, channelBinding } = options;
    if (!(mechanism === SCRAM_SHA_256 || mechanism === SCRAM_SHA_256_PLUS)) {
      throw new RangeError(`the mechanism must be ${SCRAM_SHA_256} or ${SCRAM_SHA_256_PLUS}, got ${mechanism}`);
    }
    if (channelBinding === undefined ? mechanism === SCRAM_SHA_256_PLUS : channelBinding.length === 0) {
      throw new RangeError(`${SCRAM_SHA_256_PLUS} needs the hash of the server's certificate`);
    }
    checkNonce(nonce);
    this.#mechanism = mechanism;
    this.#verifier = verifier;
    this.#nonce = nonce;
    this.#channelBinding = channelBinding === undefined ? undefined : new Uint8Array(channelBinding);
  }

  /** The name that the client gave in SCRAM, once it did. PostgreSQL ignores it: the StartupMessage has the user. */
  get user(): string | undefined {
    return this.#user;
  }

  /**
   * Takes the client's first message.
   *
   * @param data - Of the SASLInitialResponse; `null` where it had none: the message comes with the next SASLResponse.
   * @returns The data of the AuthenticationSASLContinue: the challenge, or nothing if `data` is `null`.
   * @throws {RemoteProtocolError} If the message is malformed, or channel binding is not as it has to be; the
   * conversation is over.
   * @throws {TypeError} If this is not the time for it; nothing changes.
   */
  receiveClientFirst(data: Uint8Array | null): Uint8Array {
    this.#demand('clientFirst', 'receiveClientFirst');
    if (data === null) return new Uint8Array(0);
    this.#step = 'over'; // should it throw
    const bare = this.#takeGs2Header(decodeSaslText(data, `SCRAM: ${CLIENT_FIRST}`));
    const [user = '', nonce = ''] = leadingValues(parseScramAttributes(bare, CLIENT_FIRST), 'nr', CLIENT_FIRST);
    if (!isNonce(nonce)) throw new RemoteProtocolError("SCRAM: the client's nonce is not printable ASCII");
    this.#user = unescapeName(user);
    this.#clientFirstBare = bare;
    this.#fullNonce = nonce + this.#nonce;
    const { salt, iterations } = this.#verifier;
    this.#serverFirst = `r=${this.#fullNonce},s=${encodeBase64(salt)},i=${iterations}`;
    this.#step = 'clientFinal';
    return utf8(this.#serverFirst);
  }

  /**
   * Takes the client's last message and checks its proof.
   *
   * @param data - Of the SASLResponse.
   * @returns The data of the AuthenticationSASLFinal, which AuthenticationOk follows; `undefined` if the password is
   * wrong or there is no such user: answer with an ErrorResponse (28P01).
   * @throws {RemoteProtocolError} If the message is malformed, or the client is bound to another channel.
   * @throws {TypeError} If this is not the time for it; nothing changes.
   * @remarks Cost: the time does not depend on what is wrong with a proof, nor on whether there is such a user.
   */
  receiveClientFinal(data: Uint8Array): Uint8Array | undefined {
    this.#demand('clientFinal', 'receiveClientFinal');
    this.#step = 'over';
    const message = decodeSaslText(data, `SCRAM: ${CLIENT_FINAL}`);
    const proof = this.#readProof(message);
    const withoutProof = message.slice(0, message.lastIndexOf(',p='));
    const authMessage = utf8(`${this.#clientFirstBare},${this.#serverFirst},${withoutProof}`);
    const { storedKey, serverKey, isMock } = this.#verifier;
    const clientKey = exclusiveOr(proof, SHA_256.hmac(storedKey, authMessage));
    const signature = SHA_256.hmac(serverKey, authMessage);
    const isProven = isEqualBytes(SHA_256.digest(clientKey), storedKey);
    return isProven && !isMock ? utf8(`v=${encodeBase64(signature)}`) : undefined;
  }

  /** Judges channel binding by RFC 5802, section 6, and returns what follows the header. */
  #takeGs2Header(message: string): string {
    const match = /^(n|y|p=([A-Za-z0-9.-]+)),(a=[^,]*)?,/.exec(message);
    if (match === null) throw new RemoteProtocolError(`SCRAM: ${CLIENT_FIRST} is malformed`);
    const [header, flag, type, identity] = match;
    if (identity !== undefined) throw new RemoteProtocolError('SCRAM: an authorization identity is not supported');
    if (this.#mechanism === SCRAM_SHA_256_PLUS) {
      if (type === undefined) {
        throw new RemoteProtocolError(`SCRAM: the client chose ${SCRAM_SHA_256_PLUS} and does no channel binding`);
      }
      if (type !== TLS_SERVER_END_POINT)
        throw new RemoteProtocolError(`SCRAM: unknown type of channel binding ${type.slice(0, 64)}`);
      this.#binding = { data: this.#channelBinding as Uint8Array };
    } else {
      if (type !== undefined) {
        throw new RemoteProtocolError(`SCRAM: the client chose ${SCRAM_SHA_256} and does channel binding`);
      }
      if (flag === 'y' && this.#channelBinding !== undefined) {
        throw new RemoteProtocolError('SCRAM: the client was not told that this server does channel binding');
      }
      this.#binding = flag === 'y' ? 'unoffered' : 'unsupported';
    }
    return message.slice(header.length);
  }

  #readProof(message: string): Uint8Array {
    const attributes = parseScramAttributes(message, CLIENT_FINAL);
    const [binding, nonce] = leadingValues(attributes, 'cr', CLIENT_FINAL);
    if (binding !== bindingInput(this.#binding)) {
      throw new RemoteProtocolError('SCRAM: the client is bound to another channel than the server');
    }
    if (nonce !== this.#fullNonce) throw new RemoteProtocolError("SCRAM: the client's nonce is not the server's");
    const at = attributes.findIndex(([name]) => name === 'p');
    const [, encoded] = attributes.at(-1) as ScramAttribute;
    const proof = at === attributes.length - 1 ? decodeBase64(encoded) : undefined;
    if (proof?.length !== SHA_256.digestBytes) throw new RemoteProtocolError('SCRAM: the proof is malformed');
    return proof;
  }

  #demand(step: 'clientFirst' | 'clientFinal', call: string): void {
    if (this.#step !== step) throw new TypeError(`${call}: expected at ${step}, the conversation is at ${this.#step}`);
  }
}
