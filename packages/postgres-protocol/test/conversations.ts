// What the tests of conversations share: machines in the middle of something, and bytes fed in every split.
import { everySplit, seededRandom } from '@millrace/testkit';
import { expect } from 'vitest';
import {
  createStatement,
  type FrontendMachine,
  type FrontendMachineOptions,
  type RemoteProtocolError,
  type Statement,
} from '../src/index.js';
import { newSession, openSession, type Session } from './open-session.js';
import type { Event } from './recording-handler.js';
import { field, int16, int32, message } from './wire.js';

export const NONCE = 'rOprNGfwEbeRWgbNEkqO';
export const SERVER_FIRST = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
export const SALTED: Uint8Array = seededRandom(1).bytes(32);

export const numbers: Statement = createStatement({
  name: 's',
  parameterOids: [23],
  fields: [field({ name: 'n', typeOid: 23 })],
});
export const int8 = (option: 'number' | 'bigint'): Statement =>
  createStatement({
    name: 'i',
    parameterOids: [],
    fields: [field({ name: 'n', typeOid: 20 })],
    options: { int8: option },
  });
export const int8Row = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value);
  return message('D', int16(1), int32(8), bytes);
};

/** Feeds `bytes` in every split to a machine in the state that `prepare` made; each must give the same events. */
export function eachWay(prepare: () => Session, bytes: Uint8Array, check: (session: Session) => void): void {
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

export function expectEvents(
  prepare: () => Session,
  bytes: Uint8Array,
  events: readonly Event[],
  state = 'idle',
): void {
  eachWay(prepare, bytes, ({ handler, machine }) => {
    expect(handler.events).toEqual(events);
    expect(machine.state).toBe(state);
  });
}

export const started = (options?: FrontendMachineOptions): Session => {
  const session = newSession(options);
  session.machine.sendStartup({ user: 'u' });
  session.machine.output.reset();
  return session;
};
export const sending =
  (...sends: ((machine: FrontendMachine) => void)[]) =>
  (options?: FrontendMachineOptions): Session => {
    const session = openSession(options);
    for (const send of sends) send(session.machine);
    return session;
  };
export const query = (machine: FrontendMachine): void => {
  machine.sendQuery('q');
};
export const sync = (machine: FrontendMachine): void => {
  machine.sendSync();
};
export const execute =
  (statement: Statement) =>
  (machine: FrontendMachine): void => {
    machine.sendExecute('', statement, 0);
  };

export function failure(run: () => void): RemoteProtocolError {
  try {
    run();
  } catch (error) {
    return error as RemoteProtocolError;
  }
  throw new Error('nothing was thrown');
}
