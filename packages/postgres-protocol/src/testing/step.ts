import { checkChunking, type Chunking } from './chunking.js';
import { concatenate } from '../concatenate.js';
import { describeBytes, describeValue } from './describe-value.js';
import { describeClientBytes, isWholeMessage } from './client-bytes.js';
import { isStartupPacket, type ClientMessageName, type FrontendFields } from './frontend-message.js';
import { FRONTEND_TYPES } from '../messages/names.js';
import { matches } from './matches.js';

/** One thing that a scripted backend does, or waits for. Made by {@link step}. */
export type Step =
  | {
      readonly kind: 'expect';
      readonly name: ClientMessageName;
      readonly accepts: (fields: unknown) => boolean;
      readonly text: string;
    }
  | { readonly kind: 'expectBytes'; readonly bytes: Uint8Array; readonly text: string }
  | { readonly kind: 'send'; readonly bytes: Uint8Array; readonly text: string }
  | { readonly kind: 'split'; readonly chunking: Chunking; readonly text: string }
  | { readonly kind: 'stall'; readonly name: string; readonly text: string }
  | { readonly kind: 'resume'; readonly name: string; readonly text: string }
  | { readonly kind: 'expectEnd' | 'close' | 'cut'; readonly text: string };

/** What a scripted backend does, in order. */
export type Script = readonly Step[];

/** What a script says of a message: some of its fields with their values, or a test of all of them. */
export type Expected<Fields> = Partial<Fields> | Fields | ((fields: Fields) => boolean);

/** Makes the steps of scripts. */
export interface StepBuilders {
  /**
   * Waits for a message of the client.
   *
   * @param name - As the manual calls it. `StartupMessage`, `SSLRequest`, `GSSENCRequest` and `CancelRequest` are read
   * as packets without a type byte, all others as messages of a session.
   * @param expected - Fields that it must have (those left out may be anything), its only field where it has one, or a
   * function that judges. Left out, any fields will do.
   * @throws {TypeError} If there is no such message.
   */
  expect<Name extends ClientMessageName>(name: Name, expected?: Expected<FrontendFields<Name>>): Step;
  /**
   * Waits for exactly these bytes.
   *
   * @param message - One whole message, or one packet without a type byte.
   * @throws {TypeError} If it is not.
   */
  expectBytes(message: Uint8Array): Step;
  /**
   * Writes bytes: messages (`backendMessage`), parts of them, or anything else. What consecutive `send` steps write
   * leaves in one write, unless a `split` is between them.
   */
  send(...bytes: readonly Uint8Array[]): Step;
  /**
   * Cuts what is written from here on.
   *
   * @throws {RangeError} For pieces of less than a byte.
   */
  split(chunking: Chunking): Step;
  /** Goes no further until `resume(name)` was called, before or after it got here. */
  stall(name: string): Step;
  /** Resumes whoever stalls at `name`: this backend, or any other of its {@link ScriptedServer}. */
  resume(name: string): Step;
  /** Waits until the client has ended its side of the connection. */
  expectEnd(): Step;
  /** Ends the connection after what was written. */
  close(): Step;
  /** Resets the connection: what was written may be lost. */
  cut(): Step;
}

/** Makes the steps of scripts. */
export const step: Readonly<StepBuilders> = {
  expect: (name, expected) => {
    if (!isStartupPacket(name) && !Object.hasOwn(FRONTEND_TYPES, name)) {
      throw new TypeError(`expected the name of a client's message, saw ${JSON.stringify(name)}`);
    }
    const judge = expected as ((fields: unknown) => boolean) | undefined;
    if (typeof judge === 'function') {
      return { kind: 'expect', name, accepts: (fields) => judge(fields), text: `${name} that the function accepts` };
    }
    const accepts = (fields: unknown): boolean => expected === undefined || matches(expected, fields);
    return { kind: 'expect', name, accepts, text: `${name} ${describeValue(expected)}`.trimEnd() };
  },
  expectBytes: (message) => {
    const bytes = new Uint8Array(message);
    if (!isWholeMessage(bytes)) throw new TypeError(`expected the bytes of one message, saw ${describeBytes(bytes)}`);
    return { kind: 'expectBytes', bytes, text: describeClientBytes(bytes) };
  },
  send: (...parts) => {
    const bytes = concatenate(parts);
    return { kind: 'send', bytes, text: `send ${describeBytes(bytes)}` };
  },
  split: (chunking) => {
    checkChunking(chunking);
    return { kind: 'split', chunking, text: `split` };
  },
  stall: (name) => ({ kind: 'stall', name, text: `stall ${JSON.stringify(name)}` }),
  resume: (name) => ({ kind: 'resume', name, text: `resume ${JSON.stringify(name)}` }),
  expectEnd: () => ({ kind: 'expectEnd', text: "the client's end of the connection" }),
  close: () => ({ kind: 'close', text: 'close' }),
  cut: () => ({ kind: 'cut', text: 'cut' }),
};
