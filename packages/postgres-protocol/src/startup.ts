import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from './errors.js';

/** 3.0, as every server since PostgreSQL 7.4 speaks it. */
const PROTOCOL_VERSION = 3 << 16;

/** 1234.5678: a version number that never was. */
const CANCEL_REQUEST_CODE = 80877102;

/** MAX_STARTUP_PACKET_LENGTH of the server's pqcomm.h. */
const MAX_STARTUP_BYTES = 10000;

/** int32 in protocol 3.0; up to 256 bytes in 3.2, which proxies may hand on. */
const SECRET_KEY_BYTES = { min: 4, max: 256 } as const;

const FrontendType = { PasswordOrSasl: 0x70, Terminate: 0x58 } as const;

/** Whom to be, and with which settings. */
export interface StartupOptions {
  readonly user: string;
  /** The server takes the user's name where it is left out. */
  readonly database?: string | undefined;
  /**
   * Settings of the session (`application_name`, `options`, …) and protocol options (`_pq_.…`). The machine adds
   * `client_encoding`, which is always UTF8.
   */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
}

/**
 * Appends a StartupMessage.
 *
 * @throws {TypeError} For an empty user, or a parameter that is not the caller's to set.
 * @throws {RangeError} For U+0000 in a text, or a message above the 10000 bytes that a server accepts.
 */
export function encodeStartup(out: WriteBuffer, options: StartupOptions): void {
  const { user, database, parameters = {} } = options;
  if (user === '') throw new TypeError('user must not be empty');
  for (const name of ['', 'user', 'database', 'client_encoding']) {
    if (Object.hasOwn(parameters, name)) throw new TypeError(`parameters must not have a key ${JSON.stringify(name)}`);
  }
  const pairs = { user, ...(database === undefined ? {} : { database }), client_encoding: 'UTF8', ...parameters };
  const before = out.length;
  const frame = out.beginFrame();
  out.writeInt32(PROTOCOL_VERSION);
  for (const [name, value] of Object.entries(pairs)) {
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

/** Appends a PasswordMessage. */
export function encodePassword(out: WriteBuffer, password: string): void {
  const frame = out.beginFrame(FrontendType.PasswordOrSasl);
  out.writeCString(password);
  out.endFrame(frame);
}

/** Appends a SASLInitialResponse. */
export function encodeSaslInitialResponse(out: WriteBuffer, mechanism: string, data: string): void {
  const frame = out.beginFrame(FrontendType.PasswordOrSasl);
  out.writeCString(mechanism);
  out.writeLengthPrefixedUtf8(data);
  out.endFrame(frame);
}

/** Appends a SASLResponse. */
export function encodeSaslResponse(out: WriteBuffer, data: string): void {
  const frame = out.beginFrame(FrontendType.PasswordOrSasl);
  out.writeUtf8(data);
  out.endFrame(frame);
}

/** Appends a Terminate. */
export function encodeTerminate(out: WriteBuffer): void {
  out.endFrame(out.beginFrame(FrontendType.Terminate));
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
    out.writeInt32(CANCEL_REQUEST_CODE);
    out.writeInt32(processId);
    out.writeBytes(secretKey);
    out.endFrame(frame);
  });
}

/** Decodes the rest of an AuthenticationSASL: names up to an empty one. */
export function decodeSaslMechanisms(input: ReadBuffer): string[] {
  const mechanisms: string[] = [];
  for (let name = input.readCString(); name !== ''; name = input.readCString()) mechanisms.push(name);
  return mechanisms;
}

/** Decodes a BackendKeyData. */
export function decodeBackendKeyData(input: ReadBuffer): { processId: number; secretKey: Uint8Array } {
  const processId = input.readInt32();
  checkSecretKeyLength(input.length, (text) => new RemoteProtocolError(text));
  return { processId, secretKey: input.readBytes(input.length) };
}

/**
 * Decodes a NegotiateProtocolVersion.
 *
 * @returns The `_pq_.` options that the server does not know.
 * @throws {RemoteProtocolError} If it names a version other than the one asked for, or an option that cannot have been.
 */
export function decodeNegotiateProtocolVersion(input: ReadBuffer): string[] {
  const version = input.readUint32();
  if (version !== PROTOCOL_VERSION) {
    throw new RemoteProtocolError(
      `the server wants protocol version ${version >>> 16}.${version & 0xffff}, this machine speaks 3.0`,
    );
  }
  const count = input.readUint32();
  const options: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = input.readCString();
    if (!name.startsWith('_pq_.')) {
      throw new RemoteProtocolError(`the server refuses ${JSON.stringify(name)}, which is no protocol option`);
    }
    options.push(name);
  }
  return options;
}

function checkSecretKeyLength(length: number, makeError: (text: string) => Error): void {
  const { min, max } = SECRET_KEY_BYTES;
  if (length < min || length > max) throw makeError(`a secret key has ${min} to ${max} bytes, this one has ${length}`);
}
