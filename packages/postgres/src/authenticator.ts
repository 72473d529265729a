import type { Loop } from '@millrace/loop-policy';
import type { FrontendMachine } from '@millrace/postgres-protocol';
import { pbkdf2Sha256, saslPrep } from '@millrace/postgres-protocol/crypto';

const MECHANISM = 'SCRAM-SHA-256';
/** What libpq takes: 18 bytes make 24 characters of base64 without padding. */
const NONCE_BYTES = 18;

/** Answers the server's questions for a password. Holds it, and must be dropped when the session is open. */
export class Authenticator {
  readonly #loop: Loop;
  #password: string | (() => string | Promise<string>) | undefined;

  constructor(loop: Loop, password: string | (() => string | Promise<string>) | undefined) {
    this.#loop = loop;
    this.#password = password;
  }

  /** The server wants the password itself, or a digest that the machine makes of it. */
  async sendPassword(machine: FrontendMachine): Promise<void> {
    machine.sendPassword(await this.#readPassword());
  }

  /** @throws {Error} If the server offers no mechanism that we speak. */
  beginSasl(machine: FrontendMachine, mechanisms: readonly string[]): void {
    if (!mechanisms.includes(MECHANISM))
      throw new Error(`the server offers only SASL mechanisms that are not supported: ${mechanisms.join(', ')}`);
    if (this.#password === undefined) throw missingPassword();
    const nonce = new Uint8Array(NONCE_BYTES);
    this.#loop.fillRandom(nonce);
    machine.sendSaslInitialResponse(MECHANISM, btoa(String.fromCharCode(...nonce)));
  }

  async sendSaltedPassword(machine: FrontendMachine, salt: Uint8Array, iterations: number): Promise<void> {
    const password = new TextEncoder().encode(saslPrep(await this.#readPassword()));
    machine.sendSaltedPassword(await this.#derive(password, salt, iterations));
  }

  async #readPassword(): Promise<string> {
    const password: unknown = typeof this.#password === 'function' ? await this.#password() : this.#password;
    if (password === undefined) throw missingPassword();
    if (typeof password !== 'string') throw new TypeError('the password function must return a string');
    // One session may be asked twice (SCRAM), the function once.
    this.#password = password;
    return password;
  }

  async #derive(password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
    // A thread pool would leave the simulation; and a browser page without TLS has no subtle crypto.
    const subtle = this.#loop.isSimulated
      ? undefined
      : (globalThis.crypto as typeof globalThis.crypto | undefined)?.subtle;
    if (subtle === undefined) return pbkdf2Sha256(password, salt, iterations);
    const key = await subtle.importKey('raw', Uint8Array.from(password), 'PBKDF2', false, ['deriveBits']);
    const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: Uint8Array.from(salt), iterations };
    return new Uint8Array(await subtle.deriveBits(algorithm, key, 256));
  }
}

function missingPassword(): Error {
  return new Error('the server asks for a password and none was given');
}
