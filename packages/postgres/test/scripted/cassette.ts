// What was said in one case, in the order in which the client saw it. As text, a line for each event:
//
//   = describe > test            a case begins
//   0 open                       connection 0 is made
//   0> Q select 1\00             the client says: type (- for a packet without one), then the payload
//   0< +12 T \00\01a\00...       the server says, 12 ms after what is before it, and a chunk begins; without +, it goes on
//   0< ++9 D ...                  nine messages, each with the last four bytes of the one before counted up by one
//   0< ~ ...                     bytes that are no whole message
//   0 left                       the client ends the connection
//   0 closed, 0 lost             the server does, or the connection is reset (both may have a +)
//   ! cut                        the test does something to the link
//
// Bytes are Latin-1, with \xx for what is not printable and \{count*xx} for a run of one byte.

/** One thing that happened. `delayMs` counts from the event before it. */
export type Event =
  | { readonly kind: 'open'; readonly connection: number }
  | { readonly kind: 'left'; readonly connection: number }
  | { readonly kind: 'said'; readonly connection: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'heard';
      readonly connection: number;
      readonly bytes: Uint8Array;
      /** `undefined` where it came in the chunk of what is before it. */
      readonly delayMs: number | undefined;
    }
  | { readonly kind: 'closed'; readonly connection: number; readonly delayMs: number }
  | { readonly kind: 'lost'; readonly connection: number; readonly delayMs: number }
  | { readonly kind: 'action'; readonly name: string };

/** The events of each case, by its name. */
export type Cassettes = Map<string, readonly Event[]>;

export function formatCassettes(cassettes: Cassettes): string {
  const lines: string[] = [];
  for (const [name, events] of cassettes) {
    lines.push(`= ${name}`);
    for (let at = 0; at < events.length;) {
      const count = countUp(events, at);
      lines.push(formatEvent(events[at] as Event, count));
      at += count;
    }
    lines.push('');
  }
  return lines.join('\n');
}

/** @throws {Error} For a line that is none. */
export function parseCassettes(text: string): Cassettes {
  const cassettes = new Map<string, Event[]>();
  let events: Event[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (!line.startsWith('= ')) events.push(...parseEvents(line));
    else cassettes.set(line.slice(2), (events = []));
  }
  return cassettes;
}

/** How many messages from there on are told by the first: rows of generate_series, most of the time. */
function countUp(events: readonly Event[], at: number): number {
  let count = 1;
  for (let last = events[at]; ; count += 1) {
    const next = events[at + count];
    if (last?.kind !== 'heard' || next?.kind !== 'heard') break;
    if (next.connection !== last.connection || next.delayMs !== undefined) break;
    if (last.bytes.length < 9 || Buffer.compare(countedUp(last.bytes), next.bytes) !== 0) break;
    last = next;
  }
  return count < MIN_RUN ? 1 : count;
}

function countedUp(bytes: Uint8Array): Uint8Array {
  const next = new Uint8Array(bytes);
  const view = new DataView(next.buffer);
  view.setInt32(next.length - 4, view.getInt32(next.length - 4) + 1);
  return next;
}

function formatEvent(event: Event, count: number): string {
  switch (event.kind) {
    case 'open':
    case 'left':
      return `${event.connection} ${event.kind}`;
    case 'closed':
    case 'lost':
      return `${event.connection}${formatDelay(event.delayMs)} ${event.kind}`;
    case 'action':
      return `! ${event.name}`;
    case 'said':
      return `${event.connection}> ${formatMessage(event.bytes)}`;
    case 'heard':
      return `${event.connection}<${formatDelay(event.delayMs)}${formatCount(count)} ${formatMessage(event.bytes)}`;
  }
}

const formatCount = (count: number): string => (count === 1 ? '' : ` ++${count}`);
const formatDelay = (delayMs: number | undefined): string => (delayMs === undefined ? '' : ` +${delayMs}`);

/** A whole message by its type and payload, a packet by its payload, anything else as it is. */
function formatMessage(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4 && view.getInt32(0) === bytes.length) return `- ${escape(bytes.subarray(4))}`.trimEnd();
  const [type = 0] = bytes;
  const isMessage = bytes.length >= 5 && type > 0x20 && type < 0x7f && view.getInt32(1) === bytes.length - 1;
  if (isMessage) return `${String.fromCharCode(type)} ${escape(bytes.subarray(5))}`.trimEnd();
  return `~ ${escape(bytes)}`;
}

function parseMessage(text: string): Uint8Array {
  const payload = unescape(text.slice(2));
  const type = text.charAt(0);
  if (type === '~') return payload;
  const header = type === '-' ? 0 : 1;
  const bytes = new Uint8Array(header + 4 + payload.length);
  if (header === 1) bytes[0] = type.charCodeAt(0);
  new DataView(bytes.buffer).setInt32(header, 4 + payload.length);
  bytes.set(payload, header + 4);
  return bytes;
}

const LINE = /^(\d+)([<>]?)(?: \+(\d+))?(?: \+\+(\d+))? (.+)$/s;

function parseEvents(line: string): Event[] {
  if (line.startsWith('! ')) return [{ kind: 'action', name: line.slice(2) }];
  const [, number, direction, delay, count = '1', rest = ''] = LINE.exec(line) ?? [];
  const connection = Number(number);
  const delayMs = delay === undefined ? undefined : Number(delay);
  if (direction === '>') return [{ kind: 'said', connection, bytes: parseMessage(rest) }];
  if (direction === '<') return parseHeard(connection, delayMs, parseMessage(rest), Number(count));
  if (rest === 'open' || rest === 'left') return [{ kind: rest, connection }];
  if (rest === 'closed' || rest === 'lost') return [{ kind: rest, connection, delayMs: delayMs ?? 0 }];
  throw new Error(`expected a line of a cassette, saw ${JSON.stringify(line)}`);
}

function parseHeard(connection: number, delayMs: number | undefined, first: Uint8Array, count: number): Event[] {
  const events: Event[] = [{ kind: 'heard', connection, delayMs, bytes: first }];
  let bytes = first;
  for (let i = 1; i < count; i++) {
    bytes = countedUp(bytes);
    events.push({ kind: 'heard', connection, delayMs: undefined, bytes });
  }
  return events;
}

/** Runs shorter than this are written out. */
const MIN_RUN = 12;

/** A payload may end in a space, which editors and `trimEnd` take away, so a space is escaped as well at the end. */
function escape(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at] ?? 0;
    let end = at + 1;
    while (bytes[end] === byte) end += 1;
    if (end - at < MIN_RUN) end = at + 1;
    const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c && !(byte === 0x20 && end === bytes.length);
    const hex = byte.toString(16).padStart(2, '0');
    if (end - at > 1) text += `\\{${end - at}*${hex}}`;
    else text += isPlain ? String.fromCharCode(byte) : `\\${hex}`;
    at = end;
  }
  return text;
}

const ESCAPES = /\\\{(\d+)\*([0-9a-f]{2})\}|\\([0-9a-f]{2})|([^\\]+)/gs;

function unescape(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [, count, runByte = '', byte, plain = ''] of text.matchAll(ESCAPES)) {
    if (count !== undefined) parts.push(new Uint8Array(Number(count)).fill(parseInt(runByte, 16)));
    else if (byte !== undefined) parts.push(Uint8Array.of(parseInt(byte, 16)));
    else parts.push(Buffer.from(plain, 'latin1'));
  }
  return new Uint8Array(Buffer.concat(parts));
}
