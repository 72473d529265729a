import type { WriteBuffer } from '@millrace/write-buffer';
import type { SeededRandom } from '@millrace/testkit';

/** What both machines have in common. */
export interface Machine {
  readonly state: string;
  readonly output: WriteBuffer;
  feed(chunk: Uint8Array): void;
  eof(): void;
}

/** A call of a machine, with arguments drawn at random. */
export type Call<M> = (machine: M, random: SeededRandom) => void;

/** One end of the wire as the fuzzers see it. */
export interface Subject<M extends Machine = Machine> {
  readonly machine: M;
  /** Brings the machine from its beginning into an idle session. */
  open(): void;
  /** What the owner may call, by any names. */
  readonly calls: Readonly<Record<string, Call<M>>>;
  /** The calls that the tables have in this state; some may be refused all the same. */
  callsNow(): readonly string[];
  /** Bytes of a message that the tables have in this state. `undefined`: there is none. */
  messageNow(random: SeededRandom): { readonly name: string; readonly bytes: Uint8Array } | undefined;
  /** Bytes of any message. */
  anyMessage(random: SeededRandom): Uint8Array;
}

/** Told of every event, from inside it. */
export type OnEvent = (name: string, details: readonly unknown[]) => void;

/** A handler of which every method tells `onEvent`. */
export function handlerOf(onEvent: OnEvent): object {
  return new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...details: unknown[]) => {
          onEvent(String(name), details);
        },
    },
  );
}
