import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { md5 } from './crypto/md5.js';
import { SCRAM_SHA_256 } from './scram-binding.js';
import { ScramConversation, type ScramChallenge } from './scram.js';
import {
  decodeAuthenticationMD5Password,
  decodeAuthenticationSASL,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
} from './messages/authentication.js';

const SALTED_PASSWORD_BYTES = 32;

const encoder = new TextEncoder();

/** What is kept between the messages of an authentication, and what answers are made from. */
export class Authentication {
  readonly #user: string;
  readonly #maxScramIterations: number;
  #salt: Uint8Array | undefined;
  #mechanisms: readonly string[] = [];
  #scram: ScramConversation | undefined;

  constructor(user: string, maxScramIterations: number) {
    this.#user = user;
    this.#maxScramIterations = maxScramIterations;
  }

  decodeMd5Salt(input: ReadBuffer): Uint8Array {
    const salt = decodeAuthenticationMD5Password(input);
    this.#salt = salt;
    return salt.slice(); // the owner may do with it what it likes
  }

  decodeSaslMechanisms(input: ReadBuffer): readonly string[] {
    this.#mechanisms = decodeAuthenticationSASL(input);
    return this.#mechanisms;
  }

  decodeSaslContinue(input: ReadBuffer): ScramChallenge {
    return this.#conversation().receiveServerFirst(input.readUtf8(input.length));
  }

  decodeSaslFinal(input: ReadBuffer): void {
    this.#conversation().receiveServerFinal(input.readUtf8(input.length));
  }

  encodePassword(out: WriteBuffer, password: string): void {
    encodePasswordMessage(out, this.#salt === undefined ? password : md5Response(password, this.#user, this.#salt));
  }

  encodeSaslInitialResponse(out: WriteBuffer, mechanism: string, nonce: string): void {
    if (mechanism !== SCRAM_SHA_256) throw new RangeError(`the mechanism must be ${SCRAM_SHA_256}`);
    if (!this.#mechanisms.includes(mechanism)) {
      throw new RangeError(`the server does not offer ${mechanism}, it offers ${this.#mechanisms.join(', ')}`);
    }
    const scram = new ScramConversation({ user: '', nonce, maxIterations: this.#maxScramIterations });
    encodeSASLInitialResponse(out, mechanism, encoder.encode(scram.clientFirst));
    this.#scram = scram;
  }

  encodeSaltedPassword(out: WriteBuffer, saltedPassword: Uint8Array): void {
    if (saltedPassword.length !== SALTED_PASSWORD_BYTES) {
      throw new RangeError(`a salted password has ${SALTED_PASSWORD_BYTES} bytes, got ${saltedPassword.length}`);
    }
    encodeSASLResponse(out, encoder.encode(this.#conversation().clientFinal(saltedPassword)));
  }

  #conversation(): ScramConversation {
    // The table of states admits these messages only after sendSaslInitialResponse.
    if (this.#scram === undefined) throw new Error('no SASL conversation');
    return this.#scram;
  }
}

/** 'md5' + hex(md5(hex(md5(password + user)) + salt)), as the manual has it under AuthenticationMD5Password. */
function md5Response(password: string, user: string, salt: Uint8Array): string {
  const inner = encoder.encode(hexDigits(md5(encoder.encode(password + user))));
  const salted = new Uint8Array(inner.length + salt.length);
  salted.set(inner);
  salted.set(salt, inner.length);
  return `md5${hexDigits(md5(salted))}`;
}

function hexDigits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
