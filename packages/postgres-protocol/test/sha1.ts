// SHA-1, for the example of RFC 5802: the sources have no use for it. FIPS 180-4, section 6.1.2.
import type { ScramHash } from '../src/scram-hash.js';

const BLOCK_BYTES = 64;

export const SHA_1: ScramHash = { digestBytes: 20, digest: sha1, hmac: hmacSha1 };

/** RFC 2104. */
function hmacSha1(key: Uint8Array, data: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES);
  block.set(key.length > BLOCK_BYTES ? sha1(key) : key);
  const inner = sha1(Uint8Array.from([...block.map((byte) => byte ^ 0x36), ...data]));
  return sha1(Uint8Array.from([...block.map((byte) => byte ^ 0x5c), ...inner]));
}

/** RFC 8018, section 5.2; one block. */
export function pbkdf2Sha1(password: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
  let last = hmacSha1(password, Uint8Array.from([...salt, 0, 0, 0, 1]));
  let sum = last;
  for (let i = 1; i < iterations; i++) {
    last = hmacSha1(password, last);
    sum = sum.map((byte, at) => byte ^ (last[at] ?? 0));
  }
  return sum;
}

function sha1(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((data.length + 8) >> 6) + 1) * BLOCK_BYTES);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, data.length * 8);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) compress(state, view, at);
  const digest = new DataView(new ArrayBuffer(20));
  state.forEach((word, i) => {
    digest.setInt32(i * 4, word);
  });
  return new Uint8Array(digest.buffer);
}

function compress(state: number[], block: DataView, at: number): void {
  const w = Array.from({ length: 16 }, (_, i) => block.getInt32(at + i * 4));
  const word = (i: number) => w[i] ?? 0;
  for (let i = 16; i < 80; i++) w.push(rotate(word(i - 3) ^ word(i - 8) ^ word(i - 14) ^ word(i - 16), 1));
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let i = 0; i < 80; i++) {
    const [mixed, constant] =
      i < 20
        ? [(b & c) | (~b & d), 0x5a827999]
        : i < 40
          ? [b ^ c ^ d, 0x6ed9eba1]
          : i < 60
            ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
            : [b ^ c ^ d, 0xca62c1d6];
    const next = (rotate(a, 5) + mixed + e + constant + word(i)) | 0;
    [e, d, c, b, a] = [d, c, rotate(b, 30), a, next];
  }
  [a, b, c, d, e].forEach((value, i) => {
    state[i] = ((state[i] ?? 0) + value) | 0;
  });
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
