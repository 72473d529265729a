import type { Conversation, MessageHandler } from './conversation.js';
import { RemoteProtocolError } from './errors.js';
import { decodeCopyBothResponse, decodeCopyInResponse, decodeCopyOutResponse } from './messages/copy.js';

type CopyMessageName = 'CopyInResponse' | 'CopyOutResponse' | 'CopyBothResponse' | 'CopyData' | 'CopyDone';

/**
 * What the messages of COPY do.
 *
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
export const COPY_MESSAGES: Readonly<Record<CopyMessageName, MessageHandler>> = {
  CopyInResponse(conversation, next) {
    const response = decodeCopyInResponse(conversation.input);
    const syncs = conversation.expectations.syncsBehindOldest();
    if (syncs === undefined) throw pipelinedBehind('COPY FROM STDIN');
    const statement = conversation.expectations.oldestStatement;
    conversation.syncs.begin(syncs);
    conversation.finish(next);
    conversation.handler.copyInResponse(response, statement);
  },
  CopyOutResponse(conversation, next) {
    const response = decodeCopyOutResponse(conversation.input);
    const statement = conversation.expectations.oldestStatement;
    conversation.finish(next);
    conversation.mayCopy = true;
    conversation.handler.copyOutResponse(response, statement);
  },
  CopyBothResponse(conversation, next) {
    const response = decodeCopyBothResponse(conversation.input);
    if (conversation.expectations.syncsBehindOldest() !== 0) throw pipelinedBehind('a COPY in both directions');
    conversation.finish(next);
    conversation.mayCopy = true;
    conversation.handler.copyBothResponse(response);
  },
  CopyData(conversation) {
    // Where the table admits it, the conversation takes it in runs; see `_takeFrame`.
    throw conversation.illegal('CopyData');
  },
  CopyDone(conversation, next) {
    conversation.finish(next);
    conversation.handler.copyDone();
  },
};

/**
 * The copy at hand has failed, if there is one. Where the owner has not ended it, he need not any more: the Syncs that he
 * has sent behind it are sent again now.
 */
export function failCopyIn(conversation: Conversation): void {
  const { output, state, syncs } = conversation;
  switch (state) {
    case 'copyingIn':
    case 'queryCopyingIn':
      conversation.write('feed', () => {
        syncs.encode(output);
      });
      syncs.fail();
      return;
    case 'endingCopyIn':
    case 'queryEndingCopyIn':
    case 'failingCopyIn':
      syncs.fail();
      return;
    default:
  }
}

function pipelinedBehind(what: string): RemoteProtocolError {
  return new RemoteProtocolError(`${what} with requests pipelined behind it: the server gives up the connection`);
}
