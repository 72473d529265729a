import type { WriteBuffer } from '@millrace/write-buffer';
import type { FormatCode } from '../messages/format-codes.js';
import type { ValueOptions } from './value-options.js';

/**
 * Decodes one value that is not NULL: the bytes `[start, end)`. The result never aliases them.
 *
 * @param view - Of the same memory and the same indices as `bytes`.
 * @throws {MalformedValueError} If the bytes are not a value of the type. Bytes outside of `[start, end)` belong to
 * others: a reader checks its length before it reads.
 * @throws {RangeError} If the value is fine but JavaScript cannot hold it in the representation asked for.
 */
export type ValueReader = (bytes: Uint8Array, view: DataView, start: number, end: number) => unknown;

/**
 * Appends one value that is neither `null` nor `undefined`: its int32 length, then its bytes.
 *
 * @throws {RefusedValueError} If the type cannot take it; part of the value may have been appended.
 */
export type ValueWriter = (out: WriteBuffer, value: unknown) => void;

/** What a generated row decoder may write in place of a call of the reader, for a type of fixed length. */
export interface InlineRead {
  /** Bytes of every value; another length goes to the reader, which says what is wrong with it. */
  readonly byteLength: number;
  /** A JavaScript expression over `bytes`, `view`, `at` (offset of the first byte) and `constants`. Our own text, never data. */
  readonly expression: string;
  /** What else the expression names, each name unique in the package. */
  readonly constants?: Readonly<Record<string, unknown>> | undefined;
  /** What holds a column of them. */
  readonly typedArray?:
    | 'Int16Array'
    | 'Int32Array'
    | 'Uint32Array'
    | 'Float32Array'
    | 'Float64Array'
    | 'BigInt64Array'
    | 'BigUint64Array'
    | undefined;
}

/** A PostgreSQL type whose format on the wire is known in both directions. */
export interface WireType {
  readonly oid: number;
  /** As in `pg_type.typname`, arrays with `[]` behind the element's name. */
  readonly name: string;
  /** Both directions; 1, binary, if it is left out. 0 is for types that the server has no binary format of. */
  readonly format?: FormatCode | undefined;
  /** Whether a value may be a JavaScript array itself: an array of them written from one has one dimension, unless it was decoded with more. */
  readonly valuesAreArrays?: boolean | undefined;
  /** The reader for a statement's options; most types have only one. */
  reader(options: ValueOptions): ValueReader;
  /** For types that a row decoder reads in place. */
  inline?(options: ValueOptions): InlineRead | undefined;
  readonly write: ValueWriter;
}
