import { type Codec, type Incomplete, isIncomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { DecodeError, MAX, checkInteger } from './errors.js';
import { layout } from './layout.js';

/** Seven bits in each byte: a safe integer takes eight bytes at most. */
const MAX_VARINT_BYTES = 8;

/** An integer in as few bytes as it needs: seven bits in each, the lowest first (LEB128, as in Protocol Buffers). */
function leb128(isSigned: boolean): Codec<number> {
  const min = isSigned ? -(2 ** 52) : 0;
  const max = isSigned ? 2 ** 52 - 1 : MAX;
  /** What is written for `value`: with a sign 0, -1, 1, -2 and so on become 0, 1, 2, 3. */
  const unsigned = (value: number): number => {
    checkInteger('an integer', value, min, max);
    return isSigned ? (value < 0 ? -2 * value - 1 : 2 * value) : value;
  };
  return layout<number>({
    least: () => 1,
    encodeTo(out, value) {
      out.writeVarint(unsigned(value));
    },
    decodeAt(c) {
      const value = readVarint(c);
      if (isIncomplete(value) || !isSigned) return value;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
  });
}

function readVarint(c: Cursor): number | typeof Incomplete {
  const { bytes, at, end } = c;
  let value = 0;
  let scale = 1;
  for (let i = at; i < at + MAX_VARINT_BYTES; i++) {
    if (i === end) return c.short(end - at + 1);
    const byte = bytes[i] as number;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte >= 0x80) continue;
    if (value > MAX) break;
    c.at = i + 1;
    return value;
  }
  throw new DecodeError(`expected a varint up to ${MAX}, saw more`);
}

/** An unsigned integer up to 2^53 - 1 in one to eight bytes (LEB128, as in Protocol Buffers). */
export const varint: Codec<number> = /* @__PURE__ */ leb128(false);
/** An integer from -2^52 to 2^52 - 1 in one to eight bytes, few for those near zero (ZigZag, as in Protocol Buffers). */
export const zigzag: Codec<number> = /* @__PURE__ */ leb128(true);
