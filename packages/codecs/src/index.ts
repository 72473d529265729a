// Numbers.
export { bool, f32, f32LE, f64, f64LE, i16, i16LE, i32, i32LE, i8, u16, u16LE, u32, u32LE, u8 } from './numbers.js';
export { i64, i64LE, i64Number, i64NumberLE, u64, u64LE, u64Number, u64NumberLE } from './numbers.js';
export { varint, zigzag } from './varint.js';
// Bytes and text.
export { bytes, cstring, utf8 } from './sized.js';
export type { SizedOptions } from './sized.js';
export type { UntilOptions } from './until.js';
export { constant } from './constant.js';
// What is made of other codecs.
export { struct } from './struct.js';
export type { StructValue } from './struct.js';
export { optional } from './optional.js';
export type { OptionalCodec } from './optional.js';
export { array } from './array.js';
export type { ArrayOptions } from './array.js';
export { union } from './union.js';
export type { UnionValue } from './union.js';
export { mapped } from './mapped.js';
export { dependent } from './dependent.js';
export { lazy } from './lazy.js';
export type { LazyOptions } from './lazy.js';
export { compile, sourceOf } from './compile.js';
export type { CompileOptions } from './compile.js';
export { framers } from './framers.js';
export { within } from './within.js';
export type { FramerOptions, LengthPrefixedOptions } from './framers.js';
// For everybody.
export { Incomplete } from './codec.js';
export type { Codec, Decoder, Infer } from './codec.js';
export { fromBytes, toBytes } from './layout.js';
export { DecodeError, LimitError } from './errors.js';
