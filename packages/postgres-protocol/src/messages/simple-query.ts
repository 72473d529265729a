import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { readCount, writeCount } from './counts.js';
import { readFormatCode, writeFormatCode, type FormatCode } from './format-codes.js';
import { BACKEND_LENGTHS, FRONTEND_LENGTHS, endFrameWithin } from './lengths.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from './names.js';
import { readValues, writeValues, type RawValue } from './values.js';

/** One column of a RowDescription. */
export interface FieldDescription {
  readonly name: string;
  /** 0 where the column is not of a table. */
  readonly tableOid: number;
  readonly columnNumber: number;
  readonly typeOid: number;
  /** Bytes; negative for a variable width. */
  readonly typeSize: number;
  readonly typeModifier: number;
  readonly format: FormatCode;
}

/** A field without its name: the zero byte that ends it and 18 bytes. */
const MIN_FIELD_BYTES = 19;

/**
 * Appends a Query: any number of statements in one text, without parameters.
 *
 * @throws {RangeError} For U+0000 in the text, or more than the 2^30 - 2 bytes that a server takes.
 */
export function encodeQuery(out: WriteBuffer, sql: string): void {
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.Query);
  out.writeCString(sql);
  endFrameWithin(out, frame, start, 'Query', FRONTEND_LENGTHS.Query);
}

/** Decodes a Query. */
export function decodeQuery(input: ReadBuffer): string {
  return input.readCString();
}

/**
 * Appends a RowDescription.
 *
 * @throws {RangeError} For more than 65535 columns, U+0000 in a name, or a number that its field cannot hold.
 */
export function encodeRowDescription(out: WriteBuffer, fields: readonly FieldDescription[]): void {
  const frame = out.beginFrame(BACKEND_TYPES.RowDescription);
  writeCount(out, 'columns', fields.length);
  for (const field of fields) {
    out.writeCString(field.name);
    out.writeUint32(field.tableOid);
    out.writeInt16(field.columnNumber);
    out.writeUint32(field.typeOid);
    out.writeInt16(field.typeSize);
    out.writeInt32(field.typeModifier);
    writeFormatCode(out, field.format);
  }
  out.endFrame(frame);
}

/**
 * Decodes a RowDescription.
 *
 * @throws {RemoteProtocolError} For more columns than the message has bytes for, or a format code that is none.
 */
export function decodeRowDescription(input: ReadBuffer): FieldDescription[] {
  const count = readCount(input, 'columns', MIN_FIELD_BYTES);
  const fields: FieldDescription[] = [];
  for (let i = 0; i < count; i++) {
    fields.push({
      name: input.readCString(),
      tableOid: input.readUint32(),
      columnNumber: input.readInt16(),
      typeOid: input.readUint32(),
      typeSize: input.readInt16(),
      typeModifier: input.readInt32(),
      format: readFormatCode(input),
    });
  }
  return fields;
}

/**
 * Appends a DataRow. The bytes are copied.
 *
 * @throws {RangeError} For more than 65535 values.
 * @throws {TypeError} For a value that is neither bytes nor `null`.
 */
export function encodeDataRow(out: WriteBuffer, values: readonly RawValue[]): void {
  const frame = out.beginFrame(BACKEND_TYPES.DataRow);
  writeValues(out, values);
  out.endFrame(frame);
}

/** Decodes a DataRow without looking into its values. A statement's own decoder makes a row of it. */
export function decodeDataRow(input: ReadBuffer): RawValue[] {
  return readValues(input);
}

/**
 * Appends a CommandComplete.
 *
 * @throws {RangeError} For U+0000 in the tag, or more than the 30000 bytes that libpq takes.
 */
export function encodeCommandComplete(out: WriteBuffer, tag: string): void {
  const start = out.length;
  const frame = out.beginFrame(BACKEND_TYPES.CommandComplete);
  out.writeCString(tag);
  endFrameWithin(out, frame, start, 'CommandComplete', BACKEND_LENGTHS.CommandComplete);
}

/** Decodes a CommandComplete: its tag, `INSERT 0 1`. */
export function decodeCommandComplete(input: ReadBuffer): string {
  return input.readCString();
}

/** Appends an EmptyQueryResponse, which takes the place of CommandComplete. */
export function encodeEmptyQueryResponse(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(BACKEND_TYPES.EmptyQueryResponse));
}
