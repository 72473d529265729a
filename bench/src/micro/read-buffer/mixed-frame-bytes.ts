import { cut } from '../chunking.js';
import { seeded } from '../seeded.js';

/** Of 200 B each, 13 chunks of 64 KiB or less. */
export const FRAMES = 4096;
export const FRAME_BYTES = 200;
export const TYPE = 0x6d;
const BODY_BYTE = 0x5a;

export const LAYOUT = { typeBytes: 1, lengthBytes: 4, lengthIncludes: 'length', maxFrameBytes: 1 << 20 } as const;

/** What everyone must have read of a frame; `body` counts the bytes after the strings. */
export function mix(id: number, name: string, text: string, body: number): number {
  return id + name.charCodeAt(name.length - 1) + 3 * text.charCodeAt(0) + 5 * text.length + body;
}

/** A type byte, an int32 length that includes itself, an int32, a C string, a string after its int16 length, a body. */
export function mixedFrames(): Buffer {
  const random = seeded(200);
  const bytes = Buffer.alloc(FRAMES * FRAME_BYTES, BODY_BYTE);
  for (let i = 0; i < FRAMES; i++) {
    let at = i * FRAME_BYTES;
    at = bytes.writeUInt8(TYPE, at);
    at = bytes.writeInt32BE(FRAME_BYTES - 1, at);
    at = bytes.writeInt32BE(i, at);
    at += bytes.write(word(random, 4 + ((random() >>> 8) % 9)), at);
    at = bytes.writeUInt8(0, at);
    const text = word(random, 8 + ((random() >>> 8) % 13));
    at = bytes.writeInt16BE(text.length, at);
    bytes.write(text, at);
  }
  return bytes;
}

export function mixedFrameChunks(): Buffer[] {
  return cut(mixedFrames());
}

function word(random: () => number, length: number): string {
  return Array.from({ length }, () => String.fromCharCode(97 + ((random() >>> 8) % 26))).join('');
}
