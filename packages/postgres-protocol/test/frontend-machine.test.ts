import { createHash } from 'node:crypto';
import { everySplit, hex, seededRandom } from '@millrace/testkit';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import {
  createStatement,
  encodeCancelRequest,
  FrontendMachine,
  type FrontendMachineOptions,
  type RemoteProtocolError,
  type Statement,
} from '../src/index.js';
import { newSession, openSession, type Session } from './open-session.js';
import type { Event } from './recording-handler.js';
import { serverFinal } from './scram-server.js';
import { concat, cstring, field, int16, int32, message, server, utf8 } from './wire.js';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const SALTED = seededRandom(1).bytes(32);

const numbers = createStatement({ name: 's', parameterOids: [23], fields: [field({ name: 'n', typeOid: 23 })] });
const int8 = (option: 'number' | 'bigint'): Statement =>
  createStatement({
    name: 'i',
    parameterOids: [],
    fields: [field({ name: 'n', typeOid: 20 })],
    options: { int8: option },
  });
const int8Row = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return message('D', int16(1), int32(8), bytes);
};

/** Feeds `bytes` in every split to a machine in the state that `prepare` made; each must give the same events. */
function eachWay(prepare: () => Session, bytes: Uint8Array, check: (session: Session) => void): void {
  for (const chunks of everySplit(bytes)) {
    const session = prepare();
    session.handler.clear();
    for (const chunk of chunks) {
      session.machine.feed(chunk);
      chunk.fill(0xee); // it was borrowed
    }
    check(session);
  }
}

function expectEvents(prepare: () => Session, bytes: Uint8Array, events: readonly Event[], state = 'idle'): void {
  eachWay(prepare, bytes, ({ handler, machine }) => {
    expect(handler.events).toEqual(events);
    expect(machine.state).toBe(state);
  });
}

const started = (options?: FrontendMachineOptions): Session => {
  const session = newSession(options);
  session.machine.sendStartup({ user: 'u' });
  session.machine.output.reset();
  return session;
};
const sending =
  (...sends: ((machine: FrontendMachine) => void)[]) =>
  (): Session => {
    const session = openSession();
    for (const send of sends) send(session.machine);
    return session;
  };
const query = (machine: FrontendMachine): void => {
  machine.sendQuery('q');
};
const sync = (machine: FrontendMachine): void => {
  machine.sendSync();
};
const execute =
  (statement: Statement) =>
  (machine: FrontendMachine): void => {
    machine.sendExecute('', statement, 0);
  };

