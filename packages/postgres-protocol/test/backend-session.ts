// What the tests of the server's end share: the bytes of a client, a handler that notes, machines in every state.
import { BackendMachine, type BackendHandler, type BackendMachineOptions } from '../src/index.js';
import { concat, cstring, int16, int32, message, utf8 } from './wire.js';

const untyped = (...parts: readonly Uint8Array[]): Uint8Array => {
  const payload = concat(...parts);
  return concat(int32(payload.length + 4), payload);
};

const values = (...list: readonly (string | null)[]): Uint8Array =>
  concat(
    int16(list.length),
    ...list.map((value) => (value === null ? int32(-1) : concat(int32(utf8(value).length), utf8(value)))),
  );

/** Messages of a client. */
export const client = {
  sslRequest: (): Uint8Array => untyped(int32(80877103)),
  gssEncRequest: (): Uint8Array => untyped(int32(80877104)),
  cancelRequest: (processId = 7, key: Uint8Array = int32(99)): Uint8Array => untyped(int32(80877102, processId), key),
  startup: (minor = 0, parameters: Readonly<Record<string, string>> = { user: 'u', '_pq_.x': '' }): Uint8Array =>
    untyped(int32((3 << 16) | minor), cstring(...Object.entries(parameters).flat(), '')),
  password: (text = 'p'): Uint8Array => message('p', cstring(text)),
  saslInitial: (mechanism = 'M', data: string | null = 'x'): Uint8Array =>
    message('p', cstring(mechanism), data === null ? int32(-1) : concat(int32(utf8(data).length), utf8(data))),
  saslResponse: (data = 'y'): Uint8Array => message('p', utf8(data)),
  query: (sql = 'q'): Uint8Array => message('Q', cstring(sql)),
  parse: (name = '', sql = 'q', ...oids: number[]): Uint8Array =>
    message('P', cstring(name, sql), int16(oids.length), int32(...oids)),
  bind: (portal = '', statement = '', ...list: (string | null)[]): Uint8Array =>
    message('B', cstring(portal, statement), int16(0), values(...list), int16(1, 1)),
  describe: (what: 'S' | 'P' = 'S', name = ''): Uint8Array => message('D', utf8(what), cstring(name)),
  execute: (portal = '', maxRows = 0): Uint8Array => message('E', cstring(portal), int32(maxRows)),
  close: (what: 'S' | 'P' = 'S', name = ''): Uint8Array => message('C', utf8(what), cstring(name)),
  flush: (): Uint8Array => message('H'),
  sync: (): Uint8Array => message('S'),
  functionCall: (...list: (string | null)[]): Uint8Array =>
    message('F', int32(42), int16(0), values(...list), int16(0)),
  copyData: (text = '1\n'): Uint8Array => message('d', utf8(text)),
  copyDone: (): Uint8Array => message('c'),
  copyFail: (reason = 'no'): Uint8Array => message('f', cstring(reason)),
  terminate: (): Uint8Array => message('X'),
};

export type BackendEvent = readonly [name: keyof BackendHandler, ...details: unknown[]];

type Reactions = { [name in keyof BackendHandler]?: (...details: Parameters<BackendHandler[name]>) => void };

/** Notes what a machine says. Batches of CopyData are joined, because where chunks are cut must not matter. */
export class BackendRecorder {
  readonly events: BackendEvent[] = [];
  /** How many batches of CopyData came. */
  batchCount = 0;
  /** Each runs inside its event. */
  readonly reactions: Reactions = {};

  get names(): string[] {
    return this.events.map(([name]) => name);
  }

  clear(): void {
    this.events.length = 0;
    this.batchCount = 0;
  }

  note(name: keyof BackendHandler, details: readonly unknown[]): void {
    const last = this.events.at(-1);
    if (name === 'copyData') this.batchCount += 1;
    if (name === 'copyData' && last?.[0] === 'copyData') (last[1] as unknown[]).push(...(details[0] as unknown[]));
    else
      this.events.push([
        name,
        ...details.map((detail) => (Array.isArray(detail) ? Array.from<unknown>(detail) : detail)),
      ]);
    (this.reactions[name] as ((...args: readonly unknown[]) => void) | undefined)?.(...details);
  }
}

const EVENTS: Readonly<Record<keyof BackendHandler, true>> = {
  sslRequest: true,
  gssEncRequest: true,
  cancelRequest: true,
  startup: true,
  password: true,
  saslInitialResponse: true,
  saslResponse: true,
  gssResponse: true,
  query: true,
  parse: true,
  bind: true,
  describe: true,
  execute: true,
  close: true,
  sync: true,
  flush: true,
  copyData: true,
  copyDone: true,
  copyFail: true,
  functionCall: true,
  terminate: true,
};

export interface BackendSession {
  readonly recorder: BackendRecorder;
  readonly machine: BackendMachine;
}

/** A machine to which nothing was sent yet. */
export function newBackend(options?: BackendMachineOptions): BackendSession {
  const recorder = new BackendRecorder();
  const handler = Object.fromEntries(
    Object.keys(EVENTS).map((name) => [
      name,
      (...details: unknown[]) => {
        recorder.note(name as keyof BackendHandler, details);
      },
    ]),
  ) as unknown as BackendHandler;
  return { recorder, machine: new BackendMachine(handler, options) };
}

/** Feeds `messages`, then calls `sends`. */
export function after(
  session: BackendSession,
  messages: readonly Uint8Array[],
  ...sends: readonly ((machine: BackendMachine) => void)[]
): BackendSession {
  session.machine.feed(concat(...messages));
  for (const send of sends) send(session.machine);
  return session;
}

/** A machine that has let a client in: idle, with nothing noted and nothing to send. */
export function openBackend(options?: BackendMachineOptions, minor = 0): BackendSession {
  const session = after(newBackend(options), [client.startup(minor)], letIn);
  session.machine.output.reset();
  session.recorder.clear();
  return session;
}

export function letIn(machine: BackendMachine): void {
  machine.sendAuthenticationOk();
  machine.sendReadyForQuery('I');
}

export const ERROR = { severity: 'ERROR', sqlState: '42601', message: 'syntax error' } as const;
export const FATAL = { severity: 'FATAL', sqlState: '57P01', message: 'terminating' } as const;
