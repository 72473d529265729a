import type { ReadBuffer } from '@millrace/read-buffer';
import type { WriteBuffer } from '@millrace/write-buffer';
import { describe, expect, test } from 'vitest';
import { pbkdf2Sha256, saslPrep } from '../src/crypto.js';
import { createRawStatement, createStatement, type FrontendMachine, type Statement } from '../src/index.js';
import { decodeCopyData, decodeCopyFail } from '../src/messages/copy.js';
import * as extended from '../src/messages/extended-query.js';
import { writeFormatCodes } from '../src/messages/format-codes.js';
import { decodeFunctionCall } from '../src/messages/function-call.js';
import { decodeQuery } from '../src/messages/simple-query.js';
import { decodeStartupPacket } from '../src/messages/startup.js';
import { writeValues } from '../src/messages/values.js';
import { GOLDENS, type Golden } from './fixtures/goldens/index.js';
import { namedMessages, type NamedMessage } from './golden-messages.js';
import { areEqual, everyCut, expectSame, openMessage, runsOf, whole, type Cut, type Run } from './golden-replay.js';
import { newSession, openSession } from './open-session.js';
import type { Event } from './recording-handler.js';
import { utf8 } from './wire.js';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';

interface SaltRequest {
  readonly salt: Uint8Array;
  readonly iterations: number;
}

/** A call of a machine, with its arguments. */
type Call = (machine: FrontendMachine, request: SaltRequest) => void;

/** What is known while the calls of a golden are made: its password, and what each portal was bound to. */
interface Context {
  readonly password: string;
  readonly portals: Map<string, Statement>;
}

const NO_PORTAL = createStatement({ name: '', parameterOids: [], fields: [] });

/** Of a machine without options for it: PBKDF2 takes a while, and each replay would ask for it again. */
const saltedPasswords = new Map<string, Uint8Array>();

function saltedPassword(password: string, { salt, iterations }: SaltRequest): Uint8Array {
  const key = `${password} ${salt.join()}`;
  const salted = saltedPasswords.get(key) ?? pbkdf2Sha256(utf8(saslPrep(password)), salt, iterations);
  saltedPasswords.set(key, salted);
  return salted;
}

/** A statement that binds the bytes of a golden, and takes its rows as bytes. */
function rawStatement({ statement, parameterFormats, values, resultFormats }: extended.Bind): Statement {
  const raw = createRawStatement({ name: statement, resultFormats });
  return Object.defineProperty(raw, 'encodeParameters', {
    value: (out: WriteBuffer) => {
      writeFormatCodes(out, parameterFormats);
      writeValues(out, values);
    },
  });
}

/** The calls that make a client's messages, with the fields of a golden's. */
const CALLS: Readonly<Record<string, (input: ReadBuffer, context: Context) => Call>> = {
  SSLRequest: () => (machine) => {
    machine.sendSslRequest();
  },
  GSSENCRequest: () => (machine) => {
    machine.sendGssEncRequest();
  },
  StartupMessage: (input) => {
    const packet = decodeStartupPacket(input);
    if (packet.kind !== 'StartupMessage') throw new Error(`no StartupMessage: ${packet.kind}`);
    const { user = '', database, ...parameters } = Object.fromEntries(packet.parameters);
    delete parameters['client_encoding']; // which the machine adds
    const protocolVersion = packet.protocolVersion.minor === 2 ? '3.2' : '3.0';
    return (machine): void => {
      machine.sendStartup({ user, database, parameters, protocolVersion });
    };
  },
  PasswordMessage:
    (_, { password }) =>
    (machine) => {
      machine.sendPassword(password);
    },
  SASLInitialResponse: () => (machine) => {
    machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
  },
  SASLResponse:
    (_, { password }) =>
    (machine, request) => {
      machine.sendSaltedPassword(saltedPassword(password, request));
    },
  Query: (input) => {
    const sql = decodeQuery(input);
    return (machine): void => {
      machine.sendQuery(sql);
    };
  },
  Parse: (input) => {
    const { name, sql, parameterOids } = extended.decodeParse(input);
    return (machine): void => {
      machine.sendParse(name, sql, parameterOids);
    };
  },
  Bind: (input, { portals }) => {
    const bind = extended.decodeBind(input);
    const statement = rawStatement(bind);
    portals.set(bind.portal, statement);
    return (machine): void => {
      machine.sendBind(bind.portal, statement, []);
    };
  },
  Describe: (input) => {
    const { what, name } = extended.decodeDescribe(input);
    return (machine): void => {
      machine.sendDescribe(what, name);
    };
  },
  Execute: (input, { portals }) => {
    const { portal, maxRows } = extended.decodeExecute(input);
    const statement = portals.get(portal) ?? NO_PORTAL;
    return (machine): void => {
      machine.sendExecute(portal, statement, maxRows);
    };
  },
  Close: (input) => {
    const { what, name } = extended.decodeClose(input);
    return (machine): void => {
      machine.sendClose(what, name);
    };
  },
  Flush: () => (machine) => {
    machine.sendFlush();
  },
  Sync: () => (machine) => {
    machine.sendSync();
  },
  FunctionCall: (input) => {
    const call = decodeFunctionCall(input);
    return (machine): void => {
      machine.sendFunctionCall(call);
    };
  },
  CopyData: (input) => {
    const data = decodeCopyData(input);
    return (machine): void => {
      machine.sendCopyData(data);
    };
  },
  CopyDone: () => (machine) => {
    machine.sendCopyDone();
  },
  CopyFail: (input) => {
    const reason = decodeCopyFail(input);
    return (machine): void => {
      machine.sendCopyFail(reason);
    };
  },
  Terminate: () => (machine) => {
    machine.sendTerminate();
  },
};

