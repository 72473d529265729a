// What a server may ask for, as libpq's require_auth and channel_binding have it. Both are checked when the server asks,
// before anything that depends on a secret leaves; and once more when it lets in.
import { RemoteProtocolError } from './errors.js';
import { OAUTHBEARER } from './oauth-bearer.js';
import { SCRAM_SHA_256, SCRAM_SHA_256_PLUS, type ChannelBindingPolicy } from './scram-binding.js';

/** Methods by the names of libpq. `none`: the server lets in unasked, as with `trust` or a client certificate. */
export type AuthenticationMethod = 'password' | 'md5' | 'gss' | 'sspi' | 'scram-sha-256' | 'oauth' | 'none';

/** A method that a server may use, or with `!` one that it may not. */
export type RequiredMethod = AuthenticationMethod | `!${AuthenticationMethod}`;

/** How a server may authenticate its client. */
export interface AuthenticationOptions {
  /**
   * The methods that the server may use; or, all with `!`, those that it may not. Left out, it may use any. A list
   * without `!` that lacks `none`, and one that has `!none`, refuse a server that lets in unasked.
   *
   * @see {@link https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-REQUIRE-AUTH | require_auth}
   */
  readonly requireAuth?: readonly RequiredMethod[] | undefined;
  /**
   * Whether the proof of the password covers the TLS connection that it is sent over. `prefer` (default): where both ends
   * can. `require`: anything else is refused. `disable`: never.
   */
  readonly channelBinding?: ChannelBindingPolicy | undefined;
  /** The most PBKDF2 iterations that a server may ask for. Default 1,000,000; servers ask for 4096 unless told otherwise. */
  readonly maxScramIterations?: number | undefined;
}

const METHODS: readonly string[] = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'oauth', 'none'];
const BINDINGS: readonly string[] = ['disable', 'prefer', 'require'];

const METHOD_OF: Readonly<Record<string, AuthenticationMethod>> = {
  [SCRAM_SHA_256]: 'scram-sha-256',
  [SCRAM_SHA_256_PLUS]: 'scram-sha-256',
  [OAUTHBEARER]: 'oauth',
};

/** The options, checked. */
export class AuthenticationPolicy {
  readonly channelBinding: ChannelBindingPolicy;
  readonly maxScramIterations: number;
  readonly #list: readonly string[] | undefined;
  readonly #allowed: ReadonlySet<string>;

  /** @throws {RangeError} For an option out of range. */
  constructor(options: AuthenticationOptions) {
    const { requireAuth, channelBinding = 'prefer', maxScramIterations = 1_000_000 } = options;
    if (!BINDINGS.includes(channelBinding)) {
      throw new RangeError(`channelBinding must be ${BINDINGS.join(', ')}, got ${JSON.stringify(channelBinding)}`);
    }
    if (!(Number.isSafeInteger(maxScramIterations) && maxScramIterations >= 1 && maxScramIterations < 2 ** 31)) {
      throw new RangeError(`maxScramIterations must be an integer from 1 to 2147483647, got ${maxScramIterations}`);
    }
    this.channelBinding = channelBinding;
    this.maxScramIterations = maxScramIterations;
    this.#list = requireAuth?.slice();
    this.#allowed = new Set(requireAuth === undefined ? METHODS : allowedBy(requireAuth));
  }

  /**
   * The server asks for a password in one of the old ways.
   *
   * @throws {RemoteProtocolError} If it may not.
   */
  checkPassword(method: 'password' | 'md5'): void {
    const what = method === 'md5' ? 'an MD5 digest of the password' : 'a cleartext password';
    if (!this.#allowed.has(method)) throw this.#forbidden(`the server asks for ${what}`);
    if (this.channelBinding === 'require') throw unbound(`the server asks for ${what}`);
  }

  /**
   * The server offers SASL mechanisms.
   *
   * @throws {RemoteProtocolError} If none of those that are known may be used.
   */
  checkMechanisms(offered: readonly string[]): void {
    const what = `the server offers ${offered.join(', ')}`;
    const known = offered.filter((mechanism) => Object.hasOwn(METHOD_OF, mechanism));
    if (known.length > 0 && !known.some((mechanism) => this.allowsMechanism(mechanism))) throw this.#forbidden(what);
    if (this.channelBinding === 'require' && !offered.includes(SCRAM_SHA_256_PLUS)) throw unbound(what);
  }

  /** Whether `requireAuth` has nothing against the method of a mechanism. */
  allowsMechanism(mechanism: string): boolean {
    return this.#allowed.has(METHOD_OF[mechanism] ?? '');
  }

  /**
   * The server lets in without having asked for anything.
   *
   * @throws {RemoteProtocolError} If it may not.
   */
  checkUnasked(): void {
    const what = 'the server lets in without authentication';
    if (!this.#allowed.has('none')) throw this.#forbidden(what);
    if (this.channelBinding === 'require') throw unbound(what);
  }

  #forbidden(what: string): RemoteProtocolError {
    return new RemoteProtocolError(`${what}, requireAuth is ${this.#list?.join(',') ?? 'not set'}`);
  }
}

function unbound(what: string): RemoteProtocolError {
  return new RemoteProtocolError(`${what}, channel binding is required`);
}

function allowedBy(list: readonly string[]): readonly string[] {
  const names = list.map((entry) => entry.replace(/^!/, ''));
  const unknown = names.find((name) => !METHODS.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`requireAuth knows ${METHODS.join(', ')}, got ${JSON.stringify(unknown)}`);
  }
  if (list.length === 0 || new Set(names).size < names.length) {
    throw new RangeError(`requireAuth must name each method once, got ${JSON.stringify(list.join(','))}`);
  }
  const negatedCount = list.filter((entry) => entry.startsWith('!')).length;
  if (negatedCount === 0) return names;
  if (negatedCount === list.length) return METHODS.filter((method) => !names.includes(method));
  throw new RangeError(`requireAuth must have ! before each method or before none, got ${list.join(',')}`);
}
