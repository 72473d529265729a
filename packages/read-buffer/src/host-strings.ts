// Bytes to strings. Node's and Bun's Buffer reads any Uint8Array without making a view first; elsewhere TextDecoder does
// the same work. Both replace what is not UTF-8 by U+FFFD and keep a byte order mark.

/** Decodes the bytes from `start` up to `end`. */
export type Decode = (bytes: Uint8Array, start: number, end: number) => string;

type Slice = (this: Uint8Array, start: number, end: number) => string;
type HostBuffer = { readonly prototype: Readonly<Partial<Record<string, Slice>>> } | undefined;
type Allocator = { allocUnsafeSlow(byteLength: number): Uint8Array<ArrayBuffer> } | undefined;

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
const host = (globalThis as { Buffer?: HostBuffer & Allocator }).Buffer;
/** Decodes UTF-8 of any length. */
export const longUtf8: Decode = hostDecoder(host, 'utf8Slice', 'é\ufffd') ?? portableUtf8();
/** Decodes ISO 8859-1 of any length. */
export const longLatin1: Decode = hostDecoder(host, 'latin1Slice', 'Ã©ÿ') ?? portableLatin1;

/** Makes a string of 0 to 6 bytes. perf: with the arguments spelled out it takes a third of the time of any loop or call. */
export function shortString(b: Uint8Array, s: number, byteLength: number): string {
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
    default:
      return '';
  }
}

/** Returns memory whose content is undefined where the host can do without clearing it, which takes as long as filling it. */
export function uncleared(byteLength: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(host?.allocUnsafeSlow(byteLength).buffer ?? new ArrayBuffer(byteLength));
}
