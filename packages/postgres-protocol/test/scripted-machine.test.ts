import { describe, expect, test } from 'vitest';
import { FrontendMachine, type FrontendHandler } from '../src/index.js';
import { backendMessage, ScriptedBackend, step } from '../src/testing.js';

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