function failure(run: () => void): RemoteProtocolError {
  try {
    run();
  } catch (error) {
    return error as RemoteProtocolError;
  }
  throw new Error('nothing was thrown');
}

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
    machine.sendPassword('sécret');
    const md5 = (data: string | Uint8Array) => createHash('md5').update(data).digest('hex');
    const expected = `md5${md5(concat(utf8(md5('sécretann')), salt))}`;
    expect(machine.output.take()).toEqual(message('p', cstring(expected)));
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
      [
        'needSaltedPassword',
        { salt: new Uint8Array(Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')), iterations: 4096 },
      ],
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

  test('takes refused protocol options as a notice, and no other version', () => {
    const prepare = (): Session => {
      const session = newSession();
      session.machine.sendStartup({ user: 'u', parameters: { '_pq_.x': '1' } });
      return session;
    };
    expectEvents(
      prepare,
      server.negotiate(3 << 16, '_pq_.x'),
      [['notice', 'the server does not know the protocol options _pq_.x']],
      'starting',
    );
    for (const [bytes, text] of [
      [server.negotiate((3 << 16) | 2), 'the server wants protocol version 3.2, this machine speaks 3.0'],
      [server.negotiate(2 << 16), 'protocol version 2.0'],
      [server.negotiate(3 << 16, 'application_name'), 'which is no protocol option'],
      [message('v', int32(3 << 16, 0x7fffffff)), 'shorter than its fields'],
    ] as const) {
      expect(
        failure(() => {
          prepare().machine.feed(bytes);
        }).message,
      ).toContain(text);
    }
  });

  test.each([3, 257])('takes no secret key of %d bytes', (length) => {
    const { machine } = started();
    machine.feed(server.authenticationOk());
    expect(() => {
      machine.feed(server.keyData(1, new Uint8Array(length)));
    }).toThrow(`a secret key has 4 to 256 bytes, this one has ${length}`);
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

describe('a simple query', () => {
  test('is one message with the text', () => {
    const { machine } = openSession();
    machine.sendQuery("select 'ü'");
    expect(machine.output.take()).toEqual(message('Q', cstring("select 'ü'")));
    expect(machine.state).toBe('querying');
    expect(machine.outstanding).toBe(1);
  });

  test('delivers result after result', () => {
    expectEvents(
      sending(query),
      concat(
        server.rowDescription({ name: 'a', typeOid: 23 }, { name: 'b', typeOid: 25 }),
        server.dataRow('1', null),
        server.notice(),
        server.dataRow('2', 'ü'),
        server.commandComplete('SELECT 2'),
        server.commandComplete('CREATE TABLE'),
        server.rowDescription(),
        server.dataRow(),
        server.commandComplete('SELECT 1'),
        server.emptyQuery(),
        server.ready('T'),
      ),
      [
        ['rowDescription', 'a,b'],
        ['rows', [{ a: '1', b: null }]],
        ['notice', 'beware'],
        ['rows', [{ a: '2', b: 'ü' }]],
        ['commandComplete', 'SELECT 2'],
        ['commandComplete', 'CREATE TABLE'],
        ['rowDescription', ''],
        ['rows', [{}]],
        ['commandComplete', 'SELECT 1'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'T'],
      ],
    );
  });

  test('that fails in the middle is over with its ReadyForQuery', () => {
    expectEvents(
      sending(query, query),
      concat(
        server.rowDescription({ name: 'a', typeOid: 25 }),
        server.dataRow('1'),
        server.error({ C: '22012' }),
        server.error({ C: '25P02' }),
        server.ready('E'),
        server.emptyQuery(),
        server.ready(),
      ),
      [
        ['rowDescription', 'a'],
        ['rows', [{ a: '1' }]],
        ['errorResponse', '22012'],
        ['errorResponse', '25P02'],
        ['readyForQuery', 'E'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('is refused while a group of extended messages is open, and taken after its Sync', () => {
    const { machine } = openSession();
    machine.sendParse('', 'select 1');
    machine.output.reset();
    expect(() => {
      machine.sendQuery('select 2');
    }).toThrow('sendQuery: a group of extended messages is open');
    expect(machine.output.length).toBe(0);
    machine.sendSync();
    machine.sendQuery('select 2');
    expect(machine.outstanding).toBe(2);
  });
});

describe('extended queries', () => {
  test('are sent in the shape of the manual', () => {
    const { machine } = openSession();
    machine.sendParse('s', 'select $1', [23, 4294967295]);
    machine.sendDescribe('statement', 's');
    machine.sendDescribe('portal', 'p');
    machine.sendExecute('p', numbers, 2 ** 31 - 1);
    machine.sendClose('statement', 's');
    machine.sendClose('portal', 'p');
    machine.sendSync();
    machine.sendFlush();
    expect(machine.output.take()).toEqual(
      concat(
        message('P', cstring('s', 'select $1'), int16(2), int32(23, -1)),
        message('D', cstring('Ss')),
        message('D', cstring('Pp')),
        message('E', cstring('p'), int32(2 ** 31 - 1)),
        message('C', cstring('Ss')),
        message('C', cstring('Pp')),
        message('S'),
        message('H'),
      ),
    );
  });

  test('bind with one format code where all columns have the same, and else with one each', () => {
    const { machine } = openSession();
    const bound = (fields: readonly number[]): Uint8Array => {
      const statement = createStatement({
        name: 's',
        parameterOids: [],
        fields: fields.map((typeOid, i) => field({ name: `c${i}`, typeOid })),
      });
      machine.sendBind('p', statement, []);
      return machine.output.take();
    };
    const head = concat(cstring('p', 's'), int16(0, 0));
    expect(bound([])).toEqual(message('B', head, int16(0)));
    expect(bound([23, 23])).toEqual(message('B', head, int16(1, 1)));
    expect(bound([600, 600])).toEqual(message('B', head, int16(1, 0)));
    expect(bound([23, 600])).toEqual(message('B', head, int16(2, 1, 0)));
  });

  test('deliver descriptions, rows and completions in order', () => {
    expectEvents(
      sending(
        (machine) => {
          machine.sendParse('s', 'q');
        },
        (machine) => {
          machine.sendDescribe('statement', 's');
        },
        (machine) => {
          machine.sendBind('', numbers, [1]);
        },
        (machine) => {
          machine.sendDescribe('portal', '');
        },
        execute(numbers),
        execute(numbers),
        execute(numbers),
        (machine) => {
          machine.sendClose('portal', '');
        },
        sync,
      ),
      concat(
        server.parseComplete(),
        server.parameterDescription(23, 4294967295),
        server.rowDescription({ name: 'n', typeOid: 23 }),
        server.bindComplete(),
        server.noData(),
        server.dataRow(1),
        server.dataRow(-2),
        server.portalSuspended(),
        server.dataRow(null),
        server.commandComplete('SELECT 1'),
        server.emptyQuery(),
        server.closeComplete(),
        server.ready(),
      ),
      [
        ['parseComplete'],
        ['parameterDescription', [23, 4294967295]],
        ['rowDescription', 'n'],
        ['bindComplete'],
        ['noData'],
        ['rows', [{ n: 1 }, { n: -2 }]],
        ['portalSuspended'],
        ['rows', [{ n: null }]],
        ['commandComplete', 'SELECT 1'],
        ['emptyQueryResponse'],
        ['closeComplete'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('that fail are dropped up to their Sync, and no further', () => {
    const group = [
      execute(numbers),
      (machine: FrontendMachine) => {
        machine.sendClose('portal', '');
      },
      sync,
    ];
    expectEvents(
      sending(...group, ...group, ...group),
      concat(
        ...[server.dataRow(1), server.commandComplete('SELECT 1'), server.closeComplete(), server.ready()],
        ...[server.dataRow(2), server.error(), server.ready()],
        ...[server.dataRow(3), server.commandComplete('SELECT 1'), server.error({ C: 'XX000' }), server.ready()],
      ),
      [
        ['rows', [{ n: 1 }]],
        ['commandComplete', 'SELECT 1'],
        ['closeComplete'],
        ['readyForQuery', 'I'],
        ['rows', [{ n: 2 }]],
        ['errorResponse', '42601'],
        ['readyForQuery', 'I'],
        ['rows', [{ n: 3 }]],
        ['commandComplete', 'SELECT 1'],
        ['errorResponse', 'XX000'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('sent after the error of their group, before its Sync, are dropped too', () => {
    const { handler, machine } = sending(execute(numbers))();
    machine.feed(server.error());
    machine.sendParse('', 'q');
    machine.sendSync();
    machine.sendParse('', 'q');
    machine.sendSync();
    expect(machine.outstanding).toBe(2);
    machine.feed(concat(server.ready(), server.parseComplete(), server.ready()));
    expect(handler.names).toEqual(['errorResponse', 'readyForQuery', 'parseComplete', 'readyForQuery']);
    expect(machine.outstanding).toBe(0);
  });

  test('that failed are not over before their Sync was sent', () => {
    const { machine } = sending(execute(numbers))();
    machine.feed(server.error());
    expect(() => {
      machine.feed(server.ready());
    }).toThrow('ReadyForQuery without a Sync is illegal while draining');
  });

  test('answered for another request are the fault of the peer', () => {
    const { handler, machine } = sending((m) => {
      m.sendParse('', '');
    }, sync)();
    const error = failure(() => {
      machine.feed(concat(server.parseComplete(), server.bindComplete()));
    });
    expect(error.message).toBe('BindComplete is illegal while syncing');
    expect(error).toMatchObject({ state: 'syncing', received: 'BindComplete' });
    expect(handler.names).toEqual(['parseComplete']);
  });

  test('keep their statements apart in a pipeline', () => {
    const texts = createStatement({ name: 't', parameterOids: [], fields: [field({ name: 't', typeOid: 25 })] });
    expectEvents(
      sending(execute(numbers), sync, execute(texts), sync),
      concat(
        server.dataRow(7),
        server.commandComplete('SELECT 1'),
        server.ready(),
        server.dataRow('seven'),
        server.commandComplete('SELECT 1'),
        server.ready(),
      ),
      [
        ['rows', [{ n: 7 }]],
        ['commandComplete', 'SELECT 1'],
        ['readyForQuery', 'I'],
        ['rows', [{ t: 'seven' }]],
        ['commandComplete', 'SELECT 1'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('are refused whole where a part cannot be encoded', () => {
    const { machine } = openSession();
    machine.sendSync();
    const before = machine.output.view().slice();
    for (const send of [
      () => {
        machine.sendBind('p', numbers, ['not a number']);
      },
      () => {
        machine.sendBind('p', numbers, [2 ** 31]);
      },
      () => {
        machine.sendBind('p', numbers, []);
      },
      () => {
        machine.sendBind('p\0', numbers, [1]);
      },
      () => {
        machine.sendParse('s', 'a\0b');
      },
      () => {
        machine.sendParse('s', 'q', new Array<number>(65536).fill(23));
      },
      () => {
        machine.sendParse('s', 'q', [-1]);
      },
      () => {
        machine.sendParse('s', 'q', [0.5]);
      },
      () => {
        machine.sendExecute('p', numbers, -1);
      },
      () => {
        machine.sendExecute('p', numbers, 2 ** 31);
      },
      () => {
        machine.sendExecute('p', numbers, NaN);
      },
      () => {
        machine.sendClose('portal', '\0');
      },
      () => {
        machine.sendDescribe('portal', '\0');
      },
      () => {
        machine.sendQuery('a\0');
      },
    ]) {
      expect(send).toThrow(/^(?!.*not a number)/);
      expect(machine.output.view()).toEqual(before);
      expect(machine.state).toBe('syncing');
    }
    machine.feed(server.ready());
    expect(machine.state).toBe('idle');
  });

  test('take a statement of 65535 parameters', () => {
    const { machine } = openSession();
    machine.sendParse('', '', new Array<number>(65535).fill(23));
    expect(machine.output.length).toBe(1 + 4 + 1 + 1 + 2 + 65535 * 4);
  });
});

describe('rows', () => {
  test('come once for each chunk and result', () => {
    const { handler, machine } = sending(execute(numbers), execute(numbers), sync)();
    machine.feed(concat(server.dataRow(1), server.dataRow(2), server.dataRow(3).subarray(0, 8)));
    expect(handler.events).toEqual([['rows', [{ n: 1 }, { n: 2 }]]]);
    machine.feed(
      concat(server.dataRow(3).subarray(8), server.commandComplete('SELECT 3'), server.dataRow(4), server.dataRow(5)),
    );
    expect(handler.batchCount).toBe(3);
    machine.feed(concat(server.commandComplete('SELECT 2'), server.ready()));
    expect(handler.batchCount).toBe(3);
  });

  test('that the options refuse are reported once, and everything else goes on', () => {
    const safe = int8('number');
    expectEvents(
      sending(execute(safe), execute(safe), sync),
      concat(
        int8Row(1n),
        int8Row(2n ** 60n),
        int8Row(3n),
        int8Row(2n ** 60n),
        server.commandComplete('SELECT 4'),
        int8Row(5n),
        server.commandComplete('SELECT 1'),
        server.ready(),
      ),
      [
        ['rows', [{ n: 1 }]],
        ['rowsRefused', 'RangeError'],
        ['commandComplete', 'SELECT 4'],
        ['rows', [{ n: 5 }]],
        ['commandComplete', 'SELECT 1'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test.each([
    ['too few columns', message('D', int16(0))],
    ['too many columns', server.dataRow(1, 2)],
    ['a column longer than the row', message('D', int16(1), int32(5), int32(1))],
    ['a column of a wrong length', message('D', int16(1), int32(3), Uint8Array.of(1, 2, 3))],
    ['a negative length that is not NULL', message('D', int16(1), int32(-2))],
    ['bytes behind the last column', message('D', int16(1), int32(4), int32(1), Uint8Array.of(0))],
    ['no count', message('D')],
  ])('with %s are the fault of the peer; those before are delivered', (_, bad) => {
    for (const chunks of everySplit(concat(server.dataRow(1), bad))) {
      const { handler, machine } = sending(execute(numbers), sync)();
      const error = failure(() => {
        for (const chunk of chunks) machine.feed(chunk);
      });
      expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE', state: 'executing', received: 'DataRow' });
      expect(handler.events).toEqual([['rows', [{ n: 1 }]]]);
      expect(machine.state).toBe('broken');
    }
  });
});

describe('COPY', () => {
  test('FROM STDIN is answered with CopyFail, and with the Syncs that the server swallowed', () => {
    for (const [sends, answer] of [
      [[query], []],
      [[query, sync], [message('S')]],
      [[execute(numbers)], []],
      [[execute(numbers), sync], [message('S')]],
      [
        [execute(numbers), sync, sync],
        [message('S'), message('S')],
      ],
    ] as const) {
      const { machine } = sending(...sends)();
      machine.output.reset();
      machine.feed(server.copyIn());
      const fail = message('f', cstring('COPY FROM STDIN is not supported by this client'));
      expect(machine.output.take()).toEqual(concat(fail, ...answer));
      expect(machine.state).toBe('refusingCopyIn');
    }
  });

  test('FROM STDIN ends with an error and the session goes on', () => {
    expectEvents(
      sending(execute(numbers), sync, sync),
      concat(server.copyIn(), server.error({ C: '57014' }), server.ready(), server.ready()),
      [
        ['errorResponse', '57014'],
        ['readyForQuery', 'I'],
        ['readyForQuery', 'I'],
      ],
    );
  });

  test('FROM STDIN with requests behind it is the end', () => {
    const { machine } = sending(query, query)();
    machine.output.reset();
    expect(() => {
      machine.feed(server.copyIn());
    }).toThrow('COPY FROM STDIN with requests pipelined behind it');
    expect(machine.output.length).toBe(0);
  });

  test.each([
    ['simple', [query, query]],
    ['extended', [execute(numbers), sync, query]],
  ] as const)('TO STDOUT of a %s query is skipped and refused', (kind, sends) => {
    expectEvents(
      sending(...sends),
      concat(
        server.copyOut(),
        server.copyData('1\n'),
        server.parameter('a', 'b'),
        server.copyData('2\n'),
        server.copyDone(),
        server.commandComplete('COPY 2'),
        server.ready(),
        server.emptyQuery(),
        server.ready(),
      ),
      [
        ['rowsRefused', 'CopyUnsupportedError'],
        ['parameterStatus', 'a', 'b'],
        ['commandComplete', 'COPY 2'],
        ['readyForQuery', 'I'],
        ['emptyQueryResponse'],
        ['readyForQuery', 'I'],
      ],
    );
    expect(kind).toBeDefined();
  });
});

describe('messages that nobody asked for', () => {
  test('are delivered in any state of a session, between the rows they came between', () => {
    const asides = concat(server.notice(), server.parameter('a', 'b'), server.notification(3, 'ch', 'pay'));
    const noted: Event[] = [
      ['notice', 'beware'],
      ['parameterStatus', 'a', 'b'],
      ['notification', { processId: 3, channel: 'ch', payload: 'pay' }],
    ];
    expectEvents(() => openSession(), asides, noted);
    expectEvents(
      sending(execute(numbers), sync),
      concat(server.dataRow(1), asides, server.dataRow(2), server.commandComplete('SELECT 2'), asides, server.ready()),
      [
        ['rows', [{ n: 1 }]],
        ...noted,
        ['rows', [{ n: 2 }]],
        ['commandComplete', 'SELECT 2'],
        ...noted,
        ['readyForQuery', 'I'],
      ],
    );
  });

  test.each(['FATAL', 'PANIC'])('%s ends the session from any state', (severity) => {
    const { handler, machine } = sending(execute(numbers), sync)();
    machine.feed(concat(server.dataRow(1), server.error({ S: 'FATAL!', V: severity, C: '57P02' })));
    expect(handler.events).toEqual([
      ['rows', [{ n: 1 }]],
      ['errorResponse', '57P02'],
    ]);
    expect(machine.state).toBe('closed');
    expect(machine.outstanding).toBe(1);
    const error = failure(() => {
      machine.sendSync();
    });
    expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'sendSync', state: 'closed' });
    machine.eof();
    machine.eof();
    expect(() => {
      machine.feed(server.ready());
    }).toThrow('ReadyForQuery is illegal while closed by 57P02');
  });
});

describe('the fields of an error', () => {
  function fieldsOf(bytes: Uint8Array): unknown {
    const { handler, machine } = sending(query)();
    let seen: unknown;
    handler.errorResponse = (fields) => {
      seen = fields;
    };
    machine.feed(bytes);
    return seen;
  }

  test('are named as in the manual', () => {
    const letters = 'SVCMDHPpqWstcdnFLR';
    const texts = Object.fromEntries(Array.from(letters, (letter, i) => [letter, String(i + 1)]));
    expect(fieldsOf(server.error(texts))).toEqual({
      severity: '1',
      severityCode: '2',
      sqlState: '3',
      message: '4',
      detail: '5',
      hint: '6',
      position: 7,
      internalPosition: 8,
      internalQuery: '9',
      where: '10',
      schema: '11',
      table: '12',
      column: '13',
      dataType: '14',
      constraint: '15',
      file: '16',
      line: '17',
      routine: '18',
    });
  });

  test('may be unknown, missing or odd', () => {
    const bytes = message('E', cstring('SFEHLER', 'Z?', 'Pabc', 'p99999999999'), Uint8Array.of(0));
    expect(fieldsOf(bytes)).toMatchObject({
      severity: 'FEHLER',
      severityCode: 'FEHLER',
      sqlState: '',
      message: '',
      position: undefined,
      internalPosition: undefined,
      detail: undefined,
    });
  });
});

describe('a machine', () => {
  test.each([
    ['a status that is none', server.ready('X'), 'a transaction status is I, T or E'],
    [
      'a byte too many',
      message('Z', utf8('I'), Uint8Array.of(0)),
      '1 bytes more than its fields (ReadyForQuery while querying)',
    ],
    ['a byte too few', message('Z'), 'shorter than its fields (ReadyForQuery while querying)'],
    ['a text without end', message('C', utf8('SELECT 1')), 'shorter than its fields'],
    ['an error without end', message('E', cstring('SERROR')), 'shorter than its fields'],
    ['an unknown type', message('!'), 'no message of a server has the type byte 0x21'],
    [
      'a format that is none',
      message('T', int16(1), cstring('a'), int32(0), int16(0), int32(0), int16(0), int32(0), int16(2)),
      'a format code is 0 or 1, got 2',
    ],
    ['a count of columns that is not so', message('T', int16(-1)), 'shorter than its fields'],
    ['a length below 4', hex('5a 00000003'), 'a message has an impossible length'],
    ['a negative length', hex('5a ffffffff'), 'a message has an impossible length'],
    ['a length above all', hex('5a 7fffffff'), 'a message has an impossible length'],
  ])('breaks at %s, once and for all', (_, bytes, text) => {
    for (const chunks of everySplit(bytes)) {
      const { handler, machine } = sending(query)();
      const error = failure(() => {
        for (const chunk of chunks) machine.feed(chunk);
      });
      expect(error.name).toBe('RemoteProtocolError');
      expect(error.message).toContain(text);
      expect(handler.events).toEqual([]);
      for (const call of [
        () => {
          machine.feed(server.ready());
        },
        () => {
          machine.eof();
        },
        () => {
          machine.sendQuery('q');
        },
        () => {
          machine.sendSync();
        },
        () => {
          machine.sendStartup({ user: 'u' });
        },
        () => {
          machine.sendPassword('p');
        },
      ]) {
        expect(failure(call)).toBe(error);
      }
    }
  });

  test('delivers what came before the break, whatever the chunks', () => {
    const bytes = concat(server.commandComplete('BEGIN'), server.notice(), server.noData());
    for (const chunks of everySplit(bytes)) {
      const { handler, machine } = sending(query)();
      expect(() => {
        for (const chunk of chunks) machine.feed(chunk);
      }).toThrow('NoData is illegal while querying');
      expect(handler.names).toEqual(['commandComplete', 'notice']);
    }
  });

  test('keeps to its own limit of message length', () => {
    const { machine } = openSession({ maxMessageBytes: 1024 });
    machine.feed(message('N', cstring(`M${'x'.repeat(1024 - 5 - 3)}`), Uint8Array.of(0)));
    expect(() => {
      machine.feed(message('N', cstring(`M${'x'.repeat(1024 - 5 - 2)}`), Uint8Array.of(0)).subarray(0, 5));
    }).toThrow('a message has an impossible length');
  });

  test.each([
    { maxMessageBytes: 1023 },
    { maxMessageBytes: 2 ** 31 },
    { maxMessageBytes: NaN },
    { maxScramIterations: 0 },
    { maxScramIterations: 1.5 },
  ])('refuses the options %j', (options) => {
    expect(() => newSession(options)).toThrow(RangeError);
  });

  test('cannot be fed from inside an event, and is none the worse', () => {
    const { handler, machine } = sending(query)();
    const errors: unknown[] = [];
    handler.reactions.commandComplete = () => {
      errors.push(
        failure(() => {
          machine.feed(server.ready());
        }),
        failure(() => {
          machine.eof();
        }),
      );
    };
    machine.feed(concat(server.commandComplete('A'), server.ready()));
    expect(errors).toEqual([
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'feed' }),
      expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call: 'eof' }),
    ]);
    expect(machine.state).toBe('idle');
  });

  test('may be sent to from inside any event', () => {
    const { handler, machine } = sending(query)();
    handler.reactions.readyForQuery = () => {
      if (handler.names.filter((name) => name === 'readyForQuery').length < 3) machine.sendQuery('next');
    };
    const answer = concat(server.emptyQuery(), server.ready());
    machine.feed(concat(answer, answer, answer));
    expect(handler.names.filter((name) => name === 'readyForQuery')).toHaveLength(3);
    expect(machine.outstanding).toBe(0);
  });

  test('passes on what an event throws, and keeps the rest of the chunk', () => {
    const { handler, machine } = sending(query, query)();
    const mine = new Error('mine');
    handler.reactions.commandComplete = () => {
      delete handler.reactions.commandComplete;
      throw mine;
    };
    const chunk = concat(server.commandComplete('A'), server.ready(), server.commandComplete('B'), server.ready());
    expect(
      failure(() => {
        machine.feed(chunk);
      }),
    ).toBe(mine);
    chunk.fill(0xee);
    machine.feed(new Uint8Array());
    expect(handler.names).toEqual(['commandComplete', 'readyForQuery', 'commandComplete', 'readyForQuery']);
    expect(machine.state).toBe('idle');
  });

  test('counts what is outstanding from start-up to the end', () => {
    const { machine } = newSession();
    expect(machine.outstanding).toBe(0);
    machine.sendStartup({ user: 'u' });
    expect(machine.outstanding).toBe(1);
    machine.feed(server.authenticationOk());
    expect(machine.outstanding).toBe(1);
    machine.feed(server.ready());
    expect(machine.outstanding).toBe(0);
    machine.sendParse('', '');
    machine.sendSync();
    machine.sendQuery('');
    machine.sendSync();
    expect(machine.outstanding).toBe(3);
    machine.feed(concat(server.error(), server.ready()));
    expect(machine.outstanding).toBe(2);
  });
});

describe('the end of the connection', () => {
  test('is in order after sendTerminate, once everything is answered', () => {
    const { machine } = sending(query)();
    machine.sendTerminate();
    machine.feed(concat(server.emptyQuery(), server.ready()));
    expect(machine.state).toBe('terminating');
    machine.eof();
    expect(machine.state).toBe('closed');
    expect(() => {
      machine.sendQuery('q');
    }).toThrow('sendQuery: the server has ended the session');
  });

  test('is in order after sendTerminate in a group that failed', () => {
    const { machine } = sending(execute(numbers))();
    machine.sendTerminate();
    machine.feed(server.error());
    machine.eof();
    expect(machine.state).toBe('closed');
  });

  test('comes too early while answers are owed', () => {
    const { machine } = sending(query)();
    machine.sendTerminate();
    expect(() => {
      machine.eof();
    }).toThrow('the connection ended while querying');
  });

  test('says nothing may follow sendTerminate', () => {
    const { machine } = openSession();
    machine.sendTerminate();
    expect(machine.output.take()).toEqual(message('X'));
    expect(() => {
      machine.sendQuery('q');
    }).toThrow('sendQuery: nothing can be sent after sendTerminate');
  });

  test.each([
    ['before anything', newSession, [], 'the connection ended while created'],
    ['after start-up', started, [], 'the connection ended while starting'],
    ['in the first bytes', started, [server.authenticationOk().subarray(0, 3)], 'the connection ended while starting'],
    ['while idle', openSession, [], 'the connection ended while idle'],
    ['inside a message', openSession, [server.notice().subarray(0, 9)], 'ended in the middle of a message, while idle'],
    ['inside a header', openSession, [server.notice().subarray(0, 1)], 'ended in the middle of a message, while idle'],
    ['during a query', sending(query), [server.commandComplete('A')], 'the connection ended while querying'],
  ] as const)('is an error %s', (_, prepare, chunks, text) => {
    const { machine } = prepare();
    for (const chunk of chunks) machine.feed(chunk);
    const error = failure(() => {
      machine.eof();
    });
    expect(error.message).toContain(text);
    expect(error.code).toBe('ERR_POSTGRES_PROTOCOL_REMOTE');
    expect(
      failure(() => {
        machine.eof();
      }),
    ).toBe(error);
  });
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
