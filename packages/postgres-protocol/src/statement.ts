import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { ParameterEncoder } from './types/parameter-encoder.js';
import { binaryTypeOf } from './types/registry.js';
import { createRowDecoder } from './types/row-decoder.js';
import type { RowDecoder } from './types/row-decoder.js';
import { readText } from './types/text.js';

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

/** What a statement is made from: the answers to its Parse and Describe. */
export interface StatementDescription {
  readonly name: string;
  /** From ParameterDescription. */
  readonly parameterOids: readonly number[];
  /** From RowDescription; empty after NoData. */
  readonly fields: readonly FieldDescription[];
  readonly options?: ValueOptions | undefined;
  /** `true` for the result of a simple query: its rows are text throughout, and decode to strings. Default `false`. */
  readonly textResults?: boolean | undefined;
}

/**
 * Makes a {@link Statement} from its description.
 *
 * @returns An immutable object for any number of executions, on the connection that described it.
 * @remarks Cost: the code for its rows is generated at the first row.
 */
export function createStatement(description: StatementDescription): Statement {
  return new DescribedStatement(description);
}

class DescribedStatement implements Statement {
  readonly name: string;
  readonly parameterOids: readonly number[];
  readonly fields: readonly FieldDescription[];
  readonly resultFormats: readonly FormatCode[];
  private readonly _options: ValueOptions;
  private readonly _parameters: ParameterEncoder;
  private _decode: RowDecoder | undefined;

  constructor({ name, parameterOids, fields, options = {}, textResults = false }: StatementDescription) {
    this.name = name;
    this.parameterOids = Object.freeze([...parameterOids]);
    this.fields = Object.freeze([...fields]);
    this.resultFormats = Object.freeze(
      fields.map(({ typeOid }) => (textResults || binaryTypeOf(typeOid) === undefined ? 0 : 1)),
    );
    this._options = { ...options };
    this._parameters = new ParameterEncoder(this.parameterOids);
    this._decode = undefined;
  }

  encodeParameters(out: WriteBuffer, values: readonly unknown[]): void {
    this._parameters.encode(out, values);
  }

  decodeRow(input: ReadBuffer): Row {
    this._decode ??= this._compile();
    return this._decode(input);
  }

  private _compile(): RowDecoder {
    return createRowDecoder(
      this.fields.map(({ name, typeOid }, i) => {
        const type = binaryTypeOf(typeOid);
        const read = this.resultFormats[i] === 1 ? type?.reader(this._options) : undefined;
        return { name, typeName: type?.name ?? `type ${typeOid}`, read: read ?? readText };
      }),
    );
  }
}
