import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import type { FormatCode } from './messages/format-codes.js';
import type { FieldDescription } from './messages/simple-query.js';
import { ParameterEncoder } from './types/parameter-encoder.js';
import { binaryTypeOf } from './types/registry.js';
import { createRowDecoder } from './types/row-decoder.js';
import type { RowDecoder } from './types/row-decoder.js';
import { readText } from './types/text.js';

export type { FormatCode } from './messages/format-codes.js';
export type { FieldDescription } from './messages/simple-query.js';

/**
 * A row as a plain object; `null` is SQL NULL. The keys are the column names in order, except that names which are
 * array indices (`"0"`, `"17"`) come first, as in every object. Of two columns of one name the last wins. Every name is
 * an own property, `__proto__` too.
 */
export type Row = Record<string, unknown>;

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
   * Decodes the DataRow frame that `input` is in, all of it. Values never alias the frame.
   *
   * @throws {RangeError} For a value that JavaScript cannot hold as asked: an int8 that is not safe as a `number`, a
   * timestamptz that is no Date. The rest of the frame is unread; the bytes are fine.
   * @throws {Error} Of other classes, for bytes that are no row of this statement: `feed()` makes them a
   * RemoteProtocolError.
   */
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
 * @remarks Cost: the code for its rows is generated at the first row, but not with `textResults`.
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
  /** A statement runs many times, a simple query's result comes once: compiling that costs more than most of its rows. */
  private readonly _isReused: boolean;
  private _decode: RowDecoder | undefined;

  constructor({ name, parameterOids, fields, options = {}, textResults = false }: StatementDescription) {
    this.name = name;
    this.parameterOids = Object.freeze([...parameterOids]);
    this.fields = Object.freeze([...fields]);
    this.resultFormats = Object.freeze(
      fields.map(({ typeOid }) => (textResults || binaryTypeOf(typeOid) === undefined ? 0 : 1)),
    );
    this._options = { ...options };
    this._isReused = !textResults;
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
      this._isReused ? {} : { generate: false },
    );
  }
}
