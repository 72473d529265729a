// One machine against bytes and calls that follow no plan: well-formed messages where the tables have them, and where
// they do not; mutated, truncated and random bytes; events that call, and events that throw.
import { randomChunks, seededRandom, type SeededRandom } from '@millrace/testkit';
import { LocalProtocolError, RemoteProtocolError } from '../../src/index.js';
import { mutate, pick } from './random-messages.js';
import type { Machine, OnEvent, Subject } from './subject.js';

/** What came of a run, for the tally. */
export interface ChaosReport {
  /** The machine's last state. */
  readonly state: string;
  /** Names of the messages that were taken whole without an error. */
  readonly accepted: ReadonlySet<string>;
  /** Names of the calls that were not refused. */
  readonly called: ReadonlySet<string>;
}

/** What an event of a run throws: it must pass through `feed`. */
class ThrownByHandler extends Error {
  override readonly name: string = 'ThrownByHandler';
}

const STEPS = 40;
/** How often, of a hundred, bytes are not what the tables have: no run gets far in the last. */
const WILDNESS = [0, 1, 4, 30];
/** More than any run needs: an event that calls, in a feed that calls, must come to an end. */
const MAX_EVENTS = 20_000;

/**
 * Runs one machine with the inputs of `seed`.
 *
 * @throws {Error} If the machine breaks a promise; the text says the seed.
 */
export function runChaos<M extends Machine>(makeSubject: (onEvent: OnEvent) => Subject<M>, seed: number): ChaosReport {
  const run = new ChaosRun(makeSubject, seed);
  try {
    return run.run();
  } catch (cause) {
    throw new Error(`seed ${seed}, in step ${run.step}: ${String(cause)}`, { cause });
  }
}

class ChaosRun<M extends Machine> {
  step = 0;
  readonly #random: SeededRandom;
  readonly #subject: Subject<M>;
  readonly #accepted = new Set<string>();
  readonly #called = new Set<string>();
  /** Whether events may throw in this run. */
  readonly #throws: boolean;
  readonly #wildness: number;
  #events = 0;
  /** Events of the opening have no reaction. */
  #isOpen = false;
  #isFeeding = false;
  #brokenBy: unknown;

  constructor(makeSubject: (onEvent: OnEvent) => Subject<M>, seed: number) {
    this.#random = seededRandom(seed);
    this.#throws = this.#random.int(0, 4) === 0;
    this.#wildness = pick(this.#random, WILDNESS);
    this.#subject = makeSubject(() => {
      this.#react();
    });
  }

  get #machine(): M {
    return this.#subject.machine;
  }

  run(): ChaosReport {
    const random = this.#random;
    if (random.int(0, 2) > 0) this.#subject.open();
    this.#isOpen = true;
    while (this.step < STEPS) {
      this.step += 1;
      if (random.int(0, 99) < this.#wildness) this.#feedNonsense();
      else if (random.int(0, 1) === 0) this.#feedMessageNow();
      else this.#call();
      if (this.#brokenBy !== undefined && random.int(0, 3) > 0) break;
      if (random.int(0, 3) === 0) this.#machine.output.take();
    }
    this.#checkBroken();
    return { state: this.#machine.state, accepted: this.#accepted, called: this.#called };
  }

  #feedNonsense(): void {
    const random = this.#random;
    const choice = random.int(0, 9);
    if (choice < 2) this.#feed(this.#subject.anyMessage(random));
    else if (choice < 4) this.#feed(random.bytes(random.int(0, 40)));
    else if (choice < 6)
      this.#feed(this.#message().subarray(0, -1)); // cut short: the next one is misread
    else if (choice < 9) this.#feed(mutate(random, this.#message()));
    else
      this.#attempt(() => {
        this.#machine.eof();
      });
  }

  #message(): Uint8Array {
    return this.#subject.messageNow(this.#random)?.bytes ?? this.#subject.anyMessage(this.#random);
  }

  #feedMessageNow(): void {
    const message = this.#subject.messageNow(this.#random);
    if (message === undefined) return;
    if (this.#feed(message.bytes)) this.#accepted.add(message.name);
  }

  /** Returns whether nothing was thrown. */
  #feed(bytes: Uint8Array): boolean {
    const chunks = [...randomChunks(bytes, { seed: this.#random.uint32(), maxBytes: pick(this.#random, [1, 8, 64]) })];
    return chunks.every((chunk) =>
      this.#attempt(() => {
        this.#isFeeding = true;
        try {
          this.#machine.feed(chunk);
        } finally {
          this.#isFeeding = false;
          chunk.fill(0xee); // it was borrowed
        }
      }),
    );
  }

  #call(): void {
    const { calls } = this.#subject;
    const now = this.#subject.callsNow();
    const isRandom = now.length === 0 || this.#random.int(0, 9) === 0;
    let name = pick(this.#random, isRandom ? Object.keys(calls) : now);
    if (name === 'ErrorResponse') name = pick(this.#random, isRandom ? Object.keys(calls) : now); // ends too many runs
    const call = calls[name];
    if (call === undefined) throw new Error(`the fuzzer has no call ${name}`);
    const before = this.#machine.output.length;
    const state = this.#machine.state;
    const isDone = this.#attempt(() => {
      call(this.#machine, this.#random);
    });
    if (isDone) this.#called.add(name);
    else if (this.#machine.output.length !== before) throw new Error(`${name} has failed, and written`);
    else if (this.#machine.state !== state && this.#machine.state !== 'broken')
      throw new Error(`${name} has failed, and gone on to ${this.#machine.state}`);
  }

  /** Returns false where `action` has thrown what it may throw. */
  #attempt(action: () => void): boolean {
    try {
      action();
      if (this.#brokenBy !== undefined) this.#checkAlive();
      return true;
    } catch (thrown) {
      if (thrown instanceof ThrownByHandler) return false;
      if (thrown instanceof RemoteProtocolError) this.#noteBroken(thrown);
      else if (!this.#isLocal(thrown)) throw thrown;
      return false;
    }
  }

  #isLocal(thrown: unknown): boolean {
    if (this.#isFeeding) return false;
    return thrown instanceof LocalProtocolError || thrown instanceof RangeError || thrown instanceof TypeError;
  }

  #noteBroken(thrown: RemoteProtocolError): void {
    this.#brokenBy ??= thrown;
    if (thrown !== this.#brokenBy) throw new Error('a dead machine has thrown another error', { cause: thrown });
  }

  /** A call has succeeded on a machine that is dead: only a server's last word may do so. */
  #checkAlive(): void {
    if (!('sendErrorResponse' in this.#machine)) throw new Error('a call of a dead machine has succeeded');
  }

  #checkBroken(): void {
    if (this.#brokenBy === undefined) return;
    let again: unknown;
    try {
      this.#machine.feed(new Uint8Array(1));
    } catch (thrown) {
      again = thrown;
    }
    if (again !== this.#brokenBy && this.#machine.state !== 'closed') {
      throw new Error('a dead machine does not throw its error', { cause: again });
    }
  }

  #react(): void {
    if (!this.#isOpen) return;
    this.#events += 1;
    if (this.#events > MAX_EVENTS) throw new Error('events without end');
    const choice = this.#random.int(0, 9);
    if (choice < 2) this.#callInside();
    else if (choice === 2 && this.#throws) throw new ThrownByHandler();
  }

  #callInside(): void {
    const wasFeeding = this.#isFeeding;
    this.#isFeeding = false;
    try {
      this.#call();
    } finally {
      this.#isFeeding = wasFeeding;
    }
  }
}
