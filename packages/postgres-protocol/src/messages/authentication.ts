import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import { BACKEND_LENGTHS, FRONTEND_LENGTHS, endFrameWithin } from './lengths.js';
import { AUTHENTICATION_METHODS, BACKEND_TYPES, FRONTEND_TYPES, type AuthenticationMessageName } from './names.js';
import { readValue, writeValue, type RawValue } from './values.js';

const SALT_BYTES = 4;

const NO_MECHANISM = 'a SASLInitialResponse names no mechanism';

/** The fields of a SASLInitialResponse. */
export interface SASLInitialResponse {
  readonly mechanism: string;
  /** The mechanism's first message; `null` where the client has none, which is not the same as an empty one. */
  readonly data: RawValue;
}

/** Appends an AuthenticationOk. */
export function encodeAuthenticationOk(out: WriteBuffer): void {
  encodeBareRequest(out, 'AuthenticationOk');
}

/** Appends an AuthenticationKerberosV5. */
export function encodeAuthenticationKerberosV5(out: WriteBuffer): void {
  encodeBareRequest(out, 'AuthenticationKerberosV5');
}

/** Appends an AuthenticationCleartextPassword. */
export function encodeAuthenticationCleartextPassword(out: WriteBuffer): void {
  encodeBareRequest(out, 'AuthenticationCleartextPassword');
}

/**
 * Appends an AuthenticationMD5Password.
 *
 * @param salt - 4 bytes.
 */
export function encodeAuthenticationMD5Password(out: WriteBuffer, salt: Uint8Array): void {
  if (salt.length !== SALT_BYTES) throw new RangeError(`a salt has ${SALT_BYTES} bytes, got ${salt.length}`);
  encodeRequest(out, 'AuthenticationMD5Password', salt);
}

/** Decodes the rest of an AuthenticationMD5Password: a salt of 4 bytes. */
export function decodeAuthenticationMD5Password(input: ReadBuffer): Uint8Array {
  return input.readBytes(SALT_BYTES);
}

/** Appends an AuthenticationGSS. */
export function encodeAuthenticationGSS(out: WriteBuffer): void {
  encodeBareRequest(out, 'AuthenticationGSS');
}

/** Appends an AuthenticationGSSContinue, of GSSAPI or SSPI. */
export function encodeAuthenticationGSSContinue(out: WriteBuffer, data: Uint8Array): void {
  encodeRequest(out, 'AuthenticationGSSContinue', data);
}

/** Decodes the rest of an AuthenticationGSSContinue. */
export function decodeAuthenticationGSSContinue(input: ReadBuffer): Uint8Array {
  return input.readBytes(input.length);
}

/** Appends an AuthenticationSSPI. */
export function encodeAuthenticationSSPI(out: WriteBuffer): void {
  encodeBareRequest(out, 'AuthenticationSSPI');
}

/**
 * Appends an AuthenticationSASL.
 *
 * @param mechanisms - Names that are not empty, in the order of preference.
 */
export function encodeAuthenticationSASL(out: WriteBuffer, mechanisms: readonly string[]): void {
  if (mechanisms.includes('')) throw new RangeError('the name of a mechanism must not be empty, that ends the list');
  const start = out.length;
  const frame = out.beginFrame(BACKEND_TYPES.AuthenticationSASL);
  out.writeInt32(AUTHENTICATION_METHODS.AuthenticationSASL);
  for (const mechanism of mechanisms) out.writeCString(mechanism);
  out.writeUint8(0);
  endFrameWithin(out, frame, start, 'Authentication', BACKEND_LENGTHS.Authentication);
}

/** Decodes the rest of an AuthenticationSASL: names up to an empty one. */
export function decodeAuthenticationSASL(input: ReadBuffer): string[] {
  const mechanisms: string[] = [];
  for (let name = input.readCString(); name !== ''; name = input.readCString()) mechanisms.push(name);
  return mechanisms;
}

/** Appends an AuthenticationSASLContinue. */
export function encodeAuthenticationSASLContinue(out: WriteBuffer, data: Uint8Array): void {
  encodeRequest(out, 'AuthenticationSASLContinue', data);
}

