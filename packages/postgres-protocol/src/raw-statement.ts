import type { WriteBuffer } from '@millrace/write-buffer';
import { formatsFault, writeFormatCodes } from './messages/format-codes.js';
import { writeValues, type RawValue } from './messages/values.js';
import { RawRowRun } from './raw-row-run.js';
import type { RowRun } from './rows/row-run.js';
import type { FieldDescription, FormatCode, Row, RowShape, Statement } from './statement.js';

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

/** What a raw statement makes of a row: the values as they came, each a copy. As an array, a row is those values. */
export type RawRow = Row & { readonly values: readonly RawValue[] };

/**
 * Makes a {@link Statement} that neither encodes nor decodes: its parameters are bytes, and so are the values of its rows,
 * each of them a {@link RawRow}, or with `withRows('arrays')` an array of values. For proxies, which pass on what they do not understand.
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
  readonly rows: RowShape;
  private readonly _description: RawStatementDescription;
  private readonly _parameterFormats: readonly FormatCode[];
  private readonly _run: RowRun;
  private _other: RawStatement | undefined;

  constructor(description: RawStatementDescription, rows: 'objects' | 'arrays' = 'objects') {
    const { name, parameterFormats = [], resultFormats = [], fields = [] } = description;
    this.name = name;
    this.fields = Object.freeze([...fields]);
    this.resultFormats = Object.freeze([...resultFormats]);
    this.rows = rows;
    this._parameterFormats = [...parameterFormats];
    this._description = { name, parameterFormats: this._parameterFormats, resultFormats: this.resultFormats, fields };
    this._run = new RawRowRun(rows);
    this._other = undefined;
  }

  encodeParameters(out: WriteBuffer, values: readonly unknown[]): void {
    const fault = formatsFault(this._parameterFormats.length, values.length);
    if (fault !== undefined) throw new RangeError(fault);
    writeFormatCodes(out, this._parameterFormats);
    writeValues(out, values as readonly RawValue[]);
  }

  withRows(shape: RowShape): Statement {
    if (shape === this.rows) return this;
    if (shape !== 'objects' && shape !== 'arrays') {
      throw new RangeError(`expected rows as 'objects' or 'arrays' of a raw statement, got ${shape as string}`);
    }
    if (this._other === undefined) {
      this._other = new RawStatement(this._description, shape);
      this._other._other = this;
    }
    return this._other;
  }

  explainCodec(): string {
    return '// A raw statement: values are copied, not decoded; parameters are bytes.\n';
  }

  rowRun(): RowRun {
    return this._run;
  }
}
