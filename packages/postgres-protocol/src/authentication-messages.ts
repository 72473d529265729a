import type { Authentication } from './authentication.js';
import type { Conversation, MessageHandler } from './conversation.js';

type AuthenticationMessageName =
  | 'AuthenticationOk'
  | 'AuthenticationCleartextPassword'
  | 'AuthenticationMD5Password'
  | 'AuthenticationSASL'
  | 'AuthenticationSASLContinue'
  | 'AuthenticationSASLFinal';

/** What the requests for authentication do, and the end of it. */
export const AUTHENTICATION_MESSAGES: Readonly<Record<AuthenticationMessageName, MessageHandler>> = {
  AuthenticationOk(conversation, next) {
    const { state } = conversation;
    if (state === 'starting' || state === 'versionNegotiated') authentication(conversation).policy.checkUnasked();
    conversation.finish(next);
    conversation.admit();
    conversation.handler.authenticated();
  },
  AuthenticationCleartextPassword(conversation, next) {
    authentication(conversation).policy.checkPassword('password');
    conversation.finish(next);
    conversation.handler.needPassword({ method: 'cleartext' });
  },
  AuthenticationMD5Password(conversation, next) {
    authentication(conversation).policy.checkPassword('md5');
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
    if (next === 'oauthRefused') {
      refuseOauth(conversation, next);
      return;
    }
    const challenge = authentication(conversation).decodeSaslContinue(conversation.input);
    conversation.finish(next);
    conversation.handler.needSaltedPassword(challenge);
  },
  AuthenticationSASLFinal(conversation, next) {
    authentication(conversation).decodeSaslFinal(conversation.input);
    conversation.finish(next);
  },
};

const refuseOauth: MessageHandler = (conversation, next) => {
  const { output } = conversation;
  const failure = authentication(conversation).decodeOauthFailure(conversation.input);
  conversation.finish(next);
  conversation.write('feed', () => {
    authentication(conversation).encodeOauthDummy(output);
  });
  conversation.handler.oauthRefused(failure);
};

function authentication(conversation: Conversation): Authentication {
  // The table admits authentication requests only after sendStartup.
  if (conversation.authentication === undefined) throw new Error('authentication before start-up');
  return conversation.authentication;
}
