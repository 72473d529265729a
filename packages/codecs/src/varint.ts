import { type Codec, Incomplete } from './codec.js';
import type { Cursor } from './cursor.js';
import { DecodeError, wrongRange, wrongType } from './errors.js';
import { layout } from './layout.js';

/** Seven bits in each byte: a safe integer takes eight bytes at most. */
const MAX_VARINT_BYTES = 8;

/** An integer in as few bytes as it needs: seven bits in each, the lowest first (LEB128, as in Protocol Buffers). */
function leb128(isSigned: boolean): Codec<number> {
  const min = isSigned ? -(2 ** 52) : 0;
  const max = isSigned ? 2 ** 52 - 1 : Number.MAX_SAFE_INTEGER;
  /** What is written for `value`: with a sign 0, -1, 1, -2 and so on become 0, 1, 2, 3. */
  const unsigned = (value: number): number => {
    if (typeof value !== 'number') throw wrongType('a number', value);
    if (!(Number.isInteger(value) && value >= min && value <= max)) throw wrongRange('an integer', min, max, value);
    if (!isSigned) return value;
    return value < 0 ? -2 * value - 1 : 2 * value;
  };
  return layout<number>({
    least: () => 1,
    size(value) {
      let byteLength = 1;
      for (let rest = unsigned(value); rest >= 0x80; rest = Math.floor(rest / 0x80)) byteLength += 1;
      return byteLength;
    },
    encodeTo(out, value) {
      out.writeVarint(unsigned(value));
    },
    decodeAt(c) {
      const value = readVarint(c);
      if (value === Incomplete || !isSigned) return value;
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
  });
}

function readVarint(c: Cursor): number | typeof Incomplete {
  const { bytes, at, end } = c;
  let value = 0;
  let scale = 1;
  for (let i = at; i < end; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x80) {
      value += byte * scale;
      if (value > Number.MAX_SAFE_INTEGER) break;
      c.at = i + 1;
      return value;
    }
    value += (byte - 0x80) * scale;
    scale *= 0x80;
    if (i - at === MAX_VARINT_BYTES - 1) break;
    if (i === end - 1) return c.short(end - at + 1, 0);
  }
  if (at === end) return c.short(1, 0);
  throw new DecodeError(`expected a varint up to ${Number.MAX_SAFE_INTEGER}, saw a greater one`);
}

/** An unsigned integer up to 2^53 - 1 in one to eight bytes (LEB128, as in Protocol Buffers). */
export const varint: Codec<number> = /* @__PURE__ */ leb128(false);
/** An integer from -2^52 to 2^52 - 1 in one to eight bytes, few for those near zero (ZigZag, as in Protocol Buffers). */
export const zigzag: Codec<number> = /* @__PURE__ */ leb128(true);
