import type { MessageHandler } from './conversation.js';
import { failCopyIn } from './copy-messages.js';
import type { AsyncMessageName } from './frontend-state.js';
import { decodeErrorResponse, decodeNoticeResponse, decodeNotificationResponse } from './messages/notices.js';
import {
  decodeBackendKeyData,
  decodeNegotiateProtocolVersion,
  decodeParameterStatus,
  decodeReadyForQuery,
} from './messages/startup.js';

type StartupMessageName =
  AsyncMessageName | 'NegotiateProtocolVersion' | 'BackendKeyData' | 'ReadyForQuery' | 'ErrorResponse';

/** What the messages do that begin a session, or may come in any part of it. */
export const STARTUP_MESSAGES: Readonly<Record<StartupMessageName, MessageHandler>> = {
  NegotiateProtocolVersion(conversation, next) {
    const negotiated = conversation.negotiation.negotiate(decodeNegotiateProtocolVersion(conversation.input));
    conversation.finish(next);
    conversation.handler.negotiateProtocolVersion(negotiated);
  },
  BackendKeyData(conversation, next) {
    const { processId, secretKey } = decodeBackendKeyData(conversation.input);
    conversation.negotiation.checkSecretKey(secretKey);
    conversation.finish(next);
    conversation.handler.backendKeyData(processId, secretKey);
  },
  ReadyForQuery(conversation, next) {
    const status = decodeReadyForQuery(conversation.input);
    if (next === conversation.state) {
      // It belongs to no request; see swallowed-syncs.ts.
      conversation.finish(next);
      conversation.syncs.takeSurplus();
      return;
    }
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
    else {
      failCopyIn(conversation);
      conversation.finish(next);
    }
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
