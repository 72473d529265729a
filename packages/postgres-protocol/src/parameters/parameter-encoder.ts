import { BufferOverflowError, Plan, WriteBuffer } from '@millrace/write-buffer';
import { canGenerate } from '../rows/generation.js';
import { writeFormatCodes, type FormatCode } from '../messages/format-codes.js';
import { FRONTEND_LENGTHS, endFrameWithin } from '../messages/lengths.js';
import { FRONTEND_TYPES } from '../messages/names.js';
import { RefusedValueError } from '../types/refused-value-error.js';
import { writeAsText } from '../types/text.js';
import type { ValueWriter, WireType } from '../types/wire-type.js';
import { generatedValuesWriter, loopValuesWriter, valuesWriterSource, type ValuesWriter } from './values-writer.js';

/** What is known of the statement besides the types of its parameters. */
export interface ParameterEncoderOptions {
  /** Of the statement; empty for the unnamed one. Default: empty. */
  readonly name?: string | undefined;
  /** What the columns shall come in: none for text throughout, one for all, or one for each. Default: none. */
  readonly resultFormats?: readonly FormatCode[] | undefined;
  /** `false` forbids generated code. Default: what the host allows. */
  readonly generate?: boolean | undefined;
}

/** Writes Bind messages of one statement. */
export interface ParameterEncoder {
  /**
   * Appends the middle of a Bind: format codes, count, values.
   *
   * @throws {TypeError} or {RangeError} If the values do not fit the types, with part of them appended; or if there are
   * more or fewer than parameters, with nothing appended.
   */
  encode(out: WriteBuffer, values: readonly unknown[]): void;
  /**
   * Appends a whole Bind.
   *
   * @param portal - Empty for the unnamed one.
   * @throws {TypeError} or {RangeError} As `encode`; or for U+0000 in the name, or if the message is longer than a server
   * takes: with a frame open or part of it appended, which is for `out.atomic()` to undo.
   */
  encodeBind(out: WriteBuffer, portal: string, values: readonly unknown[]): void;
  /** The source of the code that writes the values; `undefined` if it is a loop. */
  readonly source: string | undefined;
}

/**
 * Makes the encoder for parameters of these types.
 *
 * @param types - `undefined` for a type that is sent as text.
 * @param oids - Of the same types, to name those that have no name here.
 * @returns An encoder whose code is generated when it is used a second time: most statements run once.
 */
export function createParameterEncoder(
  types: readonly (WireType | undefined)[],
  oids: readonly number[],
  options: ParameterEncoderOptions = {},
): ParameterEncoder {
  return new CompiledParameterEncoder(types, oids, options);
}

/** The count of Bind's parameters is an unsigned 16-bit integer. */
const MAX_PARAMETERS = 65_535;

/** perf: engines give up on optimizing a function that is much longer than this many parameters make it. */
const MAX_GENERATED_PARAMETERS = 128;

/** perf: what a Plan is the better form for. */
const MAX_PLAN_BYTES = 48;

class CompiledParameterEncoder implements ParameterEncoder {
  private readonly _writers: readonly ValueWriter[];
  private readonly _typeNames: readonly string[];
  private readonly _canGenerate: boolean;
  private readonly _middle: Uint8Array;
  /** All that is constant between type byte and values, for the unnamed portal and behind the name of another one. */
  private readonly _unnamedHead: Plan | Uint8Array;
  private readonly _head: Plan | Uint8Array;
  private readonly _tail: Plan | Uint8Array;
  private _isUsed = false;
  private _write: ValuesWriter;

