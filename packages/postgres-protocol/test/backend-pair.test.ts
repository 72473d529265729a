// Both ends of the wire, talking to each other.
import { randomChunks } from '@millrace/testkit';
import { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import { pbkdf2Sha256 } from '../src/crypto.js';
import { createStatement, encodeCancelRequest, type FrontendMachine } from '../src/index.js';
import { newBackend, type BackendEvent } from './backend-session.js';
import { newSession, type Session } from './open-session.js';
import { PlayServer, type Method } from './play-server.js';
import type { Event } from './recording-handler.js';
import { field, utf8 } from './wire.js';

const statement = createStatement({
  name: 's',
  parameterOids: [25],
  fields: [field({ name: 't', typeOid: 25 })],
});

type Cutter = (bytes: Uint8Array) => Uint8Array[];

const byteByByte: Cutter = (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte));
const cutAt =
  (at: number): Cutter =>
  (bytes) =>
    [bytes.slice(0, at), bytes.slice(at)].filter((chunk) => chunk.length > 0);
const randomly =
  (seed: number): Cutter =>
  (bytes) =>
    randomChunks(bytes, { seed: seed + bytes.length, maxBytes: 20 });

/** Whole batches, single bytes, every batch cut at the same place, and at random ones. */
const CUTTERS: readonly Cutter[] = [
  (bytes) => [bytes],
  byteByByte,
  ...Array.from({ length: 60 }, (_, i) => cutAt(i + 1)),
  ...Array.from({ length: 20 }, (_, seed) => randomly(seed)),
];

/** Carries bytes both ways until nothing moves. */
function pump({ machine }: Session, server: PlayServer, cut: Cutter): void {
  const carry = (from: { take(): Uint8Array }, to: { feed(chunk: Uint8Array): void }, then: () => void): boolean => {
    const bytes = from.take();
    for (const chunk of cut(bytes)) {
      to.feed(chunk);
      chunk.fill(0xee); // it was borrowed
      then();
    }
    return bytes.length > 0;
  };
  const answers = (): boolean => carry(server.machine.output, machine, () => undefined);
  for (let hasMoved = true; hasMoved;) {
    hasMoved = carry(machine.output, server.machine, answers);
    server.answer();
    hasMoved = answers() || hasMoved;
  }
}

interface Talk {
  readonly client: readonly Event[];
  readonly server: readonly BackendEvent[];
  readonly states: readonly [client: string, server: string];
}

/** Has a client that is in the session do something, and returns what both ends were told. */
function talk(act: (session: Session) => void, isPrompt: boolean, cut: Cutter, method: Method = 'trust'): Talk {
  const session = newSession();
  const server = new PlayServer(isPrompt, method);
  session.machine.sendStartup({ user: 'u' });
  pump(session, server, cut);
  session.handler.clear();
  server.recorder.clear();
  act(session);
  pump(session, server, cut);
  const { events } = session.handler;
  return { client: events, server: server.recorder.events, states: [session.machine.state, server.machine.state] };
}

/** What the client is told must not depend on where bytes are cut, nor on when the server answers. */
function expectTalk(act: (session: Session) => void, names: readonly string[], server?: readonly string[]): void {
  const first = talk(act, true, (bytes) => [bytes]);
  expect(first.client.map(([name]) => name)).toEqual(names);
  expect(first.states).toEqual(['idle', 'idle']);
  for (const isPrompt of [true, false]) {
    const whole = talk(act, isPrompt, (bytes) => [bytes]);
    if (server !== undefined && !isPrompt) expect(whole.server.map(([name]) => name)).toEqual(server);
    for (const cut of CUTTERS) {
      const { client, states } = talk(act, isPrompt, cut);
      expect(client).toEqual(first.client);
      expect(states).toEqual(first.states);
    }
  }
}

const requests =
  (...sends: ((machine: FrontendMachine) => void)[]) =>
  ({ machine }: Session): void => {
    for (const send of sends) send(machine);
  };
