import type { ReadBuffer } from '@millrace/read-buffer';
import { describe, expect, test } from 'vitest';
import type { BackendMachine } from '../src/index.js';
import * as authentication from '../src/messages/authentication.js';
import * as copy from '../src/messages/copy.js';
import { decodeParameterDescription } from '../src/messages/extended-query.js';
import { decodeFunctionCallResponse } from '../src/messages/function-call.js';
import * as notices from '../src/messages/notices.js';
import * as simple from '../src/messages/simple-query.js';
import * as startup from '../src/messages/startup.js';
import { newBackend, openBackend, type BackendEvent, type BackendSession } from './backend-session.js';
import { GOLDENS, type Golden } from './fixtures/goldens/index.js';
import type { NamedMessage } from './golden-messages.js';
import { areEqual, everyCut, expectSame, openMessage, runsOf, whole, type Cut, type Run } from './golden-replay.js';
import { utf8 } from './wire.js';

/** A call of a machine, with its arguments. */
type Call = (machine: BackendMachine) => void;

/** The calls that make a server's messages, with the fields of a golden's. */
const SENDS: Readonly<Record<string, (input: ReadBuffer) => Call>> = {
  NegotiateProtocolVersion: (input) => {
    const { protocolVersion, options } = startup.decodeNegotiateProtocolVersion(input);
    return (machine): void => {
      machine.sendNegotiateProtocolVersion(protocolVersion.minor === 2 ? '3.2' : '3.0', options);
    };
  },
  AuthenticationOk: () => (machine) => {
    machine.sendAuthenticationOk();
  },
  AuthenticationCleartextPassword: () => (machine) => {
    machine.sendAuthenticationCleartextPassword();
  },
  AuthenticationMD5Password: (input) => {
    const field = authentication.decodeAuthenticationMD5Password(input);
    return (machine): void => {
      machine.sendAuthenticationMD5Password(field);
    };
  },
  AuthenticationSASL: (input) => {
    const field = authentication.decodeAuthenticationSASL(input);
    return (machine): void => {
      machine.sendAuthenticationSASL(field);
    };
  },
  AuthenticationSASLContinue: (input) => {
    const field = authentication.decodeAuthenticationSASLContinue(input);
    return (machine): void => {
      machine.sendAuthenticationSASLContinue(field);
    };
  },
  AuthenticationSASLFinal: (input) => {
    const field = authentication.decodeAuthenticationSASLFinal(input);
    return (machine): void => {
      machine.sendAuthenticationSASLFinal(field);
    };
  },
  BackendKeyData: (input) => {
    const { processId, secretKey } = startup.decodeBackendKeyData(input);
    return (machine): void => {
      machine.sendBackendKeyData(processId, secretKey);
    };
  },
  ParameterStatus: (input) => {
    const { name, value } = startup.decodeParameterStatus(input);
    return (machine): void => {
      machine.sendParameterStatus(name, value);
    };
  },
  ReadyForQuery: (input) => {
    const field = startup.decodeReadyForQuery(input);
    return (machine): void => {
      machine.sendReadyForQuery(field);
    };
  },
  NoticeResponse: (input) => {
    const field = notices.decodeNoticeResponse(input);
    return (machine): void => {
      machine.sendNoticeResponse(field);
    };
  },
  NotificationResponse: (input) => {
    const { processId, channel, payload } = notices.decodeNotificationResponse(input);
    return (machine): void => {
      machine.sendNotificationResponse(processId, channel, payload);
    };
  },
  ErrorResponse: (input) => {
    const field = notices.decodeErrorResponse(input);
    return (machine): void => {
      machine.sendErrorResponse(field);
    };
  },
  RowDescription: (input) => {
    const field = simple.decodeRowDescription(input);
    return (machine): void => {
      machine.sendRowDescription(field);
    };
  },
  DataRow: (input) => {
    const field = simple.decodeDataRow(input);
    return (machine): void => {
      machine.sendDataRow(field);
    };
  },
  CommandComplete: (input) => {
    const field = simple.decodeCommandComplete(input);
    return (machine): void => {
      machine.sendCommandComplete(field);
    };
  },
  EmptyQueryResponse: () => (machine) => {
    machine.sendEmptyQueryResponse();
  },
  ParseComplete: () => (machine) => {
    machine.sendParseComplete();
  },
  BindComplete: () => (machine) => {
    machine.sendBindComplete();
  },
  CloseComplete: () => (machine) => {
    machine.sendCloseComplete();
  },
  ParameterDescription: (input) => {
    const field = decodeParameterDescription(input);
    return (machine): void => {
      machine.sendParameterDescription(field);
    };
  },
  NoData: () => (machine) => {
    machine.sendNoData();
  },
  PortalSuspended: () => (machine) => {
    machine.sendPortalSuspended();
  },
  CopyInResponse: (input) => {
    const { format, columnFormats } = copy.decodeCopyInResponse(input);
    return (machine): void => {
      machine.sendCopyInResponse(format, columnFormats);
    };
  },
  CopyOutResponse: (input) => {
    const { format, columnFormats } = copy.decodeCopyOutResponse(input);
    return (machine): void => {
      machine.sendCopyOutResponse(format, columnFormats);
    };
  },
  CopyBothResponse: (input) => {
    const { format, columnFormats } = copy.decodeCopyBothResponse(input);
    return (machine): void => {
      machine.sendCopyBothResponse(format, columnFormats);
    };
  },
  CopyData: (input) => {
    const field = copy.decodeCopyData(input);
    return (machine): void => {
      machine.sendCopyData(field);
    };
  },
  CopyDone: () => (machine) => {
    machine.sendCopyDone();
  },
  FunctionCallResponse: (input) => {
    const field = decodeFunctionCallResponse(input);
    return (machine): void => {
      machine.sendFunctionCallResponse(field);
    };
  },
};

