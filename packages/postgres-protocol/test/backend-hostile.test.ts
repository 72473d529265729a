import { describe, expect, test } from 'vitest';
import { RemoteProtocolError, type BackendMachine } from '../src/index.js';
import { after, client, newBackend, openBackend, type BackendSession } from './backend-session.js';
import { concat, cstring, int16, int32, message, utf8 } from './wire.js';

/** The header of a message of which nothing else has come. */
const header = (type: string, length: number): Uint8Array => concat(utf8(type), int32(length));

function refusal(session: BackendSession, bytes: Uint8Array): RemoteProtocolError {
  const feed = () => {
    session.machine.feed(bytes);
  };
  let first: unknown;
  try {
    feed();
  } catch (error) {
    first = error;
  }
  expect(first).toBeInstanceOf(RemoteProtocolError);
  expect(feed).toThrow(first);
  expect(session.machine.state).toBe('broken');
  return first as RemoteProtocolError;
}

const copying = (): BackendSession =>
  after(openBackend(), [client.query()], (machine) => {
    machine.sendCopyInResponse(0, []);
  });
const asked = (send: (machine: BackendMachine) => void): BackendSession =>
  after(after(newBackend(), [client.startup()]), [], send);

describe('BackendMachine, a hostile client', () => {
  test.each([
    ['a message that has no fields', header('S', 5), 'Sync has the length 4, this one says 5'],
    ['a small message', header('E', 10001), 'Execute has a length from 9 to 10000, this one says 10001'],
    ['a length that does not count itself', header('Q', 3), 'an impossible length'],
    ['a negative length', header('Q', -1), 'an impossible length'],
    ['a message too long for any server', header('Q', 0x40000000), 'an impossible length'],
    ['a type that there is not', header('!', 100), 'no message of a client has the type byte 0x21'],
  ])('is refused %s as soon as the header is there', (_, bytes, text) => {
    expect(refusal(openBackend(), bytes).message).toContain(text);
    for (let cut = 1; cut < bytes.length; cut++) {
      const session = after(openBackend(), [bytes.subarray(0, cut)]);
      expect(refusal(session, bytes.subarray(cut)).message).toContain(text);
    }
  });

  test('is owed nothing once it has broken the protocol', () => {
    const session = after(openBackend(), [client.query(), client.sync()]);
    expect([session.machine.outstanding, session.machine.unanswered]).toEqual([2, 2]);
    refusal(session, header('!', 4));
    expect([session.machine.outstanding, session.machine.unanswered]).toEqual([0, 0]);
  });

  test('is judged once for each message, however slowly its bytes come', () => {
    const { machine, recorder } = openBackend();
    for (const byte of concat(client.query('select 1'), client.sync())) machine.feed(Uint8Array.of(byte));
    expect(recorder.names).toEqual(['query', 'sync']);
    expect(refusal({ machine, recorder }, header('S', 5)).message).toContain('Sync has the length 4');
  });

  test('has as many bytes for a message as the owner gives it', () => {
    const session = openBackend({ maxMessageBytes: 1024 });
    after(session, [client.query('x'.repeat(1018))]);
    expect(refusal(session, client.query('x'.repeat(1019))).message).toContain('an impossible length');
    const data = copying();
    after(data, [client.copyData('x'.repeat(100_000))]);
    expect(data.recorder.batchCount).toBe(1);
    const small = after(openBackend({ maxMessageBytes: 1024 }), [client.query()], (machine) => {
      machine.sendCopyInResponse(0, []);
    });
    after(small, [client.copyData('x'.repeat(1019))]);
    const tooLong = client.copyData('x'.repeat(1020));
    expect(refusal(small, tooLong).message).toContain('an impossible length');
  });

  test('has few bytes for its first message', () => {
    for (const bytes of [
      int32(10005),
      int32(7, 3 << 16),
      int32(-1),
      utf8('GET / HTTP/1.1'),
      utf8('\x16\x03\x01\x02\x00'),
    ]) {
      refusal(newBackend(), bytes);
    }
    const name = 'x'.repeat(9990);
    expect(after(newBackend(), [client.startup(0, { [name]: '' })]).recorder.names).toEqual(['startup']);
    expect(refusal(newBackend({ maxStartupBytes: 264 }), int32(265)).message).toContain('an impossible length');
  });

  test('has 65535 bytes for an answer before it is let in', () => {
    const password = (machine: BackendMachine): void => {
      machine.sendAuthenticationCleartextPassword();
    };
    const long = asked(password);
    after(long, [client.password('x'.repeat(65530))]);
    expect(long.recorder.names).toEqual(['startup', 'password']);
    expect(refusal(asked(password), header('p', 65536)).message).toContain('an impossible length');
    expect(refusal(asked(password), header('Q', 100_000)).message).toContain('an impossible length');
  });

  test.each([
    ['a message with too few fields', message('Q'), 'while idle'],
    ['a text without an end', message('Q', utf8('select')), 'shorter than its fields'],
    ['bytes behind the fields', message('Q', cstring('q'), utf8('!')), '1 bytes more than its fields'],
    ['a Parse of more types than it holds', message('P', cstring('', ''), int16(0x7fff), int32(1)), '32767'],
    ['a Bind with a value of a negative length', bindOf(int16(1), int32(-2)), 'got -2'],
    ['a Bind of a value that is not there', bindOf(int16(1), int32(100)), 'shorter than its fields'],
    ['a Bind with an unknown format', message('B', cstring('', ''), int16(1, 2, 0, 0)), 'a format code is 0 or 1'],
    ['a Describe of neither', message('D', utf8('X'), cstring('')), 'Describe'],
    ['a Sync with a field', message('S', utf8('x')), 'Sync has the length 4'],
  ])('is refused %s', (_, bytes, text) => {
    const session = openBackend();
    const error = refusal(session, bytes);
    expect(error.message).toContain(text);
    expect(session.recorder.events).toEqual([]);
  });

  test.each([
    ['a StartupMessage without an end', concat(int32(14, 3 << 16), utf8('user\0u'))],
    ['a StartupMessage with bytes behind its end', concat(int32(10, 3 << 16), Uint8Array.of(0, 0))],
    ['an SSLRequest with a field', concat(int32(12, 80877103, 1))],
    ['a CancelRequest without a key', int32(12, 80877102, 1)],
    ['an unknown request', int32(8, 80877199)],
  ])('is refused %s', (_, bytes) => {
    const session = newBackend();
    refusal(session, bytes);
    expect(session.recorder.events).toEqual([]);
  });

  test('is refused a response of a mechanism without a name', () => {
    const session = asked((machine) => {
      machine.sendAuthenticationSASL(['M']);
    });
    expect(refusal(session, client.saslInitial('')).message).toContain('SASLInitialResponse while saslRequested');
  });

  test('learns nothing of what it sent: no error quotes it', () => {
    const session = asked((machine) => {
      machine.sendAuthenticationCleartextPassword();
    });
    const error = refusal(session, message('p', cstring('secret', 'secret')));
    expect(JSON.stringify([error.message, error.stack, error])).not.toContain('secret');
  });
});

function bindOf(...parameters: Uint8Array[]): Uint8Array {
  return message('B', cstring('', ''), int16(0), ...parameters);
}
