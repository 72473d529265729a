import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { BACKEND_TYPES } from './names.js';

/**
 * The fields of an ErrorResponse or NoticeResponse, by the names of the manual.
 *
 * @see {@link https://www.postgresql.org/docs/current/protocol-error-fields.html | Error and Notice Message Fields}
 */
export interface ServerMessageFields {
  /** `S`: localised; see `severityCode` for the stable one. */
  readonly severity: string;
  /** `V`: ERROR, FATAL, PANIC, WARNING, NOTICE, DEBUG, INFO or LOG; always in English. `S` where the server is too old for it. */
  readonly severityCode: string;
  /** `C`: SQLSTATE, five characters. */
  readonly sqlState: string;
  readonly message: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** 1-based index, in characters (code points), into the query text. */
  readonly position: number | undefined;
  readonly internalPosition: number | undefined;
  readonly internalQuery: string | undefined;
  readonly where: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly dataType: string | undefined;
  readonly constraint: string | undefined;
  /** Source file, line and routine of the server, for bug reports to PostgreSQL. */
  readonly file: string | undefined;
  readonly line: string | undefined;
  readonly routine: string | undefined;
}

/** What an ErrorResponse or NoticeResponse is made from. `severityCode` is `severity` where it is left out. */
export type ServerMessage = Partial<ServerMessageFields> &
  Pick<ServerMessageFields, 'severity' | 'sqlState' | 'message'>;

/** A NOTIFY that arrived on a channel to which this connection listens. */
export interface Notification {
  /** Of the session that notified. */
  readonly processId: number;
  readonly channel: string;
  readonly payload: string;
}

/** The type byte of each field, in the order in which servers send them. */
const FIELD_TYPES = {
  severity: 'S',
  severityCode: 'V',
  sqlState: 'C',
  message: 'M',
  detail: 'D',
  hint: 'H',
  position: 'P',
  internalPosition: 'p',
  internalQuery: 'q',
  where: 'W',
  schema: 's',
  table: 't',
  column: 'c',
  dataType: 'd',
  constraint: 'n',
  file: 'F',
  line: 'L',
  routine: 'R',
} as const satisfies Record<keyof ServerMessageFields, string>;

/** An int of the server. */
const MAX_POSITION = 0x7fff_ffff;

/**
 * Appends an ErrorResponse.
 *
 * @throws {RangeError} For an empty severity, an `sqlState` that is none, a position that is none, U+0000 in a text.
 */
export function encodeErrorResponse(out: WriteBuffer, fields: ServerMessage): void {
  encodeServerMessage(out, BACKEND_TYPES.ErrorResponse, fields);
}

/** Decodes an ErrorResponse. Fields of unknown types are skipped, as the manual asks. */
export function decodeErrorResponse(input: ReadBuffer): ServerMessageFields {
  return decodeServerMessage(input);
}

/** Appends a NoticeResponse; see {@link encodeErrorResponse}. */
export function encodeNoticeResponse(out: WriteBuffer, fields: ServerMessage): void {
  encodeServerMessage(out, BACKEND_TYPES.NoticeResponse, fields);
}

/** Decodes a NoticeResponse. Fields of unknown types are skipped, as the manual asks. */
export function decodeNoticeResponse(input: ReadBuffer): ServerMessageFields {
  return decodeServerMessage(input);
}

/** Appends a NotificationResponse. */
export function encodeNotificationResponse(
  out: WriteBuffer,
  processId: number,
  channel: string,
  payload: string,
): void {
  const frame = out.beginFrame(BACKEND_TYPES.NotificationResponse);
  out.writeInt32(processId);
  out.writeCString(channel);
  out.writeCString(payload);
  out.endFrame(frame);
}

/** Decodes a NotificationResponse. */
export function decodeNotificationResponse(input: ReadBuffer): Notification {
  return { processId: input.readInt32(), channel: input.readCString(), payload: input.readCString() };
}

/** Fields for a message that came, or is made, without most of them. */
export function bareFields(severity: string, sqlState: string, message: string): ServerMessageFields {
  return {
    severity,
    severityCode: severity,
    sqlState,
    message,
    detail: undefined,
    hint: undefined,
    position: undefined,
    internalPosition: undefined,
    internalQuery: undefined,
    where: undefined,
    schema: undefined,
    table: undefined,
    column: undefined,
    dataType: undefined,
    constraint: undefined,
    file: undefined,
    line: undefined,
    routine: undefined,
  };
}

function encodeServerMessage(out: WriteBuffer, type: number, fields: ServerMessage): void {
  checkServerMessage(fields);
  const frame = out.beginFrame(type);
  const complete = { ...fields, severityCode: fields.severityCode ?? fields.severity };
  for (const [name, byte] of Object.entries(FIELD_TYPES) as [keyof ServerMessageFields, string][]) {
    const value = complete[name];
    if (value === undefined) continue;
    out.writeUint8(byte.charCodeAt(0));
    out.writeCString(String(value));
  }
  out.writeUint8(0);
  out.endFrame(frame);
}

function checkServerMessage({ severity, sqlState, position: at, internalPosition }: ServerMessage): void {
  if (severity === '') throw new RangeError('severity must not be empty');
  if (!/^[0-9A-Z]{5}$/.test(sqlState)) throw new RangeError('sqlState has five characters, digits and capital letters');
  checkPosition('position', at);
  checkPosition('internalPosition', internalPosition);
}

function checkPosition(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isInteger(value) && value > 0 && value <= MAX_POSITION)) {
    throw new RangeError(`${name} must be an integer from 1 to ${MAX_POSITION}, got ${String(value)}`);
  }
}

function decodeServerMessage(input: ReadBuffer): ServerMessageFields {
  const texts = new Map<string, string>();
  for (let type = input.readUint8(); type !== 0; type = input.readUint8()) {
    texts.set(String.fromCharCode(type), input.readCString());
  }
  const severity = texts.get('S') ?? '';
  return {
    severity,
    severityCode: texts.get('V') ?? severity,
    sqlState: texts.get('C') ?? '',
    message: texts.get('M') ?? '',
    detail: texts.get('D'),
    hint: texts.get('H'),
    position: position(texts.get('P')),
    internalPosition: position(texts.get('p')),
    internalQuery: texts.get('q'),
    where: texts.get('W'),
    schema: texts.get('s'),
    table: texts.get('t'),
    column: texts.get('c'),
    dataType: texts.get('d'),
    constraint: texts.get('n'),
    file: texts.get('F'),
    line: texts.get('L'),
    routine: texts.get('R'),
  };
}

function position(digits: string | undefined): number | undefined {
  return digits !== undefined && /^[0-9]{1,10}$/.test(digits) ? Number(digits) : undefined;
}
