// Strings to UTF-8. Node's and Bun's Buffer writes into any Uint8Array without making a view first; elsewhere TextEncoder
// does the same work. Both replace a lone surrogate by U+FFFD.

type WriteUtf8 = (this: Uint8Array, text: string, offset: number, byteLength: number) => number;

interface HostBuffer {
  readonly prototype: { readonly utf8Write?: WriteUtf8 | undefined };
  readonly byteLength: (text: string, encoding: 'utf8') => number;
}

/** How a host turns strings into bytes. */
export interface HostStrings {
  /** Counts the bytes of `text` in UTF-8. */
  utf8Length(text: string): number;
  /** Writes `text` at `offset`, where it must fit, and returns how many bytes it took. */
  writeUtf8(bytes: Uint8Array, offset: number, text: string): number;
}

/** Works on every host. */
export function portableStrings(): HostStrings {
  const encoder = new TextEncoder();
  return {
    utf8Length(text) {
      let length = 0;
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (unit < 0x80) length += 1;
        else if (unit < 0x800) length += 2;
        else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
          length += 4;
          i += 1;
        } else length += 3; // a lone surrogate becomes U+FFFD, also three bytes
      }
      return length;
    },
    writeUtf8: (bytes, offset, text) => encoder.encodeInto(text, bytes.subarray(offset)).written,
  };
}

/** Uses the host's Buffer where it has one that writes into a Uint8Array. */
export function detectStrings(host: HostBuffer | undefined): HostStrings {
  const write = host?.prototype.utf8Write;
  if (host === undefined || write === undefined || !writesUtf8(write)) return portableStrings();
  return {
    utf8Length: (text) => host.byteLength(text, 'utf8'),
    writeUtf8: (bytes, offset, text) => write.call(bytes, text, offset, bytes.length - offset),
  };
}

/** `utf8Write` is not documented, so it is tried before it is trusted. */
function writesUtf8(write: WriteUtf8): boolean {
  const probe = new Uint8Array(6);
  try {
    return write.call(probe, 'é\ud800', 1, 5) === 5 && probe.join() === '0,195,169,239,191,189';
  } catch {
    return false;
  }
}

/** The strings of this host. */
export const hostStrings: HostStrings = detectStrings((globalThis as { Buffer?: HostBuffer }).Buffer);

/** Up to about this many characters a loop is faster than a call into the host. */
const SHORT_STRING_CHARS = 24;

/** Writes `text` at `offset`, where three bytes for each of its UTF-16 units fit or it was counted before. */
export function encodeUtf8(bytes: Uint8Array, offset: number, text: string): number {
  const { length } = text;
  if (length > SHORT_STRING_CHARS) return hostStrings.writeUtf8(bytes, offset, text);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return hostStrings.writeUtf8(bytes, offset, text);
    bytes[offset + i] = unit;
  }
  return length;
}
