import { WriteBuffer } from '@millrace/write-buffer';
import { BACKEND_TYPES, type BackendMessageName } from '../messages/names.js';
import { MESSAGES, type MessageTables } from './message-tables.js';

/** The fields of a server's message, in the order of the wire: the arguments of its encoder. */
export type BackendFields<Name extends BackendMessageName> = MessageTables[`encode${Name}`] extends (
  out: WriteBuffer,
  ...fields: infer Fields
) => void
  ? Fields
  : never;

/**
 * Encodes one message of a server, for scripts, fake servers and tests of parsers.
 *
 * @param name - As the manual calls it.
 * @param fields - In the order of the wire.
 * @returns The whole message: type byte, length, fields.
 * @throws {TypeError} If there is no such message.
 * @throws {RangeError | TypeError} For fields that the wire cannot carry.
 * @example
 * backendMessage('ParameterStatus', 'TimeZone', 'UTC')
 */
export function backendMessage<Name extends BackendMessageName>(
  name: Name,
  ...fields: BackendFields<Name>
): Uint8Array {
  const encode = (MESSAGES as unknown as Partial<Record<string, (out: WriteBuffer, ...fields: unknown[]) => void>>)[
    `encode${name}`
  ];
  if (encode === undefined || !Object.hasOwn(BACKEND_TYPES, name))
    throw new TypeError(`expected the name of a server's message, saw ${JSON.stringify(name)}`);
  const out = new WriteBuffer();
  encode(out, ...fields);
  return out.take();
}