const query = (sql: string) => (machine: FrontendMachine) => {
  machine.sendQuery(sql);
};
const parse = (sql: string) => (machine: FrontendMachine) => {
  machine.sendParse('s', sql);
};
const bind = (machine: FrontendMachine): void => {
  machine.sendBind('', statement, ['x']);
};
const execute =
  (maxRows = 0) =>
  (machine: FrontendMachine): void => {
    machine.sendExecute('', statement, maxRows);
  };
const sync = (machine: FrontendMachine): void => {
  machine.sendSync();
};
/** Answers CopyInResponse with data and its end. */
const copying =
  (end: (machine: FrontendMachine) => void, ...sends: ((machine: FrontendMachine) => void)[]) =>
  (session: Session): void => {
    const { handler, machine } = session;
    handler.reactions.copyInResponse = () => {
      machine.sendCopyData(utf8('1\n'));
      machine.sendCopyData(utf8(''));
      machine.sendCopyData(utf8('2\n'));
      end(machine);
    };
    requests(...sends)(session);
  };
const done = (machine: FrontendMachine): void => {
  machine.sendCopyDone();
};
const giveUp = (machine: FrontendMachine): void => {
  machine.sendCopyFail('no');
};

describe('the two machines, letting a client in', () => {
  function login(method: Method, password: string, minor: '3.0' | '3.2', isPrompt: boolean, cut: Cutter): Talk {
    const session = newSession();
    const server = new PlayServer(isPrompt, method);
    const { handler, machine } = session;
    handler.reactions.needPassword = () => {
      machine.sendPassword(password);
    };
    handler.reactions.needSasl = () => {
      machine.sendSaslInitialResponse('SCRAM-SHA-256', 'rOprNGfwEbeRWgbNEkqO');
    };
    handler.reactions.needSaltedPassword = ({ salt, iterations }: { salt: Uint8Array; iterations: number }) => {
      machine.sendSaltedPassword(pbkdf2Sha256(utf8(password), salt, iterations));
    };
    machine.sendStartup({ user: 'u', protocolVersion: minor });
    pump(session, server, cut);
    return {
      client: handler.events,
      server: server.recorder.events,
      states: [machine.state, server.machine.state],
    };
  }
  const IN = ['authenticated', 'parameterStatus', 'backendKeyData', 'readyForQuery'];

  test.each([
    ['trust', '', IN, ['startup'], 'idle'],
    ['cleartext', 'secret', ['needPassword', ...IN], ['startup', 'password'], 'idle'],
    ['cleartext', 'wrong', ['needPassword', 'errorResponse'], ['startup', 'password'], 'closed'],
    ['md5', 'secret', ['needPassword', ...IN], ['startup', 'password'], 'idle'],
    [
      'scram',
      'secret',
      ['needSasl', 'needSaltedPassword', ...IN],
      ['startup', 'saslInitialResponse', 'saslResponse'],
      'idle',
    ],
    [
      'scram',
      'wrong',
      ['needSasl', 'needSaltedPassword', 'errorResponse'],
      ['startup', 'saslInitialResponse', 'saslResponse'],
      'closed',
    ],
    ['refuse', '', ['errorResponse'], ['startup'], 'closed'],
  ] as const)('by %s with the password "%s"', (method, password, client, server, state) => {
    for (const minor of ['3.0', '3.2'] as const) {
      for (const isPrompt of [true, false]) {
        for (const cut of CUTTERS) {
          const result = login(method, password, minor, isPrompt, cut);
          expect(result.client.map(([name]) => name)).toEqual(client);
          expect(result.server.map(([name]) => name)).toEqual(server);
          expect(result.states).toEqual([state, state]);
        }
      }
    }
  });

  test('over TLS, when GSSAPI was declined', () => {
    for (const isPrompt of [true, false]) {
      for (const cut of CUTTERS) {
        const session = newSession();
        const server = new PlayServer(isPrompt);
        const { handler, machine } = session;
        handler.reactions.encryptionAnswer = (request: string) => {
          if (request === 'GSSENCRequest') machine.sendSslRequest();
          else machine.sendStartup({ user: 'u' });
        };
        machine.sendGssEncRequest();
        pump(session, server, cut);
        expect(handler.events.slice(0, 2)).toEqual([
          ['encryptionAnswer', 'GSSENCRequest', false],
          ['encryptionAnswer', 'SSLRequest', true],
        ]);
        expect(server.recorder.names).toEqual(['gssEncRequest', 'sslRequest', 'startup']);
        expect(machine.state).toBe('idle');
      }
    }
  });
});