  constructor(types: readonly (WireType | undefined)[], oids: readonly number[], options: ParameterEncoderOptions) {
    const { name = '', resultFormats = [], generate = canGenerate() } = options;
    this._writers = types.map((type) => type?.write ?? writeAsText);
    this._typeNames = types.map((type, i) => type?.name ?? `type ${oids[i] ?? 0}`);
    this._canGenerate = generate && types.length <= MAX_GENERATED_PARAMETERS;
    const formats = types.map((type) => (type === undefined ? 0 : (type.format ?? 1)));
    const draft = new WriteBuffer();
    writeFormatCodes(draft, shortened(formats));
    draft.writeUint16(types.length);
    this._middle = draft.view().slice();
    draft.reset();
    draft.writeCString(name);
    draft.writeBytes(this._middle);
    this._head = constant(draft.view());
    this._unnamedHead = constant(Uint8Array.of(0, ...draft.view()));
    draft.reset();
    writeFormatCodes(draft, shortened(resultFormats));
    this._tail = constant(draft.view());
    draft.reset();
    this._write = loopValuesWriter(this._writers, this._locate);
  }

  get source(): string | undefined {
    return this._canGenerate ? valuesWriterSource(this._writers) : undefined;
  }

  encode(out: WriteBuffer, values: readonly unknown[]): void {
    this._checkCount(values.length);
    out.writeBytes(this._middle);
    this._use()(out, values);
  }

  encodeBind(out: WriteBuffer, portal: string, values: readonly unknown[]): void {
    this._checkCount(values.length);
    const start = out.length;
    const frame = out.beginFrame(FRONTEND_TYPES.Bind);
    if (portal === '') append(out, this._unnamedHead);
    else {
      out.writeCString(portal);
      append(out, this._head);
    }
    this._use()(out, values);
    append(out, this._tail);
    endFrameWithin(out, frame, start, 'Bind', FRONTEND_LENGTHS.Bind);
  }

  private _use(): ValuesWriter {
    if (this._isUsed) return this._write;
    this._isUsed = true;
    const write = this._write;
    if (this._canGenerate) this._write = this._compileAtNextUse();
    return write;
  }

  private _compileAtNextUse(): ValuesWriter {
    return (out, values) => {
      this._write = generatedValuesWriter(this._writers, this._locate);
      this._write(out, values);
    };
  }

  private _checkCount(count: number): void {
    const expected = this._writers.length;
    if (count === expected && count <= MAX_PARAMETERS) return;
    if (count > MAX_PARAMETERS) {
      throw new RangeError(
        `a statement has at most ${MAX_PARAMETERS} parameters, got ${count} values: ` +
          'pass one array per column and take its rows with unnest($1::int4[], $2::text[])',
      );
    }
    throw new TypeError(
      `expected ${expected} ${expected === 1 ? 'value' : 'values'}, one for each parameter, got ${count}`,
    );
  }

  private readonly _locate = (error: unknown, index: number): unknown => {
    const refusal = withoutValue(error);
    if (!(refusal instanceof RefusedValueError)) return refusal;
    const message = `parameter $${index + 1} (${this._typeNames[index] ?? ''}): ${refusal.message}`;
    const options = refusal.cause === undefined ? undefined : { cause: refusal.cause };
    return refusal.kind === 'range' ? new RangeError(message, options) : new TypeError(message, options);
  };
}

/** One code for all where they agree, as Bind allows. */
function shortened(formats: readonly FormatCode[]): readonly FormatCode[] {
  return formats.every((format) => format === formats[0]) ? formats.slice(0, 1) : formats;
}

function constant(bytes: Uint8Array): Plan | Uint8Array {
  return bytes.length <= MAX_PLAN_BYTES ? new Plan(bytes) : bytes.slice();
}

function append(out: WriteBuffer, bytes: Plan | Uint8Array): void {
  if (bytes instanceof Plan) out.writePlan(bytes);
  else out.writeBytes(bytes);
}

/** A buffer quotes the number that it refuses: such an error has no place in a message of ours, not even as its cause. */
function withoutValue(error: unknown): unknown {
  if (error instanceof BufferOverflowError) {
    return new RefusedValueError('range', 'the value makes the message longer than the buffer takes', { cause: error });
  }
  const isOfBuffer = error instanceof RangeError && error.constructor === RangeError;
  return isOfBuffer ? new RefusedValueError('range', 'the value does not fit into its binary format') : error;
}
