/** Who wants to hear of a cancellation. */
export interface CancelTarget {
  /**
   * Called at most once, after it was taken out, with the reason.
   *
   * @returns Who is to be told because of that: nested scopes may be more than the stack has room for.
   */
  _tell(reason: unknown): Set<CancelTarget> | undefined;
}

/**
 * Tells each target once, in the order of arrival, then those behind them. All are told; the first thing that is thrown
 * is rethrown at the end.
 */
export function endAll(targets: Set<CancelTarget>, reason: unknown): void {
  let failed: { error: unknown } | undefined;
  const groups = [targets];
  for (const group of groups) {
    // A target that leaves meanwhile, being told by another, is not met any more.
    for (const target of group) {
      group.delete(target);
      try {
        const behind = target._tell(reason);
        if (behind !== undefined) groups.push(behind);
      } catch (error) {
        failed ??= { error };
      }
    }
  }
  if (failed !== undefined) throw failed.error;
}
