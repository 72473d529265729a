import type { Conversation, MessageHandler } from './conversation.js';
import { decodeParameterDescription } from './messages/extended-query.js';
import { decodeFunctionCallResponse } from './messages/function-call.js';
import { decodeCommandComplete, decodeRowDescription } from './messages/simple-query.js';
import { createRawStatement } from './raw-statement.js';
import { createStatement, type FieldDescription } from './statement.js';

type QueryMessageName =
  | 'ParseComplete'
  | 'BindComplete'
  | 'CloseComplete'
  | 'ParameterDescription'
  | 'RowDescription'
  | 'NoData'
  | 'DataRow'
  | 'CommandComplete'
  | 'EmptyQueryResponse'
  | 'PortalSuspended'
  | 'FunctionCallResponse';

/** What the messages do that answer a request. */
export const QUERY_MESSAGES: Readonly<Record<QueryMessageName, MessageHandler>> = {
  ParseComplete(conversation, next) {
    conversation.finish(next);
    conversation.handler.parseComplete();
  },
  BindComplete(conversation, next) {
    conversation.finish(next);
    conversation.handler.bindComplete();
  },
  CloseComplete(conversation, next) {
    conversation.finish(next);
    conversation.handler.closeComplete();
  },
  ParameterDescription(conversation, next) {
    const typeOids = decodeParameterDescription(conversation.input);
    conversation.finish(next);
    conversation.handler.parameterDescription(typeOids);
  },
  RowDescription(conversation, next) {
    const fields = decodeRowDescription(conversation.input);
    conversation.finish(next);
    // A simple query describes its rows as they come; a Describe is answered before Bind chooses formats.
    if (next === 'queryingRows') beginSimpleResult(conversation, fields);
    conversation.handler.rowDescription(fields);
  },
  NoData(conversation, next) {
    conversation.finish(next);
    conversation.handler.noData();
  },
  DataRow(conversation) {
    // Where the table admits it, the conversation takes them before any other message; see `_takeRows`.
    throw conversation.illegal('DataRow');
  },
  CommandComplete(conversation, next) {
    const tag = decodeCommandComplete(conversation.input);
    conversation.finish(next);
    conversation.handler.commandComplete(tag);
  },
  EmptyQueryResponse(conversation, next) {
    conversation.finish(next);
    conversation.handler.emptyQueryResponse();
  },
  PortalSuspended(conversation, next) {
    conversation.finish(next);
    conversation.handler.portalSuspended();
  },
  FunctionCallResponse(conversation, next) {
    const value = decodeFunctionCallResponse(conversation.input);
    conversation.finish(next);
    conversation.handler.functionCallResponse(value);
  },
};

function beginSimpleResult(conversation: Conversation, fields: readonly FieldDescription[]): void {
  if (conversation.simpleResults === 'raw') {
    conversation.rows.begin(createRawStatement({ name: '', fields }));
    return;
  }
  const textResults = fields.every((field) => field.format === 0);
  const statement = createStatement({ name: '', parameterOids: [], fields, textResults });
  // FETCH from a binary cursor is the one way to binary rows in a simple query.
  const odd = textResults ? -1 : fields.findIndex((field, i) => field.format !== statement.resultFormats[i]);
  if (odd === -1) {
    conversation.rows.begin(statement);
    return;
  }
  const oid = String(fields[odd]?.typeOid);
  conversation.rows.begin(statement, new RangeError(`column ${odd + 1} is in binary, type ${oid} has only text here`));
}
