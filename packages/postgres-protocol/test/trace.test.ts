import { everySplit, seededRandom } from '@millrace/testkit';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import { AUTHENTICATION_METHODS, BACKEND_TYPES, FRONTEND_TYPES } from '../src/messages/names.js';
import { encodeStartupMessage } from '../src/messages/startup.js';
import { TracePrinter, type TracePrinterOptions } from '../src/testing/trace.js';
import { GOLDENS, LIBPQ_TRACES, type Golden, type GoldenMessage } from './fixtures/goldens/index.js';
import { namedMessages } from './golden-messages.js';
import { concat, cstring, int16, int32, message, server, utf8 } from './wire.js';

const REGRESS = 2; // PQTRACE_REGRESS_MODE
const SUPPRESS_TIMESTAMPS = 1; // PQTRACE_SUPPRESS_TIMESTAMPS
const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}(?=\t)/;

/** libpq has this line in its format, but never prints it: it traces messages of type `R` where it answers them. */
const UNTRACED = 'B\t8\tAuthenticationOk';

/** Printers of a golden's connections, in the state in which it begins. */
class Printers {
  readonly #begins: Golden['begins'];
  readonly #options: TracePrinterOptions;
  readonly #printers = new Map<number, TracePrinter>();

  constructor({ begins }: Golden, options: TracePrinterOptions) {
    this.#begins = begins;
    this.#options = options;
  }

  print({ connection, from }: GoldenMessage, chunk: Uint8Array): string[] {
    const printer = this.#printers.get(connection) ?? this.#make(connection);
    this.#printers.set(connection, printer);
    return from === 'F' ? printer.frontend(chunk) : printer.backend(chunk);
  }

  #make(connection: number): TracePrinter {
    const isOpen = this.#begins === 'session' && connection === 1;
    return isOpen ? openPrinter(this.#options) : new TracePrinter(this.#options);
  }
}

/** A printer that has seen a StartupMessage. */
function openPrinter(options: TracePrinterOptions = {}): TracePrinter {
  const { timestamp, ...rest } = options;
  let isOpen = false;
  const printer = new TracePrinter({
    ...rest,
    ...(timestamp === undefined ? {} : { timestamp: (): string => (isOpen ? timestamp() : '') }),
  });
  const out = new WriteBuffer();
  encodeStartupMessage(out, { major: 3, minor: 0 }, []);
  printer.frontend(out.take());
  isOpen = true;
  return printer;
}

/** The options that a golden was recorded with; the time of day is read from its lines. */
function optionsOf({ flags = SUPPRESS_TIMESTAMPS, lines }: Golden): TracePrinterOptions {
  const regress = (flags & REGRESS) !== 0;
  if ((flags & SUPPRESS_TIMESTAMPS) !== 0) return { regress };
  const times = lines.map((line) => TIMESTAMP.exec(line)?.[0]).filter((time) => time !== undefined);
  return { regress, timestamp: () => times.shift() ?? 'no time is left' };
}

const printed = (golden: Golden, cut = (bytes: Uint8Array): Iterable<Uint8Array> => [bytes]): string[] => {
  const printers = new Printers(golden, optionsOf(golden));
  return golden.messages.flatMap((message) =>
    Array.from(cut(message.bytes), (chunk) => printers.print(message, chunk)).flat(),
  );
};

/** What `messages` of a server, or of an authenticated client, are printed as. */
const backendLines = (...messages: Uint8Array[]): string[] => openPrinter().backend(concat(...messages));
const frontendLines = (...messages: Uint8Array[]): string[] => openPrinter().frontend(concat(...messages));
const untyped = (...parts: Uint8Array[]): Uint8Array => message('', ...parts);

