import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { ValueOptions } from '../statement.js';

/**
 * Decodes one value that is not NULL.
 *
 * @param length - Bytes of the value, as the wire declares them; never -1, but possibly any other lie.
 * @throws {MalformedValueError} or {BufferUnderflowError} If the bytes are not a value of the type.
 * @throws {RangeError} If the value is fine but JavaScript cannot hold it in the representation asked for.
 */
export type ValueReader = (input: ReadBuffer, length: number) => unknown;

/**
 * Appends one value that is neither `null` nor `undefined`: its int32 length, then its bytes.
 *
 * @throws {RefusedValueError} If the type cannot take it; part of the value may have been appended.
 */
export type ValueWriter = (out: WriteBuffer, value: unknown) => void;

/** A PostgreSQL type whose binary format is known in both directions. */
export interface BinaryType {
  readonly oid: number;
  /** As in `pg_type.typname`, arrays with `[]` behind the element's name. */
  readonly name: string;
  /** The reader for a statement's options; most types have only one. */
  reader(options: ValueOptions): ValueReader;
  readonly write: ValueWriter;
}
