import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';

/** A row as an object; the keys are the column names in order, `null` is SQL NULL. */
export type Row = Record<string, unknown>;

/** 0: text, 1: binary. */
export type FormatCode = 0 | 1;

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

/** How values are represented in JavaScript. */
export interface ValueOptions {
  /** int8 as `bigint` (default), as a checked `number` (an unsafe value is an error) or as `string`. */
  readonly int8?: 'bigint' | 'number' | 'string' | undefined;
}

/**
 * What both sides know of a statement: its parameter types, its columns, and the code compiled from them.
 * Made by `createStatement`; immutable; serves any number of executions.
 */
export interface Statement {
  /** Server-side name; empty for the unnamed statement. */
  readonly name: string;
  readonly parameterOids: readonly number[];
  readonly fields: readonly FieldDescription[];
  /** One code per column: binary where a decoder exists, else text. */
  readonly resultFormats: readonly FormatCode[];
  /**
   * Appends the middle of a Bind: parameter format codes, count and values.
   *
   * @throws {TypeError} or {RangeError} For a value that the described type cannot take; the message names the
   * parameter (`$2`), its type and what was given, never the value. The caller rolls back with `out.atomic()`.
   */
  encodeParameters(out: WriteBuffer, values: readonly unknown[]): void;
  /** Decodes the DataRow frame that `input` is in. Values never alias the frame. */
  decodeRow(input: ReadBuffer): Row;
}
