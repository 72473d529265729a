import type { Loop } from '@millrace/loop-policy';
import type { ServerMessageFields } from '@millrace/postgres-protocol';

/** Called with each notice of the server. */
export type NoticeListener = (notice: ServerMessageFields) => void;

/** Who hears the server's notices. */
export class Notices {
  readonly #loop: Loop;
  readonly #listeners = new Set<{ readonly fn: NoticeListener }>();

  constructor(loop: Loop) {
    this.#loop = loop;
  }

  /** @returns Takes the listener off again. */
  add(fn: NoticeListener): () => void {
    const entry = { fn };
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  }

  dispatch(notice: ServerMessageFields): void {
    for (const { fn } of this.#listeners) {
      try {
        fn(notice);
      } catch (error) {
        // The listener's error is not the connection's: the loop reports it.
        this.#loop.callSoon(() => {
          throw error;
        });
      }
    }
  }
}
