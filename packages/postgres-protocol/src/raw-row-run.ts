import type { RunDecoder } from '@millrace/read-buffer';
import type { RawValue } from './messages/values.js';
import type { RowBatch } from './rows/row-batch.js';
import type { RowRun } from './rows/row-run.js';
import { MalformedValueError } from './types/malformed-value-error.js';

const DATA_ROW = 0x44;
/** Type byte, int32 length, int16 count of values. */
const HEADER_BYTES = 7;
const LENGTH_BYTES = 4;

/** Takes rows apart into their values, whatever these are. */
export class RawRowRun implements RowRun {
  readonly source = undefined;
  private readonly _isArrays: boolean;
  private _rows: RawValue[][] = [];
  private _error: Error | undefined;

  constructor(shape: 'objects' | 'arrays') {
    this._isArrays = shape === 'arrays';
  }

  get error(): Error | undefined {
    return this._error;
  }

  readonly decode: RunDecoder = (bytes, view, start, end) => {
    let frame = start;
    while (end - frame >= LENGTH_BYTES + 1 && bytes[frame] === DATA_ROW) {
      const length = view.getInt32(frame + 1);
      if (length < LENGTH_BYTES || length > end - frame - 1) break;
      const frameEnd = frame + 1 + length;
      const values = this._values(bytes, view, frame, frameEnd);
      if (values === undefined) break;
      this._rows.push(values);
      frame = frameEnd;
    }
    return frame;
  };

  take(): RowBatch | undefined {
    const rows = this._rows;
    if (rows.length === 0) return undefined;
    this._rows = [];
    return this._isArrays ? rows : rows.map((values) => ({ values }));
  }

  clearError(): void {
    this._error = undefined;
  }

  private _values(bytes: Uint8Array, view: DataView, frame: number, end: number): RawValue[] | undefined {
    let at = frame + HEADER_BYTES;
    if (at > end) return this._fail('a row ends before its count of values');
    const count = view.getUint16(frame + 5);
    if (count * LENGTH_BYTES > end - at) return this._fail(`a row has no ${count} values in ${end - at} bytes`);
    const values: RawValue[] = [];
    for (let i = 0; i < count; i++) {
      if (end - at < LENGTH_BYTES) return this._fail('a row ends before the length of a value');
      const length = view.getInt32(at);
      at += LENGTH_BYTES;
      if (length === -1) {
        values.push(null);
        continue;
      }
      if (length < 0) return this._fail(`a value has a length of 0 or more, or -1 for NULL, got ${length}`);
      if (length > end - at) return this._fail(`a value of ${length} bytes has ${end - at} bytes left in its row`);
      values.push(bytes.slice(at, at + length));
      at += length;
    }
    if (at !== end) return this._fail(`a row leaves ${end - at} bytes of its frame unread`);
    return values;
  }

  private _fail(message: string): RawValue[] | undefined {
    this._error = new MalformedValueError(message);
    return undefined;
  }
}
