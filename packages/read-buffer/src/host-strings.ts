// Bytes to strings. Node's and Bun's Buffer reads any Uint8Array without making a view first; elsewhere TextDecoder does
// the same work. Both replace what is not UTF-8 by U+FFFD and keep a byte order mark.

/** Decodes the bytes from `start` up to `end`. */
export type Decode = (bytes: Uint8Array, start: number, end: number) => string;

type Slice = (this: Uint8Array, start: number, end: number) => string;
type HostBuffer = { readonly prototype: Readonly<Partial<Record<string, Slice>>> } | undefined;

const SAMPLE = Uint8Array.of(0x20, 0xc3, 0xa9, 0xff, 0x20);

/** Returns the host's own `name`, if it does what is expected: it is not documented, so it is tried before it is trusted. */
export function hostDecoder(host: HostBuffer, name: string, expected: string): Decode | undefined {
  const slice = host?.prototype[name];
  try {
    if (slice?.call(SAMPLE, 1, 4) === expected) return (bytes, start, end) => slice.call(bytes, start, end);
  } catch {
    // It is something else.
  }
  return undefined;
}

/** Returns a decoder that works on every host. */
export function portableUtf8(): Decode {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return (bytes, start, end) => decoder.decode(bytes.subarray(start, end));
}

/** Works on every host. Not TextDecoder('latin1'), which is windows-1252. */
export function portableLatin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  // In pieces, because a call takes only so many arguments.
  for (let at = start; at < end; at += 4096) text += chars(...bytes.subarray(at, Math.min(at + 4096, end)));
  return text;
}

const chars = String.fromCharCode;
const host = (globalThis as { Buffer?: HostBuffer }).Buffer;
const longUtf8 = hostDecoder(host, 'utf8Slice', 'é\ufffd') ?? portableUtf8();
const longLatin1 = hostDecoder(host, 'latin1Slice', 'Ã©ÿ') ?? portableLatin1;

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
  if (end - start > 12) return longUtf8(bytes, start, end);
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i] ?? 0;
  return all < 0x80 ? shortString(bytes, start, end - start) : longUtf8(bytes, start, end);
}

/** Decodes bytes as ISO 8859-1: each byte is the code point of the same number. */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  return (end - start > 12 ? longLatin1 : shortLatin1)(bytes, start, end);
}

function shortLatin1(bytes: Uint8Array, start: number, end: number): string {
  return shortString(bytes, start, end - start);
}

/** Makes a string of up to 12 bytes. perf: with the arguments spelled out it takes half the time of any loop or call. */
function shortString(b: Uint8Array, s: number, byteLength: number): string {
  switch (byteLength) {
    case 0:
      return '';
    case 1:
      return chars(b[s] ?? 0);
    case 2:
      return chars(b[s] ?? 0, b[s + 1] ?? 0);
    case 3:
      return chars(b[s] ?? 0, b[s + 1] ?? 0, b[s + 2] ?? 0);
    case 4:
      return chars(b[s] ?? 0, b[s + 1] ?? 0, b[s + 2] ?? 0, b[s + 3] ?? 0);
    case 5:
      return chars(b[s] ?? 0, b[s + 1] ?? 0, b[s + 2] ?? 0, b[s + 3] ?? 0, b[s + 4] ?? 0);
    case 6:
      return chars(b[s] ?? 0, b[s + 1] ?? 0, b[s + 2] ?? 0, b[s + 3] ?? 0, b[s + 4] ?? 0, b[s + 5] ?? 0);
    default:
      return shortString(b, s, 6) + shortString(b, s + 6, byteLength - 6);
  }
}
