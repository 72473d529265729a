import type { WriteBuffer } from '@millrace/write-buffer';
import type { FormatCode } from './messages/format-codes.js';
import type { FieldDescription } from './messages/simple-query.js';
import { createParameterEncoder, type ParameterEncoder } from './parameters/parameter-encoder.js';
import type { RowShape } from './rows/row-batch.js';
import type { RowColumn } from './rows/row-column.js';
import { createRowRun, type RowRun } from './rows/row-run.js';
import { builtInTypeOf } from './types/registry.js';
import { readText } from './types/text.js';
import type { ValueOptions } from './types/value-options.js';
import type { WireType } from './types/wire-type.js';

export type { FormatCode } from './messages/format-codes.js';
export type { FieldDescription } from './messages/simple-query.js';
export type { ArrayRow, Row, RowBatch, RowShape } from './rows/row-batch.js';
export type { ValueOptions } from './types/value-options.js';

/** Where a statement looks up its types: a `TypeRegistry`, or what every server has. */
export interface TypeSource {
  /** Returns `undefined` for a type that is sent as text. */
  typeOf(oid: number): WireType | undefined;
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
  /** In what form the rows come: objects, unless `withRows` said otherwise. */
  readonly rows: RowShape;
  /**
   * Returns the same statement with rows in another form. Asked twice, it gives the same object: what is compiled is
   * compiled once for each form.
   *
   * @throws {RangeError} If the statement has no such rows: a raw statement has objects and arrays only.
   */
  withRows(shape: RowShape): Statement;
  /**
   * Describes how the statement reads its rows and writes its parameters: the source that was generated for them, or that
   * there is none. For looking at, not for parsing.
   */
  explainCodec(): string;
  /**
   * Appends the middle of a Bind: parameter format codes, count and values. The described type alone decides how a value
   * is written. `null` is NULL for every type; `undefined` is refused for every type. What else each one takes:
   * - bool: boolean. int2, int4, oid: number or bigint that is an integer in range.
   * - int8: bigint, safe integer, string of digits. numeric: string, bigint, finite number; NaN and infinities as strings.
   * - float4, float8: number. float4 refuses what it would turn into an infinity or zero.
   * - text, varchar, char(n), name: string only; a number is mostly a missing cast, so it is not printed silently.
   * - bytea: Uint8Array, so Buffer too. uuid: 32 digits, plain or as 8-4-4-4-12.
   * - json, jsonb: what JSON.stringify takes. A string is a JSON string, not JSON text; `null` is SQL NULL, not JSON's.
   * - date, timestamp: ISO string without offset, or `infinity`, `-infinity`. Not Date, which has a day only in a time zone.
   * - timestamptz: Date, ISO string with `Z` or an offset, `Infinity`, `-Infinity`. Not a number of seconds or ms.
   * - arrays of these: array, nested for more dimensions, then rectangular; `null` elements; json[] takes one dimension.
   * - every other type: string in PostgreSQL's syntax for it, number, bigint or boolean, sent as text.
   *
   * @throws {TypeError} or {RangeError} For a value that the described type cannot take; the message names the
   * parameter (`$2`), its type and the kind of what was given, never the value; or for more or fewer values than
   * parameters. Part of the Bind may have been written: the caller rolls back with `out.atomic()`.
   */
  encodeParameters(out: WriteBuffer, values: readonly unknown[]): void;
  /**
   * What decodes the rows, for the machine. Its rows are taken before anything else is decoded with it.
   *
   * @throws {RangeError} If the columns cannot be the properties of such rows: see `ValueOptions.duplicateColumns`.
   * @remarks Cost: the first call generates the code.
   */
  rowRun(): RowRun;
}

/** What a statement is made from: the answers to its Parse and Describe. */
export interface StatementDescription {
  readonly name: string;
  /** From ParameterDescription. */
  readonly parameterOids: readonly number[];
  /** From RowDescription; empty after NoData. */
  readonly fields: readonly FieldDescription[];
  readonly options?: ValueOptions | undefined;
  /** In what form the rows come. Default: `'objects'`. */
  readonly rows?: RowShape | undefined;
  /** The types of the database. Default: those that every server has, the others as text. */
  readonly types?: TypeSource | undefined;
  /** `false` decodes rows by closures, as on a host that forbids generated code. Default: what the host allows. */
  readonly generate?: boolean | undefined;
  /** `true` for the result of a simple query: its rows are text throughout, and decode to strings. Default `false`. */
  readonly textResults?: boolean | undefined;
}

