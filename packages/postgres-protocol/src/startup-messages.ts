import type { Authentication } from './authentication.js';
import type { Conversation, MessageHandler } from './conversation.js';
import { RemoteProtocolError } from './errors.js';
import type { TransactionStatus } from './frontend-handler.js';
import { bareFields, decodeServerMessageFields } from './server-message-fields.js';
import { decodeBackendKeyData, decodeNegotiateProtocolVersion } from './startup.js';
import type { AsyncMessageName } from './state.js';

type StartupMessageName =
  | AsyncMessageName
  | 'AuthenticationOk'
  | 'AuthenticationCleartextPassword'
  | 'AuthenticationMD5Password'
  | 'AuthenticationSASL'
  | 'AuthenticationSASLContinue'
  | 'AuthenticationSASLFinal'
  | 'NegotiateProtocolVersion'
  | 'BackendKeyData'
  | 'ReadyForQuery'
  | 'ErrorResponse';

/** What the messages do that begin a session, or may come in any part of it. */
export const STARTUP_MESSAGES: Readonly<Record<StartupMessageName, MessageHandler>> = {
  AuthenticationOk(conversation, next) {
    conversation.finish(next);
    conversation.admit();
    conversation.handler.authenticated();
  },
  AuthenticationCleartextPassword(conversation, next) {
    conversation.finish(next);
    conversation.handler.needPassword({ method: 'cleartext' });
  },
  AuthenticationMD5Password(conversation, next) {
    const salt = authentication(conversation).decodeMd5Salt(conversation.input);
    conversation.finish(next);
    conversation.handler.needPassword({ method: 'md5', salt });
  },
  AuthenticationSASL(conversation, next) {
    const mechanisms = authentication(conversation).decodeSaslMechanisms(conversation.input);
    conversation.finish(next);
    conversation.handler.needSasl(mechanisms);
  },
  AuthenticationSASLContinue(conversation, next) {
    const challenge = authentication(conversation).decodeSaslContinue(conversation.input);
    conversation.finish(next);
    conversation.handler.needSaltedPassword(challenge);
  },
  AuthenticationSASLFinal(conversation, next) {
    authentication(conversation).decodeSaslFinal(conversation.input);
    conversation.finish(next);
  },
  NegotiateProtocolVersion(conversation, next) {
    const options = decodeNegotiateProtocolVersion(conversation.input);
    conversation.finish(next);
    if (options.length === 0) return;
    const message = `the server does not know the protocol options ${options.join(', ')}`;
    conversation.handler.notice(bareFields('WARNING', '01000', message));
  },
  BackendKeyData(conversation, next) {
    const { processId, secretKey } = decodeBackendKeyData(conversation.input);
    conversation.finish(next);
    conversation.handler.backendKeyData(processId, secretKey);
  },
  ReadyForQuery(conversation, next) {
    const status = transactionStatus(conversation.input.readUint8());
    if (conversation.state === 'draining' && conversation.outstanding === 0) {
      throw conversation.illegal('ReadyForQuery without a Sync');
    }
    conversation.finish(next);
    conversation.transactionStatus = status;
    conversation.handler.readyForQuery(status);
  },
  ErrorResponse(conversation, next) {
    const fields = decodeServerMessageFields(conversation.input);
    const isFatal = fields.severityCode === 'FATAL' || fields.severityCode === 'PANIC';
    if (isFatal || next === 'closed') conversation.close(fields.sqlState);
    else conversation.finish(next);
    conversation.handler.errorResponse(fields);
  },
  NoticeResponse(conversation, next) {
    const fields = decodeServerMessageFields(conversation.input);
    conversation.finish(next);
    conversation.handler.notice(fields);
  },
  ParameterStatus(conversation, next) {
    const name = conversation.input.readCString();
    const value = conversation.input.readCString();
    conversation.finish(next);
    conversation.handler.parameterStatus(name, value);
  },
  NotificationResponse(conversation, next) {
    const { input } = conversation;
    const processId = input.readInt32();
    const channel = input.readCString();
    const payload = input.readCString();
    conversation.finish(next);
    conversation.handler.notification({ processId, channel, payload });
  },
};

function authentication(conversation: Conversation): Authentication {
  // The table admits authentication requests only after sendStartup.
  if (conversation.authentication === undefined) throw new Error('authentication before start-up');
  return conversation.authentication;
}

function transactionStatus(byte: number): TransactionStatus {
  const status = String.fromCharCode(byte);
  if (status === 'I' || status === 'T' || status === 'E') return status;
  throw new RemoteProtocolError(`a transaction status is I, T or E, got byte ${byte}`);
}
