import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import { checkCount } from './counts.js';
import { BACKEND_LENGTHS, STARTUP_LENGTHS, endFrameWithin } from './lengths.js';
import { BACKEND_TYPES, FRONTEND_TYPES } from './names.js';

/** A version of the protocol: 3.0, 3.2. On the wire the major number is the upper half of an int32. */
export interface ProtocolVersion {
  readonly major: number;
  readonly minor: number;
}

/** Status byte of ReadyForQuery: idle, in a transaction block, in a failed transaction block. */
export type TransactionStatus = 'I' | 'T' | 'E';

/** The fields of a StartupMessage. */
export interface StartupMessage {
  readonly protocolVersion: ProtocolVersion;
  /** Names (never empty) and values in the order of the wire: `user`, `database`, settings, `_pq_.` options. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

/** The fields of a BackendKeyData, and of the CancelRequest that quotes it. */
export interface BackendKeyData {
  readonly processId: number;
  /** 4 bytes in protocol 3.0, up to 256 in 3.2. */
  readonly secretKey: Uint8Array;
}

/** The fields of a NegotiateProtocolVersion. */
export interface NegotiateProtocolVersion {
  /** The newest that the server speaks. The manual promises the minor number alone, servers send both. */
  readonly protocolVersion: ProtocolVersion;
  /** The `_pq_.` options that the server does not know. */
  readonly options: readonly string[];
}

/** The first message of a client, which has no type byte. */
export type StartupPacket =
  | ({ readonly kind: 'StartupMessage' } & StartupMessage)
  | { readonly kind: 'SSLRequest' }
  | { readonly kind: 'GSSENCRequest' }
  | ({ readonly kind: 'CancelRequest' } & BackendKeyData);

/** The one major version that has this message format. */
const MAJOR_VERSION = 3;

/** 1234.5678 and on: version numbers that never were. */
const REQUEST_CODES = { CancelRequest: 80877102, SSLRequest: 80877103, GSSENCRequest: 80877104 } as const;

/** The longest first message of a client that servers take. */
export const MAX_STARTUP_BYTES: number = STARTUP_LENGTHS[1];

/** int32 in protocol 3.0; up to 256 bytes in 3.2. */
const SECRET_KEY_BYTES = { min: 4, max: 256 } as const;

/**
 * Appends a StartupMessage.
 *
 * @throws {RangeError} For a version whose numbers are no uint16, an empty name, U+0000 in a text, or a message above
 * the 10004 bytes that a server accepts.
 */
export function encodeStartupMessage(
  out: WriteBuffer,
  protocolVersion: ProtocolVersion,
  parameters: StartupMessage['parameters'],
): void {
  if (parameters.some(([name]) => name === '')) throw new RangeError('the name of a parameter must not be empty');
  const before = out.length;
  const frame = out.beginFrame();
  writeVersion(out, protocolVersion);
  for (const [name, value] of parameters) {
    out.writeCString(name);
    out.writeCString(value);
  }
  out.writeUint8(0);
  out.endFrame(frame);
  const length = out.length - before;
  if (length > MAX_STARTUP_BYTES) {
    throw new RangeError(`a startup message has at most ${MAX_STARTUP_BYTES} bytes, these parameters need ${length}`);
  }
}

/** Appends an SSLRequest. The server answers with one byte, `S` or `N`, outside of all framing. */
export function encodeSSLRequest(out: WriteBuffer): void {
  encodeRequest(out, REQUEST_CODES.SSLRequest);
}

/** Appends a GSSENCRequest. The server answers with one byte, `G` or `N`, outside of all framing. */
export function encodeGSSENCRequest(out: WriteBuffer): void {
  encodeRequest(out, REQUEST_CODES.GSSENCRequest);
}

/**
 * Appends a CancelRequest: the only message of a connection of its own, which the server closes without an answer.
 *
 * @param out - The output of that connection; nothing else may have been sent on it.
 * @param processId - From `backendKeyData`.
 * @param secretKey - From `backendKeyData`, 4 to 256 bytes.
 * @throws {RangeError} If `processId` is no int32 or `secretKey` has another length; nothing is written.
 * @remarks The server cancels whatever the session is running when the request arrives, which may be a later query.
 * @see {@link https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS | Canceling Requests}
 */
export function encodeCancelRequest(out: WriteBuffer, processId: number, secretKey: Uint8Array): void {
  checkSecretKeyLength(secretKey.length, (text) => new RangeError(text));
  out.atomic(() => {
    const frame = out.beginFrame();
    out.writeInt32(REQUEST_CODES.CancelRequest);
    out.writeInt32(processId);
    out.writeBytes(secretKey);
    out.endFrame(frame);
  });
}

/**
 * Decodes the first message of a client. The frame has no type byte.
 *
 * @throws {RemoteProtocolError} For another major version than 3, whose message has another format.
 */
export function decodeStartupPacket(input: ReadBuffer): StartupPacket {
  const code = input.readUint32();
  switch (code) {
    case REQUEST_CODES.SSLRequest:
      return { kind: 'SSLRequest' };
    case REQUEST_CODES.GSSENCRequest:
      return { kind: 'GSSENCRequest' };
    case REQUEST_CODES.CancelRequest:
      return { kind: 'CancelRequest', ...decodeBackendKeyData(input) };
    default:
      return { kind: 'StartupMessage', ...decodeStartupMessage(input, versionOf(code)) };
  }
}

/** Appends a NegotiateProtocolVersion. */
export function encodeNegotiateProtocolVersion(
  out: WriteBuffer,
  protocolVersion: ProtocolVersion,
  options: readonly string[],
): void {
  const start = out.length;
  const frame = out.beginFrame(BACKEND_TYPES.NegotiateProtocolVersion);
  writeVersion(out, protocolVersion);
  out.writeInt32(options.length);
  for (const option of options) out.writeCString(option);
  endFrameWithin(out, frame, start, 'NegotiateProtocolVersion', BACKEND_LENGTHS.NegotiateProtocolVersion);
}

/** Decodes a NegotiateProtocolVersion. Whether the version and the options make sense is for the caller to judge. */
export function decodeNegotiateProtocolVersion(input: ReadBuffer): NegotiateProtocolVersion {
  const protocolVersion = versionOf(input.readUint32());
  const count = input.readUint32();
  checkCount(input, 'options', count, 1);
  const options: string[] = [];
  for (let i = 0; i < count; i++) options.push(input.readCString());
  return { protocolVersion, options };
}

/**
 * Appends a BackendKeyData.
 *
 * @param secretKey - 4 to 256 bytes; exactly 4 in protocol 3.0.
 */
export function encodeBackendKeyData(out: WriteBuffer, processId: number, secretKey: Uint8Array): void {
  checkSecretKeyLength(secretKey.length, (text) => new RangeError(text));
  const frame = out.beginFrame(BACKEND_TYPES.BackendKeyData);
  out.writeInt32(processId);
  out.writeBytes(secretKey);
  out.endFrame(frame);
}

/**
 * Decodes a BackendKeyData.
 *
 * @throws {RemoteProtocolError} For a key that does not have 4 to 256 bytes.
 */
export function decodeBackendKeyData(input: ReadBuffer): BackendKeyData {
  const processId = input.readInt32();
  checkSecretKeyLength(input.length, (text) => new RemoteProtocolError(text));
  return { processId, secretKey: input.readBytes(input.length) };
}

/**
 * Appends a ParameterStatus.
 *
 * @throws {RangeError} For U+0000 in a text, or more than the 30000 bytes that libpq takes.
 */
export function encodeParameterStatus(out: WriteBuffer, name: string, value: string): void {
  const start = out.length;
  const frame = out.beginFrame(BACKEND_TYPES.ParameterStatus);
  out.writeCString(name);
  out.writeCString(value);
  endFrameWithin(out, frame, start, 'ParameterStatus', BACKEND_LENGTHS.ParameterStatus);
}

/** Decodes a ParameterStatus. */
export function decodeParameterStatus(input: ReadBuffer): { readonly name: string; readonly value: string } {
  return { name: input.readCString(), value: input.readCString() };
}

/** Appends a ReadyForQuery. */
export function encodeReadyForQuery(out: WriteBuffer, status: TransactionStatus): void {
  if (!isTransactionStatus(status)) throw new RangeError(`a transaction status is I, T or E, got ${String(status)}`);
  const frame = out.beginFrame(BACKEND_TYPES.ReadyForQuery);
  out.writeUint8(status.charCodeAt(0));
  out.endFrame(frame);
}

/** Decodes a ReadyForQuery. */
export function decodeReadyForQuery(input: ReadBuffer): TransactionStatus {
  const byte = input.readUint8();
  const status = String.fromCharCode(byte);
  if (isTransactionStatus(status)) return status;
  throw new RemoteProtocolError(`a transaction status is I, T or E, got byte ${byte}`);
}

/** Appends a Terminate. */
export function encodeTerminate(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(FRONTEND_TYPES.Terminate));
}

