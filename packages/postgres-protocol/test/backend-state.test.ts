import { describe, expect, test } from 'vitest';
import { ASYNC_SENDS, BACKEND_PHASES } from '../src/backend-phases.js';
import { RECEIVES, SENDS } from '../src/backend-state.js';
import type { AsyncSendName, BackendState, ReceivedName, SentName } from '../src/backend-state.js';
import { MESSAGES, SENDING } from './backend-tables.js';
import { after, client, ERROR, newBackend, openBackend, type BackendSession } from './backend-session.js';
import { concat, int32 } from './wire.js';

const starting = (): BackendSession => after(newBackend(), [client.startup()]);
const opened = (...messages: Uint8Array[]): BackendSession => after(openBackend(), messages);
const {
  EncryptionDeclined: decline,
  AuthenticationSASL: sasl,
  AuthenticationSASLContinue: saslContinue,
  CopyInResponse: copyIn,
  CopyOutResponse: copyOut,
  CopyBothResponse: copyBoth,
  CopyDone: copyDone,
  ErrorResponse: error,
} = SENDING;
const saslInitialReceived = (): BackendSession => {
  const session = starting();
  sasl(session.machine);
  return after(session, [client.saslInitial()]);
};
const gssRequested = (): BackendSession =>
  after(starting(), [], (machine) => {
    machine.sendAuthenticationGSS();
  });
const copyingIn = (): BackendSession => after(opened(client.execute()), [], copyIn);
const copyingBoth = (): BackendSession => after(opened(client.query()), [], copyBoth);

/** How to bring a machine into each state. */
const REACH: Readonly<Record<BackendState, () => BackendSession>> = {
  created: newBackend,
  sslRequested: () => after(newBackend(), [client.sslRequest()]),
  sslDeclined: () => after(newBackend(), [client.sslRequest()], decline),
  sslRequestedLast: () => after(after(newBackend(), [client.gssEncRequest()], decline), [client.sslRequest()]),
  gssEncRequested: () => after(newBackend(), [client.gssEncRequest()]),
  gssEncDeclined: () => after(newBackend(), [client.gssEncRequest()], decline),
  gssEncRequestedLast: () => after(after(newBackend(), [client.sslRequest()], decline), [client.gssEncRequest()]),
  encryptionSettled: () =>
    after(newBackend(), [client.sslRequest()], (machine) => {
      machine.sendEncryptionAnswer(true);
    }),
  negotiating: () => after(newBackend(), [client.startup(9999)]),
  starting,
  negotiated: () =>
    after(newBackend(), [client.startup(9999)], (machine) => {
      machine.sendNegotiateProtocolVersion('3.2');
    }),
  passwordRequested: () =>
    after(starting(), [], (machine) => {
      machine.sendAuthenticationCleartextPassword();
    }),
  passwordReceived: () =>
    after(
      after(starting(), [], (machine) => {
        machine.sendAuthenticationMD5Password(int32(1));
      }),
      [client.password()],
    ),
  saslRequested: () => after(starting(), [], sasl),
  saslInitialReceived,
  saslContinued: () => after(saslInitialReceived(), [], saslContinue),
  saslResponseReceived: () => after(after(saslInitialReceived(), [], saslContinue), [client.saslResponse()]),
  saslFinished: () =>
    after(saslInitialReceived(), [], (machine) => {
      machine.sendAuthenticationSASLFinal(Uint8Array.of(2));
    }),
  gssRequested,
  gssReceived: () => after(gssRequested(), [client.saslResponse()]),
  kerberosRequested: () =>
    after(starting(), [], (machine) => {
      machine.sendAuthenticationKerberosV5();
    }),
  initializing: () =>
    after(starting(), [], (machine) => {
      machine.sendAuthenticationOk();
    }),
  idle: openBackend,
  parsing: () => opened(client.parse()),
  binding: () => opened(client.bind()),
  describingStatement: () => opened(client.describe('S')),
  describingColumns: () => opened(client.describe('P')),
  executing: () => opened(client.execute()),
  closing: () => opened(client.close()),
  syncing: () => opened(client.sync()),
  querying: () => opened(client.query()),
  queryingRows: () =>
    after(opened(client.query()), [], (machine) => {
      machine.sendRowDescription([]);
    }),
  callingFunction: () => opened(client.functionCall()),
  functionCalled: () =>
    after(opened(client.functionCall()), [], (machine) => {
      machine.sendFunctionCallResponse(null);
    }),
  copyingIn,
  endingCopyIn: () => after(copyingIn(), [client.copyDone()]),
  failingCopyIn: () => after(copyingIn(), [client.copyFail()]),
  copyingOut: () => after(opened(client.execute()), [], copyOut),
  endingCopyOut: () => after(opened(client.execute()), [], copyOut, copyDone),
  queryCopyingOut: () => after(opened(client.query()), [], copyOut),
  queryEndingCopyOut: () => after(opened(client.query()), [], copyOut, copyDone),
  copyingBoth,
  copyingBothIn: () => after(copyingBoth(), [], copyDone),
  copyingBothOut: () => after(copyingBoth(), [client.copyDone()]),
  endingCopyBoth: () => after(copyingBoth(), [client.copyDone()], copyDone),
  skipping: () => after(opened(client.execute()), [], error),
  draining: () => after(opened(client.query()), [], error),
  terminating: () => opened(client.terminate()),
  canceling: () => after(newBackend(), [client.cancelRequest()]),
  closed: () => after(openBackend(), [], error),
  broken: () => {
    const session = openBackend();
    expect(() => {
      session.machine.feed(client.copyDone());
    }).toThrow();
    return session;
  },
};

