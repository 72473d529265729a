import { describe, expect, test } from 'vitest';
import { decodeOauthBearerResponse, encodeOauthBearerFailure, isOauthBearerDummyResponse } from '../src/crypto.js';
import { FrontendMachine, type FrontendHandler } from '../src/index.js';
import { backendMessage, ScriptedBackend, step, type Script } from '../src/testing.js';

describe('ScriptedBackend and FrontendMachine', () => {
  test.each([1, 2, 3, 7, 'whole'] as const)('talk to each other without a transport, in pieces of %s', (chunking) => {
    const events: string[] = [];
    const note = (_: FrontendHandler, event: string | symbol) => (): number => events.push(String(event));
    const machine = new FrontendMachine(new Proxy<FrontendHandler>({} as FrontendHandler, { get: note }));
    const script = [
      step.split(chunking),
      step.expect('StartupMessage'),
      step.send(backendMessage('AuthenticationOk'), backendMessage('ReadyForQuery', 'I')),
      step.expect('Query', 'select 1'),
      step.send(backendMessage('CommandComplete', 'SELECT 0')),
      step.stall('the rest'),
      step.send(backendMessage('ReadyForQuery', 'I')),
      step.expect('Terminate'),
      step.close(),
    ];
    const backend = new ScriptedBackend(script, {
      write: (chunk) => {
        machine.feed(chunk);
      },
      close: () => {
        machine.eof();
      },
      abort: () => undefined,
    });
    const send = (): void => {
      backend.feed(machine.output.take());
    };
    machine.sendStartup({ user: 'me' });
    send();
    machine.sendQuery('select 1');
    send();
    expect([machine.state, backend.stalledAt]).toEqual(['querying', 'the rest']);
    backend.resume('the rest');
    machine.sendTerminate();
    send();
    backend.finish();
    expect(machine.state).toBe('closed');
    expect(events).toEqual(['authenticated', 'readyForQuery', 'commandComplete', 'readyForQuery']);
  });
});

describe('OAUTHBEARER against a scripted backend', () => {
  const offered = [
    step.expect('StartupMessage'),
    step.send(backendMessage('AuthenticationSASL', ['SCRAM-SHA-256', 'OAUTHBEARER'])),
  ];
  const token = (expected: string | null) =>
    step.expect(
      'SASLInitialResponse',
      ({ mechanism, data }) =>
        mechanism === 'OAUTHBEARER' && data !== null && decodeOauthBearerResponse(data) === expected,
    );
  const wanted = { status: 'invalid_token', scope: 'openid', openidConfiguration: 'https://issuer.example/oauth' };
  const refused = [
    step.send(backendMessage('AuthenticationSASLContinue', encodeOauthBearerFailure(wanted))),
    step.expect('SASLResponse', (data) => isOauthBearerDummyResponse(data)),
    step.send(backendMessage('ErrorResponse', { severity: 'FATAL', sqlState: '28000', message: 'no' })),
    step.close(),
  ];

  function play(script: Script, tokenToSend: string | null): { machine: FrontendMachine; events: unknown[] } {
    const events: unknown[] = [];
    const on = (event: string | symbol) => (details: unknown) => {
      events.push(event === 'oauthRefused' ? [event, details] : event);
      if (event === 'needSasl') machine.sendOauthBearer(tokenToSend);
    };
    const handler = new Proxy({}, { get: (_, event) => on(event) }) as FrontendHandler;
    const machine: FrontendMachine = new FrontendMachine(handler, { requireAuth: ['oauth'] });
    const backend = new ScriptedBackend([step.split(1), ...script], {
      write: (chunk) => {
        machine.feed(chunk);
      },
      close: () => {
        machine.eof();
      },
      abort: () => undefined,
    });
    machine.sendStartup({ user: 'me' });
    for (let sent = machine.output.take(); sent.length > 0; sent = machine.output.take()) backend.feed(sent);
    backend.finish();
    return { machine, events };
  }

  test('lets a good token in', () => {
    const admitted = step.send(backendMessage('AuthenticationOk'), backendMessage('ReadyForQuery', 'I'));
    const { machine, events } = play([...offered, token('abc.def'), admitted], 'abc.def');
    expect(events).toEqual(['needSasl', 'authenticated', 'readyForQuery']);
    expect(machine.state).toBe('idle');
  });

  test.each([
    ['a token that is out of date', 'old'],
    ['a client that asks where to get one', null],
  ])('tells %s what the server wants', (_name, sent) => {
    const { machine, events } = play([...offered, token(sent), ...refused], sent);
    expect(events).toEqual(['needSasl', ['oauthRefused', wanted], 'errorResponse']);
    expect(machine.state).toBe('closed');
  });
});
