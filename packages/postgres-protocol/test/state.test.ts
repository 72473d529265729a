import { describe, expect, test } from 'vitest';
import { createStatement, type FrontendMachine } from '../src/index.js';
import { ASYNC_PHASES, PHASES, STARTUP_SENDS, TRANSITIONS } from '../src/state.js';
import type { AsyncMessageName, ServerMessageName, StartupSend, State } from '../src/state.js';
import { newSession, openSession, type Session } from './open-session.js';
import { serverFinal } from './scram-server.js';
import { concat, int32, server } from './wire.js';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const SERVER_FINAL = serverFinal(NONCE, SERVER_FIRST, new Uint8Array(32));

const statement = createStatement({ name: '', parameterOids: [], fields: [] });

const starting = (): Session => {
  const session = newSession();
  session.machine.sendStartup({ user: 'u' });
  return session;
};
const after = (session: Session, ...messages: Uint8Array[]): Session => {
  session.machine.feed(concat(...messages));
  return session;
};
const sent = (send: (machine: FrontendMachine) => void): Session => {
  const session = openSession();
  send(session.machine);
  return session;
};
const needingSaltedPassword = (): Session => {
  const session = after(starting(), server.sasl('SCRAM-SHA-256'));
  session.machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
  return after(session, server.saslContinue(SERVER_FIRST));
};
const saslResponseSent = (): Session => {
  const session = needingSaltedPassword();
  session.machine.sendSaltedPassword(new Uint8Array(32));
  return session;
};
const querying = (): Session =>
  sent((machine) => {
    machine.sendQuery('');
  });
const executing = (): Session =>
  sent((machine) => {
    machine.sendExecute('', statement, 0);
  });

/** How to bring a machine into each state. */
const REACH: Readonly<Record<State, () => Session>> = {
  created: newSession,
  starting,
  needingPassword: () => after(starting(), server.cleartextPassword()),
  passwordSent: () => {
    const session = after(starting(), server.cleartextPassword());
    session.machine.sendPassword('p');
    return session;
  },
  needingSasl: () => after(starting(), server.sasl('SCRAM-SHA-256')),
  saslInitialSent: () => {
    const session = after(starting(), server.sasl('SCRAM-SHA-256'));
    session.machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
    return session;
  },
  needingSaltedPassword,
  saslResponseSent,
  saslVerified: () => after(saslResponseSent(), server.saslFinal(SERVER_FINAL)),
  initializing: () => after(starting(), server.authenticationOk()),
  idle: openSession,
  parsing: () =>
    sent((machine) => {
      machine.sendParse('', '');
    }),
  binding: () =>
    sent((machine) => {
      machine.sendBind('', statement, []);
    }),
  describingStatement: () =>
    sent((machine) => {
      machine.sendDescribe('statement', '');
    }),
  describingColumns: () =>
    sent((machine) => {
      machine.sendDescribe('portal', '');
    }),
  executing,
  closing: () =>
    sent((machine) => {
      machine.sendClose('portal', '');
    }),
  syncing: () =>
    sent((machine) => {
      machine.sendSync();
    }),
  querying,
  queryingRows: () => after(querying(), server.rowDescription()),
  refusingCopyIn: () => after(querying(), server.copyIn()),
  skippingCopyOut: () => after(executing(), server.copyOut()),
  endingCopyOut: () => after(executing(), server.copyOut(), server.copyDone()),
  skippingQueryCopyOut: () => after(querying(), server.copyOut()),
  endingQueryCopyOut: () => after(querying(), server.copyOut(), server.copyDone()),
  draining: () => after(querying(), server.error()),
  terminating: () =>
    sent((machine) => {
      machine.sendTerminate();
    }),
  closed: () => after(openSession(), server.fatal()),
  broken: () => {
    const session = openSession();
    expect(() => {
      session.machine.feed(server.noData());
    }).toThrow();
    return session;
  },
};

const MESSAGES: Readonly<Record<ServerMessageName | AsyncMessageName, Uint8Array>> = {
  AuthenticationOk: server.authenticationOk(),
  AuthenticationCleartextPassword: server.cleartextPassword(),
  AuthenticationMD5Password: server.md5Password(int32(1)),
  AuthenticationSASL: server.sasl('SCRAM-SHA-256'),
  AuthenticationSASLContinue: server.saslContinue(SERVER_FIRST),
  AuthenticationSASLFinal: server.saslFinal(SERVER_FINAL),
  NegotiateProtocolVersion: server.negotiate(3 << 16),
  BackendKeyData: server.keyData(),
  ReadyForQuery: server.ready(),
  ParseComplete: server.parseComplete(),
  BindComplete: server.bindComplete(),
  CloseComplete: server.closeComplete(),
  ParameterDescription: server.parameterDescription(),
  RowDescription: server.rowDescription(),
  NoData: server.noData(),
  DataRow: server.dataRow(),
  CommandComplete: server.commandComplete('SELECT 0'),
  EmptyQueryResponse: server.emptyQuery(),
  PortalSuspended: server.portalSuspended(),
  ErrorResponse: server.error(),
  CopyInResponse: server.copyIn(),
  CopyOutResponse: server.copyOut(),
  CopyBothResponse: server.copyBoth(),
  CopyData: server.copyData('1'),
  CopyDone: server.copyDone(),
  FunctionCallResponse: server.functionCallResponse(),
  NoticeResponse: server.notice(),
  ParameterStatus: server.parameter('a', 'b'),
  NotificationResponse: server.notification(1, 'c', 'p'),
};

