import type { BackendConversation, ReceivedHandler, ReceivedNext } from './backend-conversation.js';
import * as authentication from './messages/authentication.js';
import type { AuthenticationAnswerName } from './messages/names.js';
import type { StartupPacket } from './messages/startup.js';

/** The newest version of protocol 3 that the machine speaks. */
export const NEWEST_MINOR_VERSION = 2;

type PacketHandler<Kind extends StartupPacket['kind']> = (
  conversation: BackendConversation,
  next: ReceivedNext,
  packet: Extract<StartupPacket, { readonly kind: Kind }>,
) => void;

/** What the messages do that have no type byte. */
const PACKETS: { readonly [Kind in StartupPacket['kind']]: PacketHandler<Kind> } = {
  SSLRequest(conversation, next) {
    conversation.finish(next);
    conversation.handler.sslRequest();
  },
  GSSENCRequest(conversation, next) {
    conversation.finish(next);
    conversation.handler.gssEncRequest();
  },
  CancelRequest(conversation, next, { processId, secretKey }) {
    conversation.finish(next);
    conversation.handler.cancelRequest({ processId, secretKey });
  },
  StartupMessage(conversation, next, { protocolVersion, parameters }) {
    conversation.finish(protocolVersion.minor > NEWEST_MINOR_VERSION ? 'negotiating' : next);
    conversation.begin({ protocolVersion, parameters });
    conversation.handler.startup({ protocolVersion, parameters });
  },
};

/** Does what `packet` says. */
export function receivePacket(conversation: BackendConversation, next: ReceivedNext, packet: StartupPacket): void {
  // Each entry takes the packet of its own kind, which the type of an indexed call cannot say.
  (PACKETS[packet.kind] as PacketHandler<StartupPacket['kind']>)(conversation, next, packet);
}

/** What the messages do that answer a request to authenticate. */
export const BACKEND_STARTUP_MESSAGES: Readonly<Record<AuthenticationAnswerName, ReceivedHandler>> = {
  PasswordMessage(conversation, next) {
    const password = authentication.decodePasswordMessage(conversation.input);
    conversation.finish(next);
    conversation.handler.password(password);
  },
  SASLInitialResponse(conversation, next) {
    const response = authentication.decodeSASLInitialResponse(conversation.input);
    conversation.finish(next);
    conversation.handler.saslInitialResponse(response);
  },
  SASLResponse(conversation, next) {
    const data = authentication.decodeSASLResponse(conversation.input);
    conversation.finish(next);
    conversation.handler.saslResponse(data);
  },
  GSSResponse(conversation, next) {
    const data = authentication.decodeGSSResponse(conversation.input);
    conversation.finish(next);
    conversation.handler.gssResponse(data);
  },
};
