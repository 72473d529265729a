// Strings to UTF-8. Node's and Bun's Buffer writes into any Uint8Array without making a view first; elsewhere TextEncoder
// does the same work. Both replace a lone surrogate by U+FFFD.

type WriteUtf8 = (this: Uint8Array, text: string, offset: number, byteLength: number) => number;

interface HostBuffer {
  readonly prototype: { readonly utf8Write?: WriteUtf8 | undefined };
  readonly byteLength: (text: string) => number;
}

/** How a host turns strings into bytes. */
export interface HostStrings {
  /** Counts the bytes of `text` in UTF-8. */
  utf8Length(text: string): number;
  /** Writes as many whole characters of `text` as fit between `start` and `end`, and returns how many bytes they took. */
  writeUtf8(bytes: Uint8Array, start: number, end: number, text: string): number;
}

/** Uses the host's Buffer where it has one that writes into a Uint8Array, else what every host has. */
export function detectStrings(host: HostBuffer | undefined): HostStrings {
  const write = host?.prototype.utf8Write;
  if (host !== undefined && writesUtf8(write)) {
    return {
      utf8Length: (text) => host.byteLength(text),
      // Deno's ignores a length of 0.
      writeUtf8: (bytes, start, end, text) => end - start && write.call(bytes, text, start, end - start),
    };
  }
  const encoder = new TextEncoder();
  return {
    utf8Length: (text) => encoder.encode(text).length,
    writeUtf8: (bytes, start, end, text) => encoder.encodeInto(text, bytes.subarray(start, end)).written,
  };
}

/** `utf8Write` is not documented, so it is tried before it is trusted. */
function writesUtf8(write: WriteUtf8 | undefined): write is WriteUtf8 {
  const probe = new Uint8Array(7);
  try {
    // The last character does not fit, and no part of it may be written.
    return write?.call(probe, 'é\ud800é', 1, 6) === 5 && probe[3] === 239;
  } catch {
    return false;
  }
}

/** The strings of this host. */
export const hostStrings: HostStrings = detectStrings((globalThis as { Buffer?: HostBuffer }).Buffer);
