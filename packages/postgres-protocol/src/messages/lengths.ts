// How long a message may be, so that a hostile header is refused before a byte of its message is waited for.
import type { FrameLayout, ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { RemoteProtocolError } from '../errors.js';
import {
  BACKEND_TYPES,
  FRONTEND_TYPES,
  hexByte,
  type AuthenticationAnswerName,
  type AuthenticationMessageName,
  type BackendMessageName,
  type FrontendMessageName,
} from './names.js';

/** The least and the most that the length of a message may say. It counts itself and the fields, not the type byte. */
export type LengthRange = readonly [least: number, most: number];

/** A message without fields: the length alone. */
const BARE: LengthRange = [4, 4];

/** As much as an int32 can say. */
const ANY = 0x7fff_ffff;

/** fe-protocol3.c: libpq takes a longer message only of the types in VALID_LONG_MESSAGE_TYPE. */
const MOST_FROM_SERVER = 30_000;

/** fe-connect.c: a server that needs more for an authentication request could not let psql in. */
const MOST_BEFORE_SESSION = 2000;

/** PQ_SMALL_MESSAGE_LIMIT of the server's libpq.h. */
const SMALL_FROM_CLIENT = 10_000;

/** PQ_LARGE_MESSAGE_LIMIT of the server's libpq.h: MaxAllocSize - 1. */
const LARGE_FROM_CLIENT = 0x3fff_fffe;

/** PG_MAX_AUTH_TOKEN_LENGTH of the server's auth.c. */
const MOST_AUTHENTICATION_ANSWER = 65_535;

/** MAX_STARTUP_PACKET_LENGTH of the server's pqcomm.h, which does not count the length itself. */
const MOST_STARTUP_PACKET = 4 + 10_000;

/** The longest list of oids that a count of 16 bits can announce. */
const MOST_PARAMETER_DESCRIPTION = 6 + 4 * 0xffff;

/** What a server may send. All authentication requests share a type byte. */
export const BACKEND_LENGTHS: Readonly<
  Record<Exclude<BackendMessageName, AuthenticationMessageName> | 'Authentication', LengthRange>
> = {
  Authentication: [8, MOST_BEFORE_SESSION],
  BackendKeyData: [12, 264],
  BindComplete: BARE,
  CloseComplete: BARE,
  CommandComplete: [5, MOST_FROM_SERVER],
  CopyBothResponse: [7, MOST_FROM_SERVER],
  CopyData: [4, ANY],
  CopyDone: BARE,
  CopyInResponse: [7, MOST_FROM_SERVER],
  CopyOutResponse: [7, MOST_FROM_SERVER],
  DataRow: [6, ANY],
  EmptyQueryResponse: BARE,
  ErrorResponse: [5, ANY],
  FunctionCallResponse: [8, ANY],
  NegotiateProtocolVersion: [12, MOST_BEFORE_SESSION],
  NoData: BARE,
  NoticeResponse: [5, ANY],
  NotificationResponse: [10, ANY],
  ParameterDescription: [6, MOST_PARAMETER_DESCRIPTION],
  ParameterStatus: [6, MOST_FROM_SERVER],
  ParseComplete: BARE,
  PortalSuspended: BARE,
  ReadyForQuery: [5, 5],
  RowDescription: [6, ANY],
};

/** What a client may send. All answers to an authentication request share a type byte. */
export const FRONTEND_LENGTHS: Readonly<
  Record<Exclude<FrontendMessageName, AuthenticationAnswerName> | 'AuthenticationAnswer', LengthRange>
> = {
  AuthenticationAnswer: [4, MOST_AUTHENTICATION_ANSWER],
  Bind: [12, LARGE_FROM_CLIENT],
  Close: [6, SMALL_FROM_CLIENT],
  CopyData: [4, LARGE_FROM_CLIENT],
  CopyDone: BARE,
  CopyFail: [5, SMALL_FROM_CLIENT],
  Describe: [6, SMALL_FROM_CLIENT],
  Execute: [9, SMALL_FROM_CLIENT],
  Flush: BARE,
  FunctionCall: [14, LARGE_FROM_CLIENT],
  Parse: [8, LARGE_FROM_CLIENT],
  Query: [5, LARGE_FROM_CLIENT],
  Sync: BARE,
  Terminate: BARE,
};

/** What the first message of a client may be, which has no type byte. */
export const STARTUP_LENGTHS: LengthRange = [8, MOST_STARTUP_PACKET];

/** Throws a {@link RemoteProtocolError} unless a message may be so long. */
export type LengthCheck = (type: number, length: number) => void;

type Entry = readonly [name: string, range: LengthRange];

const BACKEND_BY_TYPE = /* @__PURE__ */ byType(BACKEND_LENGTHS, {
  Authentication: BACKEND_TYPES.AuthenticationOk,
  ...BACKEND_TYPES,
});
const FRONTEND_BY_TYPE = /* @__PURE__ */ byType(FRONTEND_LENGTHS, {
  AuthenticationAnswer: FRONTEND_TYPES.PasswordMessage,
  ...FRONTEND_TYPES,
});

const BACKEND_LEAST = Int32Array.from(BACKEND_BY_TYPE, (entry) => entry?.[1][0] ?? 1);
const BACKEND_MOST = Int32Array.from(BACKEND_BY_TYPE, (entry) => entry?.[1][1] ?? 0);

/**
 * Judges the header of a message of a server.
 *
 * @param type - The type byte.
 * @param length - What the length of the message says.
 * @throws {RemoteProtocolError} For a type without a name, and a length that messages of the type cannot have.
 */
export function checkBackendLength(type: number, length: number): void {
  // perf: the driver's small queries; nearly every message passes here.
  if (length >= (BACKEND_LEAST[type] ?? 1) && length <= (BACKEND_MOST[type] ?? 0)) return;
  checkLength('server', BACKEND_BY_TYPE, type, length);
}

/** Judges the header of a message of a client that has a type byte; see {@link checkBackendLength}. */
export function checkFrontendLength(type: number, length: number): void {
  checkLength('client', FRONTEND_BY_TYPE, type, length);
}

/**
 * Judges the header of the message that `takeFrame()` found incomplete. Once for each message is enough.
 *
 * @param input - Between frames.
 * @param layout - Its layout, with a type byte.
 * @returns Whether the header is all there. `false`: try again when more was fed.
 * @throws {RemoteProtocolError} As `check` does; the header stays unread.
 */
export function checkPendingLength(input: ReadBuffer, layout: FrameLayout, check: LengthCheck): boolean {
  if (input.bufferedBytes < 1 + layout.lengthBytes) return false;
  input.setFrame(null); // the header is in no frame
  try {
    check(input.peekUint8(), input.peekInt32(1));
  } finally {
    input.setFrame(layout);
    input.takeFrame(); // so that the buffer knows again how much it waits for
  }
  return true;
}

/**
 * Ends the frame of a message, if the other side takes one so long.
 *
 * @param start - `out.length` when the frame began.
 * @param name - For the error.
 * @param range - Of the tables above.
 * @throws {RangeError} If it does not; the frame is closed, and for the caller to undo.
 */
export function endFrameWithin(out: WriteBuffer, frame: number, start: number, name: string, range: LengthRange): void {
  out.endFrame(frame);
  const length = out.length - start - 1;
  if (length > range[1]) throw new RangeError(`${name} has a length of at most ${range[1]}, this one needs ${length}`);
}

function checkLength(
  sender: 'server' | 'client',
  entries: readonly (Entry | undefined)[],
  type: number,
  length: number,
): void {
  const entry = entries[type];
  if (entry === undefined)
    throw new RemoteProtocolError(`no message of a ${sender} has the type byte ${hexByte(type)}`);
  const [name, range] = entry;
  if (!isIn(range, length)) throw impossible(name, range, length);
}

function isIn([least, most]: LengthRange, length: number): boolean {
  return length >= least && length <= most;
}

function impossible(name: string, [least, most]: LengthRange, length: number): RemoteProtocolError {
  const expected = least === most ? `the length ${least}` : `a length from ${least} to ${most}`;
  return new RemoteProtocolError(`${name} has ${expected}, this one says ${length}`);
}

function byType<Name extends string>(
  ranges: Readonly<Record<Name, LengthRange>>,
  types: Readonly<Record<Name, number>>,
): readonly (Entry | undefined)[] {
  const entries = new Array<Entry | undefined>(256).fill(undefined);
  for (const name of Object.keys(ranges) as Name[]) entries[types[name]] = [name, ranges[name]];
  return entries;
}
