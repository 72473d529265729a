import { absorbBlock, absorbLast, digestBytes, initialState, sha256 } from './sha256.js';

const BLOCK_BYTES = 64;

/** A key made ready: the states after the inner and the outer pad, so that each use saves two of its four blocks. */
export interface HmacKey {
  readonly inner: Int32Array;
  readonly outer: Int32Array;
}

/** Prepares `key` for any number of uses. */
export function hmacKey(key: Uint8Array): HmacKey {
  const short = key.length > BLOCK_BYTES ? sha256(key) : key;
  return { inner: absorbPad(short, 0x36), outer: absorbPad(short, 0x5c) };
}

/** The chaining state of the HMAC of `data`. */
export function hmacState(key: HmacKey, data: Uint8Array): Int32Array {
  const inner = absorbLast(key.inner.slice(), data, BLOCK_BYTES);
  return absorbLast(key.outer.slice(), digestBytes(inner), BLOCK_BYTES);
}

/**
 * Computes HMAC-SHA-256.
 *
 * @param key - Of any length.
 * @param data - Bytes to authenticate; not modified.
 * @returns 32 bytes, owned by the caller.
 * @remarks Cost: synchronous; as `sha256` and four blocks more.
 * @see {@link https://www.rfc-editor.org/rfc/rfc2104 | RFC 2104}
 */
export function hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array {
  return digestBytes(hmacState(hmacKey(key), data));
}

function absorbPad(key: Uint8Array, pad: number): Int32Array {
  const block = new Uint8Array(BLOCK_BYTES).fill(pad);
  key.forEach((byte, i) => {
    block[i] = byte ^ pad;
  });
  const state = initialState();
  absorbBlock(state, new DataView(block.buffer), 0);
  return state;
}
