// The first bytes of a peer tell a PostgreSQL server from whatever else may listen on a port. Until they are in, nothing
// is known about frames, so they are judged before the ReadBuffer sees them.
import { concatenate } from './concatenate.js';
import { RemoteProtocolError } from './errors.js';
import { guessMessageName } from './server-message-names.js';

/** How much of a stranger's greeting an error shows. */
const SHOWN_BYTES = 64;

/** MAX_ERRLEN of libpq: an 'E' that claims to be longer, or shorter than 8, is text without a length. */
const MAX_ERROR_BYTES = 30000;

/** Type byte and length. */
const HEADER_BYTES = 5;

/** The longest first message there is. */
const MAX_FIRST_MESSAGE_BYTES = 65535;

const ErrorResponse = 0x45;
/** Any Authentication message, NegotiateProtocolVersion, NoticeResponse, ErrorResponse: what a server may begin with. */
const FIRST_TYPES: readonly number[] = [0x52, 0x76, 0x4e, ErrorResponse];

/** What the first bytes turned out to be. */
export type GreetingVerdict =
  /** Too few bytes yet; they are kept. */
  | { readonly kind: 'undecided' }
  /** Frames of PostgreSQL: `held` are the bytes kept so far, owned; the chunk comes after them. */
  | { readonly kind: 'frames'; readonly held: Uint8Array }
  /** An error as text, which a server sends that cannot fork (and sent before protocol 3.0). */
  | { readonly kind: 'plainError'; readonly message: string };

/** Judges the first bytes of a peer. Used up by the first verdict that is not `undecided`. */
export class Greeting {
  private _held: Uint8Array = new Uint8Array(0);

  /** Whether nothing has arrived yet. */
  get isEmpty(): boolean {
    return this._held.length === 0;
  }

  /**
   * Judges what has arrived.
   *
   * @param chunk - Borrowed; copied where the verdict is `undecided`.
   * @throws {RemoteProtocolError} If this is not PostgreSQL; the text shows the bytes.
   */
  feed(chunk: Uint8Array): GreetingVerdict {
    const held = this._held;
    const seen = held.length === 0 ? chunk : concatenate([held, chunk]);
    const type = seen[0];
    if (type === undefined) return { kind: 'undecided' };
    if (!FIRST_TYPES.includes(type)) throw foreign(seen);
    if (seen.length < HEADER_BYTES) return this._keep(seen);
    const length = new DataView(seen.buffer, seen.byteOffset).getInt32(1);
    if (type === ErrorResponse && (length < 8 || length > MAX_ERROR_BYTES)) return this._judgePlainError(seen);
    if (length < 4 || length > MAX_FIRST_MESSAGE_BYTES) throw foreign(seen);
    this._held = new Uint8Array(0);
    return { kind: 'frames', held };
  }

  /** The peer has ended: an error as text may do without its zero byte. `undefined` if there is none. */
  end(): string | undefined {
    const held = this._held;
    return held[0] === ErrorResponse && held.length > HEADER_BYTES ? plainText(held.subarray(1)) : undefined;
  }

  private _judgePlainError(seen: Uint8Array): GreetingVerdict {
    const end = seen.indexOf(0);
    const text = seen.subarray(1, end === -1 ? seen.length : end);
    const isText = text.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09);
    if (!isText || text.length > MAX_ERROR_BYTES || end === 1) throw foreign(seen);
    return end === -1 ? this._keep(seen) : { kind: 'plainError', message: plainText(text) };
  }

  private _keep(seen: Uint8Array): GreetingVerdict {
    this._held = new Uint8Array(seen); // not slice(): that of a Buffer is a view
    return { kind: 'undecided' };
  }
}

function foreign(seen: Uint8Array): RemoteProtocolError {
  return new RemoteProtocolError(`the peer does not speak the PostgreSQL protocol, it began with ${show(seen)}`, {
    received: guessMessageName(seen),
  });
}

/** Shows bytes in an error: printable ASCII as it is, the rest as escapes, in quotes. */
export function show(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => {
    if (byte === 0x0d) return '\\r';
    if (byte === 0x0a) return '\\n';
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return `"${shown.join('')}"${bytes.length > SHOWN_BYTES ? ' …' : ''}`;
}

function plainText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim();
}
