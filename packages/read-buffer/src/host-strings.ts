// Bytes to strings. Node's and Bun's Buffer reads any Uint8Array without making a view first; elsewhere TextDecoder does
// the same work. Both replace what is not UTF-8 by U+FFFD and keep a byte order mark.

type Slice = (this: Uint8Array, start: number, end: number) => string;

interface HostBuffer {
  readonly prototype: { readonly utf8Slice?: Slice | undefined; readonly latin1Slice?: Slice | undefined };
}

/** How a host turns bytes into strings. */
export interface HostStrings {
  utf8(bytes: Uint8Array, start: number, end: number): string;
  latin1(bytes: Uint8Array, start: number, end: number): string;
}

/** Works on every host. */
export function portableStrings(): HostStrings {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    utf8: (bytes, start, end) => decoder.decode(bytes.subarray(start, end)),
    // Not TextDecoder('latin1'), which is windows-1252. In pieces, because a call takes only so many arguments.
    latin1(bytes, start, end) {
      let text = '';
      for (let at = start; at < end; at += 4096) {
        text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 4096, end)));
      }
      return text;
    },
  };
}

/** Uses the host's Buffer where it has one that reads a Uint8Array. */
export function detectStrings(host: HostBuffer | undefined): HostStrings {
  const { utf8Slice, latin1Slice } = host?.prototype ?? {};
  if (!isSlice(utf8Slice, 'é\ufffd') || !isSlice(latin1Slice, 'Ã©ÿ')) return portableStrings();
  return {
    utf8: (bytes, start, end) => utf8Slice.call(bytes, start, end),
    latin1: (bytes, start, end) => latin1Slice.call(bytes, start, end),
  };
}

/** The two are not documented, so they are tried before they are trusted. */
function isSlice(slice: Slice | undefined, expected: string): slice is Slice {
  try {
    return slice?.call(Uint8Array.of(0x20, 0xc3, 0xa9, 0xff, 0x20), 1, 4) === expected;
  } catch {
    return false;
  }
}

const strings = detectStrings((globalThis as { Buffer?: HostBuffer }).Buffer);

/**
 * Decodes the bytes from `start` up to, not including, `end` as UTF-8.
 *
 * What is not UTF-8 becomes U+FFFD; a byte order mark is kept.
 *
 * @param bytes - Any bytes.
 * @param start - Index of the first byte.
 * @param end - Index after the last byte.
 * @throws {RangeError} If not 0 <= `start` <= `end` <= `bytes.length`.
 * @remarks Cost: up to 12 bytes of ASCII without a call into the host. The string never keeps `bytes` alive.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (!(start >= 0 && start <= end && end <= bytes.length)) {
    throw new RangeError(`expected 0 <= start <= end <= ${bytes.length}, saw ${start} and ${end}`);
  }
  if (end - start > 12) return strings.utf8(bytes, start, end);
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i] as number;
  return all < 0x80 ? shortString(bytes, start, end - start) : strings.utf8(bytes, start, end);
}

/** Decodes bytes as ISO 8859-1: each byte is the code point of the same number. */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  const byteLength = end - start;
  return byteLength > 12 ? strings.latin1(bytes, start, end) : shortString(bytes, start, byteLength);
}

const chars = String.fromCharCode;

/** Makes a string of up to 12 bytes. perf: with the arguments spelled out it takes half the time of any loop or call. */
function shortString(b: Uint8Array, s: number, byteLength: number): string {
  switch (byteLength) {
    case 1:
      return chars(b[s] as number);
    case 2:
      return chars(b[s] as number, b[s + 1] as number);
    case 3:
      return chars(b[s] as number, b[s + 1] as number, b[s + 2] as number);
    case 4:
      return chars(b[s] as number, b[s + 1] as number, b[s + 2] as number, b[s + 3] as number);
    case 5:
      return chars(b[s] as number, b[s + 1] as number, b[s + 2] as number, b[s + 3] as number, b[s + 4] as number);
    case 6:
      return chars(
        b[s] as number,
        b[s + 1] as number,
        b[s + 2] as number,
        b[s + 3] as number,
        b[s + 4] as number,
        b[s + 5] as number,
      );
    case 7:
      return chars(
        b[s] as number,
        b[s + 1] as number,
        b[s + 2] as number,
        b[s + 3] as number,
        b[s + 4] as number,
        b[s + 5] as number,
        b[s + 6] as number,
      );
    case 8:
      return chars(
        b[s] as number,
        b[s + 1] as number,
        b[s + 2] as number,
        b[s + 3] as number,
        b[s + 4] as number,
        b[s + 5] as number,
        b[s + 6] as number,
        b[s + 7] as number,
      );
    case 9:
      return chars(
        b[s] as number,
        b[s + 1] as number,
        b[s + 2] as number,
        b[s + 3] as number,
        b[s + 4] as number,
        b[s + 5] as number,
        b[s + 6] as number,
        b[s + 7] as number,
        b[s + 8] as number,
      );
    case 10:
      return chars(
        b[s] as number,
        b[s + 1] as number,
        b[s + 2] as number,
        b[s + 3] as number,
        b[s + 4] as number,
        b[s + 5] as number,
        b[s + 6] as number,
        b[s + 7] as number,
        b[s + 8] as number,
        b[s + 9] as number,
      );
    case 11:
      return chars(
        b[s] as number,
        b[s + 1] as number,
        b[s + 2] as number,
        b[s + 3] as number,
        b[s + 4] as number,
        b[s + 5] as number,
        b[s + 6] as number,
        b[s + 7] as number,
        b[s + 8] as number,
        b[s + 9] as number,
        b[s + 10] as number,
      );
    case 12:
      return chars(
        b[s] as number,
        b[s + 1] as number,
        b[s + 2] as number,
        b[s + 3] as number,
        b[s + 4] as number,
        b[s + 5] as number,
        b[s + 6] as number,
        b[s + 7] as number,
        b[s + 8] as number,
        b[s + 9] as number,
        b[s + 10] as number,
        b[s + 11] as number,
      );
    default:
      return '';
  }
}