/**
 * Makes a {@link Statement} from its description.
 *
 * @returns An immutable object for any number of executions, on the connection that described it.
 * @throws {TypeError} If `rows` is no form of rows.
 * @remarks Cost: the code for its rows is generated at the first row, but not with `textResults`.
 */
export function createStatement(description: StatementDescription): Statement {
  if (description.rows !== undefined) checkShape(description.rows);
  return new DescribedStatement(description);
}

const BUILT_IN_TYPES: TypeSource = { typeOf: builtInTypeOf };

class DescribedStatement implements Statement {
  readonly name: string;
  readonly parameterOids: readonly number[];
  readonly fields: readonly FieldDescription[];
  readonly resultFormats: readonly FormatCode[];
  readonly rows: RowShape;
  private readonly _options: ValueOptions;
  private readonly _types: readonly (WireType | undefined)[];
  private readonly _parameters: ParameterEncoder;
  /** A statement runs many times, a simple query's result comes once: compiling that costs more than most of its rows. */
  private readonly _isReused: boolean;
  private readonly _generate: boolean | undefined;
  /** This statement in every form that was asked for, shared by all of them. */
  private readonly _shapes: Map<RowShape, DescribedStatement>;
  private _run: RowRun | undefined;

  constructor(description: StatementDescription, origin?: DescribedStatement) {
    const { name, parameterOids, fields, options = {}, textResults = false, types = BUILT_IN_TYPES } = description;
    this.name = name;
    this.rows = description.rows ?? 'objects';
    this.parameterOids = origin?.parameterOids ?? Object.freeze([...parameterOids]);
    this.fields = origin?.fields ?? Object.freeze([...fields]);
    this._types = origin?._types ?? fields.map(({ typeOid }) => types.typeOf(typeOid));
    this.resultFormats =
      origin?.resultFormats ??
      Object.freeze(this._types.map((type) => (textResults || type === undefined ? 0 : (type.format ?? 1))));
    this._options = { ...options };
    this._isReused = !textResults;
    this._generate = textResults ? false : description.generate;
    this._parameters =
      origin?._parameters ??
      createParameterEncoder(
        parameterOids.map((oid) => types.typeOf(oid)),
        this.parameterOids,
        { name, resultFormats: this.resultFormats, generate: textResults ? false : description.generate },
      );
    this._shapes = origin?._shapes ?? new Map<RowShape, DescribedStatement>();
    this._shapes.set(this.rows, this);
    this._run = undefined;
  }

  encodeParameters(out: WriteBuffer, values: readonly unknown[]): void {
    this._parameters.encode(out, values);
  }

  /** Appends a whole Bind. */
  encodeBind(out: WriteBuffer, portal: string, values: readonly unknown[]): void {
    this._parameters.encodeBind(out, portal, values);
  }

  withRows(shape: RowShape): Statement {
    const known = this._shapes.get(shape);
    if (known !== undefined) return known;
    checkShape(shape);
    const { name, parameterOids, fields, _options: options, _generate: generate } = this;
    const textResults = !this._isReused;
    return new DescribedStatement({ name, parameterOids, fields, options, rows: shape, generate, textResults }, this);
  }

  explainCodec(): string {
    const rows = this.rowRun().source ?? '// no source: closures, one for each column';
    const parameters = this._parameters.source ?? '// no source: a loop over the writers of the types';
    return `// Rows as ${this.rows}:\n${rows}\n\n// Parameters:\n${parameters}\n`;
  }

  rowRun(): RowRun {
    this._run ??= createRowRun(this._columns(), {
      shape: this.rows,
      duplicateColumns: this._options.duplicateColumns,
      generate: this._generate,
    });
    return this._run;
  }

  private _columns(): RowColumn[] {
    return this.fields.map(({ name, typeOid }, i) => {
      const type = this._types[i];
      const typeName = type?.name ?? `type ${typeOid}`;
      // A simple query's rows are text whatever the type.
      if (type === undefined || !this._isReused) return { name, typeName, read: readText, inline: undefined };
      return { name, typeName, read: type.reader(this._options), inline: type.inline?.(this._options) };
    });
  }
}

const ROW_SHAPES: ReadonlySet<unknown> = new Set<RowShape>(['objects', 'arrays', 'columns', 'lazy']);

function checkShape(shape: RowShape): void {
  if (ROW_SHAPES.has(shape)) return;
  throw new TypeError(`expected rows as 'objects', 'arrays', 'columns' or 'lazy', got ${shape as string}`);
}
