import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import * as authentication from '../src/messages/authentication.js';
import * as copy from '../src/messages/copy.js';
import * as extended from '../src/messages/extended-query.js';
import * as functionCall from '../src/messages/function-call.js';
import * as notices from '../src/messages/notices.js';
import * as simple from '../src/messages/simple-query.js';
import * as startup from '../src/messages/startup.js';
import type { BackendMessageName } from '../src/messages/names.js';
import type { ClientMessageName } from './golden-messages.js';

/** Decodes the message that `input` is in, and encodes it again. */
export type Transcoder = (input: ReadBuffer, out: WriteBuffer) => void;

/** Of messages that no golden has. */
type Unseen =
  'GSSResponse' | 'AuthenticationKerberosV5' | 'AuthenticationGSS' | 'AuthenticationGSSContinue' | 'AuthenticationSSPI';

/** Without fields: only what is encoded can be wrong. */
const bare =
  (encode: (out: WriteBuffer) => void): Transcoder =>
  (_, out) => {
    encode(out);
  };

const same =
  <Fields>(decode: (input: ReadBuffer) => Fields, encode: (out: WriteBuffer, fields: Fields) => void): Transcoder =>
  (input, out) => {
    encode(out, decode(input));
  };

export const FRONTEND_TRANSCODERS: Readonly<Record<Exclude<ClientMessageName, Unseen>, Transcoder>> = {
  StartupMessage: transcodeStartupPacket,
  SSLRequest: transcodeStartupPacket,
  GSSENCRequest: transcodeStartupPacket,
  CancelRequest: transcodeStartupPacket,
  PasswordMessage: same(authentication.decodePasswordMessage, authentication.encodePasswordMessage),
  SASLInitialResponse: same(authentication.decodeSASLInitialResponse, (out, { mechanism, data }) => {
    authentication.encodeSASLInitialResponse(out, mechanism, data);
  }),
  SASLResponse: same(authentication.decodeSASLResponse, authentication.encodeSASLResponse),
  Query: same(simple.decodeQuery, simple.encodeQuery),
  Parse: same(extended.decodeParse, (out, { name, sql, parameterOids }) => {
    extended.encodeParse(out, name, sql, parameterOids);
  }),
  Bind: same(extended.decodeBind, (out, { portal, statement, parameterFormats, values, resultFormats }) => {
    extended.encodeBind(out, portal, statement, parameterFormats, values, resultFormats);
  }),
  Describe: same(extended.decodeDescribe, (out, { what, name }) => {
    extended.encodeDescribe(out, what, name);
  }),
  Execute: same(extended.decodeExecute, (out, { portal, maxRows }) => {
    extended.encodeExecute(out, portal, maxRows);
  }),
  Close: same(extended.decodeClose, (out, { what, name }) => {
    extended.encodeClose(out, what, name);
  }),
  Flush: bare(extended.encodeFlush),
  Sync: bare(extended.encodeSync),
  FunctionCall: same(functionCall.decodeFunctionCall, (out, { functionOid, argumentFormats, ...call }) => {
    functionCall.encodeFunctionCall(out, functionOid, argumentFormats, call.arguments, call.resultFormat);
  }),
  CopyData: same(copy.decodeCopyData, copy.encodeCopyData),
  CopyDone: bare(copy.encodeCopyDone),
  CopyFail: same(copy.decodeCopyFail, copy.encodeCopyFail),
  Terminate: bare(startup.encodeTerminate),
};

/** The method of an authentication request was read. */
export const BACKEND_TRANSCODERS: Readonly<Record<Exclude<BackendMessageName, Unseen>, Transcoder>> = {
  AuthenticationOk: bare(authentication.encodeAuthenticationOk),
  AuthenticationCleartextPassword: bare(authentication.encodeAuthenticationCleartextPassword),
  AuthenticationMD5Password: same(
    authentication.decodeAuthenticationMD5Password,
    authentication.encodeAuthenticationMD5Password,
  ),
  AuthenticationSASL: same(authentication.decodeAuthenticationSASL, authentication.encodeAuthenticationSASL),
  AuthenticationSASLContinue: same(
    authentication.decodeAuthenticationSASLContinue,
    authentication.encodeAuthenticationSASLContinue,
  ),
  AuthenticationSASLFinal: same(
    authentication.decodeAuthenticationSASLFinal,
    authentication.encodeAuthenticationSASLFinal,
  ),
  BackendKeyData: same(startup.decodeBackendKeyData, (out, { processId, secretKey }) => {
    startup.encodeBackendKeyData(out, processId, secretKey);
  }),
  BindComplete: bare(extended.encodeBindComplete),
  CloseComplete: bare(extended.encodeCloseComplete),
  CommandComplete: same(simple.decodeCommandComplete, simple.encodeCommandComplete),
  CopyBothResponse: same(copy.decodeCopyBothResponse, (out, { format, columnFormats }) => {
    copy.encodeCopyBothResponse(out, format, columnFormats);
  }),
  CopyData: same(copy.decodeCopyData, copy.encodeCopyData),
  CopyDone: bare(copy.encodeCopyDone),
  CopyInResponse: same(copy.decodeCopyInResponse, (out, { format, columnFormats }) => {
    copy.encodeCopyInResponse(out, format, columnFormats);
  }),
  CopyOutResponse: same(copy.decodeCopyOutResponse, (out, { format, columnFormats }) => {
    copy.encodeCopyOutResponse(out, format, columnFormats);
  }),
  DataRow: same(simple.decodeDataRow, simple.encodeDataRow),
  EmptyQueryResponse: bare(simple.encodeEmptyQueryResponse),
  ErrorResponse: same(notices.decodeErrorResponse, notices.encodeErrorResponse),
  FunctionCallResponse: same(functionCall.decodeFunctionCallResponse, functionCall.encodeFunctionCallResponse),
  NegotiateProtocolVersion: same(startup.decodeNegotiateProtocolVersion, (out, { protocolVersion, options }) => {
    startup.encodeNegotiateProtocolVersion(out, protocolVersion, options);
  }),
  NoData: bare(extended.encodeNoData),
  NoticeResponse: same(notices.decodeNoticeResponse, notices.encodeNoticeResponse),
  NotificationResponse: same(notices.decodeNotificationResponse, (out, { processId, channel, payload }) => {
    notices.encodeNotificationResponse(out, processId, channel, payload);
  }),
  ParameterDescription: same(extended.decodeParameterDescription, extended.encodeParameterDescription),
  ParameterStatus: same(startup.decodeParameterStatus, (out, { name, value }) => {
    startup.encodeParameterStatus(out, name, value);
  }),
  ParseComplete: bare(extended.encodeParseComplete),
  PortalSuspended: bare(extended.encodePortalSuspended),
  ReadyForQuery: same(startup.decodeReadyForQuery, startup.encodeReadyForQuery),
  RowDescription: same(simple.decodeRowDescription, simple.encodeRowDescription),
};

function transcodeStartupPacket(input: ReadBuffer, out: WriteBuffer): void {
  const packet = startup.decodeStartupPacket(input);
  switch (packet.kind) {
    case 'SSLRequest':
      startup.encodeSSLRequest(out);
      break;
    case 'GSSENCRequest':
      startup.encodeGSSENCRequest(out);
      break;
    case 'CancelRequest':
      startup.encodeCancelRequest(out, packet.processId, packet.secretKey);
      break;
    case 'StartupMessage':
      startup.encodeStartupMessage(out, packet.protocolVersion, packet.parameters);
  }
}
