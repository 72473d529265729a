import { everySplit } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { BackendMachine, type BackendHandler } from '../src/index.js';
import { after, client, ERROR, FATAL, letIn, newBackend, openBackend, type BackendSession } from './backend-session.js';
import { concat, cstring, int32, message, server, utf8 } from './wire.js';

const answer =
  (isAccepted: boolean) =>
  (machine: BackendMachine): void => {
    machine.sendEncryptionAnswer(isAccepted);
  };
const started = (minor?: number, parameters?: Record<string, string>): BackendSession =>
  after(newBackend(), [client.startup(minor, parameters)]);

describe('BackendMachine before a session', () => {
  test('tells what a StartupMessage holds, wherever it is cut', () => {
    const bytes = client.startup(2, { user: 'jo', database: 'd', application_name: 'ä' });
    for (const chunks of everySplit(bytes)) {
      const { machine, recorder } = newBackend();
      for (const chunk of chunks) {
        machine.feed(chunk);
        chunk.fill(0xee); // it was borrowed
      }
      const parameters = [
        ['user', 'jo'],
        ['database', 'd'],
        ['application_name', 'ä'],
      ];
      expect(recorder.events).toEqual([['startup', { protocolVersion: { major: 3, minor: 2 }, parameters }]]);
      expect(machine.outstanding).toBe(1);
    }
  });

  test.each([
    ['TLS', client.sslRequest(), 'S'],
    ['GSSAPI', client.gssEncRequest(), 'G'],
  ])('answers a request for %s with one byte', (_, request, yes) => {
    const accepted = after(newBackend(), [request], answer(true));
    expect(accepted.machine.output.take()).toEqual(utf8(yes));
    after(accepted, [client.startup()], letIn);
    expect(accepted.machine.state).toBe('idle');
    const declined = after(newBackend(), [request], answer(false));
    expect(declined.machine.output.take()).toEqual(utf8('N'));
    after(declined, [client.startup()], letIn);
    expect(declined.machine.state).toBe('idle');
  });

  test.each([
    [client.sslRequest(), client.gssEncRequest(), 'G'],
    [client.gssEncRequest(), client.sslRequest(), 'S'],
  ])('lets a client ask for the other encryption when one was declined', (first, second, yes) => {
    const session = after(after(newBackend(), [first], answer(false)), [second], answer(true));
    expect(session.machine.output.take()).toEqual(utf8(`N${yes}`));
    expect(session.machine.state).toBe('encryptionSettled');
    expect(() => {
      session.machine.feed(first);
    }).toThrow('is illegal while encryptionSettled');
  });

  test.each([true, false])('refuses bytes that came before its answer (%s) was sent', (isAccepted) => {
    const refusal = '8 bytes came before the answer to an encryption request (while sslRequested)';
    const early = newBackend();
    early.recorder.reactions.sslRequest = () => {
      answer(isAccepted)(early.machine);
    };
    expect(() => {
      early.machine.feed(concat(client.sslRequest(), client.sslRequest()));
    }).toThrow(refusal);
    expect(early.machine.output.length).toBe(0);
    expect(early.recorder.names).toEqual(['sslRequest']);

    const late = after(newBackend(), [client.sslRequest()]);
    expect(() => {
      late.machine.feed(client.sslRequest());
    }).toThrow(refusal);
    expect(() => {
      answer(isAccepted)(late.machine);
    }).toThrow(refusal);
  });

  test('refuses them even if the handler swallows what the answer threw', () => {
    const { machine, recorder } = newBackend();
    recorder.reactions.sslRequest = () => {
      expect(() => {
        answer(true)(machine);
      }).toThrow('2 bytes came before');
    };
    expect(() => {
      machine.feed(concat(client.sslRequest(), Uint8Array.of(22, 3)));
    }).toThrow('2 bytes came before');
  });

  test('hands on a cancel request with a key of any length of protocol 3.2, and answers nothing', () => {
    for (const length of [4, 32, 256]) {
      const secretKey = new Uint8Array(length).fill(length);
      const { machine, recorder } = after(newBackend(), [client.cancelRequest(-5, secretKey)]);
      expect(recorder.events).toEqual([['cancelRequest', { processId: -5, secretKey }]]);
      expect(machine.output.length).toBe(0);
      machine.eof();
      expect(machine.state).toBe('closed');
    }
    for (const length of [0, 3, 257]) {
      expect(() => {
        newBackend().machine.feed(client.cancelRequest(1, new Uint8Array(length)));
      }).toThrow('a secret key has 4 to 256 bytes');
    }
  });

  test('lets a client look at the port and go', () => {
    const { machine, recorder } = newBackend();
    machine.feed(new Uint8Array(0));
    machine.eof();
    expect(machine.state).toBe('closed');
    expect(recorder.events).toEqual([]);
  });

  test('says where a client was when it broke off', () => {
    const { machine } = newBackend();
    machine.feed(client.startup().subarray(0, 9));
    expect(() => {
      machine.eof();
    }).toThrow('the connection ended in the middle of a message, while created');
  });

  test('can refuse a client before it has read a byte', () => {
    const { machine } = newBackend();
    machine.sendErrorResponse({ ...FATAL, sqlState: '53300', message: 'too many connections' });
    expect(machine.state).toBe('closed');
    machine.feed(client.startup()); // on its way
    expect(machine.state).toBe('closed');
  });
});

