import { describe, expect, test } from 'vitest';
import { failure } from './conversations.js';
import { newSession, type Session } from './open-session.js';
import { CALLS } from './reach-state.js';
import { concat, int32, message, server, utf8 } from './wire.js';

const asking = (...calls: (keyof typeof CALLS)[]): Session => {
  const session = newSession();
  for (const call of calls) CALLS[call](session.machine);
  return session;
};

describe('a request for encryption', () => {
  test.each([
    ['sendSslRequest', 80877103],
    ['sendGssEncRequest', 80877104],
  ] as const)('is 8 bytes, by %s', (call, code) => {
    const { machine } = asking(call);
    expect(machine.output.take()).toEqual(int32(8, code));
    expect(machine.outstanding).toBe(0);
  });

  test('that is accepted is followed by the StartupMessage, encrypted', () => {
    for (const [call, answer] of [
      ['sendSslRequest', 'S'],
      ['sendGssEncRequest', 'G'],
    ] as const) {
      const { handler, machine } = asking(call);
      machine.feed(utf8(answer));
      expect(machine.state).toBe('encrypted');
      machine.output.reset();
      machine.sendStartup({ user: 'u' });
      machine.feed(concat(server.authenticationOk(), server.ready()));
      expect(handler.names).toEqual(['encryptionAnswer', 'authenticated', 'readyForQuery']);
      expect(machine.state).toBe('idle');
    }
  });

  test('that is declined may be followed by the other, and by the StartupMessage in the clear', () => {
    const { handler, machine } = asking('sendGssEncRequest');
    machine.feed(utf8('N'));
    machine.sendSslRequest();
    machine.feed(utf8('N'));
    machine.sendStartup({ user: 'u' });
    machine.feed(concat(server.authenticationOk(), server.ready()));
    expect(handler.events).toEqual([
      ['encryptionAnswer', 'GSSENCRequest', false],
      ['encryptionAnswer', 'SSLRequest', false],
      ['authenticated'],
      ['readyForQuery', 'I'],
    ]);
  });

  test('that is declined may be followed by an error, wherever it is cut, and by nothing else', () => {
    const bytes = concat(utf8('N'), server.fatal('57P03'));
    for (let at = 0; at <= bytes.length; at++) {
      const { handler, machine } = asking('sendSslRequest');
      machine.feed(bytes.subarray(0, at));
      machine.feed(bytes.subarray(at));
      expect(handler.events).toEqual([
        ['encryptionAnswer', 'SSLRequest', false],
        ['errorResponse', '57P03'],
      ]);
      expect(machine.state).toBe('closed');
    }
    const { handler, machine } = asking('sendSslRequest');
    expect(
      failure(() => {
        machine.feed(concat(utf8('N'), server.authenticationOk()));
      }).message,
    ).toBe('AuthenticationOk is illegal while sslDeclined');
    expect(handler.names).toEqual(['encryptionAnswer']);
  });

  test('that is declined loses nothing where the event throws', () => {
    const { handler, machine } = asking('sendSslRequest');
    handler.reactions.encryptionAnswer = () => {
      throw new Error('mine');
    };
    expect(() => {
      machine.feed(concat(utf8('N'), server.fatal('57P03')));
    }).toThrow('mine');
    machine.feed(new Uint8Array(0));
    expect(handler.names).toEqual(['encryptionAnswer', 'errorResponse']);
  });

  test('is asked for once of each kind', () => {
    const { machine } = asking('sendSslRequest');
    machine.feed(utf8('N'));
    expect(() => {
      machine.sendSslRequest();
    }).toThrow('sendSslRequest');
    machine.sendGssEncRequest();
    machine.feed(utf8('N'));
    expect(machine.state).toBe('unencrypted');
    expect(() => {
      machine.sendSslRequest();
    }).toThrow('sendSslRequest');
  });

  test('can be answered from inside the event', () => {
    const { handler, machine } = asking('sendGssEncRequest');
    handler.reactions.encryptionAnswer = () => {
      machine.sendStartup({ user: 'u' });
    };
    machine.feed(utf8('N'));
    expect(machine.state).toBe('starting');
  });

  test.each([
    ['in frames', concat(server.fatal('0A000'))],
    ['as text', utf8('Eunsupported frontend protocol\n\0')],
  ])('that an old server does not know gets an error %s, wherever it is cut', (_, bytes) => {
    for (let at = 1; at < bytes.length; at++) {
      const { handler, machine } = asking('sendSslRequest');
      machine.feed(bytes.subarray(0, at));
      if (at > 5) expect(machine.state).toBe('requestingSsl');
      machine.feed(bytes.subarray(at));
      expect(handler.names).toEqual(['errorResponse']);
      expect(machine.state).toBe('closed');
    }
  });

  test('gets no other message for an answer', () => {
    const { handler, machine } = asking('sendSslRequest');
    const error = failure(() => {
      machine.feed(server.authenticationOk());
    });
    expect(error.message).toBe(
      'the answer to SSLRequest is S or N, the peer sent "R\\x00\\x00\\x00\\x08\\x00\\x00\\x00\\x00" (AuthenticationOk while requestingSsl)',
    );
    expect(handler.events).toEqual([]);
  });

  test('is followed by nothing that was not encrypted, be it one byte in a chunk of its own', () => {
    // CVE-2021-23222: whatever is kept of it would be taken for a part of what comes encrypted.
    for (const rest of [utf8('E'), server.authenticationOk(), server.error(), Uint8Array.of(0x15, 3, 3)]) {
      const { handler, machine } = asking('sendSslRequest');
      machine.feed(utf8('S'));
      handler.clear();
      const error = failure(() => {
        machine.feed(rest);
      });
      expect(error.message).toContain('nothing may come between the agreement on encryption and the StartupMessage');
      expect(error.state).toBe('encrypted');
      expect(
        failure(() => {
          CALLS.sendStartup(machine);
        }),
      ).toBe(error);
      expect(handler.events).toEqual([]);
    }
  });

  test('takes an empty chunk for nothing', () => {
    const { handler, machine } = asking('sendSslRequest');
    machine.feed(new Uint8Array(0));
    machine.feed(utf8('S'));
    machine.feed(new Uint8Array(0));
    expect(handler.names).toEqual(['encryptionAnswer']);
    expect(machine.state).toBe('encrypted');
  });

  test('that nobody answers ends with the connection', () => {
    const { machine } = asking('sendSslRequest');
    expect(
      failure(() => {
        machine.eof();
      }).message,
    ).toBe('the connection ended while requestingSsl');
  });

  test('is not needed where TLS comes first', () => {
    const { handler, machine } = asking('sendStartup');
    machine.feed(message('R', int32(0)));
    expect(handler.names).toEqual(['authenticated']);
  });
});