function encodeRequest(out: WriteBuffer, code: number): void {
  const frame = out.beginFrame();
  out.writeInt32(code);
  out.endFrame(frame);
}

function decodeStartupMessage(input: ReadBuffer, protocolVersion: ProtocolVersion): StartupMessage {
  const { major, minor } = protocolVersion;
  if (major !== MAJOR_VERSION) {
    throw new RemoteProtocolError(`the client wants protocol version ${major}.${minor}, only 3.x is known`);
  }
  const parameters: [string, string][] = [];
  for (let name = input.readCString(); name !== ''; name = input.readCString()) {
    parameters.push([name, input.readCString()]);
  }
  return { protocolVersion, parameters };
}

function writeVersion(out: WriteBuffer, { major, minor }: ProtocolVersion): void {
  out.writeUint16(major);
  out.writeUint16(minor);
}

function versionOf(code: number): ProtocolVersion {
  return { major: code >>> 16, minor: code & 0xffff };
}

function isTransactionStatus(status: string): status is TransactionStatus {
  return status === 'I' || status === 'T' || status === 'E';
}

function checkSecretKeyLength(length: number, makeError: (text: string) => Error): void {
  const { min, max } = SECRET_KEY_BYTES;
  if (length < min || length > max) throw makeError(`a secret key has ${min} to ${max} bytes, this one has ${length}`);
}
