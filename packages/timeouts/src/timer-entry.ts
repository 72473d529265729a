/**
 * Something that can be armed in a {@link TimerRing}. An operation that may time out extends it, so that arming it
 * allocates nothing.
 */
export abstract class TimerEntry {
  /**
   * The ring's number for it while it is armed, else 0.
   *
   * @internal
   */
  _ringId = 0;

  /**
   * Called by the ring when the time has come, never before. The entry is no longer armed then.
   *
   * @param overdueMs - How much later it is than asked for, in milliseconds.
   * @throws Anything: it is reported as what a timer's callback throws, and the other entries are called all the same.
   * @remarks
   * Reentrancy: may arm and disarm any entry, this one included.
   */
  abstract onExpire(overdueMs: number): void;
}
