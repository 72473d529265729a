import { bool } from '../types/boolean.js';
import { float4, float8, int2, int4, int8, oid } from '../types/numbers.js';
import { text } from '../types/text.js';
import type { ValueWriter } from '../types/wire-type.js';

/** What a generated encoder does in place of a call of the writer, for the values that need no closer look. */
export interface InlineWrite {
  /** An expression: whether `value` is such a value. All others go to the writer, which takes or refuses them. */
  readonly test: string;
  /** Statements that append the length and the bytes of `value` to `out`. */
  readonly write: string;
}

/** First of all, or an operator would meet a bigint, or run the `valueOf` of an object. */
const NUMBER = `typeof value === 'number' && `;

/** By the writer and not by the type: a type whose writer was replaced has another one. */
const INLINE_WRITES: ReadonlyMap<ValueWriter, InlineWrite> = /* @__PURE__ */ new Map<ValueWriter, InlineWrite>([
  [bool.write, { test: `typeof value === 'boolean'`, write: 'out.writeInt32(1); out.writeUint8(value ? 1 : 0);' }],
  [int2.write, { test: `${NUMBER}value << 16 >> 16 === value`, write: 'out.writeInt32(2); out.writeInt16(value);' }],
  [int4.write, { test: `${NUMBER}(value | 0) === value`, write: 'out.writeInt32(4); out.writeInt32(value);' }],
  [oid.write, { test: `${NUMBER}value >>> 0 === value`, write: 'out.writeInt32(4); out.writeUint32(value);' }],
  [
    int8.write,
    {
      test: `typeof value === 'bigint' && BigInt.asIntN(64, value) === value`,
      write: 'out.writeInt32(8); out.writeBigInt64(value);',
    },
  ],
  // What float4 cannot hold exactly is for the writer, which tells a rounding from a loss.
  [
    float4.write,
    { test: `${NUMBER}Math.fround(value) === value`, write: 'out.writeInt32(4); out.writeFloat32(value);' },
  ],
  [float8.write, { test: `typeof value === 'number'`, write: 'out.writeInt32(8); out.writeFloat64(value);' }],
  [
    text.write, // of all types whose binary format is their text
    {
      test: `typeof value === 'string' && value.isWellFormed() && !value.includes('\\0')`,
      write: 'out.writeLengthPrefixedUtf8(value);',
    },
  ],
]);

/** What may stand in place of a call of `write`, if there is anything better. */
export function inlineWriteOf(write: ValueWriter): InlineWrite | undefined {
  return INLINE_WRITES.get(write);
}
