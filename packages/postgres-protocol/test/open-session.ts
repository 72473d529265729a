import { FrontendMachine, type FrontendMachineOptions } from '../src/index.js';
import { RecordingHandler } from './recording-handler.js';
import { concat, server } from './wire.js';

export interface Session {
  readonly handler: RecordingHandler;
  readonly machine: FrontendMachine;
}

/** A machine that has sent nothing yet. */
export function newSession(options?: FrontendMachineOptions): Session {
  const handler = new RecordingHandler();
  const machine = new FrontendMachine(handler, options);
  handler.machine = machine;
  return { handler, machine };
}

/** A machine that a server without passwords has let in: idle, with nothing noted and nothing to send. */
export function openSession(options?: FrontendMachineOptions): Session {
  const session = newSession(options);
  session.machine.sendStartup({ user: 'u' });
  session.machine.feed(concat(server.authenticationOk(), server.keyData(), server.ready()));
  session.machine.output.reset();
  session.handler.clear();
  return session;
}
