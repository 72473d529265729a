import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from './errors.js';
import type { FieldDescription, FormatCode, Statement } from './statement.js';

const FrontendType = {
  Bind: 0x42,
  Close: 0x43,
  Describe: 0x44,
  Execute: 0x45,
  Flush: 0x48,
  Parse: 0x50,
  Sync: 0x53,
} as const;

/** The count of parameters is a uint16. */
const MAX_PARAMETERS = 0xffff;

/** What Describe and Close are about. */
export type NamedObject = 'statement' | 'portal';

/** Appends a Parse. An oid of 0 leaves the type to the server. */
export function encodeParse(out: WriteBuffer, name: string, sql: string, parameterOids: readonly number[]): void {
  if (parameterOids.length > MAX_PARAMETERS) {
    throw new RangeError(`a statement has at most ${MAX_PARAMETERS} parameters, got ${parameterOids.length}`);
  }
  const frame = out.beginFrame(FrontendType.Parse);
  out.writeCString(name);
  out.writeCString(sql);
  out.writeUint16(parameterOids.length);
  for (const oid of parameterOids) out.writeUint32(oid);
  out.endFrame(frame);
}

/** Appends a Bind. */
export function encodeBind(out: WriteBuffer, portal: string, statement: Statement, values: readonly unknown[]): void {
  const frame = out.beginFrame(FrontendType.Bind);
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
  out.endFrame(frame);
}

/** Appends an Execute: run a bound portal. `maxRows` of 0 means all. */
export function encodeExecute(out: WriteBuffer, portal: string, maxRows: number): void {
  if (!(maxRows >= 0)) throw new RangeError(`maxRows must be 0 (all) or more, got ${maxRows}`);
  const frame = out.beginFrame(FrontendType.Execute);
  out.writeCString(portal);
  out.writeInt32(maxRows);
  out.endFrame(frame);
}

/** Appends a Describe. */
export function encodeDescribe(out: WriteBuffer, what: NamedObject, name: string): void {
  encodeNamed(out, FrontendType.Describe, what, name);
}

/** Appends a Close. */
export function encodeClose(out: WriteBuffer, what: NamedObject, name: string): void {
  encodeNamed(out, FrontendType.Close, what, name);
}

/** Appends a Sync. */
export function encodeSync(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(FrontendType.Sync));
}

/** Appends a Flush. */
export function encodeFlush(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(FrontendType.Flush));
}

/** Decodes a ParameterDescription: the oid of each parameter's type. */
export function decodeParameterDescription(input: ReadBuffer): number[] {
  const count = input.readUint16();
  const oids: number[] = [];
  for (let i = 0; i < count; i++) oids.push(input.readUint32());
  return oids;
}

/** Decodes a RowDescription. */
export function decodeRowDescription(input: ReadBuffer): FieldDescription[] {
  const count = input.readUint16();
  const fields: FieldDescription[] = [];
  for (let i = 0; i < count; i++) {
    fields.push({
      name: input.readCString(),
      tableOid: input.readUint32(),
      columnNumber: input.readInt16(),
      typeOid: input.readUint32(),
      typeSize: input.readInt16(),
      typeModifier: input.readInt32(),
      format: formatCode(input.readUint16()),
    });
  }
  return fields;
}

function encodeNamed(out: WriteBuffer, type: number, what: NamedObject, name: string): void {
  const frame = out.beginFrame(type);
  out.writeUint8(what === 'statement' ? 0x53 : 0x50);
  out.writeCString(name);
  out.endFrame(frame);
}

function formatCode(code: number): FormatCode {
  if (code !== 0 && code !== 1) throw new RemoteProtocolError(`a format code is 0 or 1, got ${code}`);
  return code;
}
