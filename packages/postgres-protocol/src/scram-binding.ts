// Channel binding: the proof covers which TLS connection it is sent over, so that nobody can pass it on (RFC 5802,
// section 6). A client says in its first message which of three things holds, and repeats it in what it proves:
//
//   n  it does not do channel binding
//   y  it would, but the server did not offer it: a server that did offer it knows then that the offer was tampered with
//   p  it does, and its proof covers the data
import { encodeBase64 } from './crypto/base64.js';
import { utf8 } from './scram-hash.js';

/** The mechanism without channel binding. RFC 7677. */
export const SCRAM_SHA_256 = 'SCRAM-SHA-256';

/** The mechanism with channel binding. RFC 7677. */
export const SCRAM_SHA_256_PLUS = 'SCRAM-SHA-256-PLUS';

/** The one type of channel binding that PostgreSQL knows: a hash of the server's certificate. RFC 5929, section 4. */
export const TLS_SERVER_END_POINT = 'tls-server-end-point';

/** Whether a client does channel binding. */
export type ScramChannelBinding =
  /** It does not, or is told not to. */
  | 'unsupported'
  /** It does, but the server did not offer it. */
  | 'unoffered'
  /** It does: `data` of the type `tls-server-end-point`. */
  | { readonly data: Uint8Array };

/** Who wants it; as `channel_binding` of libpq. */
export type ChannelBindingPolicy = 'disable' | 'prefer' | 'require';

/** What {@link chooseChannelBinding} judges. */
export interface ChannelBindingChoice {
  readonly mechanism: string;
  /** All that the server offered. */
  readonly offered: readonly string[];
  readonly policy: ChannelBindingPolicy;
  /** The hash of the server's certificate; left out where there is none, as without TLS. */
  readonly data?: Uint8Array | undefined;
}

/**
 * Tells which channel binding goes with a mechanism.
 *
 * @throws {RangeError} If the choice is unsound: a mechanism that was not offered, binding without data, or none where
 * both ends can (a weaker choice than the offer allows is what an attacker would wish for).
 */
export function chooseChannelBinding(choice: ChannelBindingChoice): ScramChannelBinding {
  const { mechanism, offered, policy, data } = choice;
  if (!(mechanism === SCRAM_SHA_256 || mechanism === SCRAM_SHA_256_PLUS)) {
    throw new RangeError(`the mechanism must be ${SCRAM_SHA_256} or ${SCRAM_SHA_256_PLUS}, got ${mechanism}`);
  }
  if (!offered.includes(mechanism)) {
    throw new RangeError(`the server does not offer ${mechanism}, it offers ${offered.join(', ')}`);
  }
  if (mechanism === SCRAM_SHA_256_PLUS) return { data: dataToBind(policy, data) };
  if (policy === 'require') throw new RangeError(`channel binding is required, which ${mechanism} does not do`);
  if (policy === 'disable' || data === undefined) return 'unsupported';
  if (offered.includes(SCRAM_SHA_256_PLUS)) {
    throw new RangeError(`both ends can do channel binding: the mechanism must be ${SCRAM_SHA_256_PLUS}`);
  }
  return 'unoffered';
}

/** The header of the client's first message. RFC 5801, section 4; no authorization identity. */
export function gs2Header(binding: ScramChannelBinding): string {
  if (binding === 'unsupported') return 'n,,';
  return binding === 'unoffered' ? 'y,,' : `p=${TLS_SERVER_END_POINT},,`;
}

/** The value of `c` in the client's last message: the header, and what is bound. */
export function bindingInput(binding: ScramChannelBinding): string {
  const header = utf8(gs2Header(binding));
  if (typeof binding === 'string') return encodeBase64(header);
  const input = new Uint8Array(header.length + binding.data.length);
  input.set(header);
  input.set(binding.data, header.length);
  return encodeBase64(input);
}

function dataToBind(policy: ChannelBindingPolicy, data: Uint8Array | undefined): Uint8Array {
  if (policy === 'disable') throw new RangeError(`channel binding is disabled, which ${SCRAM_SHA_256_PLUS} does`);
  if (data === undefined || data.length === 0) {
    throw new RangeError(`${SCRAM_SHA_256_PLUS} needs the hash of the server's certificate`);
  }
  return new Uint8Array(data); // not slice(): that of a Buffer is a view
}