describe('the two machines, canceling', () => {
  test.each([
    ['3.0', 4],
    ['3.2', 32],
  ] as const)('hand on the key of protocol %s, which has %d bytes', (protocolVersion, keyBytes) => {
    for (const cut of CUTTERS) {
      const session = newSession();
      const server = new PlayServer(true);
      session.machine.sendStartup({ user: 'u', protocolVersion });
      pump(session, server, cut);
      const [, processId, secretKey] = session.handler.events.find(([name]) => name === 'backendKeyData') ?? [];
      expect(secretKey).toHaveLength(keyBytes);
      const out = new WriteBuffer();
      encodeCancelRequest(out, processId as number, secretKey as Uint8Array);
      const { machine, recorder } = newBackend();
      for (const chunk of cut(out.take())) machine.feed(chunk);
      machine.eof();
      expect(recorder.events).toEqual([['cancelRequest', { processId, secretKey }]]);
    }
  });
});

describe('the two machines, in a session', () => {
  test('do simple queries, one after the other and pipelined', () => {
    expectTalk(
      requests(query('rows;;x;fail;x'), query(''), query('broken'), query('rows')),
      [
        ...['rowDescription', 'rows', 'notice', 'commandComplete', 'emptyQueryResponse', 'commandComplete'],
        ...['errorResponse', 'readyForQuery', 'emptyQueryResponse', 'readyForQuery'],
        ...['rowDescription', 'rows', 'notice', 'errorResponse', 'readyForQuery'],
        ...['rowDescription', 'rows', 'notice', 'commandComplete', 'readyForQuery'],
      ],
      ['query', 'query', 'query', 'query'],
    );
  });

  test('do extended queries, pipelined over several Syncs', () => {
    const describing = (machine: FrontendMachine): void => {
      machine.sendDescribe('statement', 's');
      machine.sendDescribe('portal', '');
      machine.sendClose('portal', '');
      machine.sendFlush();
    };
    expectTalk(
      requests(parse('rows'), bind, describing, execute(2), execute(), sync, bind, execute(), sync, sync),
      [
        ...['parseComplete', 'bindComplete', 'parameterDescription', 'rowDescription', 'noData', 'closeComplete'],
        ...['rows', 'notice', 'portalSuspended', 'rows', 'notice', 'commandComplete', 'readyForQuery'],
        ...['bindComplete', 'rows', 'notice', 'commandComplete', 'readyForQuery', 'readyForQuery'],
      ],
      [
        ...['parse', 'bind', 'describe', 'describe', 'close', 'flush', 'execute', 'execute', 'sync'],
        ...['bind', 'execute', 'sync', 'sync'],
      ],
    );
  });

  test('recover from errors at each Sync', () => {
    expectTalk(
      requests(parse('wrong'), bind, execute(), sync, parse('broken'), bind, execute(), bind, sync, query('x')),
      [
        ...['errorResponse', 'readyForQuery', 'parseComplete', 'bindComplete', 'rows', 'notice', 'errorResponse'],
        ...['readyForQuery', 'commandComplete', 'readyForQuery'],
      ],
    );
  });

  test('call functions', () => {
    const call = (functionOid: number) => (machine: FrontendMachine) => {
      machine.sendFunctionCall({ functionOid, argumentFormats: [1], arguments: [utf8('x')], resultFormat: 1 });
    };
    expectTalk(requests(call(1), call(0), query('x'), call(2)), [
      ...['functionCallResponse', 'readyForQuery', 'errorResponse', 'readyForQuery'],
      ...['commandComplete', 'readyForQuery', 'functionCallResponse', 'readyForQuery'],
    ]);
  });

  test('copy out', () => {
    const out = ['copyOutResponse', 'copyData', 'copyDone', 'commandComplete'];
    expectTalk(requests(query('out;rows;out')), [
      ...out,
      ...['rowDescription', 'rows', 'notice', 'commandComplete'],
      ...out,
      'readyForQuery',
    ]);
    expectTalk(requests(parse('out'), bind, execute(), bind, execute(), sync), [
      ...['parseComplete', 'bindComplete', ...out, 'bindComplete', ...out, 'readyForQuery'],
    ]);
  });

  test('copy in', () => {
    expectTalk(copying(done, query('x;in')), [
      ...['commandComplete', 'copyInResponse', 'commandComplete', 'readyForQuery'],
    ]);
    expectTalk(copying(giveUp, query('in;x')), ['copyInResponse', 'errorResponse', 'readyForQuery']);
    expectTalk(copying(done, parse('in'), bind, execute(), sync), [
      ...['parseComplete', 'bindComplete', 'copyInResponse', 'commandComplete', 'readyForQuery'],
    ]);
    expectTalk(copying(giveUp, parse('in'), bind, execute(), sync), [
      ...['parseComplete', 'bindComplete', 'copyInResponse', 'errorResponse', 'readyForQuery'],
    ]);
  });

  test('copy in what the server stops, while data is on its way', () => {
    for (const end of [done, giveUp]) {
      expectTalk(copying(end, query('late')), ['copyInResponse', 'errorResponse', 'readyForQuery']);
      expectTalk(copying(end, parse('late'), bind, execute(), sync), [
        ...['parseComplete', 'bindComplete', 'copyInResponse', 'errorResponse', 'readyForQuery'],
      ]);
    }
  });

  test('copy in what the server stops before it reads the Sync that came with the command', () => {
    const events = ['parseComplete', 'bindComplete', 'copyInResponse', 'errorResponse', 'readyForQuery'];
    const sends = [parse('view'), bind, execute(), sync];
    for (const act of [copying(done, ...sends), copying(giveUp, ...sends), requests(...sends)]) {
      expectTalk(act, events);
      const thenQuery = (session: Session): void => {
        session.handler.reactions.readyForQuery = () => {
          session.handler.reactions.readyForQuery = undefined;
          session.machine.sendQuery('x');
        };
        act(session);
      };
      expectTalk(thenQuery, [...events, 'commandComplete', 'readyForQuery']);
    }
  });

  test('copy in both directions', () => {
    expectTalk(
      (session) => {
        session.handler.reactions.copyBothResponse = () => {
          session.machine.sendCopyData(utf8('r1'));
          session.machine.sendCopyDone();
        };
        session.machine.sendQuery('both');
      },
      ['copyBothResponse', 'copyData', 'copyDone', 'commandComplete', 'readyForQuery'],
      ['query', 'copyData', 'copyDone'],
    );
  });

  test('say good-bye behind what is still to be answered', () => {
    for (const isPrompt of [true, false]) {
      for (const cut of CUTTERS) {
        const session = newSession();
        const server = new PlayServer(isPrompt);
        session.machine.sendStartup({ user: 'u' });
        pump(session, server, cut);
        requests(query('rows'), parse('rows'), bind, sync)(session);
        session.machine.sendTerminate();
        pump(session, server, cut);
        expect(server.recorder.names.at(-1)).toBe('terminate');
        expect([session.machine.state, server.machine.state]).toEqual(['terminating', 'terminating']);
        server.machine.eof();
        session.machine.eof();
        expect([session.machine.state, server.machine.state]).toEqual(['closed', 'closed']);
      }
    }
  });
});
