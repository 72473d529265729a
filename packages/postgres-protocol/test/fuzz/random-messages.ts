// Messages of both ends with fields drawn at random: well-formed, but seldom sensible.
import { WriteBuffer } from '@millrace/write-buffer';
import type { SeededRandom } from '@millrace/testkit';
import * as authentication from '../../src/messages/authentication.js';
import * as copy from '../../src/messages/copy.js';
import * as extended from '../../src/messages/extended-query.js';
import type { FormatCode } from '../../src/messages/format-codes.js';
import * as functionCall from '../../src/messages/function-call.js';
import type { BackendMessageName, FrontendMessageName } from '../../src/messages/names.js';
import * as notices from '../../src/messages/notices.js';
import * as simple from '../../src/messages/simple-query.js';
import * as startup from '../../src/messages/startup.js';
import type { RawValue } from '../../src/messages/values.js';

type Writer = (out: WriteBuffer, random: SeededRandom) => void;

const TEXTS = ['', 'a', 'select 1', 'tëxt €', '😀', 'x'.repeat(70), 'user', 'SCRAM-SHA-256', '_pq_.x', '\u2028'];
const OIDS = [0, 16, 20, 23, 25, 1007, 1700, 3802, 4294967295];

export function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.int(0, from.length - 1)] as T;
}

function several<T>(random: SeededRandom, most: number, make: () => T): T[] {
  return Array.from({ length: random.int(0, most) }, make);
}

const text = (random: SeededRandom): string => pick(random, TEXTS);
const bytes = (random: SeededRandom): Uint8Array => random.bytes(random.int(0, 12));
const format = (random: SeededRandom): FormatCode => (random.int(0, 1) === 0 ? 0 : 1);
const formats = (random: SeededRandom): FormatCode[] => several(random, 3, () => format(random));
const int32 = (random: SeededRandom): number => pick(random, [0, 1, -1, 7, 2147483647, -2147483648]);
const rawValue = (random: SeededRandom): RawValue => (random.int(0, 3) === 0 ? null : bytes(random));
const rawValues = (random: SeededRandom): RawValue[] => several(random, 4, () => rawValue(random));
const oids = (random: SeededRandom): number[] => several(random, 4, () => pick(random, OIDS));
const what = (random: SeededRandom): extended.NamedObject => pick(random, ['statement', 'portal']);
const secretKey = (random: SeededRandom): Uint8Array => random.bytes(pick(random, [4, 4, 4, 32, 256]));

function field(random: SeededRandom): simple.FieldDescription {
  return {
    name: text(random),
    tableOid: pick(random, OIDS),
    columnNumber: random.int(-1, 3),
    typeOid: pick(random, OIDS),
    typeSize: random.int(-2, 8),
    typeModifier: int32(random),
    format: format(random),
  };
}