/** Messages whose event is worth a look: legal ones must tell the handler, illegal ones must not. */
const SILENT: readonly string[] = [
  'AuthenticationSASLFinal',
  'NegotiateProtocolVersion',
  'CopyData',
  'CopyDone',
  'CopyInResponse',
];

const STATES = Object.keys(TRANSITIONS) as State[];
const NAMES = Object.keys(MESSAGES) as (keyof typeof MESSAGES)[];
const PAIRS = STATES.flatMap((state) => NAMES.map((name) => [state, name] as const));

function expectedNext(state: State, name: keyof typeof MESSAGES): State | undefined {
  if (Object.hasOwn(ASYNC_PHASES, name)) {
    return ASYNC_PHASES[name as AsyncMessageName].includes(PHASES[state]) ? state : undefined;
  }
  const next = TRANSITIONS[state][name as ServerMessageName];
  return next === 'next' ? 'idle' : next; // nothing is pipelined here
}

describe('the table of transitions', () => {
  test.each(STATES)('has a way into %s', (state) => {
    expect(REACH[state]().machine.state).toBe(state);
  });

  test.each(PAIRS)('while %s, %s does what the table says, and nothing else', (state, name) => {
    const { handler, machine } = REACH[state]();
    handler.clear();
    const next = expectedNext(state, name);
    if (next !== undefined) {
      machine.feed(MESSAGES[name]);
      expect(machine.state).toBe(next);
      // The rows of a result without columns are rows too.
      expect(handler.events).toHaveLength(SILENT.includes(name) ? 0 : 1);
      return;
    }
    const feed = () => {
      machine.feed(MESSAGES[name]);
    };
    expect(feed).toThrow(expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE' }));
    expect(handler.events).toEqual([]);
    expect(machine.state).toBe('broken');
    if (state === 'broken') return;
    // What cannot even begin a conversation is judged by its bytes, before it has a name.
    expect(feed).toThrow(
      (state === 'created' || state === 'starting') && !/^(Authentication|Negotiate|Error|Notice)/.test(name)
        ? 'does not speak the PostgreSQL protocol'
        : new RegExp(`${name}.* illegal while ${state}`),
    );
  });

  test('lets each call of start-up happen in one state only', () => {
    const calls: Readonly<Record<StartupSend, (machine: FrontendMachine) => void>> = {
      sendStartup: (machine) => {
        machine.sendStartup({ user: 'u' });
      },
      sendPassword: (machine) => {
        machine.sendPassword('p');
      },
      sendSaslInitialResponse: (machine) => {
        machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
      },
      sendSaltedPassword: (machine) => {
        machine.sendSaltedPassword(new Uint8Array(32));
      },
    };
    for (const [call, run] of Object.entries(calls)) {
      for (const state of STATES) {
        const { machine } = REACH[state]();
        const before = machine.output.length;
        const next = STARTUP_SENDS[call as StartupSend][state];
        if (next === undefined) {
          const code = state === 'broken' ? 'ERR_POSTGRES_PROTOCOL_REMOTE' : 'ERR_POSTGRES_PROTOCOL_LOCAL';
          expect(() => {
            run(machine);
          }, `${call} while ${state}`).toThrow(expect.objectContaining({ code }));
          expect(machine.output.length).toBe(before);
          expect(machine.state).toBe(state);
        } else {
          run(machine);
          expect(machine.state).toBe(next);
          expect(machine.output.length).toBeGreaterThan(before);
        }
      }
    }
  });

  test('lets requests be sent in a session only', () => {
    const requests: readonly ((machine: FrontendMachine) => void)[] = [
      (machine) => {
        machine.sendQuery('');
      },
      (machine) => {
        machine.sendParse('', '');
      },
      (machine) => {
        machine.sendDescribe('portal', '');
      },
      (machine) => {
        machine.sendBind('', statement, []);
      },
      (machine) => {
        machine.sendExecute('', statement, 0);
      },
      (machine) => {
        machine.sendClose('portal', '');
      },
      (machine) => {
        machine.sendSync();
      },
      (machine) => {
        machine.sendFlush();
      },
      (machine) => {
        machine.sendTerminate();
      },
    ];
    for (const [i, run] of requests.entries()) {
      for (const state of STATES) {
        const { machine } = REACH[state]();
        const before = machine.output.length;
        const isGroupOpen = /^(parsing|binding|describing|executing|closing|skippingCopyOut|endingCopyOut)/.test(state);
        const isLegal = PHASES[state] === 'session' && state !== 'terminating' && !(i === 0 && isGroupOpen);
        if (isLegal) {
          run(machine);
          expect(machine.output.length).toBeGreaterThan(before);
          continue;
        }
        const code = state === 'broken' ? 'ERR_POSTGRES_PROTOCOL_REMOTE' : 'ERR_POSTGRES_PROTOCOL_LOCAL';
        expect(() => {
          run(machine);
        }, `request ${i} while ${state}`).toThrow(expect.objectContaining({ code }));
        expect(machine.output.length).toBe(before);
        expect(machine.state).toBe(state);
      }
    }
  });
});
