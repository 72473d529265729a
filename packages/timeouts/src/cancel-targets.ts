/** Who wants to hear of a cancellation. */
export interface CancelTarget {
  /** Called at most once, after it was taken out, with the reason. */
  _end(reason: unknown): void;
}

/** Tells each target once, in the order of arrival. All are told; the first thing that is thrown is rethrown at the end. */
export function endAll(targets: Set<CancelTarget>, reason: unknown): void {
  let failed: { error: unknown } | undefined;
  // A target that leaves meanwhile, being told by another, is not met any more.
  for (const target of targets) {
    targets.delete(target);
    try {
      target._end(reason);
    } catch (error) {
      failed ??= { error };
    }
  }
  if (failed !== undefined) throw failed.error;
}
