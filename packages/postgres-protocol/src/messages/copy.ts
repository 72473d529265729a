import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import { checkFormatCode, formatOfPeer, readFormatCodes, writeFormatCodes, type FormatCode } from './format-codes.js';
import { BACKEND_LENGTHS, FRONTEND_LENGTHS, endFrameWithin } from './lengths.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from './names.js';

/** The fields of a CopyInResponse, CopyOutResponse or CopyBothResponse. */
export interface CopyResponse {
  /** 0: text, rows in lines; 1: binary. */
  readonly format: FormatCode;
  /** One for each column. All are 0 where `format` is. */
  readonly columnFormats: readonly FormatCode[];
}

/**
 * Appends a CopyInResponse: the server is ready for COPY FROM STDIN.
 *
 * @throws {RangeError} For binary columns in text, or more columns than fit into the 30000 bytes that libpq takes.
 */
export function encodeCopyInResponse(out: WriteBuffer, format: FormatCode, columnFormats: readonly FormatCode[]): void {
  encodeCopyResponse(out, 'CopyInResponse', format, columnFormats);
}

/**
 * Decodes a CopyInResponse.
 *
 * @throws {RemoteProtocolError} For a format that is none, or binary columns in text.
 */
export function decodeCopyInResponse(input: ReadBuffer): CopyResponse {
  return decodeCopyResponse(input);
}

/** Appends a CopyOutResponse: the data of COPY TO STDOUT follows. */
export function encodeCopyOutResponse(
  out: WriteBuffer,
  format: FormatCode,
  columnFormats: readonly FormatCode[],
): void {
  encodeCopyResponse(out, 'CopyOutResponse', format, columnFormats);
}

/** Decodes a CopyOutResponse. */
export function decodeCopyOutResponse(input: ReadBuffer): CopyResponse {
  return decodeCopyResponse(input);
}

/** Appends a CopyBothResponse: both sides may send data, as in streaming replication. */
export function encodeCopyBothResponse(
  out: WriteBuffer,
  format: FormatCode,
  columnFormats: readonly FormatCode[],
): void {
  encodeCopyResponse(out, 'CopyBothResponse', format, columnFormats);
}

/** Decodes a CopyBothResponse. */
export function decodeCopyBothResponse(input: ReadBuffer): CopyResponse {
  return decodeCopyResponse(input);
}

/** Appends a CopyData, of either side. The bytes are copied. */
export function encodeCopyData(out: WriteBuffer, data: Uint8Array): void {
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.CopyData);
  out.writeBytes(data);
  endFrameWithin(out, frame, start, 'CopyData', FRONTEND_LENGTHS.CopyData);
}

/** Decodes a CopyData: all of its bytes, as a copy. */
export function decodeCopyData(input: ReadBuffer): Uint8Array {
  return input.readBytes(input.length);
}

/** Appends a CopyDone, of either side. */
export function encodeCopyDone(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(FRONTEND_TYPES.CopyDone));
}

/**
 * Appends a CopyFail: the server ends COPY FROM STDIN with an error that quotes `reason`.
 *
 * @throws {RangeError} For U+0000 in the reason, or more than the 10000 bytes that a server takes.
 */
export function encodeCopyFail(out: WriteBuffer, reason: string): void {
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.CopyFail);
  out.writeCString(reason);
  endFrameWithin(out, frame, start, 'CopyFail', FRONTEND_LENGTHS.CopyFail);
}

/** Decodes a CopyFail: the reason. */
export function decodeCopyFail(input: ReadBuffer): string {
  return input.readCString();
}

function encodeCopyResponse(
  out: WriteBuffer,
  name: 'CopyInResponse' | 'CopyOutResponse' | 'CopyBothResponse',
  format: FormatCode,
  columnFormats: readonly FormatCode[],
): void {
  checkFormatCode(format);
  if (!isConsistent(format, columnFormats)) throw new RangeError('a COPY in text has text columns only');
  const start = out.length;
  const frame = out.beginFrame(BACKEND_TYPES[name]);
  out.writeUint8(format);
  writeFormatCodes(out, columnFormats);
  endFrameWithin(out, frame, start, name, BACKEND_LENGTHS[name]);
}

function decodeCopyResponse(input: ReadBuffer): CopyResponse {
  const format = formatOfPeer(input.readUint8());
  const columnFormats = readFormatCodes(input);
  if (!isConsistent(format, columnFormats)) {
    throw new RemoteProtocolError('a COPY in text has text columns only, the server announces binary ones');
  }
  return { format, columnFormats };
}

function isConsistent(format: FormatCode, columnFormats: readonly FormatCode[]): boolean {
  return format === 1 || !columnFormats.includes(1);
}
