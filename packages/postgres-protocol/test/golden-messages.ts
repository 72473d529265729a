import type { AuthenticationAnswerName, BackendMessageName, FrontendMessageName } from '../src/messages/names.js';
import type { StartupPacket } from '../src/messages/startup.js';
import type { Golden, GoldenMessage } from './fixtures/goldens/index.js';

/** What the frontend may send, by the manual's name. */
export type ClientMessageName = FrontendMessageName | StartupPacket['kind'];

/** A message of a golden, with its name. */
export type NamedMessage =
  | (GoldenMessage & { readonly from: 'F'; readonly name: ClientMessageName })
  | (GoldenMessage & { readonly from: 'B'; readonly name: BackendMessageName | 'answer' });

/** By type byte. Written down once more, by the manual, so that the sources do not judge themselves. */
const FRONTEND: Readonly<Record<string, ClientMessageName>> = {
  B: 'Bind',
  C: 'Close',
  D: 'Describe',
  E: 'Execute',
  F: 'FunctionCall',
  H: 'Flush',
  P: 'Parse',
  Q: 'Query',
  S: 'Sync',
  X: 'Terminate',
  c: 'CopyDone',
  d: 'CopyData',
  f: 'CopyFail',
};
const BACKEND: Readonly<Record<string, BackendMessageName>> = {
  '1': 'ParseComplete',
  '2': 'BindComplete',
  '3': 'CloseComplete',
  A: 'NotificationResponse',
  C: 'CommandComplete',
  D: 'DataRow',
  E: 'ErrorResponse',
  G: 'CopyInResponse',
  H: 'CopyOutResponse',
  I: 'EmptyQueryResponse',
  K: 'BackendKeyData',
  N: 'NoticeResponse',
  S: 'ParameterStatus',
  T: 'RowDescription',
  V: 'FunctionCallResponse',
  W: 'CopyBothResponse',
  Z: 'ReadyForQuery',
  c: 'CopyDone',
  d: 'CopyData',
  n: 'NoData',
  s: 'PortalSuspended',
  t: 'ParameterDescription',
  v: 'NegotiateProtocolVersion',
};
const AUTHENTICATION: Readonly<Record<number, BackendMessageName>> = {
  0: 'AuthenticationOk',
  3: 'AuthenticationCleartextPassword',
  5: 'AuthenticationMD5Password',
  10: 'AuthenticationSASL',
  11: 'AuthenticationSASLContinue',
  12: 'AuthenticationSASLFinal',
};
const ANSWERS: Partial<Record<BackendMessageName, AuthenticationAnswerName>> = {
  AuthenticationCleartextPassword: 'PasswordMessage',
  AuthenticationMD5Password: 'PasswordMessage',
  AuthenticationSASL: 'SASLInitialResponse',
  AuthenticationSASLContinue: 'SASLResponse',
};
const UNTYPED: Readonly<Record<number, ClientMessageName>> = {
  80877102: 'CancelRequest',
  80877103: 'SSLRequest',
  80877104: 'GSSENCRequest',
};

/** Names the messages of a conversation; `answer` is the byte that answers SSLRequest or GSSENCRequest. */
export function namedMessages({ messages }: Golden): NamedMessage[] {
  let answer: AuthenticationAnswerName | undefined;
  return messages.map((message): NamedMessage => {
    const { from, bytes } = message;
    const type = String.fromCharCode(bytes[0] ?? 0);
    if (from === 'F') {
      const name = type === '\0' ? (UNTYPED[int32At(bytes, 4)] ?? 'StartupMessage') : (FRONTEND[type] ?? answer);
      if (name === undefined) throw new Error(`no message of a frontend: ${type}`);
      return { ...message, from, name };
    }
    if (bytes.length === 1) return { ...message, from, name: 'answer' };
    const name = type === 'R' ? AUTHENTICATION[int32At(bytes, 5)] : BACKEND[type];
    if (name === undefined) throw new Error(`no message of a backend: ${type}`);
    if (type === 'R') answer = ANSWERS[name];
    return { ...message, from, name };
  });
}

function int32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(offset);
}
