// The text protocol of memcached: https://github.com/memcached/memcached/blob/master/doc/protocol.txt
//
// A server reads `request`, a client reads `response`. Answers to one command may be several values: VALUE or STAT, up to
// END.
import { type Codec, DecodeError, bytes, constant, dependent, mapped, struct, utf8 } from '@millrace/codecs';

type Store = 'set' | 'add' | 'replace' | 'append' | 'prepend';

/** A command. */
export type Request =
  | { command: 'get' | 'gets'; keys: string[] }
  | { command: 'gat' | 'gats'; exptime: number; keys: string[] }
  | { command: Store; key: string; flags: number; exptime: number; data: Uint8Array; noreply: boolean }
  | { command: 'cas'; key: string; flags: number; exptime: number; cas: bigint; data: Uint8Array; noreply: boolean }
  | { command: 'delete'; key: string; noreply: boolean }
  | { command: 'incr' | 'decr'; key: string; amount: bigint; noreply: boolean }
  | { command: 'touch'; key: string; exptime: number; noreply: boolean }
  | { command: 'flush_all'; delay?: number; noreply: boolean }
  | { command: 'verbosity'; level: number; noreply: boolean }
  | { command: 'stats'; args: string[] }
  | { command: 'version' | 'quit' };

const PLAIN = [
  'STORED',
  'NOT_STORED',
  'EXISTS',
  'NOT_FOUND',
  'DELETED',
  'TOUCHED',
  'OK',
  'RESET',
  'END',
  'ERROR',
] as const;

/** An answer, or a part of one. */
export type Response =
  | { kind: (typeof PLAIN)[number] }
  | { kind: 'CLIENT_ERROR' | 'SERVER_ERROR' | 'VERSION'; text: string }
  | { kind: 'NUMBER'; value: bigint } // of incr and decr
  | { kind: 'STAT'; name: string; value: string }
  | { kind: 'VALUE'; key: string; flags: number; data: Uint8Array; cas?: bigint };

/** An item is 1 MiB at most unless the server is told otherwise, a key 250 bytes. */
const MAX_DATA_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;

const line = utf8({ until: '\r\n' }, { maxBytes: MAX_LINE_BYTES });

/** A message that is all in its line. */
function only<T>(value: T): Codec<T> {
  return mapped(
    constant(''),
    () => value,
    () => '' as const,
  );
}

/** A message with a block of data after its line. */
function withData<T extends { readonly data: Uint8Array }>(length: number, message: (data: Uint8Array) => T): Codec<T> {
  return mapped(
    struct({ data: bytes(length), end: constant('\r\n') }),
    ({ data }) => message(data),
    ({ data }) => ({ data, end: '\r\n' as const }),
  );
}

/** What a client sends. */
export const request: Codec<Request> = dependent<string, Request>(line, parseRequest, printRequest);

/** What a server sends. */
export const response: Codec<Response> = dependent<string, Response>(line, parseResponse, printResponse);

function parseRequest(text: string): Codec<Request> {
  const words = text.split(' ').filter((word) => word !== '');
  const command = words[0] ?? '';
  const noreply = words.at(-1) === 'noreply' && words.length > 1;
  const [first = '', second, third, fourth, fifth] = words.slice(1, noreply ? -1 : undefined);
  switch (command) {
    case 'get':
    case 'gets':
      return only({ command, keys: keysOf(words.slice(1)) });
    case 'gat':
    case 'gats':
      return only({ command, exptime: integer(first), keys: keysOf(words.slice(2)) });
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend': {
      const head = { command, key: keyOf(first), flags: unsigned(second), exptime: integer(third) } as const;
      return withData(lengthOf(fourth), (data) => ({ ...head, data, noreply }));
    }
    case 'cas': {
      const head = {
        command,
        key: keyOf(first),
        flags: unsigned(second),
        exptime: integer(third),
        cas: wide(fifth),
      } as const;
      return withData(lengthOf(fourth), (data) => ({ ...head, data, noreply }));
    }
    case 'delete':
      return only({ command, key: keyOf(first), noreply });
    case 'incr':
    case 'decr':
      return only({ command, key: keyOf(first), amount: wide(second), noreply });
    case 'touch':
      return only({ command, key: keyOf(first), exptime: integer(second), noreply });
    case 'flush_all':
      return only(first === '' ? { command, noreply } : { command, delay: integer(first), noreply });
    case 'verbosity':
      return only({ command, level: unsigned(first), noreply });
    case 'stats':
      return only({ command, args: words.slice(1) });
    case 'version':
    case 'quit':
      return only({ command });
    default:
      throw new DecodeError(`expected a command, saw ${JSON.stringify(command.slice(0, 30))}`);
  }
}

