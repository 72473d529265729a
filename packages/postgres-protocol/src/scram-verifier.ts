// What a server keeps of a password (RFC 5802, section 3), in the form in which PostgreSQL stores it in `pg_authid`.
import { decodeBase64, encodeBase64 } from './crypto/base64.js';
import { isEqualBytes } from './crypto/equal-bytes.js';
import { clientKey, serverKey, SHA_256, utf8 } from './scram-hash.js';

/** The only mechanism whose verifiers PostgreSQL stores. */
const PREFIX = 'SCRAM-SHA-256';

const MOCK_SALT_BYTES = 16; // SCRAM_DEFAULT_SALT_LEN of PostgreSQL
const DEFAULT_ITERATIONS = 4096; // SCRAM_SHA_256_DEFAULT_ITERATIONS of PostgreSQL

/** What {@link ScramVerifier} is made of. */
export interface ScramVerifierFields {
  /** Integer of at least 1. */
  readonly iterations: number;
  /** At least 1 byte; PostgreSQL takes 16. */
  readonly salt: Uint8Array;
  /** Hash of the client's key. */
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
  /** Whether there is no such user; `false` if left out. */
  readonly isMock?: boolean | undefined;
}

/** What {@link ScramVerifier.fromSaltedPassword} takes. */
export interface ScramVerifierOptions {
  /** PBKDF2 with HMAC-SHA-256 of the prepared password, with this salt and these iterations: 32 bytes. */
  readonly saltedPassword: Uint8Array;
  /** Random; at least 1 byte, PostgreSQL takes 16. */
  readonly salt: Uint8Array;
  /** Integer of at least 1; PostgreSQL takes 4096. */
  readonly iterations: number;
}

/** What {@link ScramVerifier.mock} takes. */
export interface MockScramVerifierOptions {
  /** Name that nobody has. */
  readonly user: string;
  /** Of the server, random, and the same for as long as its users are: 16 bytes or more. */
  readonly secret: Uint8Array;
  /** What the verifiers of real users have; 4096 if left out. */
  readonly iterations?: number | undefined;
}

/**
 * What a server keeps of a password: enough to check a client's proof and to prove itself, too little to log in with.
 *
 * Its text is what `pg_authid.rolpassword` holds, and what `alter role … password '…'` takes.
 *
 * @remarks Lifetime: it copies what it is made of, and may serve any number of conversations; do not modify its bytes.
 */
export class ScramVerifier {
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
  /** Whether there is no such user, so that no proof is right. */
  readonly isMock: boolean;

  /** @throws {RangeError} If `iterations` is not a positive integer, `salt` is empty, or a key has not 32 bytes. */
  constructor(fields: ScramVerifierFields) {
    const { iterations, salt, storedKey, serverKey, isMock = false } = fields;
    if (!(Number.isSafeInteger(iterations) && iterations >= 1)) {
      throw new RangeError(`iterations must be a positive integer, got ${iterations}`);
    }
    if (salt.length === 0) throw new RangeError('a salt has at least 1 byte');
    checkLength('storedKey', storedKey);
    checkLength('serverKey', serverKey);
    this.iterations = iterations;
    this.salt = new Uint8Array(salt); // not slice(): that of a Buffer is a view
    this.storedKey = new Uint8Array(storedKey);
    this.serverKey = new Uint8Array(serverKey);
    this.isMock = isMock;
  }

  /**
   * Makes what a server keeps of a password.
   *
   * @throws {RangeError} If `saltedPassword` has not 32 bytes, `iterations` is not a positive integer or `salt` is empty.
   */
  static fromSaltedPassword(options: ScramVerifierOptions): ScramVerifier {
    const { saltedPassword, salt, iterations } = options;
    checkLength('saltedPassword', saltedPassword);
    const storedKey = SHA_256.digest(clientKey(SHA_256, saltedPassword));
    return new ScramVerifier({ iterations, salt, storedKey, serverKey: serverKey(SHA_256, saltedPassword) });
  }

  /**
   * Reads the text that PostgreSQL stores: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.
   *
   * @returns The verifier, or `undefined` for any other text, such as an MD5 hash. (The text is a secret, so no error
   * shows it.)
   */
  static parse(text: string): ScramVerifier | undefined {
    const match = /^SCRAM-SHA-256\$([1-9][0-9]{0,9}):([^$:]+)\$([^$:]+):([^$:]+)$/.exec(text);
    if (match === null) return undefined;
    const [, iterations = '', ...encoded] = match;
    const [salt, storedKey, serverKey] = encoded.map(decodeBase64);
    if (salt === undefined || storedKey?.length !== SHA_256.digestBytes) return undefined;
    if (serverKey?.length !== SHA_256.digestBytes) return undefined;
    return new ScramVerifier({ iterations: Number(iterations), salt, storedKey, serverKey });
  }

  /**
   * Makes a verifier for a user that does not exist, so that a stranger cannot tell: the conversation goes on as ever,
   * with the same salt each time, and the proof is wrong, whatever it is.
   *
   * @throws {RangeError} If `iterations` is not a positive integer.
   */
  static mock(options: MockScramVerifierOptions): ScramVerifier {
    const { user, secret, iterations = DEFAULT_ITERATIONS } = options;
    // Keyed, unlike in PostgreSQL: a hash of name and secret, one after the other, is the same for other pairs too.
    const salt = SHA_256.hmac(secret, utf8(user)).subarray(0, MOCK_SALT_BYTES);
    const noKey = new Uint8Array(SHA_256.digestBytes);
    return new ScramVerifier({ iterations, salt, storedKey: noKey, serverKey: noKey, isMock: true });
  }

  /** The text that PostgreSQL stores. It is a secret: who has it can pose as the server. */
  toText(): string {
    const [salt, storedKey, serverKey] = [this.salt, this.storedKey, this.serverKey].map(encodeBase64);
    return `${PREFIX}$${this.iterations}:${salt}$${storedKey}:${serverKey}`;
  }

  /**
   * Tells whether a password is the one, without a conversation: for a client that sent it in cleartext.
   *
   * @param saltedPassword - PBKDF2 of the prepared password with `salt` and `iterations` of this verifier.
   * @remarks Cost: the same time whatever the answer.
   */
  isSaltedPassword(saltedPassword: Uint8Array): boolean {
    return isEqualBytes(serverKey(SHA_256, saltedPassword), this.serverKey) && !this.isMock;
  }
}

/** The text shows no byte of it. */
function checkLength(name: string, secret: Uint8Array): void {
  if (secret.length !== SHA_256.digestBytes) {
    throw new RangeError(`${name} must have ${SHA_256.digestBytes} bytes, got ${secret.length}`);
  }
}
