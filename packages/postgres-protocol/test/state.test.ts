import { describe, expect, test } from 'vitest';
import { ASYNC_PHASES, PHASES } from '../src/frontend-phases.js';
import { GROUPED, REQUESTS, SENDS, type RequestSend, type StateSend } from '../src/frontend-sends.js';
import { ENCRYPTION_ANSWERS, TRANSITIONS } from '../src/frontend-state.js';
import type {
  AsyncMessageName,
  Expectation,
  RequestingState,
  ServerMessageName,
  State,
  UnsupportedMessageName,
} from '../src/frontend-state.js';
import { BACKEND_TYPES, type BackendMessageName } from '../src/messages/names.js';
import { failure } from './conversations.js';
import type { Session } from './open-session.js';
import { CALLS, REACH, SERVER_FIRST, SERVER_FINAL } from './reach-state.js';
import { concat, int32, server, utf8 } from './wire.js';

const MESSAGES: Readonly<Record<BackendMessageName, Uint8Array>> = {
  AuthenticationOk: server.authenticationOk(),
  AuthenticationKerberosV5: server.authentication(2),
  AuthenticationCleartextPassword: server.cleartextPassword(),
  AuthenticationMD5Password: server.md5Password(int32(1)),
  AuthenticationGSS: server.authentication(7),
  AuthenticationGSSContinue: server.authentication(8),
  AuthenticationSSPI: server.authentication(9),
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

const UNSUPPORTED: readonly string[] = [
  'AuthenticationKerberosV5',
  'AuthenticationGSS',
  'AuthenticationGSSContinue',
  'AuthenticationSSPI',
] satisfies UnsupportedMessageName[];

/** Its first byte is an answer, N; the error is about the second, in the state that comes of it. */
const isAnswer = (state: State, name: BackendMessageName): boolean =>
  name === 'NoticeResponse' && Object.hasOwn(ENCRYPTION_ANSWERS, state);

const STATES = Object.keys(TRANSITIONS) as State[];
const NAMES = Object.keys(BACKEND_TYPES) as BackendMessageName[];
const PAIRS = STATES.flatMap((state) => NAMES.map((name) => [state, name] as const));

function bytesOf(state: State, name: BackendMessageName): Uint8Array {
  const isOauth = state === 'oauthTokenSent' && name === 'AuthenticationSASLContinue';
  return isOauth ? server.saslContinue('{"status":"invalid_token"}') : MESSAGES[name];
}

function expectedNext(state: State, name: BackendMessageName): State | undefined {
  if (Object.hasOwn(ASYNC_PHASES, name)) {
    return ASYNC_PHASES[name as AsyncMessageName].includes(PHASES[state]) ? state : undefined;
  }
  const next = TRANSITIONS[state][name as ServerMessageName];
  return next === 'next' ? 'idle' : next; // nothing is pipelined here
}

/** Every call, and `feed` and `eof`, throw one and the same error. */
function expectDead({ machine, handler }: Session, error: unknown): void {
  const eventCount = handler.events.length;
  const outputBytes = machine.output.length;
  const calls = [
    ...Object.values(CALLS),
    () => {
      machine.feed(server.notice());
    },
    () => {
      machine.eof();
    },
  ];
  for (const call of calls)
    expect(
      failure(() => {
        call(machine);
      }),
    ).toBe(error);
  expect(handler.events).toHaveLength(eventCount);
  expect(machine.output.length).toBe(outputBytes);
  expect(machine.state).toBe('broken');
}

describe('the table of transitions', () => {
  test.each(STATES)('has a way into %s', (state) => {
    expect(REACH[state]().machine.state).toBe(state);
  });

  test.each(PAIRS)('while %s, %s does what the table says, and nothing else', (state, name) => {
    const session = REACH[state]();
    const { handler, machine } = session;
    const brokenBy =
      state === 'broken'
        ? failure(() => {
            machine.eof();
          })
        : undefined;
    handler.clear();
    const next = expectedNext(state, name);
    if (next !== undefined) {
      machine.feed(bytesOf(state, name));
      expect(machine.state).toBe(next);
      // The server's proof is the one message that only prepares another.
      expect(handler.events).toHaveLength(name === 'AuthenticationSASLFinal' ? 0 : 1);
      return;
    }
    const error = failure(() => {
      machine.feed(bytesOf(state, name));
    });
    expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE' });
    if (isAnswer(state, name)) {
      const { request, answers } = ENCRYPTION_ANSWERS[state as RequestingState];
      expect(handler.events).toEqual([['encryptionAnswer', request, false]]);
      expect(error).toMatchObject({ state: answers['N']?.next });
      expectDead(session, error);
      return;
    }
    expect(handler.events).toEqual([]);
    if (brokenBy !== undefined) expect(error).toBe(brokenBy);
    else {
      expect(error).toMatchObject({ state, received: name });
      expect(error.message).toContain(name);
      expect(error.message).toContain(`while ${state}`);
      if (UNSUPPORTED.includes(name) && PHASES[state] !== 'none') expect(error.message).toContain('unsupported');
    }
    expectDead(session, error);
  });

  test.each(PAIRS)('while %s, the header of %s says as much', (state, name) => {
    const { handler, machine } = REACH[state]();
    handler.clear();
    const bytes = bytesOf(state, name);
    const isNamed = !name.startsWith('Authentication') && bytes.length > 5;
    // A stranger is judged by what it says first; a dead machine judges nothing.
    if (!isNamed || state === 'broken' || PHASES[state] === 'none' || state === 'starting') return;
    const run = (): void => {
      machine.feed(bytes.subarray(0, 5));
    };
    if (expectedNext(state, name) === undefined) {
      expect(failure(run)).toMatchObject({ state, received: name });
      expect(machine.state).toBe('broken');
    } else {
      run();
      expect(machine.state).toBe(state);
    }
    expect(handler.events).toEqual([]);
  });
});

describe('the answers to a request for encryption', () => {
  const requesting = Object.keys(ENCRYPTION_ANSWERS) as RequestingState[];
  const E = 0x45; // an ErrorResponse begins

  test.each(requesting)('while %s, are those of the table, of all bytes', (state) => {
    const { request, answers } = ENCRYPTION_ANSWERS[state];
    for (let byte = 0; byte < 256; byte++) {
      const { handler, machine } = REACH[state]();
      handler.clear();
      const answer = answers[String.fromCharCode(byte)];
      if (answer !== undefined) {
        machine.feed(Uint8Array.of(byte));
        expect(machine.state).toBe(answer.next);
        expect(handler.events).toEqual([['encryptionAnswer', request, answer.isAccepted]]);
      } else if (byte === E) {
        machine.feed(Uint8Array.of(byte));
        expect(machine.state).toBe(state);
        expect(handler.events).toEqual([]);
      } else {
        const error = failure(() => {
          machine.feed(Uint8Array.of(byte));
        });
        expect(error.message).toMatch(new RegExp(`^the answer to ${request} is . or N, .*while ${state}`));
        expect(handler.events).toEqual([]);
      }
    }
  });

  test.each(requesting)('while %s, are followed by nothing, where they consent', (state) => {
    const { request, answers } = ENCRYPTION_ANSWERS[state];
    for (const [answer, { isAccepted }] of Object.entries(answers)) {
      if (!isAccepted) continue;
      for (const rest of [utf8('E'), server.error(), Uint8Array.of(0x16, 3, 1)]) {
        const session = REACH[state]();
        session.handler.clear();
        const error = failure(() => {
          session.machine.feed(concat(utf8(answer), rest));
        });
        expect(error.message).toContain(`nothing may follow the consent to ${request}`);
        expect(session.handler.events).toEqual([]);
        expectDead(session, error);
      }
    }
  });
});

describe('the tables of calls', () => {
  const calls = Object.keys(CALLS) as (StateSend | RequestSend)[];
  const pairs = STATES.flatMap((state) => calls.map((call) => [state, call] as const));

  test('have every call once', () => {
    expect(calls.toSorted()).toEqual([...Object.keys(SENDS), ...Object.keys(REQUESTS)].toSorted());
  });

  /** States in which an extended request was sent, and no Sync behind it. */
  const groupOpen = STATES.filter((state) => {
    const inGroup: readonly string[] = ['copyingOut', 'endingCopyIn', 'endingCopyOut'];
    return GROUPED.includes(state as Expectation) || inGroup.includes(state);
  });

  function nextAfter(state: State, call: StateSend | RequestSend): State | undefined {
    if (Object.hasOwn(SENDS, call)) return SENDS[call as StateSend][state];
    const rule = REQUESTS[call as RequestSend];
    if (PHASES[state] !== 'session' || state === 'terminating') return undefined;
    if (rule.needsClosedGroup && groupOpen.includes(state)) return undefined;
    return state === 'idle' ? (rule.expects.at(-1) ?? 'idle') : state;
  }

  test.each(pairs)('while %s, %s does what they say, and nothing else', (state, call) => {
    const { handler, machine } = REACH[state]();
    const brokenBy =
      state === 'broken'
        ? failure(() => {
            machine.eof();
          })
        : undefined;
    machine.output.reset();
    handler.clear();
    const next = nextAfter(state, call);
    if (next !== undefined) {
      CALLS[call](machine);
      expect(machine.state).toBe(next);
      expect(machine.output.length).toBeGreaterThan(0);
    } else {
      const error = failure(() => {
        CALLS[call](machine);
      });
      if (brokenBy !== undefined) expect(error).toBe(brokenBy);
      else {
        expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_LOCAL', call, state });
        expect(error.message).toContain(call);
      }
      expect(machine.output.length).toBe(0);
      expect(machine.state).toBe(state);
    }
    expect(handler.events).toEqual([]);
  });

  test.each(STATES)('while %s, the end of the connection is the peer’s fault, unless it is due', (state) => {
    const session = REACH[state]();
    const { machine } = session;
    if (state === 'closed' || state === 'terminating') {
      machine.eof();
      expect(machine.state).toBe('closed');
      return;
    }
    const error = failure(() => {
      machine.eof();
    });
    if (state !== 'broken') {
      expect(error).toMatchObject({ code: 'ERR_POSTGRES_PROTOCOL_REMOTE', state });
      expect(error.message).toBe(`the connection ended while ${state}`);
    }
    expectDead(session, error);
  });
});