function serverMessage(random: SeededRandom): notices.ServerMessage {
  const severity = pick(random, ['ERROR', 'ERROR', 'ERROR', 'FATAL', 'PANIC', 'NOTICE', 'WARNING', 'FEHLER']);
  const sqlState = pick(random, ['42601', '57P01', '00000', 'XX000']);
  return { severity, sqlState, message: text(random), ...(random.int(0, 3) === 0 ? { position: 3 } : {}) };
}

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Every message of a server. */
export const BACKEND_WRITERS: Readonly<Record<BackendMessageName, Writer>> = {
  AuthenticationOk: authentication.encodeAuthenticationOk,
  AuthenticationKerberosV5: authentication.encodeAuthenticationKerberosV5,
  AuthenticationCleartextPassword: authentication.encodeAuthenticationCleartextPassword,
  AuthenticationMD5Password: (out, random) => {
    authentication.encodeAuthenticationMD5Password(out, random.bytes(4));
  },
  AuthenticationGSS: authentication.encodeAuthenticationGSS,
  AuthenticationGSSContinue: (out, random) => {
    authentication.encodeAuthenticationGSSContinue(out, bytes(random));
  },
  AuthenticationSSPI: authentication.encodeAuthenticationSSPI,
  AuthenticationSASL: (out, random) => {
    const more = several(random, 2, () => pick(random, ['SCRAM-SHA-256-PLUS', 'OAUTHBEARER', 'X']));
    const mechanisms = random.int(0, 3) === 0 ? more : ['SCRAM-SHA-256', ...more];
    authentication.encodeAuthenticationSASL(out, [...new Set(mechanisms)]);
  },
  AuthenticationSASLContinue: (out, random) => {
    const nonce = pick(random, ['r=rOprNGfwEbeRWgbNEkqOx', 'r=rOprNGfwEbeRWgbNEkqOx', 'r=other']);
    const challenge = utf8(`${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
    const data = pick(random, [
      challenge,
      challenge,
      challenge,
      utf8(`${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999`),
      utf8('{"status":"invalid_token","scope":"s","openid-configuration":"https://a.example"}'),
      utf8('{"status":1'),
      bytes(random),
    ]);
    authentication.encodeAuthenticationSASLContinue(out, data);
  },
  AuthenticationSASLFinal: (out, random) => {
    const data = pick(random, [utf8('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='), utf8('e=no'), bytes(random)]);
    authentication.encodeAuthenticationSASLFinal(out, data);
  },
  BackendKeyData: (out, random) => {
    startup.encodeBackendKeyData(out, int32(random), secretKey(random));
  },
  BindComplete: extended.encodeBindComplete,
  CloseComplete: extended.encodeCloseComplete,
  CommandComplete: (out, random) => {
    simple.encodeCommandComplete(out, text(random));
  },
  CopyBothResponse: (out, random) => {
    copy.encodeCopyBothResponse(out, 0, formats(random).fill(0));
  },
  CopyData: (out, random) => {
    copy.encodeCopyData(out, bytes(random));
  },
  CopyDone: copy.encodeCopyDone,
  CopyInResponse: (out, random) => {
    copy.encodeCopyInResponse(out, 1, formats(random).fill(1));
  },
  CopyOutResponse: (out, random) => {
    copy.encodeCopyOutResponse(out, 0, formats(random).fill(0));
  },
  DataRow: (out, random) => {
    simple.encodeDataRow(out, random.int(0, 1) === 0 ? [utf8('7'), null] : rawValues(random));
  },
  EmptyQueryResponse: simple.encodeEmptyQueryResponse,
  ErrorResponse: (out, random) => {
    notices.encodeErrorResponse(out, serverMessage(random));
  },
  FunctionCallResponse: (out, random) => {
    functionCall.encodeFunctionCallResponse(out, rawValue(random));
  },
  NegotiateProtocolVersion: (out, random) => {
    const options = several(random, 2, () => pick(random, ['_pq_.x', '_pq_.y']));
    startup.encodeNegotiateProtocolVersion(out, { major: 3, minor: pick(random, [0, 0, 2, 9999]) }, options);
  },
  NoData: extended.encodeNoData,
  NoticeResponse: (out, random) => {
    notices.encodeNoticeResponse(out, serverMessage(random));
  },
  NotificationResponse: (out, random) => {
    notices.encodeNotificationResponse(out, int32(random), text(random), text(random));
  },
  ParameterDescription: (out, random) => {
    extended.encodeParameterDescription(out, oids(random));
  },
  ParameterStatus: (out, random) => {
    startup.encodeParameterStatus(out, text(random) || 'name', text(random));
  },
  ParseComplete: extended.encodeParseComplete,
  PortalSuspended: extended.encodePortalSuspended,
  ReadyForQuery: (out, random) => {
    startup.encodeReadyForQuery(out, pick(random, ['I', 'T', 'E']));
  },
  RowDescription: (out, random) => {
    simple.encodeRowDescription(
      out,
      several(random, 3, () => field(random)),
    );
  },
};

/** Every message of a client that has a type byte. */
export const FRONTEND_WRITERS: Readonly<Record<FrontendMessageName, Writer>> = {
  Bind: (out, random) => {
    const values = rawValues(random);
    const some = (): FormatCode[] => pick(random, [[], [format(random)], values.map(() => format(random))]);
    extended.encodeBind(out, text(random), text(random), some(), values, formats(random));
  },
  Close: (out, random) => {
    extended.encodeClose(out, what(random), text(random));
  },
  CopyData: (out, random) => {
    copy.encodeCopyData(out, bytes(random));
  },
  CopyDone: copy.encodeCopyDone,
  CopyFail: (out, random) => {
    copy.encodeCopyFail(out, text(random));
  },
  Describe: (out, random) => {
    extended.encodeDescribe(out, what(random), text(random));
  },
  Execute: (out, random) => {
    extended.encodeExecute(out, text(random), random.int(0, 3));
  },
  Flush: extended.encodeFlush,
  FunctionCall: (out, random) => {
    const values = rawValues(random);
    functionCall.encodeFunctionCall(out, pick(random, OIDS), [format(random)], values, format(random));
  },
  GSSResponse: (out, random) => {
    authentication.encodeGSSResponse(out, bytes(random));
  },
  Parse: (out, random) => {
    extended.encodeParse(out, text(random), text(random), oids(random));
  },
  PasswordMessage: (out, random) => {
    authentication.encodePasswordMessage(out, text(random));
  },
  Query: (out, random) => {
    simple.encodeQuery(out, text(random));
  },
  SASLInitialResponse: (out, random) => {
    authentication.encodeSASLInitialResponse(out, text(random) || 'X', rawValue(random));
  },
  SASLResponse: (out, random) => {
    authentication.encodeSASLResponse(out, bytes(random));
  },
  Sync: extended.encodeSync,
  Terminate: startup.encodeTerminate,
};

/** What a client may begin with. */
export const PACKET_WRITERS: readonly Writer[] = [
  (out, random) => {
    const version = { major: 3, minor: pick(random, [0, 0, 0, 2, 2, 7, 9999]) };
    const options = several(random, 2, () => [pick(random, ['database', '_pq_.x', 'options']), text(random)] as const);
    startup.encodeStartupMessage(out, version, [['user', text(random)], ...options]);
  },
  startup.encodeSSLRequest,
  startup.encodeGSSENCRequest,
  (out, random) => {
    startup.encodeCancelRequest(out, int32(random), secretKey(random));
  },
];

export function written(random: SeededRandom, write: Writer): Uint8Array {
  const out = new WriteBuffer();
  write(out, random);
  return out.take();
}

/** Up to three edits: bytes changed, cut out, doubled, put in. */
export function mutate(random: SeededRandom, original: Uint8Array): Uint8Array {
  let mutated: number[] = [...original];
  for (let edits = random.int(1, 3); edits > 0 && mutated.length > 0; edits--) {
    const at = random.int(0, mutated.length - 1);
    const to = random.int(at, Math.min(mutated.length, at + 12));
    const kind = random.int(0, 4);
    if (kind === 0) mutated[at] = random.int(0, 255);
    else if (kind === 1) mutated[at] = (mutated[at] ?? 0) ^ (1 << random.int(0, 7));
    else if (kind === 2) mutated.splice(at, to - at);
    else if (kind === 3) mutated = [...mutated.slice(0, to), ...mutated.slice(at)];
    else mutated.splice(at, 0, ...random.bytes(random.int(1, 6)));
  }
  return Uint8Array.from(mutated);
}
