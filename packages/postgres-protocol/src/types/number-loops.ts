import type { InlineRead } from './wire-type.js';

/** What the elements of an array of numbers are read into. */
export type NumberArray =
  | number[]
  | bigint[]
  | Int16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** Reads an array's elements of one fixed length, none of them NULL. */
export interface NumberLoop {
  readonly byteLength: number;
  /** Makes the typed array that holds so many of them. */
  typed(count: number): NumberArray;
  /** Reads length and value `count` times; `false` as soon as a length is another one. */
  read(view: DataView, start: number, count: number, target: NumberArray): boolean;
}

/** The loop for a type that is read in place by nothing but one method of DataView, else `undefined`. */
export function numberLoopOf(inline: InlineRead | undefined): NumberLoop | undefined {
  return inline === undefined ? undefined : LOOPS.get(inline.expression);
}

// perf: arrays of thousands of numbers; a loop of its own for each type is a few times faster than calls of a reader.
const LOOPS: ReadonlyMap<string, NumberLoop> = new Map<string, NumberLoop>([
  ['view.getInt16(at)', { byteLength: 2, typed: (count) => new Int16Array(count), read: readInt16s }],
  ['view.getInt32(at)', { byteLength: 4, typed: (count) => new Int32Array(count), read: readInt32s }],
  ['view.getUint32(at)', { byteLength: 4, typed: (count) => new Uint32Array(count), read: readUint32s }],
  ['view.getFloat32(at)', { byteLength: 4, typed: (count) => new Float32Array(count), read: readFloat32s }],
  ['view.getFloat64(at)', { byteLength: 8, typed: (count) => new Float64Array(count), read: readFloat64s }],
  ['view.getBigInt64(at)', { byteLength: 8, typed: (count) => new BigInt64Array(count), read: readBigInt64s }],
  ['view.getBigUint64(at)', { byteLength: 8, typed: (count) => new BigUint64Array(count), read: readBigUint64s }],
]);

function readInt16s(view: DataView, start: number, count: number, target: NumberArray): boolean {
  for (let i = 0, at = start; i < count; i++, at += 6) {
    if (view.getInt32(at) !== 2) return false;
    target[i] = view.getInt16(at + 4);
  }
  return true;
}

function readInt32s(view: DataView, start: number, count: number, target: NumberArray): boolean {
  for (let i = 0, at = start; i < count; i++, at += 8) {
    if (view.getInt32(at) !== 4) return false;
    target[i] = view.getInt32(at + 4);
  }
  return true;
}

function readUint32s(view: DataView, start: number, count: number, target: NumberArray): boolean {
  for (let i = 0, at = start; i < count; i++, at += 8) {
    if (view.getInt32(at) !== 4) return false;
    target[i] = view.getUint32(at + 4);
  }
  return true;
}

function readFloat32s(view: DataView, start: number, count: number, target: NumberArray): boolean {
  for (let i = 0, at = start; i < count; i++, at += 8) {
    if (view.getInt32(at) !== 4) return false;
    target[i] = view.getFloat32(at + 4);
  }
  return true;
}

function readFloat64s(view: DataView, start: number, count: number, target: NumberArray): boolean {
  for (let i = 0, at = start; i < count; i++, at += 12) {
    if (view.getInt32(at) !== 8) return false;
    target[i] = view.getFloat64(at + 4);
  }
  return true;
}

function readBigInt64s(view: DataView, start: number, count: number, target: NumberArray): boolean {
  for (let i = 0, at = start; i < count; i++, at += 12) {
    if (view.getInt32(at) !== 8) return false;
    target[i] = view.getBigInt64(at + 4);
  }
  return true;
}

function readBigUint64s(view: DataView, start: number, count: number, target: NumberArray): boolean {
  for (let i = 0, at = start; i < count; i++, at += 12) {
    if (view.getInt32(at) !== 8) return false;
    target[i] = view.getBigUint64(at + 4);
  }
  return true;
}