function printRequest(message: Request): string {
  const words: (string | number | bigint)[] = [message.command];
  switch (message.command) {
    case 'get':
    case 'gets':
      words.push(...keysOf(message.keys));
      break;
    case 'gat':
    case 'gats':
      words.push(message.exptime, ...keysOf(message.keys));
      break;
    case 'delete':
      words.push(keyOf(message.key));
      break;
    case 'incr':
    case 'decr':
      words.push(keyOf(message.key), message.amount);
      break;
    case 'touch':
      words.push(keyOf(message.key), message.exptime);
      break;
    case 'flush_all':
      if (message.delay !== undefined) words.push(message.delay);
      break;
    case 'verbosity':
      words.push(message.level);
      break;
    case 'stats':
      words.push(...message.args);
      break;
    case 'version':
    case 'quit':
      break;
    default:
      words.push(keyOf(message.key), message.flags, message.exptime, message.data.length);
      if (message.command === 'cas') words.push(message.cas);
  }
  if ('noreply' in message && message.noreply) words.push('noreply');
  return words.join(' ');
}

function parseResponse(text: string): Codec<Response> {
  const [kind = '', first = '', second, third, fourth] = text.split(' ');
  const rest = text.slice(kind.length + 1);
  if (kind === 'VALUE') {
    const head = { kind, key: keyOf(first), flags: unsigned(second) } as const;
    const cas = fourth === undefined ? {} : { cas: wide(fourth) };
    return withData(lengthOf(third), (data) => ({ ...head, data, ...cas }));
  }
  if (kind === 'STAT') return only({ kind, name: first, value: rest.slice(first.length + 1) });
  if (kind === 'CLIENT_ERROR' || kind === 'SERVER_ERROR' || kind === 'VERSION') return only({ kind, text: rest });
  if (/^\d+$/.test(kind)) return only({ kind: 'NUMBER', value: wide(kind) });
  const plain = PLAIN.find((one) => one === kind);
  if (plain === undefined) throw new DecodeError(`expected a response, saw ${JSON.stringify(text.slice(0, 30))}`);
  return only({ kind: plain });
}

function printResponse(message: Response): string {
  switch (message.kind) {
    case 'VALUE': {
      const words = ['VALUE', keyOf(message.key), message.flags, message.data.length];
      return [...words, ...(message.cas === undefined ? [] : [message.cas])].join(' ');
    }
    case 'STAT':
      return `STAT ${message.name} ${message.value}`;
    case 'CLIENT_ERROR':
    case 'SERVER_ERROR':
    case 'VERSION':
      return `${message.kind} ${message.text}`;
    case 'NUMBER':
      return String(message.value);
    default:
      return message.kind;
  }
}

function keyOf(key: string): string {
  // No spaces and no control characters, at most 250 bytes.
  if (!/^[^\0-\x20\x7f]+$/.test(key) || new TextEncoder().encode(key).length > 250) {
    throw new DecodeError(`expected a key of 1 to 250 bytes, saw ${JSON.stringify(key.slice(0, 30))}`);
  }
  return key;
}

function keysOf(keys: string[]): string[] {
  if (keys.length === 0) throw new DecodeError('expected at least one key, saw none');
  return keys.map(keyOf);
}

function integer(word = ''): number {
  if (!/^-?\d{1,10}$/.test(word)) throw new DecodeError(`expected an integer, saw ${JSON.stringify(word)}`);
  return Number(word);
}

function unsigned(word = ''): number {
  const value = integer(word);
  if (value < 0 || value > 0xffffffff) throw new DecodeError(`expected an integer of 32 bits, saw ${value}`);
  return value;
}

function lengthOf(word = ''): number {
  const value = unsigned(word);
  if (value > MAX_DATA_BYTES) throw new DecodeError(`expected at most ${MAX_DATA_BYTES} bytes of data, saw ${value}`);
  return value;
}

function wide(word = ''): bigint {
  if (!/^\d{1,20}$/.test(word)) throw new DecodeError(`expected an unsigned integer, saw ${JSON.stringify(word)}`);
  const value = BigInt(word);
  if (BigInt.asUintN(64, value) !== value) throw new DecodeError(`expected an integer of 64 bits, saw ${word}`);
  return value;
}
