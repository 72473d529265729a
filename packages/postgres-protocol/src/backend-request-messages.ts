import type { ReceivedHandler } from './backend-conversation.js';
import { decodeCopyFail } from './messages/copy.js';
import * as extended from './messages/extended-query.js';
import { decodeFunctionCall } from './messages/function-call.js';
import type { AuthenticationAnswerName, FrontendMessageName } from './messages/names.js';
import { decodeQuery } from './messages/simple-query.js';

/** What the messages of a session do, but for CopyData, of which the conversation takes many at once. */
export const BACKEND_REQUEST_MESSAGES: Readonly<
  Record<Exclude<FrontendMessageName, AuthenticationAnswerName | 'CopyData'>, ReceivedHandler>
> = {
  Query(conversation, next) {
    const sql = decodeQuery(conversation.input);
    conversation.finish(next, 'querying');
    conversation.handler.query(sql);
  },
  Parse(conversation, next) {
    const request = extended.decodeParse(conversation.input);
    conversation.finish(next, 'parsing');
    conversation.handler.parse(request);
  },
  Bind(conversation, next) {
    const request = extended.decodeBind(conversation.input);
    conversation.finish(next, 'binding');
    conversation.handler.bind(request);
  },
  Describe(conversation, next) {
    const { what, name } = extended.decodeDescribe(conversation.input);
    conversation.finish(next, what === 'statement' ? 'describingStatement' : 'describingColumns');
    conversation.handler.describe(what, name);
  },
  Execute(conversation, next) {
    const { portal, maxRows } = extended.decodeExecute(conversation.input);
    conversation.finish(next, 'executing');
    conversation.handler.execute(portal, maxRows);
  },
  Close(conversation, next) {
    const { what, name } = extended.decodeClose(conversation.input);
    conversation.finish(next, 'closing');
    conversation.handler.close(what, name);
  },
  Sync(conversation, next) {
    conversation.finish(next, 'syncing');
    conversation.handler.sync();
  },
  Flush(conversation, next) {
    conversation.finish(next);
    conversation.handler.flush();
  },
  FunctionCall(conversation, next) {
    const request = decodeFunctionCall(conversation.input);
    conversation.finish(next, 'callingFunction');
    conversation.handler.functionCall(request);
  },
  CopyDone(conversation, next) {
    conversation.finish(next);
    conversation.handler.copyDone();
  },
  CopyFail(conversation, next) {
    const reason = decodeCopyFail(conversation.input);
    conversation.finish(next);
    conversation.handler.copyFail(reason);
  },
  Terminate(conversation, next) {
    conversation.finish(next, 'terminating');
    conversation.handler.terminate();
  },
};
