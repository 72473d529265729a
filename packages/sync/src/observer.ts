/** Hears of everybody who waits and holds; what `@millrace/sync/debug` plugs in. */
export interface Observer {
  /** `waiter` begins to wait for `operation` on `primitive`. Called inside the user's call. */
  observeWait(waiter: object, primitive: { readonly name: string }, operation: string): void;
  /** `waiter` does not wait any more. */
  observeLeave(waiter: object): void;
  /** `lease` is held from now on. `waiter` is who waited for it; undefined where nobody had to. */
  observeHold(lease: object, primitive: { readonly name: string }, operation: string, waiter: object | undefined): void;
  /** `lease` is not held any more. */
  observeRelease(lease: object): void;
  /** An error made where `lease` was released, if that was seen. */
  releaseOf(lease: object): Error | undefined;
}

/** Who hears of it; undefined unless somebody debugs. */
export let observer: Observer | undefined;

/** Lets `next` hear of everything from now on. */
export function setObserver(next: Observer | undefined): void {
  observer = next;
}
