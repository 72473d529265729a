import { ReadBuffer, type FrameLayout } from '@millrace/read-buffer';
import { describeBytes, describeValue } from './describe-value.js';
import { readClientMessage, SESSION_LAYOUT, STARTUP_LAYOUT } from './frontend-message.js';
import type { ClientMessage } from './frontend-message.js';

/** @returns Whether `bytes` are one message, or one packet, and nothing more. */
export function isWholeMessage(bytes: Uint8Array): boolean {
  return headed(bytes) !== undefined;
}

/** How the first message in `bytes` is framed: no type byte is 0, and no packet is as long as 16 MiB. */
export function layoutOf(bytes: Uint8Array): FrameLayout {
  return bytes[0] === 0 ? STARTUP_LAYOUT : SESSION_LAYOUT;
}

/** Decodes one whole message; `undefined` if it cannot be. A `p` is decoded as a PasswordMessage, whatever it is. */
export function decodeClientBytes(bytes: Uint8Array): ClientMessage | undefined {
  const input = headed(bytes);
  try {
    return input && readClientMessage(input, layoutOf(bytes) === STARTUP_LAYOUT ? 'StartupMessage' : 'Query');
  } catch {
    return undefined; // its bytes say it all
  }
}

/** Shows one message for people. */
export function describeClientBytes(bytes: Uint8Array): string {
  const message = decodeClientBytes(bytes);
  return message === undefined ? describeBytes(bytes) : describeMessage(message);
}

/** Shows one message for people: its name and its fields. */
export function describeMessage({ name, fields }: ClientMessage): string {
  return `${name} ${describeValue(fields)}`.trimEnd();
}

function headed(bytes: Uint8Array): ReadBuffer | undefined {
  const input = new ReadBuffer({ frame: layoutOf(bytes) });
  input.feed(bytes);
  try {
    return input.takeFrame() && input.bufferedBytes === input.payloadLength ? input : undefined;
  } catch {
    return undefined; // a length that no message has
  }
}
