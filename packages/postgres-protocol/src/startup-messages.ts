import type { Authentication } from './authentication.js';
import type { Conversation, MessageHandler } from './conversation.js';
import { RemoteProtocolError } from './errors.js';
import {
  bareFields,
  decodeErrorResponse,
  decodeNoticeResponse,
  decodeNotificationResponse,
} from './messages/notices.js';
import {
  decodeBackendKeyData,
  decodeNegotiateProtocolVersion,
  decodeParameterStatus,
  decodeReadyForQuery,
  type NegotiateProtocolVersion,
} from './messages/startup.js';
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
    const options = refusedOptions(decodeNegotiateProtocolVersion(conversation.input));
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
    const status = decodeReadyForQuery(conversation.input);
    if (conversation.state === 'draining' && conversation.outstanding === 0) {
      throw conversation.illegal('ReadyForQuery without a Sync');
    }
    conversation.finish(next);
    conversation.transactionStatus = status;
    conversation.handler.readyForQuery(status);
  },
  ErrorResponse(conversation, next) {
    const fields = decodeErrorResponse(conversation.input);
    const isFatal = fields.severityCode === 'FATAL' || fields.severityCode === 'PANIC';
    if (isFatal || next === 'closed') conversation.close(fields.sqlState);
    else conversation.finish(next);
    conversation.handler.errorResponse(fields);
  },
  NoticeResponse(conversation, next) {
    const fields = decodeNoticeResponse(conversation.input);
    conversation.finish(next);
    conversation.handler.notice(fields);
  },
  ParameterStatus(conversation, next) {
    const { name, value } = decodeParameterStatus(conversation.input);
    conversation.finish(next);
    conversation.handler.parameterStatus(name, value);
  },
  NotificationResponse(conversation, next) {
    const notification = decodeNotificationResponse(conversation.input);
    conversation.finish(next);
    conversation.handler.notification(notification);
  },
};

function authentication(conversation: Conversation): Authentication {
  // The table admits authentication requests only after sendStartup.
  if (conversation.authentication === undefined) throw new Error('authentication before start-up');
  return conversation.authentication;
}

/** Returns the `_pq_.` options that the server does not know, if its answer can be one to 3.0. */
function refusedOptions({ protocolVersion, options }: NegotiateProtocolVersion): readonly string[] {
  const { major, minor } = protocolVersion;
  if (major !== 3 || minor !== 0) {
    throw new RemoteProtocolError(`the server wants protocol version ${major}.${minor}, this machine speaks 3.0`);
  }
  const odd = options.find((option) => !option.startsWith('_pq_.'));
  if (odd !== undefined) {
    throw new RemoteProtocolError(`the server refuses ${JSON.stringify(odd)}, which is no protocol option`);
  }
  return options;
}