/** A run of a golden: bytes to feed, or calls that must make the bytes. */
type Step = Pick<Run, 'bytes'> & { readonly calls: readonly Call[] | undefined };

/** The steps of the session itself: a CancelRequest has a connection of its own, and no machine. */
function stepsOf({ name, ...golden }: Golden): Step[] {
  const context = {
    password: name.includes('wrong password') ? 'wrong' : 'secret',
    portals: new Map<string, Statement>(),
  };
  const runs = runsOf({ name, ...golden }).filter(({ connection }) => connection === 1);
  return runs.map(({ from, messages, bytes }) => ({
    bytes,
    calls: from === 'F' ? messages.map((message) => callOf(message, context)) : undefined,
  }));
}

function callOf(message: NamedMessage, context: Context): Call {
  const call = CALLS[message.name];
  if (call === undefined) throw new Error(`no call makes ${message.name}`);
  return call(openMessage(message), context);
}

/** Plays a golden to a machine; returns its events and its state. */
function replay({ begins }: Golden, steps: readonly Step[], cut: Cut): [events: readonly Event[], state: string] {
  const { handler, machine } = begins === 'session' ? openSession() : newSession();
  let request: SaltRequest = { salt: new Uint8Array(0), iterations: 1 };
  handler.reactions.needSaltedPassword = (asked: SaltRequest) => (request = asked);
  for (const { bytes, calls } of steps) {
    if (calls === undefined) feed(machine, cut(bytes));
    else {
      for (const call of calls) call(machine, request);
      const sent = machine.output.take();
      if (!areEqual(sent, bytes)) expect(sent).toEqual(bytes);
    }
  }
  return [handler.events, machine.state];
}

function feed(machine: FrontendMachine, chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) {
    machine.feed(chunk);
    chunk.fill(0xee); // it was borrowed
  }
}

/** What a conversation ends in that is not idle. */
const LAST_STATES: Readonly<Record<string, string>> = {
  'SCRAM-SHA-256 with a wrong password': 'closed',
  'a database that is not there': 'closed',
  'a session that an administrator ends': 'closed',
};

/** Events that have another name than the message; those that are told of by none. */
const EVENTS: Readonly<Record<string, string | readonly string[]>> = {
  answer: 'encryptionAnswer',
  AuthenticationOk: 'authenticated',
  AuthenticationCleartextPassword: 'needPassword',
  AuthenticationMD5Password: 'needPassword',
  AuthenticationSASL: 'needSasl',
  AuthenticationSASLContinue: 'needSaltedPassword',
  AuthenticationSASLFinal: [], // `authenticated` tells that it was right
  DataRow: 'rows',
  NoticeResponse: 'notice',
  NotificationResponse: 'notification',
};

const eventName = (name: string): string => name.replace(/^[A-Z]/, (letter) => letter.toLowerCase());

/** An event for each row, and for each CopyData. */
const unbatched = (name: string, batch: unknown): string[] =>
  name === 'rows' || name === 'copyData' ? (batch as unknown[]).map(() => name) : [name];

function countNames(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((other) => other === name).length]));
}

/** A walsender sends one more keepalive behind its own CopyDone, which the machine refuses. */
function withoutLateCopyData(golden: Golden): Golden {
  const names = namedMessages(golden).map(({ from, name }) => `${from} ${name}`);
  const done = names.includes('B CopyBothResponse') ? names.lastIndexOf('B CopyDone') : Infinity;
  return { ...golden, messages: golden.messages.filter((_, i) => names[i] !== 'B CopyData' || i < done) };
}

describe.each(GOLDENS.map(withoutLateCopyData))('FrontendMachine, with PostgreSQL $major: $name', (golden) => {
  const steps = stepsOf(golden);

  test('sends the same bytes, and tells the same events wherever the bytes of the server are cut', () => {
    const expected = replay(golden, steps, whole);
    for (const cut of everyCut(steps.filter(({ calls }) => calls === undefined))) {
      expectSame(replay(golden, steps, cut), expected);
    }
    expect(expected[1]).toBe(LAST_STATES[golden.name] ?? (golden.begins === 'session' ? 'idle' : 'terminating'));
  });

  test('tells of every message of the server', () => {
    const told = countNames(replay(golden, steps, whole)[0].flatMap(([name, rows]) => unbatched(name, rows)));
    const sent = namedMessages(golden).filter(({ from, connection }) => from === 'B' && connection === 1);
    expect(told).toEqual(countNames(sent.flatMap(({ name }) => EVENTS[name] ?? eventName(name))));
  });
});
