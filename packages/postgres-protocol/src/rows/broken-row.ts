import { MalformedValueError } from '../types/malformed-value-error.js';
import type { RowColumn } from './row-column.js';

/** Bytes of a DataRow before its first column: type, int32 length, int16 count. */
export const ROW_HEADER_BYTES = 7;

/** Thrown by a decoder for a row that is not what its frame or its statement says; {@link explainFailure} finds out why. */
export const BROKEN_ROW: Error = new MalformedValueError('a row does not fit into its frame');

/**
 * Says what is wrong with a row, after its decoder has failed. What is wrong with the frame comes before what is wrong
 * with a value: a decoder may have read past the frame's end and noticed something else there.
 *
 * @param frame - Offset of the frame's type byte; the frame is whole.
 * @param valueStart - Offset of the value that could not be decoded.
 * @param cause - What was thrown.
 */
export function explainFailure(
  columns: readonly RowColumn[],
  bytes: Uint8Array,
  view: DataView,
  frame: number,
  valueStart: number,
  cause: unknown,
): Error {
  const frameEnd = frame + 1 + view.getInt32(frame + 1);
  if (frameEnd < frame + ROW_HEADER_BYTES) return new MalformedValueError('a row ends before its count of columns');
  const count = view.getUint16(frame + 5);
  if (count !== columns.length) {
    return new MalformedValueError(`expected a row of ${columns.length} columns, got ${count}`);
  }
  let at = frame + ROW_HEADER_BYTES;
  let failed: RowColumn | undefined;
  let valueEnd = 0;
  for (const column of columns) {
    if (frameEnd - at < 4) return new MalformedValueError(`${inColumn(column)}the row ends before its length`);
    const length = view.getInt32(at);
    at += 4;
    if (length < -1 || length > frameEnd - at) {
      return new MalformedValueError(
        `${inColumn(column)}a length of ${length} with ${frameEnd - at} bytes left in the row`,
      );
    }
    if (length === -1) continue;
    if (at === valueStart) {
      failed = column;
      valueEnd = at + length;
    }
    at += length;
  }
  if (at !== frameEnd) return new MalformedValueError(`a row leaves ${frameEnd - at} bytes of its frame unread`);
  if (failed === undefined || cause !== BROKEN_ROW) return locate(cause, failed);
  return locate(refusalOf(failed, bytes, view, valueStart, valueEnd), failed);
}

/** Why a reader does not take a value whose length is not that of its type. */
function refusalOf({ read }: RowColumn, bytes: Uint8Array, view: DataView, start: number, end: number): unknown {
  try {
    read(bytes, view, start, end);
  } catch (error) {
    return error;
  }
  return new MalformedValueError(`a value is not ${end - start} bytes long`);
}

/** Says which column an error is about. Errors of other classes than the readers' own pass as they are. */
export function locate(error: unknown, column: RowColumn | undefined): Error {
  const prefix = column === undefined ? '' : inColumn(column);
  if (!(error instanceof Error)) return new Error(`${prefix}a codec threw what is not an error`, { cause: error });
  if (column === undefined) return error;
  if (error instanceof MalformedValueError) return new MalformedValueError(prefix + error.message, { cause: error });
  if (error.constructor === RangeError) return new RangeError(prefix + error.message, { cause: error });
  return error;
}

function inColumn({ name, typeName }: RowColumn): string {
  return `column ${JSON.stringify(name)} (${typeName}): `;
}