describe('TracePrinter', () => {
  test.each(LIBPQ_TRACES)('prints what PQtrace printed: $name', (golden) => {
    expect(golden.lines.length).toBeGreaterThanOrEqual(golden.messages.length - 1);
    // A line of the fixture is one of the file: some texts have line ends in them.
    const lines = printed(golden).filter((line) => line !== UNTRACED);
    expect(lines.join('\n')).toBe(golden.lines.join('\n'));
  });

  test('prints AuthenticationOk, which is all that PQtrace leaves out', () => {
    const [trust] = LIBPQ_TRACES.filter(({ name }) => name === 'trust');
    const [startup, ok] = trust === undefined ? [] : printed(trust);
    expect([startup, ok]).toEqual([trust?.lines[0], UNTRACED]);
  });

  test.each(GOLDENS)('names each message of a conversation, wherever it is cut: $major, $name', (golden) => {
    const lines = printed(golden);
    const names = lines.filter((line) => /^[FB]\t\d+\t/.test(line)).map((line) => line.split('\t'));
    expect(names.map(([from, , name]) => ({ from, name }))).toEqual(
      namedMessages(golden).map(({ from, name }, i, all) => {
        const request = all[i - 1]?.name ?? '';
        return { from, name: name === 'answer' ? request.replace('Request', 'Response') : name };
      }),
    );
    expect(printed(golden, (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(lines);
  });

  test('prints the same lines for every split of a chunk', () => {
    const chunk = concat(server.parameter('a', 'b'), server.keyData(), server.notice(), server.ready());
    const lines = backendLines(chunk);
    expect(lines).toHaveLength(4);
    for (const chunks of everySplit(chunk)) {
      const printer = openPrinter();
      expect(chunks.flatMap((part) => printer.backend(part))).toEqual(lines);
    }
  });

  test('borrows chunks only until it returns', () => {
    const printer = openPrinter();
    const first = server.commandComplete('SELECT 1').subarray(0, 9);
    printer.backend(first);
    first.fill(0xee);
    expect(printer.backend(server.commandComplete('SELECT 1').subarray(9))).toEqual([
      'B\t13\tCommandComplete\t "SELECT 1"',
    ]);
  });
});

// Not golden: what the servers at hand cannot be made to say, and libpq not to ask. From the format of fe-trace.c.
describe('TracePrinter, of what is in no golden', () => {
  const gssResponse = message('p', Uint8Array.of(1, 0x41));

  test.each([
    [AUTHENTICATION_METHODS.AuthenticationGSS, 'B\t8\tAuthenticationGSS'],
    [AUTHENTICATION_METHODS.AuthenticationSSPI, 'B\t8\tAuthenticationSSPI'],
    [AUTHENTICATION_METHODS.AuthenticationGSSContinue, "B\t8\tAuthenticationGSSContinue\t ''"],
  ])('prints authentication by Kerberos and SSPI, method %d', (method, line) => {
    const printer = openPrinter();
    expect(printer.backend(message('R', int32(method)))).toEqual([line]);
    expect(printer.frontend(gssResponse)).toEqual(["F\t6\tGSSResponse\t '\\x01A'"]);
  });

  test('prints the data of Kerberos, and a placeholder for regression tests', () => {
    const request = message('R', int32(AUTHENTICATION_METHODS.AuthenticationGSSContinue), utf8('\u007f~'));
    expect(openPrinter().backend(request)).toEqual(["B\t10\tAuthenticationGSSContinue\t '\\x7f~'"]);
    const printer = openPrinter({ regress: true });
    expect(printer.backend(request)).toEqual(["B\t10\tAuthenticationGSSContinue\t 'BBBB'"]);
    expect(printer.frontend(gssResponse)).toEqual(["F\t6\tGSSResponse\t 'BBBB'"]);
  });

  test('says so where a method is unknown, and where nothing was asked for', () => {
    const kerberos = message('R', int32(AUTHENTICATION_METHODS.AuthenticationKerberosV5));
    expect(backendLines(kerberos)).toEqual(['B\t8\tUnknown authentication message 2']);
    expect(frontendLines(gssResponse)).toEqual([
      'F\t6\tUnknownAuthenticationResponse',
      'mismatched message length: consumed 4, expected 6',
    ]);
  });

  test('takes one answer for each request', () => {
    const printer = openPrinter();
    printer.backend(server.cleartextPassword());
    const password = message('p', cstring('pw'));
    expect(printer.frontend(password)).toEqual(['F\t7\tPasswordMessage\t "pw"']);
    expect(printer.frontend(password)[0]).toBe('F\t7\tUnknownAuthenticationResponse');
  });

  test('prints an initial response without data', () => {
    const printer = openPrinter({ regress: true });
    printer.backend(server.sasl('OAUTHBEARER'));
    const response = message('p', cstring('OAUTHBEARER'), int32(-1));
    expect(printer.frontend(response)).toEqual(['F\t20\tSASLInitialResponse\t "OAUTHBEARER" -1']);
  });

  test('prints portals with a limit of rows, and what is suspended', () => {
    expect(frontendLines(message('E', cstring('p'), int32(2)))).toEqual(['F\t10\tExecute\t "p" 2']);
    expect(backendLines(server.portalSuspended())).toEqual(['B\t4\tPortalSuspended']);
  });

  test('prints the columns of CopyBothResponse and the options of NegotiateProtocolVersion', () => {
    expect(backendLines(message('W', Uint8Array.of(1), int16(2, 1, 1)))).toEqual([
      'B\t11\tCopyBothResponse\t \\x01 2 1 1',
    ]);
    expect(backendLines(server.negotiate(0x30000, '_pq_.a', '_pq_.b'))).toEqual([
      'B\t26\tNegotiateProtocolVersion\t 196608 2 "_pq_.a" "_pq_.b"',
    ]);
  });

  test.each([
    [80877103, 'S', 'SSLRequest\t 1234 5679', 'SSLResponse\t S'],
    [80877104, 'G', 'GSSENCRequest\t 1234 5680', 'GSSENCResponse\t G'],
  ])('prints the request %d that is granted, and what is sent then', (code, answer, request, response) => {
    const printer = new TracePrinter();
    expect(printer.frontend(untyped(int32(code)))).toEqual([`F\t8\t${request}`]);
    expect(printer.backend(utf8(answer))).toEqual([`B\t1\t${response}`]);
    expect(printer.frontend(untyped(int32(0x30000), Uint8Array.of(0)))).toEqual(['F\t9\tStartupMessage\t 3 0']);
    expect(printer.backend(server.ready())).toEqual(['B\t5\tReadyForQuery\t I']);
  });

  test('prints the ErrorResponse of a server that does not know the request', () => {
    const printer = new TracePrinter();
    printer.frontend(untyped(int32(80877103)));
    const lines = printer.backend(concat(message('E', cstring('Mwhat?'), Uint8Array.of(0)), server.notice('no')));
    expect(lines).toEqual([
      'B\t12\tErrorResponse\t M "what?" \\x00',
      'B\t32\tNoticeResponse\t S "NOTICE" V "NOTICE" C "00000" M "no" \\x00',
    ]);
  });

  test('prints the time before each message, but not before a complaint', () => {
    let count = 0;
    const printer = new TracePrinter({ timestamp: () => `time ${++count}` });
    expect(printer.frontend(untyped(int32(80877103)))).toEqual(['time 1\tF\t8\tSSLRequest\t 1234 5679']);
    expect(printer.backend(utf8('N'))).toEqual(['time 2\tB\t1\tSSLResponse\t N']);
    expect(printer.backend(message('Z', utf8('IE')))).toEqual([
      'time 3\tB\t6\tReadyForQuery\t I',
      'mismatched message length: consumed 5, expected 6',
    ]);
  });
});

describe('TracePrinter, of bytes that are no conversation', () => {
  test('says which type byte is unknown', () => {
    expect(backendLines(message('!', int32(1)))).toEqual([
      'B\t8\tUnknown message: 21',
      'mismatched message length: consumed 4, expected 8',
    ]);
    expect(frontendLines(message('\u0001'))).toEqual(['F\t4\tUnknown message: 01']);
  });

  test('says where a message ends within a field, prints what is before, and goes on', () => {
    const lines = backendLines(message('D', int16(2), int32(1), utf8('a'), int32(5), utf8('b')), server.ready());
    expect(lines).toEqual([
      "B\t16\tDataRow\t 2 1 'a' 5",
      'malformed message: expected 5 bytes, saw 1',
      'B\t5\tReadyForQuery\t I',
    ]);
  });

  test.each([
    [message('S', utf8('no end')), 'ParameterStatus\t'],
    [message('E', utf8('Mno end')), 'ErrorResponse\t M'],
    [message('E'), 'ErrorResponse\t'],
    [message('R'), ''],
    [message('V', int32(-2)), 'FunctionCallResponse\t -2'],
    [message('t', int16(1)), 'ParameterDescription\t 1'],
  ])('survives a message that is cut short, %#', (bytes, text) => {
    const [line, complaint, ...more] = backendLines(bytes);
    expect(line).toBe(`B\t${bytes.length - 1}\t${text}`);
    expect(complaint).toMatch(/^malformed message: expected -?\d+ bytes, saw \d+$/);
    expect(more).toEqual([]);
  });

  test('says that a packet without a code is unknown, and waits for the next one', () => {
    const printer = new TracePrinter();
    expect(printer.frontend(untyped(int16(1)))).toEqual(['F\t6\tUnknown message']);
    expect(printer.frontend(untyped(int32(0x30000), cstring('user', 'u'), Uint8Array.of(0)))).toEqual([
      'F\t16\tStartupMessage\t 3 0 "user" "u"',
    ]);
  });

  test.each([0, 3, 10_005, 0x47455420])(
    'prints no more of a direction whose length is %d, and all of the other',
    (length) => {
      const printer = new TracePrinter();
      expect(printer.frontend(int32(length))).toEqual([
        `malformed message: expected a frame of 4 to 10004 bytes, saw ${length}`,
      ]);
      expect(printer.frontend(untyped(int32(0x30000), Uint8Array.of(0)))).toEqual([]);
      expect(printer.backend(server.ready())).toEqual(['B\t5\tReadyForQuery\t I']);
    },
  );
});

describe('TracePrinter, of damaged conversations', () => {
  test('prints lines and never throws, whatever bytes of a real conversation are others', () => {
    const random = seededRandom(20_260_131);
    for (const golden of [...GOLDENS, ...LIBPQ_TRACES]) {
      const seed = random.int(0, 2 ** 31);
      const damage = seededRandom(seed);
      const lines = printed(golden, (bytes) => {
        const chunk = bytes.slice();
        const at = damage.int(0, chunk.length * 3); // most messages stay as they are
        if (at < chunk.length) chunk[at] = damage.int(0, 255);
        return [chunk];
      });
      // A type byte, a length and a name, or what is odd about it; the rest of a text with a line end in it.
      const [first] = lines.join('\n').split('\n');
      expect(first, `golden ${golden.name}, seed ${seed}`).toMatch(
        /^(\S+ \S+\t)?[FB]\t(\d+|NN)\t|^malformed message: /,
      );
    }
  });
});

describe('the names of TracePrinter', () => {
  test.each(Object.entries(BACKEND_TYPES))('have %s', (name, type) => {
    const method = (AUTHENTICATION_METHODS as Readonly<Record<string, number>>)[name];
    const [line = ''] = backendLines(
      message(String.fromCharCode(type), method === undefined ? utf8('') : int32(method)),
    );
    const isUnknownToLibpq = name === 'AuthenticationKerberosV5';
    expect(line.split('\t')[2]).toBe(isUnknownToLibpq ? 'Unknown authentication message 2' : name);
  });

  test.each(Object.entries(FRONTEND_TYPES).filter(([, type]) => type !== FRONTEND_TYPES.PasswordMessage))(
    'have %s',
    (name, type) => {
      const [line = ''] = frontendLines(message(String.fromCharCode(type)));
      expect(line.split('\t')[2]).toBe(name);
    },
  );
});
