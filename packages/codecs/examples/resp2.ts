// RESP2, the protocol of Redis: https://redis.io/docs/latest/develop/reference/protocol-spec/
//
// A server reads `request`, a client reads `reply`, and both may be pipelined: a decoder gives one value after the other.
import {
  type Codec,
  DecodeError,
  array,
  bytes,
  constant,
  dependent,
  lazy,
  mapped,
  struct,
  u8,
  union,
  utf8,
} from '@millrace/codecs';

/** A value from the server. The tags are the protocol's own type bytes. */
export type Reply =
  | { tag: '+'; value: string } // simple string
  | { tag: '-'; value: string } // error
  | { tag: ':'; value: bigint } // integer of 64 bits
  | { tag: '$'; value: Uint8Array | null } // bulk string, or the null one
  | { tag: '*'; value: Reply[] | null }; // array, or the null one

/** A command and its arguments. It is empty for an empty line, which a server ignores. */
export type Request = Uint8Array[];

/** Limits as Redis has them: `proto-max-bulk-len`, a million arguments, and 64 KiB for a line. */
const MAX_BULK_BYTES = 512 * 1024 * 1024;
const MAX_ITEMS = 1024 * 1024;
const MAX_LINE_BYTES = 64 * 1024;
const MAX_DEPTH = 64;

const line = utf8({ until: '\r\n' }, { maxBytes: MAX_LINE_BYTES });
const integer = mapped(line, parseInteger, String);
const nothing = mapped(
  constant(''),
  () => null,
  () => '' as const,
);

/** What follows a length that is -1 for null, and from 0 to `max` otherwise. */
function nullable<T extends { readonly length: number }>(
  max: number,
  rest: (length: number) => Codec<T>,
): Codec<T | null> {
  const length = mapped(integer, (n) => checkLength(n, max), BigInt);
  return dependent<number, T | null>(
    length,
    (n) => (n < 0 ? nothing : rest(n)),
    (value) => value?.length ?? -1,
  );
}

const bulk = nullable(MAX_BULK_BYTES, (length) =>
  mapped(
    struct({ data: bytes(length), end: constant('\r\n') }),
    ({ data }) => data,
    (data) => ({ data, end: '\r\n' as const }),
  ),
);

/** What a server sends. */
export const reply: Codec<Reply> = union(utf8(1), {
  '+': line,
  '-': line,
  ':': integer,
  $: bulk,
  '*': nullable(MAX_ITEMS, (count) => array(nested, count)),
});
const nested = lazy(() => reply, { maxDepth: MAX_DEPTH });

const argument = dependent<number, Uint8Array>(
  u8,
  (type) => {
    if (type !== 0x24) throw new DecodeError(`expected '$' before an argument, saw byte ${type}`);
    return mapped(bulk, notNull, (data) => data);
  },
  () => 0x24,
);
const multibulk = mapped(
  nullable(MAX_ITEMS, (count) => array(argument, count)),
  (items) => items ?? [],
  (items) => items,
);
const inlineRest = utf8({ until: '\n' }, { maxBytes: MAX_LINE_BYTES });

/** What a client sends: an array of bulk strings, or a line as a person types it. Always encoded as an array. */
export const request: Codec<Request> = dependent<number, Request>(
  u8,
  (first) => {
    if (first === 0x2a) return multibulk;
    if (first === 0x0a)
      return mapped(
        nothing,
        () => [],
        () => null,
      );
    const start = String.fromCharCode(first);
    return mapped(
      inlineRest,
      (rest) => splitLine((start + rest).trim()).map((word) => new TextEncoder().encode(word)),
      () => {
        throw new TypeError('a request is encoded as an array');
      },
    );
  },
  () => 0x2a,
);

function parseInteger(text: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text))
    throw new DecodeError(`expected an integer, saw ${JSON.stringify(text.slice(0, 30))}`);
  const value = BigInt(text.replace('+', ''));
  if (BigInt.asIntN(64, value) !== value) throw new DecodeError(`expected an integer of 64 bits, saw ${text}`);
  return value;
}

function checkLength(length: bigint, max: number): number {
  if (length < -1n || length > BigInt(max)) throw new DecodeError(`expected a length from -1 to ${max}, saw ${length}`);
  return Number(length);
}

function notNull(data: Uint8Array | null): Uint8Array {
  if (data === null) throw new DecodeError('expected an argument, saw null');
  return data;
}

/** Splits a line at spaces. Quotes keep words together; in double quotes a backslash escapes. */
function splitLine(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length;) {
    const found = /\s*("((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[^\s"']+)(?=\s|$)/y;
    found.lastIndex = at;
    const match = found.exec(text);
    if (match === null) throw new DecodeError('expected balanced quotes in an inline command');
    const [, word = '', double, single] = match;
    words.push(double === undefined ? (single?.replaceAll("\\'", "'") ?? word) : double.replaceAll(/\\(.)/g, unescape));
    at = found.lastIndex;
  }
  return words;
}

function unescape(_all: string, char: string): string {
  return { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }[char] ?? char;
}