function callOf(message: NamedMessage): Call {
  if (message.name === 'answer') {
    const isAccepted = message.bytes[0] !== utf8('N')[0];
    return (machine) => {
      machine.sendEncryptionAnswer(isAccepted);
    };
  }
  const call = SENDS[message.name];
  if (call === undefined) throw new Error(`no call makes ${message.name}`);
  return call(openMessage(message));
}

/** A run of a golden: bytes to feed, or calls that must make the bytes. */
type Step = Pick<Run, 'connection' | 'bytes'> & { readonly calls: readonly Call[] | undefined };

const stepOf = ({ connection, from, messages, bytes }: Run): Step => ({
  connection,
  bytes,
  calls: from === 'B' ? messages.map(callOf) : undefined,
});

/** Plays a golden to machines, one for each connection; returns their events and states. */
function replay(
  { begins }: Golden,
  steps: readonly Step[],
  cut: Cut,
): [events: readonly BackendEvent[], state: string][] {
  const sessions = new Map<number, BackendSession>();
  for (const { connection, bytes, calls } of steps) {
    const session = sessions.get(connection) ?? (begins === 'session' ? openBackend() : newBackend());
    sessions.set(connection, session);
    const { machine } = session;
    if (calls === undefined) feed(machine, cut(bytes));
    else {
      for (const call of calls) call(machine);
      const sent = machine.output.take();
      if (!areEqual(sent, bytes)) expect(sent).toEqual(bytes);
    }
  }
  return Array.from(sessions.values(), ({ recorder, machine }) => [recorder.events, machine.state]);
}

function feed(machine: BackendMachine, chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) {
    machine.feed(chunk);
    chunk.fill(0xee); // it was borrowed
  }
}

/** Events that are not called as the manual calls the message. */
const EVENTS: Readonly<Record<string, string>> = { StartupMessage: 'startup', PasswordMessage: 'password' };

describe.each(GOLDENS)('BackendMachine, in the place of PostgreSQL $major: $name', (golden) => {
  const runs = runsOf(golden);
  const clients = runs.filter(({ from }) => from === 'F').sort((a, b) => a.connection - b.connection);

  test('sends the same bytes, and tells the same events wherever the bytes of the client are cut', () => {
    const steps = runs.map(stepOf);
    const expected = replay(golden, steps, whole);
    for (const cut of everyCut(clients)) expectSame(replay(golden, steps, cut), expected);
    const told = expected.flatMap(([events]) => events.map(([name]) => name));
    const sent = clients.flatMap(({ messages }) => messages.map(({ name }) => EVENTS[name] ?? name));
    const isNoCopy = (name: string): boolean => name.toLowerCase() !== 'copydata'; // which come in batches
    expect(told.filter(isNoCopy).join().toLowerCase()).toBe(sent.filter(isNoCopy).join().toLowerCase());
  });
});