/** Decodes the rest of an AuthenticationSASLContinue: the mechanism's bytes. */
export function decodeAuthenticationSASLContinue(input: ReadBuffer): Uint8Array {
  return input.readBytes(input.length);
}

/** Appends an AuthenticationSASLFinal. */
export function encodeAuthenticationSASLFinal(out: WriteBuffer, data: Uint8Array): void {
  encodeRequest(out, 'AuthenticationSASLFinal', data);
}

/** Decodes the rest of an AuthenticationSASLFinal: the mechanism's bytes. */
export function decodeAuthenticationSASLFinal(input: ReadBuffer): Uint8Array {
  return input.readBytes(input.length);
}

/**
 * Appends a PasswordMessage.
 *
 * @throws {RangeError} For U+0000 in the password, or more than the 65535 bytes that a server takes.
 */
export function encodePasswordMessage(out: WriteBuffer, password: string): void {
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.PasswordMessage);
  out.writeCString(password);
  endFrameWithin(out, frame, start, 'AuthenticationAnswer', FRONTEND_LENGTHS.AuthenticationAnswer);
}

/** Decodes a PasswordMessage: the password, or `md5` and its digest. */
export function decodePasswordMessage(input: ReadBuffer): string {
  return input.readCString();
}

/**
 * Appends a SASLInitialResponse.
 *
 * @throws {RangeError} For no mechanism, U+0000 in its name, or more than the 65535 bytes that a server takes.
 */
export function encodeSASLInitialResponse(out: WriteBuffer, mechanism: string, data: RawValue): void {
  if (mechanism === '') throw new RangeError(NO_MECHANISM);
  const start = out.length;
  const frame = out.beginFrame(FRONTEND_TYPES.SASLInitialResponse);
  out.writeCString(mechanism);
  writeValue(out, data);
  endFrameWithin(out, frame, start, 'AuthenticationAnswer', FRONTEND_LENGTHS.AuthenticationAnswer);
}

/** Decodes a SASLInitialResponse. */
export function decodeSASLInitialResponse(input: ReadBuffer): SASLInitialResponse {
  const mechanism = input.readCString();
  if (mechanism === '') throw new RemoteProtocolError(NO_MECHANISM);
  return { mechanism, data: readValue(input) };
}

/** Appends a SASLResponse. */
export function encodeSASLResponse(out: WriteBuffer, data: Uint8Array): void {
  encodeAnswer(out, FRONTEND_TYPES.SASLResponse, data);
}

/** Decodes a SASLResponse: the mechanism's bytes. */
export function decodeSASLResponse(input: ReadBuffer): Uint8Array {
  return input.readBytes(input.length);
}

/** Appends a GSSResponse, of GSSAPI or SSPI. */
export function encodeGSSResponse(out: WriteBuffer, data: Uint8Array): void {
  encodeAnswer(out, FRONTEND_TYPES.GSSResponse, data);
}

/** Decodes a GSSResponse. */
export function decodeGSSResponse(input: ReadBuffer): Uint8Array {
  return input.readBytes(input.length);
}

const NO_BYTES = new Uint8Array(0);

function encodeBareRequest(out: WriteBuffer, name: AuthenticationMessageName): void {
  encodeRequest(out, name, NO_BYTES);
}

function encodeRequest(out: WriteBuffer, name: AuthenticationMessageName, data: Uint8Array): void {
  const start = out.length;
  const frame = out.beginFrame(BACKEND_TYPES[name]);
  out.writeInt32(AUTHENTICATION_METHODS[name]);
  out.writeBytes(data);
  endFrameWithin(out, frame, start, 'Authentication', BACKEND_LENGTHS.Authentication);
}

function encodeAnswer(out: WriteBuffer, type: number, data: Uint8Array): void {
  const start = out.length;
  const frame = out.beginFrame(type);
  out.writeBytes(data);
  endFrameWithin(out, frame, start, 'AuthenticationAnswer', FRONTEND_LENGTHS.AuthenticationAnswer);
}
