import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { formatsFault, writeFormatCodes } from './messages/format-codes.js';
import { readValues, writeValues, type RawValue } from './messages/values.js';
import type { FieldDescription, FormatCode, Row, Statement } from './statement.js';

/** What a raw statement is made from. */
export interface RawStatementDescription {
  /** Server-side name; empty for the unnamed statement. */
  readonly name: string;
  /** What the parameters are in: none for text throughout, one for all, or one for each. Default: none. */
  readonly parameterFormats?: readonly FormatCode[] | undefined;
  /** What the columns shall come in, likewise. Default: none. */
  readonly resultFormats?: readonly FormatCode[] | undefined;
  /** From RowDescription, for whoever wants them back. Default: none. */
  readonly fields?: readonly FieldDescription[] | undefined;
}

/** What a raw statement makes of a row: the values as they came, each a copy. */
export type RawRow = Row & { readonly values: readonly RawValue[] };

/**
 * Makes a {@link Statement} that neither encodes nor decodes: its parameters are bytes, and so are the values of its rows,
 * each of them a {@link RawRow}. For proxies, which pass on what they do not understand.
 *
 * @returns An immutable object for any number of executions. Its `encodeParameters` throws a TypeError for what is neither
 * bytes nor `null`, and a RangeError for more than 65535 values or a number of formats that does not fit.
 */
export function createRawStatement(description: RawStatementDescription): Statement {
  return new RawStatement(description);
}

class RawStatement implements Statement {
  readonly name: string;
  readonly parameterOids: readonly number[] = [];
  readonly fields: readonly FieldDescription[];
  readonly resultFormats: readonly FormatCode[];
  private readonly _parameterFormats: readonly FormatCode[];

  constructor({ name, parameterFormats = [], resultFormats = [], fields = [] }: RawStatementDescription) {
    this.name = name;
    this.fields = Object.freeze([...fields]);
    this.resultFormats = Object.freeze([...resultFormats]);
    this._parameterFormats = [...parameterFormats];
  }

  encodeParameters(out: WriteBuffer, values: readonly unknown[]): void {
    const fault = formatsFault(this._parameterFormats.length, values.length);
    if (fault !== undefined) throw new RangeError(fault);
    writeFormatCodes(out, this._parameterFormats);
    writeValues(out, values as readonly RawValue[]);
  }

  decodeRow(input: ReadBuffer): RawRow {
    return { values: readValues(input) };
  }
}
