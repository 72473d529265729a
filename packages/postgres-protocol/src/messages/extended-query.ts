import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import { readCount, writeCount } from './counts.js';
import { formatsFault, readFormatCodes, writeFormatCodes, type FormatCode } from './format-codes.js';
import { FRONTEND_LENGTHS, endFrameWithin } from './lengths.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from './names.js';
import { readValues, writeValues, type RawValue } from './values.js';

/** What Describe and Close are about. */
export type NamedObject = 'statement' | 'portal';

const NAMED_OBJECTS = { statement: 0x53, portal: 0x50 } as const;

const OID_BYTES = 4;

/** The fields of a Parse. */
export interface Parse {
  /** Empty for the unnamed statement. */
  readonly name: string;
  readonly sql: string;
  /** Types of the first parameters; 0 leaves one to the server. */
  readonly parameterOids: readonly number[];
}

/** The fields of a Bind. */
export interface Bind {
  /** Empty for the unnamed portal. */
  readonly portal: string;
  /** Empty for the unnamed statement. */
  readonly statement: string;
  /** None (all text), one for all, or one for each value. */
  readonly parameterFormats: readonly FormatCode[];
  readonly values: readonly RawValue[];
  /** None (all text), one for all, or one for each column. */
  readonly resultFormats: readonly FormatCode[];
}

/**
 * Appends a Parse. An oid of 0 leaves the type to the server.
 *
 * @throws {RangeError} For U+0000 in a text, more than 65535 parameters, or an oid that is no uint32.
 */
export function encodeParse(out: WriteBuffer, name: string, sql: string, parameterOids: readonly number[]): void {
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.Parse);
  out.writeCString(name);
  out.writeCString(sql);
  writeOids(out, parameterOids);
  endFrameWithin(out, frame, start, 'Parse', FRONTEND_LENGTHS.Parse);
}

/** Decodes a Parse. */
export function decodeParse(input: ReadBuffer): Parse {
  return { name: input.readCString(), sql: input.readCString(), parameterOids: readOids(input) };
}

/**
 * Appends a Bind of values that are bytes already.
 *
 * @throws {RangeError} For U+0000 in a name, more than 65535 values, or formats that do not go with them.
 * @throws {TypeError} For a value that is neither bytes nor `null`.
 */
export function encodeBind(
  out: WriteBuffer,
  portal: string,
  statement: string,
  parameterFormats: readonly FormatCode[],
  values: readonly RawValue[],
  resultFormats: readonly FormatCode[],
): void {
  const fault = formatsFault(parameterFormats.length, values.length);
  if (fault !== undefined) throw new RangeError(fault);
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.Bind);
  out.writeCString(portal);
  out.writeCString(statement);
  writeFormatCodes(out, parameterFormats);
  writeValues(out, values);
  writeFormatCodes(out, resultFormats);
  endFrameWithin(out, frame, start, 'Bind', FRONTEND_LENGTHS.Bind);
}

/**
 * Decodes a Bind.
 *
 * @throws {RemoteProtocolError} For counts that the message has no bytes for, formats that do not go with the values, or a
 *   length below -1.
 */
export function decodeBind(input: ReadBuffer): Bind {
  const portal = input.readCString();
  const statement = input.readCString();
  const parameterFormats = readFormatCodes(input);
  const values = readValues(input);
  const fault = formatsFault(parameterFormats.length, values.length);
  if (fault !== undefined) throw new RemoteProtocolError(fault);
  return { portal, statement, parameterFormats, values, resultFormats: readFormatCodes(input) };
}

/** Appends a Describe. */
export function encodeDescribe(out: WriteBuffer, what: NamedObject, name: string): void {
  encodeNamed(out, 'Describe', what, name);
}

/** Decodes a Describe. */
export function decodeDescribe(input: ReadBuffer): { readonly what: NamedObject; readonly name: string } {
  return decodeNamed(input);
}

/** Appends a Close. */
export function encodeClose(out: WriteBuffer, what: NamedObject, name: string): void {
  encodeNamed(out, 'Close', what, name);
}

/** Decodes a Close. */
export function decodeClose(input: ReadBuffer): { readonly what: NamedObject; readonly name: string } {
  return decodeNamed(input);
}

/**
 * Appends an Execute: run a bound portal.
 *
 * @param maxRows - Rows to return before PortalSuspended, up to 2^31 - 1; 0 means all.
 */
export function encodeExecute(out: WriteBuffer, portal: string, maxRows: number): void {
  if (!(maxRows >= 0)) throw new RangeError(`maxRows must be 0 (all) or more, got ${maxRows}`);
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.Execute);
  out.writeCString(portal);
  out.writeInt32(maxRows);
  endFrameWithin(out, frame, start, 'Execute', FRONTEND_LENGTHS.Execute);
}

/** Decodes an Execute. A negative number of rows means all, to servers as well. */
export function decodeExecute(input: ReadBuffer): { readonly portal: string; readonly maxRows: number } {
  const portal = input.readCString();
  return { portal, maxRows: Math.max(0, input.readInt32()) };
}

/** Appends a Sync. */
export function encodeSync(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(FRONTEND_TYPES.Sync));
}

/** Appends a Flush. */
export function encodeFlush(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(FRONTEND_TYPES.Flush));
}

/** Appends a ParseComplete. */
export function encodeParseComplete(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(BACKEND_TYPES.ParseComplete));
}

/** Appends a BindComplete. */
export function encodeBindComplete(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(BACKEND_TYPES.BindComplete));
}

/** Appends a CloseComplete. */
export function encodeCloseComplete(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(BACKEND_TYPES.CloseComplete));
}

/** Appends a NoData: what was described returns no rows. */
export function encodeNoData(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(BACKEND_TYPES.NoData));
}

/** Appends a PortalSuspended: an Execute reached its number of rows. */
export function encodePortalSuspended(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(BACKEND_TYPES.PortalSuspended));
}

/** Appends a ParameterDescription. */
export function encodeParameterDescription(out: WriteBuffer, parameterOids: readonly number[]): void {
  const frame = out.beginFrame(BACKEND_TYPES.ParameterDescription);
  writeOids(out, parameterOids);
  out.endFrame(frame);
}

/** Decodes a ParameterDescription: the oid of each parameter's type. */
export function decodeParameterDescription(input: ReadBuffer): number[] {
  return readOids(input);
}

function encodeNamed(out: WriteBuffer, message: 'Describe' | 'Close', what: NamedObject, name: string): void {
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES[message]);
  out.writeUint8(NAMED_OBJECTS[what]);
  out.writeCString(name);
  endFrameWithin(out, frame, start, message, FRONTEND_LENGTHS[message]);
}

function decodeNamed(input: ReadBuffer): { readonly what: NamedObject; readonly name: string } {
  const byte = input.readUint8();
  if (byte === NAMED_OBJECTS.statement) return { what: 'statement', name: input.readCString() };
  if (byte === NAMED_OBJECTS.portal) return { what: 'portal', name: input.readCString() };
  throw new RemoteProtocolError(`Describe and Close name a statement (S) or a portal (P), got byte ${byte}`);
}

function writeOids(out: WriteBuffer, oids: readonly number[]): void {
  writeCount(out, 'parameters', oids.length);
  for (const oid of oids) out.writeUint32(oid);
}

function readOids(input: ReadBuffer): number[] {
  const count = readCount(input, 'parameters', OID_BYTES);
  const oids: number[] = [];
  for (let i = 0; i < count; i++) oids.push(input.readUint32());
  return oids;
}