describe('BackendMachine at the start of a session', () => {
  test('writes what lets a client in', () => {
    const { machine } = started();
    machine.sendNoticeResponse({ severity: 'WARNING', sqlState: '01000', message: 'beware' });
    machine.sendAuthenticationOk();
    machine.sendParameterStatus('a', 'b');
    machine.sendBackendKeyData(7, int32(99));
    machine.sendReadyForQuery('I');
    const notice = message('N', cstring('SWARNING', 'VWARNING', 'C01000', 'Mbeware'), Uint8Array.of(0));
    const rest = [server.authenticationOk(), server.parameter('a', 'b'), server.keyData(), server.ready()];
    expect(machine.output.take()).toEqual(concat(notice, ...rest));
    expect([machine.state, machine.outstanding, machine.unanswered]).toEqual(['idle', 0, 0]);
  });

  test.each([0, 1])('gives a client of protocol 3.%d a secret key of 4 bytes, no other', (minor) => {
    const { machine } = after(started(minor), [], (each) => {
      each.sendAuthenticationOk();
    });
    for (const length of [3, 5, 32]) {
      expect(() => {
        machine.sendBackendKeyData(1, new Uint8Array(length));
      }).toThrow(RangeError);
    }
    machine.sendBackendKeyData(1, new Uint8Array(4));
    expect(machine.state).toBe('initializing');
  });

  test('gives a client of protocol 3.2 a secret key of up to 256 bytes, unless it was told of 3.0', () => {
    const { machine } = after(started(2), [], (each) => {
      each.sendAuthenticationOk();
    });
    machine.sendBackendKeyData(1, new Uint8Array(256));
    expect(() => {
      machine.sendBackendKeyData(1, new Uint8Array(257));
    }).toThrow(RangeError);
    const told = after(started(2), [], (each) => {
      each.sendNegotiateProtocolVersion('3.0');
      each.sendAuthenticationOk();
    });
    expect(() => {
      told.machine.sendBackendKeyData(1, new Uint8Array(32));
    }).toThrow('in protocol 3.0 a secret key has 4 bytes, got 32');
  });

  test('must tell a client that asks for a newer protocol, before it lets it in', () => {
    const { machine } = started(3);
    expect(machine.state).toBe('negotiating');
    expect(() => {
      machine.sendAuthenticationOk();
    }).toThrow('AuthenticationOk cannot be sent while negotiating');
    machine.sendNegotiateProtocolVersion('3.2');
    expect(machine.output.take()).toEqual(server.negotiate((3 << 16) | 2));
    expect(() => {
      machine.sendNegotiateProtocolVersion('3.2');
    }).toThrow('cannot be sent while negotiated');
    machine.sendAuthenticationOk();
    machine.sendBackendKeyData(1, new Uint8Array(32));
  });

  test('names only options that the client asked for, and no version that is newer than its own', () => {
    const { machine } = started(0, { user: 'u', '_pq_.a': '1', options: '-c x=1' });
    expect(() => {
      machine.sendNegotiateProtocolVersion('3.2', ['_pq_.a']);
    }).toThrow('the client asked for protocol 3.0, 3.2 is newer');
    for (const stranger of ['_pq_.b', 'options']) {
      expect(() => {
        machine.sendNegotiateProtocolVersion('3.0', ['_pq_.a', stranger]);
      }).toThrow(`the client did not ask for "${stranger}"`);
    }
    expect(() => {
      machine.sendNegotiateProtocolVersion('3.0');
    }).toThrow('there is nothing to tell');
    expect(machine.output.length).toBe(0);
    machine.sendNegotiateProtocolVersion('3.0', ['_pq_.a']);
    expect(machine.output.take()).toEqual(server.negotiate(3 << 16, '_pq_.a'));
  });

  test('refuses another major version, and can say so to the client', () => {
    const { machine, recorder } = newBackend();
    const feed = () => {
      machine.feed(concat(int32(8, 2 << 16)));
    };
    expect(feed).toThrow('the client wants protocol version 2.0');
    machine.sendErrorResponse({ severity: 'FATAL', sqlState: '0A000', message: 'unsupported' });
    expect(machine.output.take()[0]).toBe(0x45);
    expect(feed).toThrow('the client wants protocol version 2.0');
    expect(() => {
      machine.sendErrorResponse(FATAL);
    }).toThrow('the client wants protocol version 2.0');
    expect(recorder.events).toEqual([]);
  });

  test('asks for a password and hands it on', () => {
    const session = after(started(), [], (machine) => {
      machine.sendAuthenticationCleartextPassword();
    });
    expect(session.machine.output.take()).toEqual(server.cleartextPassword());
    session.recorder.clear();
    after(session, [client.password('sécret')]);
    expect(session.recorder.events).toEqual([['password', 'sécret']]);
    session.machine.sendErrorResponse({ severity: 'FATAL', sqlState: '28P01', message: 'no' });
    expect(session.machine.state).toBe('closed');
  });

  test('sends the salt of MD5, which has 4 bytes', () => {
    const { machine } = started();
    expect(() => {
      machine.sendAuthenticationMD5Password(new Uint8Array(5));
    }).toThrow(RangeError);
    expect([machine.state, machine.output.length]).toEqual(['starting', 0]);
    machine.sendAuthenticationMD5Password(int32(0x01020304));
    expect(machine.output.take()).toEqual(server.md5Password(int32(0x01020304)));
  });

  test('needs a mechanism that the client can answer with', () => {
    const { machine } = started();
    expect(() => {
      machine.sendAuthenticationSASL([]);
    }).toThrow(RangeError);
    expect(machine.state).toBe('starting');
    expect(machine.output.length).toBe(0);
  });

  test('goes through a mechanism of any number of steps', () => {
    const session = after(started(), [], (machine) => {
      machine.sendAuthenticationSASL(['A', 'B']);
    });
    session.recorder.clear();
    after(session, [client.saslInitial('B', null)], (machine) => {
      machine.sendAuthenticationSASLContinue(utf8('1'));
    });
    after(session, [client.saslResponse('2')], (machine) => {
      machine.sendAuthenticationSASLContinue(utf8('3'));
    });
    after(session, [client.saslResponse('')], (machine) => {
      machine.sendAuthenticationSASLFinal(utf8('4'));
      machine.sendAuthenticationOk();
    });
    expect(session.recorder.events).toEqual([
      ['saslInitialResponse', { mechanism: 'B', data: null }],
      ['saslResponse', utf8('2')],
      ['saslResponse', new Uint8Array(0)],
    ]);
    expect(session.machine.output.take()).toEqual(
      concat(
        server.sasl('A', 'B'),
        server.saslContinue('1'),
        server.saslContinue('3'),
        server.saslFinal('4'),
        server.authenticationOk(),
      ),
    );
  });

  test.each(['sendAuthenticationGSS', 'sendAuthenticationSSPI'] as const)('goes through the steps of %s', (call) => {
    const session = after(started(), [], (machine) => {
      machine[call]();
    });
    session.recorder.clear();
    after(session, [client.saslResponse('token')], (machine) => {
      machine.sendAuthenticationGSSContinue(utf8('1'));
    });
    after(session, [client.saslResponse('more')], (machine) => {
      machine.sendAuthenticationOk();
    });
    expect(session.recorder.events).toEqual([
      ['gssResponse', utf8('token')],
      ['gssResponse', utf8('more')],
    ]);
    const method = call === 'sendAuthenticationGSS' ? 7 : 9;
    const requests = [message('R', int32(method)), message('R', int32(8), utf8('1')), server.authenticationOk()];
    expect(session.machine.output.take()).toEqual(concat(...requests));
  });

  test('lets a client say good-bye that was let in and does not want to wait', () => {
    const { machine, recorder } = after(started(), [], (each) => {
      each.sendAuthenticationOk();
    });
    machine.feed(client.terminate());
    machine.eof();
    expect(machine.state).toBe('initializing');
    machine.sendReadyForQuery('I');
    expect(machine.state).toBe('terminating');
    expect(recorder.names).toEqual(['startup', 'terminate']);
    machine.eof();
    expect(machine.state).toBe('closed');
  });

  test('may be fed what the client sent behind its last word, and drops it, once a FATAL error was sent', () => {
    const { machine, recorder } = openBackend();
    recorder.reactions.query = () => {
      machine.sendErrorResponse(FATAL);
    };
    machine.feed(concat(client.query(), client.query(), client.query().subarray(0, 3)));
    machine.feed(utf8('whatever'));
    machine.eof();
    expect(recorder.names).toEqual(['query']);
    expect(machine.state).toBe('closed');
    expect(() => {
      machine.sendErrorResponse(ERROR);
    }).toThrow('ErrorResponse cannot be sent while closed');
  });
});

describe('BackendMachine', () => {
  test.each([
    ['maxMessageBytes', 1023],
    ['maxMessageBytes', 2 ** 31],
    ['maxMessageBytes', Number.NaN],
    ['maxStartupBytes', 263],
    ['maxStartupBytes', 65537],
    ['maxStartupBytes', 300.5],
  ])('has a range for %s, in which %d is not', (name, value) => {
    expect(() => new BackendMachine({} as BackendHandler, { [name]: value })).toThrow(RangeError);
  });
});
