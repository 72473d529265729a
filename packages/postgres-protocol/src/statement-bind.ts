import type { WriteBuffer } from '@millrace/write-buffer';
import { FRONTEND_LENGTHS, endFrameWithin } from './messages/lengths.js';
import { FRONTEND_TYPES } from './messages/names.js';
import type { Statement } from './statement.js';

/** Appends a Bind of JavaScript values, by the types that `statement` was described with. */
export function encodeStatementBind(
  out: WriteBuffer,
  portal: string,
  statement: Statement,
  values: readonly unknown[],
): void {
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.Bind);
  out.writeCString(portal);
  out.writeCString(statement.name);
  statement.encodeParameters(out, values);
  const formats = statement.resultFormats;
  const first = formats[0];
  if (first !== undefined && formats.every((format) => format === first)) {
    out.writeUint16(1); // one code for all columns
    out.writeUint16(first);
  } else {
    out.writeUint16(formats.length);
    for (const format of formats) out.writeUint16(format);
  }
  endFrameWithin(out, frame, start, 'Bind', FRONTEND_LENGTHS.Bind);
}
