import type { SeededRandom } from '@millrace/testkit';
import { createStatement, FrontendMachine, type FrontendHandler } from '../../src/index.js';
import { ASYNC_PHASES, PHASES } from '../../src/frontend-phases.js';
import { REQUESTS, SENDS, type StateSend } from '../../src/frontend-sends.js';
import {
  ENCRYPTION_ANSWERS,
  TRANSITIONS,
  type AsyncMessageName,
  type RequestingState,
} from '../../src/frontend-state.js';
import type { BackendMessageName } from '../../src/messages/names.js';
import { concat, field, server } from '../wire.js';
import { BACKEND_WRITERS, pick, written } from './random-messages.js';
import { handlerOf, type Call, type OnEvent, type Subject } from './subject.js';

const NONCE = 'rOprNGfwEbeRWgbNEkqO';

/** One text column, one text parameter. */
const statement = createStatement({
  name: 's',
  parameterOids: [25],
  fields: [field({ name: 't', typeOid: 25 })],
});

/** By the names of the methods. */
export const FRONTEND_CALLS: Readonly<Record<string, Call<FrontendMachine>>> = {
  sendSslRequest: (machine) => {
    machine.sendSslRequest();
  },
  sendGssEncRequest: (machine) => {
    machine.sendGssEncRequest();
  },
  sendStartup: (machine, random) => {
    machine.sendStartup({ user: 'u', protocolVersion: pick(random, [undefined, '3.0', '3.2']) });
  },
  sendPassword: (machine) => {
    machine.sendPassword('p');
  },
  sendSaslInitialResponse: (machine, random) => {
    machine.sendSaslInitialResponse(pick(random, ['SCRAM-SHA-256', 'SCRAM-SHA-256', 'X']), NONCE);
  },
  sendSaltedPassword: (machine, random) => {
    machine.sendSaltedPassword(random.bytes(32));
  },
  sendOauthBearer: (machine, random) => {
    machine.sendOauthBearer(pick(random, [null, 'abc', 'ü']));
  },
  sendQuery: (machine) => {
    machine.sendQuery('select 1');
  },
  sendFunctionCall: (machine, random) => {
    machine.sendFunctionCall({
      functionOid: 1,
      argumentFormats: [1],
      arguments: [random.bytes(3), null],
      resultFormat: 1,
    });
  },
  sendParse: (machine) => {
    machine.sendParse('', 'select $1', [25]);
  },
  sendBind: (machine, random) => {
    machine.sendBind('', statement, [pick(random, ['v', null, 'v', 7])]); // 7 is refused
  },
  sendDescribe: (machine, random) => {
    machine.sendDescribe(pick(random, ['statement', 'portal']), 's');
  },
  sendExecute: (machine, random) => {
    machine.sendExecute('', statement, random.int(-1, 3)); // -1 is refused
  },
  sendClose: (machine, random) => {
    machine.sendClose(pick(random, ['statement', 'portal']), 's');
  },
  sendSync: (machine) => {
    machine.sendSync();
  },
  sendFlush: (machine) => {
    machine.sendFlush();
  },
  sendTerminate: (machine) => {
    machine.sendTerminate();
  },
  sendCopyData: (machine, random) => {
    machine.sendCopyData(random.bytes(random.int(0, 9)));
  },
  sendCopyDone: (machine) => {
    machine.sendCopyDone();
  },
  sendCopyFail: (machine) => {
    machine.sendCopyFail('reason');
  },
};

const asyncMessages = Object.keys(ASYNC_PHASES) as AsyncMessageName[];

/** A client that has said nothing yet. */
export function frontendSubject(onEvent: OnEvent): Subject<FrontendMachine> {
  const machine = new FrontendMachine(handlerOf(onEvent) as FrontendHandler, { maxMessageBytes: 4096 });
  const names = (): string[] => {
    const { state } = machine;
    const bytes = Object.hasOwn(ENCRYPTION_ANSWERS, state) ? ENCRYPTION_ANSWERS[state as RequestingState].answers : {};
    const phase = PHASES[state];
    const atAnyTime = asyncMessages.filter((name) => ASYNC_PHASES[name].includes(phase));
    return [...Object.keys(TRANSITIONS[state]), ...Object.keys(bytes), ...atAnyTime];
  };
  return {
    machine,
    open: () => {
      machine.sendStartup({ user: 'u' });
      machine.feed(concat(server.authenticationOk(), server.keyData(), server.ready()));
    },
    calls: FRONTEND_CALLS,
    callsNow: () => {
      const { state } = machine;
      const ofState = (Object.keys(SENDS) as StateSend[]).filter((call) => SENDS[call][state] !== undefined);
      return PHASES[state] === 'session' ? [...ofState, ...Object.keys(REQUESTS)] : ofState;
    },
    messageNow: (random) => {
      const all = names();
      if (all.length === 0) return undefined;
      let name = pick(random, all);
      if (name === 'ErrorResponse') name = pick(random, all); // ends too many runs
      if (name.length === 1) return { name, bytes: Uint8Array.of(name.charCodeAt(0)) };
      return { name, bytes: written(random, BACKEND_WRITERS[name as BackendMessageName]) };
    },
    anyMessage: (random: SeededRandom) => written(random, pick(random, Object.values(BACKEND_WRITERS))),
  };
}
