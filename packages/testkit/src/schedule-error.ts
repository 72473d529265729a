import type { Call, Run } from './program.js';

/**
 * A check of a program failed: what {@link explore} rejects with.
 *
 * `cause` is what the check threw. The message has the schedule, with what came of each call.
 */
export class ScheduleError extends Error {
  /** Always `'ERR_TESTKIT_SCHEDULE'`. */
  readonly code = 'ERR_TESTKIT_SCHEDULE';
  /** The program's name. */
  readonly program: string;
  /** What happened up to the failure, for {@link ExploreOptions.replay}. */
  readonly schedule: string;

  /** Makes the error for the `run` of a program that ended with `cause`. */
  constructor(program: string, run: Pick<Run, 'calls' | 'schedule'>, cause: unknown) {
    const { schedule } = run;
    const what = cause instanceof Error ? cause.message : String(cause);
    const calls = run.calls.map((call) => `\n  ${describeCall(call)}`).join('');
    super(`${program}: ${what}${calls}\n  run it again with { replay: '${schedule}' }`, { cause });
    this.program = program;
    this.schedule = schedule;
  }

  /** The name shown in stack traces. */
  override get name(): string {
    return 'ScheduleError';
  }
}

function describeCall(call: Call): string {
  const outcome = call.state === 'pending' ? 'is pending' : `was ${call.state}`;
  const detail =
    call.state === 'pending' ? '' : `: ${describeValue(call.state === 'rejected' ? call.error : call.value)}`;
  return `${call.token} ${call.name} ${outcome}${detail}`;
}

function describeValue(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
