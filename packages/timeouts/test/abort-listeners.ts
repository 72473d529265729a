const counts = new WeakMap<EventTarget, number>();
const { addEventListener, removeEventListener } = EventTarget.prototype;

// On the prototype of signals only, so that it counts on every runtime and hides nothing else.
AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...args: Parameters<typeof addEventListener>) {
  counts.set(this, abortListeners(this) + 1);
  addEventListener.apply(this, args);
};
AbortSignal.prototype.removeEventListener = function (
  this: AbortSignal,
  ...args: Parameters<typeof removeEventListener>
) {
  counts.set(this, abortListeners(this) - 1);
  removeEventListener.apply(this, args);
};

/** How many listeners were added to `signal` and not removed: listeners that fire must be removed as well. */
export function abortListeners(signal: AbortSignal): number {
  return counts.get(signal) ?? 0;
}
