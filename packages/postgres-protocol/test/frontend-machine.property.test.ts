import { randomChunks, seededRandom, type SeededRandom } from '@millrace/testkit';
import { describe, expect, test } from 'vitest';
import { createStatement, RemoteProtocolError, type FrontendMachine } from '../src/index.js';
import { newSession, openSession, type Session } from './open-session.js';
import { concat, field, server, utf8 } from './wire.js';

const RUNS = 20_000;

const statement = createStatement({
  name: 's',
  parameterOids: [],
  fields: [
    field({ name: 'n', typeOid: 23 }),
    field({ name: 'm', typeOid: 1700 }),
    field({ name: 'a', typeOid: 1007 }),
    field({ name: 't', typeOid: 25 }),
    field({ name: 'j', typeOid: 3802 }),
    field({ name: 'd', typeOid: 1184 }),
  ],
});

const NONCE = 'rOprNGfwEbeRWgbNEkqO';

function answering(session: Session): Session {
  const { handler, machine } = session;
  handler.reactions.needPassword = () => {
    machine.sendPassword('p');
  };
  handler.reactions.needSasl = (mechanisms: readonly string[]) => {
    if (mechanisms.includes('SCRAM-SHA-256')) machine.sendSaslInitialResponse('SCRAM-SHA-256', NONCE);
  };
  handler.reactions.needSaltedPassword = () => {
    machine.sendSaltedPassword(new Uint8Array(32));
  };
  return session;
}

const REQUESTS: readonly ((machine: FrontendMachine) => void)[] = [
  (machine) => {
    machine.sendQuery('q');
  },
  (machine) => {
    machine.sendParse('', 'q');
    machine.sendDescribe('statement', '');
    machine.sendSync();
  },
  (machine) => {
    machine.sendBind('', statement, []);
    machine.sendExecute('', statement, 0);
    machine.sendClose('portal', '');
    machine.sendSync();
  },
];

/** A server that answers in good order what was sent: the material for mutations. */
function answers(random: SeededRandom, request: number): Uint8Array {
  const row = server.dataRow(1, null, null, 'tëxt', null, null);
  const rows = concat(...Array.from({ length: random.int(0, 4) }, () => row));
  const error = random.int(0, 3) === 0;
  if (request === 0) {
    const columns = server.rowDescription({ name: 'a', typeOid: 25 });
    const copy = concat(server.copyOut(), server.copyData('x'), server.copyDone(), server.commandComplete('COPY 1'));
    const end = error ? server.error() : concat(server.commandComplete('SELECT 1'), copy);
    return concat(columns, server.dataRow('x'), server.notice(), end, server.ready());
  }
  if (request === 1) {
    if (error) return concat(server.error(), server.ready());
    return concat(server.parseComplete(), server.parameterDescription(23), server.noData(), server.ready());
  }
  const end = error ? server.error() : concat(server.commandComplete('SELECT 1'), server.closeComplete());
  return concat(server.bindComplete(), rows, end, server.ready());
}

const GREETINGS: readonly Uint8Array[] = [
  concat(server.authenticationOk(), server.parameter('a', 'b'), server.keyData(), server.ready()),
  concat(server.cleartextPassword(), server.authenticationOk(), server.ready()),
  concat(server.sasl('SCRAM-SHA-256'), server.saslContinue(`r=${NONCE}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`)),
  concat(server.negotiate(3 << 16, '_pq_.x'), server.authenticationOk(), server.ready()),
  utf8('HTTP/1.1 400 Bad Request\r\n\r\n'),
  utf8('Ecould not fork\n\0'),
];

function mutate(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  let mutated: Uint8Array = bytes.slice();
  for (let edits = random.int(0, 3); edits > 0 && mutated.length > 0; edits--) {
    const at = random.int(0, mutated.length - 1);
    const to = random.int(at, Math.min(mutated.length, at + 12));
    switch (random.int(0, 4)) {
      case 0:
        mutated[at] = random.int(0, 255);
        break;
      case 1:
        mutated[at] = (mutated[at] ?? 0) ^ (1 << random.int(0, 7));
        break;
      case 2: // cut out
        mutated = concat(mutated.subarray(0, at), mutated.subarray(to));
        break;
      case 3: // double
        mutated = concat(mutated.subarray(0, to), mutated.subarray(at));
        break;
      default: // insert
        mutated = concat(mutated.subarray(0, at), random.bytes(random.int(1, 6)), mutated.subarray(at));
    }
  }
  return mutated;
}

/** Feeds `bytes` and ends. Returns what was thrown; anything but a RemoteProtocolError fails the test. */
function run(session: Session, bytes: Uint8Array, seed: number): RemoteProtocolError | undefined {
  let error: unknown;
  try {
    for (const chunk of randomChunks(bytes, { seed, maxBytes: 40 })) {
      session.machine.feed(chunk);
      chunk.fill(0xee);
    }
    session.machine.eof();
  } catch (thrown) {
    error = thrown;
  }
  if (error !== undefined && !(error instanceof RemoteProtocolError)) {
    throw new Error(`seed ${seed}: feed threw something else`, { cause: error });
  }
  const state = error === undefined ? 'closed' : 'broken';
  if (session.machine.state !== state) throw new Error(`seed ${seed}: expected ${state}, got ${session.machine.state}`);
  return error;
}

describe('whatever the peer sends', () => {
  test('in place of its first messages, only a RemoteProtocolError comes of it', () => {
    for (let seed = 1; seed <= RUNS / 4; seed++) {
      const random = seededRandom(seed);
      const session = answering(newSession());
      session.machine.sendStartup({ user: 'u' });
      const greeting = GREETINGS[random.int(0, GREETINGS.length - 1)] ?? new Uint8Array();
      run(session, random.int(0, 9) === 0 ? random.bytes(random.int(0, 60)) : mutate(random, greeting), seed);
    }
  });

  test('in place of answers, only a RemoteProtocolError comes of it', () => {
    let whole = 0;
    for (let seed = 1; seed <= (3 * RUNS) / 4; seed++) {
      const random = seededRandom(seed);
      // A limit, because a mutated length of 1 GiB is legal and costs its memory in every run.
      const session = answering(openSession({ maxMessageBytes: 64 * 1024 }));
      const requests = Array.from({ length: random.int(1, 4) }, () => random.int(0, REQUESTS.length - 1));
      for (const request of requests) REQUESTS[request]?.(session.machine);
      session.machine.sendTerminate();
      const bytes = concat(...requests.map((request) => answers(random, request)));
      const error = run(
        session,
        random.int(0, 9) === 0 ? random.bytes(random.int(0, 60)) : mutate(random, bytes),
        seed,
      );
      if (error === undefined) whole += 1;
    }
    // Or the runs would all end at the first message.
    expect(whole).toBeGreaterThan(RUNS / 20);
  });

  test('in good order, the events do not depend on the chunks', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = seededRandom(seed);
      const requests = Array.from({ length: random.int(1, 6) }, () => random.int(0, REQUESTS.length - 1));
      const bytes = concat(...requests.map((request) => answers(random, request)));
      const [whole, cut] = [seed, -seed].map((side) => {
        const { handler, machine } = openSession();
        for (const request of requests) REQUESTS[request]?.(machine);
        for (const chunk of side > 0 ? [bytes] : randomChunks(bytes, { seed, maxBytes: 20 })) machine.feed(chunk);
        expect(machine.state, `seed ${seed}`).toBe('idle');
        expect(machine.outstanding, `seed ${seed}`).toBe(0);
        return handler.events;
      });
      expect(cut, `seed ${seed}`).toEqual(whole);
    }
  });
});
