import type { WriteBuffer } from '@millrace/write-buffer';
import { writeFormatCodes } from './messages/format-codes.js';
import { FRONTEND_LENGTHS, endFrameWithin } from './messages/lengths.js';
import { FRONTEND_TYPES } from './messages/names.js';
import type { Statement } from './statement.js';

/** A statement that knows a faster way to the same bytes. */
interface BindingStatement extends Statement {
  encodeBind?(out: WriteBuffer, portal: string, values: readonly unknown[]): void;
}

/** Appends a Bind of JavaScript values, by the types that `statement` was described with. */
export function encodeStatementBind(
  out: WriteBuffer,
  portal: string,
  statement: BindingStatement,
  values: readonly unknown[],
): void {
  if (statement.encodeBind !== undefined) {
    statement.encodeBind(out, portal, values);
    return;
  }
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.Bind);
  out.writeCString(portal);
  out.writeCString(statement.name);
  statement.encodeParameters(out, values);
  const formats = statement.resultFormats;
  writeFormatCodes(out, formats.every((format) => format === formats[0]) ? formats.slice(0, 1) : formats);
  endFrameWithin(out, frame, start, 'Bind', FRONTEND_LENGTHS.Bind);
}
