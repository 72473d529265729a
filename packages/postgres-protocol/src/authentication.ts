import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { AuthenticationPolicy } from './authentication-policy.js';
import { md5 } from './crypto/md5.js';
import {
  decodeAuthenticationMD5Password,
  decodeAuthenticationSASL,
  decodeAuthenticationSASLContinue,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
} from './messages/authentication.js';
import {
  decodeOauthBearerFailure,
  encodeOauthBearerResponse,
  OAUTHBEARER,
  oauthBearerDummyResponse,
  type OauthBearerFailure,
} from './oauth-bearer.js';
import { chooseChannelBinding } from './scram-binding.js';
import { ScramConversation, type ScramChallenge } from './scram.js';

const SALTED_PASSWORD_BYTES = 32;

const encoder = new TextEncoder();

/** What is kept between the messages of an authentication, and what answers are made from. */
export class Authentication {
  readonly policy: AuthenticationPolicy;
  readonly #user: string;
  #salt: Uint8Array | undefined;
  #mechanisms: readonly string[] = [];
  #scram: ScramConversation | undefined;

  constructor(user: string, policy: AuthenticationPolicy) {
    this.#user = user;
    this.policy = policy;
  }

  decodeMd5Salt(input: ReadBuffer): Uint8Array {
    const salt = decodeAuthenticationMD5Password(input);
    this.#salt = salt;
    return salt.slice(); // the owner may do with it what it likes
  }

  decodeSaslMechanisms(input: ReadBuffer): readonly string[] {
    const mechanisms = decodeAuthenticationSASL(input);
    this.policy.checkMechanisms(mechanisms);
    this.#mechanisms = mechanisms;
    return mechanisms;
  }

  decodeSaslContinue(input: ReadBuffer): ScramChallenge {
    return this.#conversation().receiveServerFirst(input.readUtf8(input.length));
  }

  decodeSaslFinal(input: ReadBuffer): void {
    this.#conversation().receiveServerFinal(input.readUtf8(input.length));
  }

  decodeOauthFailure(input: ReadBuffer): OauthBearerFailure {
    return decodeOauthBearerFailure(decodeAuthenticationSASLContinue(input));
  }

  encodePassword(out: WriteBuffer, password: string): void {
    if (password.includes('\0')) throw new RangeError('a password has no U+0000'); // a digest would hide it
    encodePasswordMessage(out, this.#salt === undefined ? password : md5Response(password, this.#user, this.#salt));
  }

  encodeSaslInitialResponse(out: WriteBuffer, mechanism: string, nonce: string, data: Uint8Array | undefined): void {
    const { channelBinding: policy, maxScramIterations: maxIterations } = this.policy;
    const channelBinding = chooseChannelBinding({ mechanism, offered: this.#mechanisms, policy, data });
    this.#checkAllowed(mechanism);
    const scram = new ScramConversation({ user: '', nonce, maxIterations, channelBinding });
    encodeSASLInitialResponse(out, mechanism, encoder.encode(scram.clientFirst));
    this.#scram = scram;
  }

  encodeSaltedPassword(out: WriteBuffer, saltedPassword: Uint8Array): void {
    if (saltedPassword.length !== SALTED_PASSWORD_BYTES) {
      throw new RangeError(`a salted password has ${SALTED_PASSWORD_BYTES} bytes, got ${saltedPassword.length}`);
    }
    encodeSASLResponse(out, encoder.encode(this.#conversation().clientFinal(saltedPassword)));
  }

  encodeOauthBearer(out: WriteBuffer, token: string | null): void {
    if (!this.#mechanisms.includes(OAUTHBEARER)) {
      throw new RangeError(`the server does not offer ${OAUTHBEARER}, it offers ${this.#mechanisms.join(', ')}`);
    }
    this.#checkAllowed(OAUTHBEARER);
    if (this.policy.channelBinding === 'require') {
      throw new RangeError(`channel binding is required, which ${OAUTHBEARER} does not do`);
    }
    encodeSASLInitialResponse(out, OAUTHBEARER, encodeOauthBearerResponse(token));
  }

  /** The server fails the exchange only when it has heard of the failure once more. */
  encodeOauthDummy(out: WriteBuffer): void {
    encodeSASLResponse(out, oauthBearerDummyResponse());
  }

  #checkAllowed(mechanism: string): void {
    if (!this.policy.allowsMechanism(mechanism)) throw new RangeError(`requireAuth does not allow ${mechanism}`);
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
