import type { FrameLayout, ReadBuffer } from '@millrace/read-buffer';
import { RemoteProtocolError } from '../errors.js';
import { readFrontendMessageName } from '../messages/names.js';
import type { AuthenticationAnswerName, FrontendMessageName } from '../messages/names.js';
import { decodeStartupPacket } from '../messages/startup.js';
import { MESSAGES, type MessageTables } from './message-tables.js';

/** What the first packet of a connection may be: it has no type byte. */
export type StartupPacketName = ReturnType<typeof decodeStartupPacket>['kind'];

/** Any message of a client, by the manual's name. */
export type ClientMessageName = StartupPacketName | FrontendMessageName;

/** The decoded fields of a client's message; `undefined` for one without. */
export type FrontendFields<Name extends ClientMessageName> = Name extends StartupPacketName
  ? Omit<Extract<ReturnType<typeof decodeStartupPacket>, { readonly kind: Name }>, 'kind'>
  : MessageTables extends Readonly<Record<`decode${Name}`, (input: ReadBuffer) => infer Fields>>
    ? Fields
    : undefined;

/** A client's message as it came. */
export interface ClientMessage {
  readonly name: ClientMessageName;
  readonly fields: unknown;
}

/** Packets before the session. The server takes 10000 bytes; a script says itself what it expects. */
export const STARTUP_LAYOUT: FrameLayout = {
  typeBytes: 0,
  lengthBytes: 4,
  lengthIncludes: 'length',
  maxFrameBytes: 1024 * 1024,
};

/** Messages of a session. */
export const SESSION_LAYOUT: FrameLayout = {
  typeBytes: 1,
  lengthBytes: 4,
  lengthIncludes: 'length',
  maxFrameBytes: 2 ** 30 + 1,
};

const STARTUP_PACKETS: Readonly<Record<StartupPacketName, true>> = {
  StartupMessage: true,
  SSLRequest: true,
  GSSENCRequest: true,
  CancelRequest: true,
};

const ANSWERS: Readonly<Record<AuthenticationAnswerName, true>> = {
  PasswordMessage: true,
  SASLInitialResponse: true,
  SASLResponse: true,
  GSSResponse: true,
};

export function isStartupPacket(name: ClientMessageName): name is StartupPacketName {
  return Object.hasOwn(STARTUP_PACKETS, name);
}

/**
 * Decodes the message that `input` is in.
 *
 * @param expected - Decides between the packets before the session and the messages of one, and what a `p` is.
 * @throws {RemoteProtocolError | BufferUnderflowError} If it is no message of a client.
 */
export function readClientMessage(input: ReadBuffer, expected: ClientMessageName): ClientMessage {
  const message = isStartupPacket(expected) ? readStartupPacket(input) : readSessionMessage(input, expected);
  if (input.length > 0) throw new RemoteProtocolError(`${message.name} has ${input.length} bytes more than its fields`);
  return message;
}

function readStartupPacket(input: ReadBuffer): ClientMessage {
  const { kind, ...fields } = decodeStartupPacket(input);
  return { name: kind, fields };
}

function readSessionMessage(input: ReadBuffer, expected: ClientMessageName): ClientMessage {
  const answer = Object.hasOwn(ANSWERS, expected) ? (expected as AuthenticationAnswerName) : 'PasswordMessage';
  const name = readFrontendMessageName(input, answer);
  const decode = (MESSAGES as unknown as Partial<Record<string, (input: ReadBuffer) => unknown>>)[`decode${name}`];
  return { name, fields: decode?.(input) };
}