const UNTYPED: readonly string[] = ['SSLRequest', 'GSSENCRequest', 'CancelRequest', 'StartupMessage'];
const ANSWERS: readonly string[] = ['PasswordMessage', 'SASLInitialResponse', 'SASLResponse', 'GSSResponse'];

/** Which of the four answers a message of type 'p' is taken for; the table cannot be asked about the others. */
const ANSWER_IN: Readonly<Partial<Record<BackendState, string>>> = {
  saslRequested: 'SASLInitialResponse',
  saslContinued: 'SASLResponse',
  gssRequested: 'GSSResponse',
};

/** In which state a message of a session leaves an idle machine. */
const QUEUED: Readonly<Partial<Record<string, BackendState>>> = {
  Query: 'querying',
  Parse: 'parsing',
  Bind: 'binding',
  Describe: 'describingColumns',
  Execute: 'executing',
  Close: 'closing',
  Sync: 'syncing',
  FunctionCall: 'callingFunction',
  Terminate: 'terminating',
};

const STATES = Object.keys(RECEIVES) as BackendState[];
const RECEIVED = Object.keys(MESSAGES) as (keyof typeof MESSAGES)[];
const SENT = Object.keys(SENDING) as (keyof typeof SENDING)[];
const REMOTE = expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE' }) as unknown;
const LOCAL = expect.objectContaining({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL' }) as unknown;

/** Before the StartupMessage nothing has a type byte. */
const isUntyped = (state: BackendState): boolean => BACKEND_PHASES[state] === 'none' && state !== 'broken';

function isJudgedByName(state: BackendState, name: string): boolean {
  if (UNTYPED.includes(name) !== isUntyped(state)) return false;
  return !ANSWERS.includes(name) || name === (ANSWER_IN[state] ?? 'PasswordMessage');
}

function afterReceiving(state: BackendState, name: ReceivedName): BackendState | undefined {
  const next = RECEIVES[state][name];
  if (next === 'queue') return state === 'idle' ? QUEUED[name] : state;
  return next === 'pass' || next === 'skip' ? state : next;
}

/** Nothing is pipelined in the sessions above, but for what the state itself needs. */
function afterSending(state: BackendState, name: keyof typeof SENDING): BackendState | undefined {
  if (Object.hasOwn(ASYNC_SENDS, name)) {
    return ASYNC_SENDS[name as AsyncSendName].includes(BACKEND_PHASES[state]) ? state : undefined;
  }
  const next = SENDS[state][name as SentName];
  if (next === 'next' || next === 'afterCopy') return 'idle'; // the copies above are of Executes
  if (next !== 'failed') return next;
  return /^(query|copyingBoth|endingCopyBoth|callingFunction|functionCalled)/.test(state) ? 'draining' : 'skipping';
}

describe('the tables of the server', () => {
  test.each(STATES)('have a way into %s', (state) => {
    expect(REACH[state]().machine.state).toBe(state);
  });

  test.each(STATES)('say what a client may send while %s, and nothing else', (state) => {
    for (const name of RECEIVED.filter((each) => isJudgedByName(state, each))) {
      const { machine, recorder } = REACH[state]();
      recorder.clear();
      const next = afterReceiving(state, name);
      if (state === 'closed' || next !== undefined) {
        machine.feed(MESSAGES[name]);
        expect([name, machine.state]).toEqual([name, next ?? 'closed']);
        const isSilent = state === 'closed' || RECEIVES[state][name] === 'skip';
        expect([name, ...recorder.names]).toHaveLength(isSilent ? 1 : 2);
        continue;
      }
      const feed = () => {
        machine.feed(MESSAGES[name]);
      };
      expect(feed, name).toThrow(REMOTE);
      expect(recorder.events).toEqual([]);
      expect(machine.state).toBe('broken');
      expect(feed).toThrow(REMOTE);
      if (state === 'broken') continue;
      const isHeldBack = state.includes('Requested') && isUntyped(state);
      const text = isHeldBack ? `before the answer to an encryption request (while ${state})` : `${name} is illegal`;
      expect(feed).toThrow(text);
      expect(feed).toThrow(new RegExp(`while ${state}`));
    }
  });

  test.each(STATES)('judge by its bytes what cannot be told apart while %s', (state) => {
    for (const name of RECEIVED.filter((each) => !ANSWERS.includes(each) && !isJudgedByName(state, each))) {
      if (state === 'closed') continue;
      const { machine, recorder } = REACH[state]();
      recorder.clear();
      expect(() => {
        machine.feed(MESSAGES[name]);
      }, name).toThrow(REMOTE);
      expect(recorder.events).toEqual([]);
      expect(machine.state).toBe('broken');
    }
  });

  test.each(STATES)('say whether a client may end while %s', (state) => {
    const { machine } = REACH[state]();
    const eof = () => {
      machine.eof();
    };
    if (RECEIVES[state].EndOfInput === undefined) {
      expect(eof).toThrow(REMOTE);
      if (state !== 'broken') expect(eof).toThrow(`the connection ended while ${state}`);
      expect(machine.state).toBe('broken');
    } else {
      eof();
      expect(machine.state).toBe('closed');
    }
  });

  test.each(STATES)('say what a server may send while %s, and nothing else', (state) => {
    for (const name of SENT) {
      const { machine, recorder } = REACH[state]();
      machine.output.reset();
      recorder.clear();
      const next = afterSending(state, name);
      const run = () => {
        SENDING[name](machine);
      };
      if (next === undefined) {
        expect(run, name).toThrow(state === 'broken' ? REMOTE : LOCAL);
        if (state !== 'broken') expect(run).toThrow(`${name} cannot be sent while ${state}`);
        expect(machine.output.length).toBe(0);
        expect(machine.state).toBe(state);
      } else {
        run();
        expect([name, machine.state]).toEqual([name, next]);
        expect(machine.output.length).toBeGreaterThan(0);
      }
      expect(recorder.events).toEqual([]);
    }
  });

  test.each(STATES)('let a FATAL error end what can be ended while %s', (state) => {
    const { machine } = REACH[state]();
    const run = () => {
      machine.sendErrorResponse({ ...ERROR, severity: 'FEHLER', severityCode: 'FATAL' });
    };
    if (SENDS[state].ErrorResponse === undefined) {
      expect(run).toThrow(LOCAL);
    } else {
      run();
      expect(machine.state).toBe('closed');
      expect([machine.outstanding, machine.unanswered]).toEqual([0, 0]);
    }
  });

  test('go on from each state as if nothing had been refused', () => {
    const { machine } = openBackend();
    for (const name of SENT.filter((each) => afterSending('idle', each) === undefined)) {
      expect(() => {
        SENDING[name](machine);
      }).toThrow(LOCAL);
    }
    machine.feed(concat(client.query()));
    machine.sendEmptyQueryResponse();
    machine.sendReadyForQuery('I');
    expect(machine.state).toBe('idle');
  });
});
