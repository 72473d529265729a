import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import {
  formatsFault,
  readFormatCode,
  readFormatCodes,
  writeFormatCode,
  writeFormatCodes,
  type FormatCode,
} from './format-codes.js';
import { FRONTEND_LENGTHS, endFrameWithin } from './lengths.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from './names.js';
import { readValue, readValues, writeValue, writeValues, type RawValue } from './values.js';

/** The fields of a FunctionCall. */
export interface FunctionCall {
  /** Of the function, in `pg_proc`. */
  readonly functionOid: number;
  /** None (all text), one for all, or one for each argument. */
  readonly argumentFormats: readonly FormatCode[];
  readonly arguments: readonly RawValue[];
  readonly resultFormat: FormatCode;
}

/**
 * Appends a FunctionCall.
 *
 * @throws {RangeError} For an oid that is no uint32, more than 65535 arguments, or formats that do not go with them.
 */
export function encodeFunctionCall(
  out: WriteBuffer,
  functionOid: number,
  argumentFormats: readonly FormatCode[],
  values: readonly RawValue[],
  resultFormat: FormatCode,
): void {
  const fault = formatsFault(argumentFormats.length, values.length);
  if (fault !== undefined) throw new RangeError(fault);
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.FunctionCall);
  out.writeUint32(functionOid);
  writeFormatCodes(out, argumentFormats);
  writeValues(out, values);
  writeFormatCode(out, resultFormat);
  endFrameWithin(out, frame, start, 'FunctionCall', FRONTEND_LENGTHS.FunctionCall);
}

/**
 * Decodes a FunctionCall.
 *
 * @throws {RemoteProtocolError} For counts that the message has no bytes for, formats that do not go with the arguments,
 *   or a length below -1.
 */
export function decodeFunctionCall(input: ReadBuffer): FunctionCall {
  const functionOid = input.readUint32();
  const argumentFormats = readFormatCodes(input);
  const values = readValues(input);
  const fault = formatsFault(argumentFormats.length, values.length);
  if (fault !== undefined) throw new RemoteProtocolError(fault);
  return { functionOid, argumentFormats, arguments: values, resultFormat: readFormatCode(input) };
}

/** Appends a FunctionCallResponse. */
export function encodeFunctionCallResponse(out: WriteBuffer, value: RawValue): void {
  const frame = out.beginFrame(BACKEND_TYPES.FunctionCallResponse);
  writeValue(out, value);
  out.endFrame(frame);
}

/** Decodes a FunctionCallResponse: the result, as a copy. */
export function decodeFunctionCallResponse(input: ReadBuffer): RawValue {
  return readValue(input);
}
