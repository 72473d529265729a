import { hex } from '@millrace/testkit';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import { encodeCancelRequest } from '../src/index.js';
import { expectEvents, failure, NONCE, SALTED, SERVER_FIRST, started } from './conversations.js';
import { newSession, openSession, type Session } from './open-session.js';
import { serverFinal } from './scram-server.js';
import { concat, cstring, int32, message, server, utf8 } from './wire.js';

describe('start-up', () => {
  test('asks for protocol 3.0, UTF-8 and what the owner wants', () => {
    const { machine } = newSession();
    machine.sendStartup({ user: 'ann', database: 'db', parameters: { application_name: 'tést' } });
    const body = concat(
      int32(3 << 16),
      cstring('user', 'ann', 'database', 'db', 'client_encoding', 'UTF8', 'application_name', 'tést', ''),
    );
    expect(machine.output.take()).toEqual(concat(int32(body.length + 4), body));
  });

  test.each([
    ['an empty user', { user: '' }, TypeError],
    ['a user among the parameters', { user: 'u', parameters: { user: 'v' } }, TypeError],
    ['an encoding', { user: 'u', parameters: { client_encoding: 'LATIN1' } }, TypeError],
    ['an encoding in capital letters', { user: 'u', parameters: { Client_Encoding: 'LATIN1' } }, TypeError],
    ['a parameter without a name', { user: 'u', parameters: { '': 'x' } }, TypeError],
    ['a zero in a value', { user: 'u', parameters: { options: 'a\0b' } }, RangeError],
    ['more than a server reads', { user: 'u', parameters: { options: 'x'.repeat(10_000) } }, RangeError],
  ])('refuses %s and changes nothing', (_, options, kind) => {
    const { machine } = newSession();
    expect(() => {
      machine.sendStartup(options);
    }).toThrow(kind);
    expect(machine.output.length).toBe(0);
    expect(machine.state).toBe('created');
    machine.sendStartup({ user: 'u' });
    expect(machine.state).toBe('starting');
  });

  test('takes a message of exactly 10000 bytes', () => {
    const { machine } = newSession();
    const other = 4 + 4 + 'user\0u\0client_encoding\0UTF8\0options\0\0\0'.length;
    machine.sendStartup({ user: 'u', parameters: { options: 'x'.repeat(10_000 - other) } });
    expect(machine.output.length).toBe(10_000);
  });

  test('without a password delivers key data, parameters and readiness', () => {
    expectEvents(
      started,
      concat(
        server.authenticationOk(),
        server.parameter('server_version', '18.1'),
        server.notice(),
        server.keyData(1234, hex('deadbeef')),
        server.ready(),
      ),
      [
        ['authenticated'],
        ['parameterStatus', 'server_version', '18.1'],
        ['notice', 'beware'],
        ['backendKeyData', 1234, hex('deadbeef')],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('with a cleartext password sends it as it is', () => {
    const { handler, machine } = started();
    handler.reactions.needPassword = () => {
      machine.sendPassword('sécret');
    };
    machine.feed(server.cleartextPassword());
    expect(handler.events).toEqual([['needPassword', { method: 'cleartext' }]]);
    expect(machine.output.take()).toEqual(message('p', cstring('sécret')));
    expect(machine.state).toBe('passwordSent');
  });

  test('with MD5 sends a salted digest and never the password', () => {
    const { handler, machine } = newSession();
    machine.sendStartup({ user: 'ann' });
    machine.output.reset();
    const salt = hex('01020304');
    machine.feed(server.md5Password(salt));
    expect(handler.events).toEqual([['needPassword', { method: 'md5', salt }]]);
    (handler.events[0]?.[1] as { salt: Uint8Array }).salt.fill(0); // it is the owner's
    machine.sendPassword('sécret');
    // md5(md5('sécretann') + salt), by OpenSSL.
    expect(machine.output.take()).toEqual(message('p', cstring('md52425c5d1bb5b81019125ae6098e530ff')));
  });

  test('with SCRAM proves both sides, wherever the chunks are cut', () => {
    const bytes = concat(
      server.sasl('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'),
      server.saslContinue(SERVER_FIRST),
      server.saslFinal(serverFinal(NONCE, SERVER_FIRST, SALTED)),
      server.authenticationOk(),
      server.ready(),
    );
    const prepare = (): Session => {
      const session = started();
      const { handler, machine } = session;
      handler.reactions.needSasl = () => {
        machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
      };
      handler.reactions.needSaltedPassword = () => {
        machine.sendSaltedPassword(SALTED);
      };
      return session;
    };
    expectEvents(prepare, bytes, [
      ['needSasl', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']],
      ['needSaltedPassword', { salt: hex('5b6d99689d12358eeca04b141236fa81'), iterations: 4096 }],
      ['authenticated'],
      ['readyForQuery', 'I'],
    ]);
  });

  test('sends the messages of SCRAM in the shape of the manual', () => {
    const { machine } = started();
    machine.feed(server.sasl('SCRAM-SHA-256'));
    machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
    const first = utf8(`n,,n=,r=${NONCE}`);
    expect(machine.output.take()).toEqual(message('p', cstring('SCRAM-SHA-256'), int32(first.length), first));
    machine.feed(server.saslContinue(SERVER_FIRST));
    machine.sendSaltedPassword(SALTED);
    const final = new TextDecoder().decode(machine.output.take().subarray(5));
    expect(final).toMatch(/^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/);
  });

  test('refuses another mechanism, nonce or salted password, and goes on', () => {
    const { machine } = started();
    machine.feed(server.sasl('SCRAM-SHA-256'));
    expect(() => {
      machine.sendSaslInitialResponse('SCRAM-SHA-256-PLUS', NONCE);
    }).toThrow(RangeError);
    expect(() => {
      machine.sendSaslInitialResponse('SCRAM-SHA-256', 'a,b');
    }).toThrow(TypeError);
    machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
    machine.output.reset();
    machine.feed(server.saslContinue(SERVER_FIRST));
    expect(() => {
      machine.sendSaltedPassword(new Uint8Array(31));
    }).toThrow('has 32 bytes, got 31');
    expect(machine.output.length).toBe(0);
    machine.sendSaltedPassword(SALTED);
    expect(machine.state).toBe('saslResponseSent');
  });

  test('refuses a mechanism that the server does not offer', () => {
    const { machine } = started();
    machine.feed(server.sasl('OAUTHBEARER'));
    expect(() => {
      machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
    }).toThrow('does not offer SCRAM-SHA-256, it offers OAUTHBEARER');
    expect(machine.state).toBe('needingSasl');
  });

  test('does not let a server in that skips its proof', () => {
    const { handler, machine } = started();
    machine.feed(server.sasl('SCRAM-SHA-256'));
    machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
    machine.feed(server.saslContinue(SERVER_FIRST));
    machine.sendSaltedPassword(SALTED);
    handler.clear();
    expect(() => {
      machine.feed(concat(server.authenticationOk(), server.ready()));
    }).toThrow('AuthenticationOk is illegal while saslResponseSent');
    expect(handler.events).toEqual([]);
  });

  test.each([
    ['the nonce of another', SERVER_FIRST.replace('rO', 'xO'), "nonce does not extend the client's"],
    ['too much work', SERVER_FIRST.replace('4096', '1000001'), 'at most 1000000 are allowed'],
  ])('stops at a server that sends %s', (_, text, expected) => {
    const { handler, machine } = started();
    machine.feed(server.sasl('SCRAM-SHA-256'));
    machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
    handler.clear();
    const error = failure(() => {
      machine.feed(server.saslContinue(text));
    });
    expect(error.message).toContain(expected);
    expect(error).toMatchObject({ state: 'saslInitialSent', received: 'AuthenticationSASLContinue' });
    expect(handler.events).toEqual([]);
  });

  test.each([
    [2, 'Kerberos V5'],
    [7, 'GSSAPI'],
    [9, 'SSPI'],
    [99, 'unknown'],
  ])('names the authentication method %d that it does not know: %s', (method, name) => {
    const { machine } = started();
    expect(() => {
      machine.feed(message('R', int32(method)));
    }).toThrow(`unsupported authentication method: ${method} (${name})`);
  });

  test('accepts only short messages before it is let in, and long ones after', () => {
    const long = server.notice('x'.repeat(70_000));
    const { machine } = started();
    machine.feed(server.notice());
    const error = failure(() => {
      machine.feed(long.subarray(0, 5));
    });
    expect(error.message).toContain('a message has an impossible length');
    expect(error.cause).toMatchObject({ code: 'ERR_READ_BUFFER_FRAME' });

    const { handler, machine: admitted } = openSession();
    admitted.feed(long);
    expect(handler.events).toEqual([['notice', 'x'.repeat(70_000)]]);
  });

  test('keeps the password out of everything it says', () => {
    const { machine } = started();
    machine.feed(server.cleartextPassword());
    const secret = 'hunter2\0';
    const error = failure(() => {
      machine.sendPassword(secret);
    });
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).not.toContain('hunter2');
    expect(machine.state).toBe('needingPassword');
    machine.sendPassword('hunter2');
    machine.output.reset();
    expect(
      failure(() => {
        machine.feed(server.noData());
      }).message,
    ).not.toContain('hunter2');
  });
});

test('a password with U+0000 is refused for MD5 too, whose digest would hide it', () => {
  const { machine } = started();
  machine.feed(server.md5Password(Uint8Array.of(1, 2, 3, 4)));
  expect(
    failure(() => {
      machine.sendPassword('hunter2\0');
    }),
  ).toBeInstanceOf(RangeError);
  expect(machine.state).toBe('needingPassword');
});

describe('encodeCancelRequest', () => {
  test('writes the message of the manual', () => {
    const out = new WriteBuffer();
    encodeCancelRequest(out, 1234, hex('deadbeef'));
    expect(out.take()).toEqual(hex('00000010 04d2162e 000004d2 deadbeef'));
    encodeCancelRequest(out, -1, new Uint8Array(256));
    expect(out.take().subarray(0, 12)).toEqual(hex('0000010c 04d2162e ffffffff'));
  });

  test.each([
    [1, 3],
    [1, 257],
    [2 ** 31, 4],
    [0.5, 4],
  ])('refuses the process %d with a key of %d bytes, and writes nothing', (processId, length) => {
    const out = new WriteBuffer();
    expect(() => {
      encodeCancelRequest(out, processId, new Uint8Array(length));
    }).toThrow(RangeError);
    expect(out.length).toBe(0);
  });
});
