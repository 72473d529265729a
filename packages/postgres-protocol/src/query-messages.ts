import type { Conversation, MessageHandler } from './conversation.js';
import { encodeCopyFail } from './messages/copy.js';
import { CopyUnsupportedError, RemoteProtocolError } from './errors.js';
import { decodeParameterDescription, encodeSync } from './messages/extended-query.js';
import { decodeCommandComplete, decodeRowDescription } from './messages/simple-query.js';
import type { AsyncMessageName, ServerMessageName } from './state.js';
import { createStatement, type FieldDescription } from './statement.js';
import type { STARTUP_MESSAGES } from './startup-messages.js';

type QueryMessageName = Exclude<ServerMessageName | AsyncMessageName, keyof typeof STARTUP_MESSAGES>;

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
    // Where the table admits it, the conversation takes it in runs; see `_takeRows`.
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
  CopyInResponse(conversation, next) {
    skipRest(conversation);
    refuseCopyIn(conversation);
    conversation.finish(next);
  },
  CopyOutResponse(conversation, next) {
    skipRest(conversation);
    const statement =
      conversation.expectations.oldestStatement ?? createStatement({ name: '', parameterOids: [], fields: [] });
    conversation.finish(next);
    const error = new CopyUnsupportedError('COPY TO STDOUT is not supported, its data is skipped');
    conversation.refuseRows({ statement, error });
  },
  CopyData(conversation, next) {
    skipRest(conversation);
    conversation.finish(next);
  },
  CopyDone(conversation, next) {
    conversation.finish(next);
  },
  CopyBothResponse(conversation) {
    throw conversation.illegal('CopyBothResponse');
  },
  FunctionCallResponse(conversation) {
    throw conversation.illegal('FunctionCallResponse');
  },
};

function beginSimpleResult(conversation: Conversation, fields: readonly FieldDescription[]): void {
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

/**
 * Answers CopyInResponse with CopyFail. In COPY mode the server swallows the Syncs that were sent behind the command, so
 * they are sent again; any other request makes it give up the connection.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
function refuseCopyIn(conversation: Conversation): void {
  const { output, expectations } = conversation;
  const syncs = expectations.syncsBehindOldest();
  if (syncs === undefined) {
    throw new RemoteProtocolError(
      'COPY FROM STDIN with requests pipelined behind it: the server gives up the connection',
    );
  }
  output.atomic(() => {
    encodeCopyFail(output, 'COPY FROM STDIN is not supported by this client');
    for (let i = 0; i < syncs; i++) encodeSync(output);
  });
}

function skipRest(conversation: Conversation): void {
  conversation.input.skip(conversation.input.length);
}
