import type { WriteBuffer } from '@millrace/write-buffer';
import type { ValueWriter } from './binary-type.js';
import { RefusedValueError } from './refused-value-error.js';
import { binaryTypeOf } from './registry.js';
import { writeAsText } from './text.js';

/** The count of Bind's parameters is an unsigned 16-bit integer. */
const MAX_PARAMETERS = 65_535;

/** Writes the parameters of one statement, by the types that the server described. */
export class ParameterEncoder {
  private readonly _writers: readonly ValueWriter[];
  private readonly _typeNames: readonly string[];
  /** One for all where they agree, as Bind allows. */
  private readonly _formats: readonly number[];

  constructor(parameterOids: readonly number[]) {
    const types = parameterOids.map(binaryTypeOf);
    this._writers = types.map((type) => type?.write ?? writeAsText);
    this._typeNames = types.map((type, i) => type?.name ?? `type ${parameterOids[i] ?? 0}`);
    const formats = types.map((type) => (type === undefined ? 0 : 1));
    this._formats = new Set(formats).size === 1 ? formats.slice(0, 1) : formats;
  }

  /**
   * Appends the middle of a Bind: format codes, count, values.
   *
   * @throws {TypeError} or {RangeError} If the values do not fit the types, with part of them appended; or if there are
   * more or fewer than parameters, with nothing appended.
   */
  encode(out: WriteBuffer, values: readonly unknown[]): void {
    this._checkCount(values.length);
    out.writeUint16(this._formats.length);
    for (const format of this._formats) out.writeInt16(format);
    out.writeUint16(values.length);
    let index = 0;
    try {
      for (const write of this._writers) {
        const value = values[index];
        if (value === null) out.writeInt32(-1);
        else if (value === undefined) throw new RefusedValueError('type', 'got undefined; null is SQL NULL');
        else write(out, value);
        index++;
      }
    } catch (error) {
      throw this._located(withoutValue(error), index);
    }
  }

  private _checkCount(count: number): void {
    if (count > MAX_PARAMETERS) {
      throw new RangeError(
        `a statement has at most ${MAX_PARAMETERS} parameters, got ${count} values: ` +
          'pass one array per column and take its rows with unnest($1::int4[], $2::text[])',
      );
    }
    const expected = this._writers.length;
    if (count !== expected) {
      throw new TypeError(
        `expected ${expected} ${expected === 1 ? 'value' : 'values'}, one for each parameter, got ${count}`,
      );
    }
  }

  private _located(error: unknown, index: number): unknown {
    if (!(error instanceof RefusedValueError)) return error;
    const message = `parameter $${index + 1} (${this._typeNames[index] ?? ''}): ${error.message}`;
    const options = error.cause === undefined ? undefined : { cause: error.cause };
    return error.kind === 'range' ? new RangeError(message, options) : new TypeError(message, options);
  }
}

/** A buffer quotes the number that it refuses: such an error has no place in a message of ours, not even as its cause. */
function withoutValue(error: unknown): unknown {
  const isOfBuffer = error instanceof RangeError && error.constructor === RangeError;
  return isOfBuffer ? new RefusedValueError('range', 'the value does not fit into its binary format') : error;
}
