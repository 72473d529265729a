// Both machines, talking to each other over a link with any delays and cuts: whatever their owners do that is not
// refused, neither may ever find fault with the other, and what was asked is answered in the end.
import { LocalProtocolError } from '../../src/index.js';
import { seededRandom, type SeededRandom } from '@millrace/testkit';
import { backendSubject } from './backend-subject.js';
import { frontendSubject } from './frontend-subject.js';
import { pick } from './random-messages.js';
import type { Machine, OnEvent, Subject } from './subject.js';

/** What came of a run, for the tally. */
export interface DuetReport {
  readonly frontendState: string;
  readonly backendState: string;
  /** Events of both, by name. */
  readonly events: ReadonlySet<string>;
}

const STEPS = 60;
const MAX_SETTLING_STEPS = 20_000;

/** Calls that need more than chance: a mechanism's data, or a client that knows the method. */
const NOT_PLAYED = /^AuthenticationSASL|GSS|SSPI|Kerberos|^sendSasl|^sendSalted|^sendOauth/;
const OPENS_COPY_IN = /^Copy(?:In|Both)Response$/;

/**
 * Runs two machines with the inputs of `seed`.
 *
 * @throws {Error} If one of them finds fault with the other, or they do not come to an end; the text says the seed.
 */
export function runDuet(seed: number): DuetReport {
  const duet = new Duet(seed);
  try {
    return duet.run();
  } catch (cause) {
    throw new Error(`seed ${seed}, ${duet.where()}: ${String(cause)}`, { cause });
  }
}

class Duet {
  readonly #random: SeededRandom;
  readonly #events = new Set<string>();
  readonly #frontend = frontendSubject(this.#noting('frontend'));
  readonly #backend = backendSubject(this.#noting('backend'));
  readonly #toBackend = new Link(this.#frontend.machine, this.#backend.machine);
  readonly #toFrontend = new Link(this.#backend.machine, this.#frontend.machine);

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  run(): DuetReport {
    const random = this.#random;
    if (random.int(0, 3) > 0) this.#open();
    for (let step = 0; step < STEPS; step++) {
      const choice = random.int(0, 9);
      if (choice < 2) this.#toBackend.carry(random);
      else if (choice < 4) this.#toFrontend.carry(random);
      else if (choice < 7) this.#callFrontend();
      else this.#callBackend();
    }
    this.#settle();
    const [frontendState, backendState] = [this.#frontend.machine.state, this.#backend.machine.state];
    return { frontendState, backendState, events: this.#events };
  }

  where(): string {
    return `the client is ${this.#frontend.machine.state}, the server ${this.#backend.machine.state}`;
  }

  #noting(end: string): OnEvent {
    return (name) => {
      this.#events.add(`${end} ${name}`);
      if (name === 'needPassword') this.#frontend.machine.sendPassword('p');
    };
  }

  #open(): void {
    this.#frontend.machine.sendStartup({ user: 'u' });
    this.#toBackend.carryAll();
    this.#backend.machine.sendAuthenticationOk();
    this.#backend.machine.sendReadyForQuery('I');
    this.#toFrontend.carryAll();
  }

  #callFrontend(): void {
    this.#call(this.#frontend, (name) => name !== 'sendTerminate' || this.#random.int(0, 20) === 0);
  }

  #callBackend(): void {
    const called = this.#call(this.#backend, (name) => {
      // This link is not encrypted: what comes behind the consent would look put in by somebody.
      if (this.#backend.machine.state === 'encryptionSettled') return false;
      if (OPENS_COPY_IN.test(name)) return this.#toBackend.isEmpty && this.#backend.machine.unanswered <= 1;
      return name !== 'ErrorResponse' || this.#random.int(0, 3) === 0;
    });
    // A request behind a COPY FROM STDIN is the client's fault, and no client that pipelines can foresee one.
    if (OPENS_COPY_IN.test(called)) this.#toFrontend.carryAll();
  }

  #call<M extends Machine>(subject: Subject<M>, isPlayed: (name: string) => boolean): string {
    const names = subject.callsNow().filter((name) => !NOT_PLAYED.test(name) && isPlayed(name));
    if (names.length === 0) return '';
    const name = pick(this.#random, names);
    try {
      subject.calls[name]?.(subject.machine, this.#random);
    } catch (thrown) {
      const isRefusal =
        thrown instanceof LocalProtocolError || thrown instanceof RangeError || thrown instanceof TypeError;
      if (!isRefusal) throw thrown;
    }
    return name;
  }

  /** Lets everything arrive, and the server answer what was asked, until nothing is owed. */
  #settle(): void {
    const [frontend, backend] = [this.#frontend.machine, this.#backend.machine];
    for (let step = 0; step < MAX_SETTLING_STEPS; step++) {
      this.#toBackend.carryAll();
      this.#toFrontend.carryAll();
      if (frontend.state === 'closed' || backend.state === 'closed') return;
      if (frontend.state === 'idle' && backend.state === 'idle') return;
      if (
        /^(?:created|encrypted|unencrypted|sslDeclined|gssEncDeclined)$/.test(frontend.state) &&
        /^(?:created|encryption|ssl|gss)/.test(backend.state)
      )
        return;
      if (frontend.state === 'terminating' && backend.state === 'terminating') return;
      this.#endCopy();
      this.#callBackend();
      if (step % 50 === 49) this.#endGroup();
    }
    throw new Error('they come to no end');
  }

  #endCopy(): void {
    this.#try(() => {
      this.#frontend.machine.sendCopyDone();
    });
  }

  /** A group of extended messages that nobody ends stays open. */
  #endGroup(): void {
    this.#try(() => {
      this.#frontend.machine.sendSync();
    });
  }

  #try(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      if (!(thrown instanceof LocalProtocolError)) throw thrown;
    }
  }
}

/** One direction of the connection: bytes that were written and have not arrived. */
class Link {
  readonly #from: Machine;
  readonly #to: Machine;
  #onTheWay: Uint8Array[] = [];

  constructor(from: Machine, to: Machine) {
    this.#from = from;
    this.#to = to;
  }

  get isEmpty(): boolean {
    return this.#onTheWay.length === 0 && this.#from.output.length === 0;
  }

  /** A part of what is on the way arrives. */
  carry(random: SeededRandom): void {
    this.#collect();
    const chunk = this.#onTheWay.shift();
    if (chunk === undefined) return;
    const cut = random.int(1, chunk.length);
    if (cut < chunk.length) this.#onTheWay.unshift(chunk.subarray(cut));
    this.#deliver(chunk.slice(0, cut));
  }

  carryAll(): void {
    this.#collect();
    for (let chunk = this.#onTheWay.shift(); chunk !== undefined; chunk = this.#onTheWay.shift()) this.#deliver(chunk);
  }

  #deliver(chunk: Uint8Array): void {
    this.#to.feed(chunk);
    chunk.fill(0xee); // it was borrowed
  }

  #collect(): void {
    if (this.#from.output.length > 0) this.#onTheWay.push(this.#from.output.take());
  }
}
