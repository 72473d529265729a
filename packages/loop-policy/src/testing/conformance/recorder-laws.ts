import type { RecordedEvent, Recorder } from './recorder.js';

/**
 * What every protocol may rely on, whatever happens to it: `connectionMade` is first, and comes once; `connectionLost` is
 * last, and comes once, also when the loop is closed; `eofReceived` comes once, without data after it; `pauseWriting` and
 * `resumeWriting` alternate.
 *
 * @returns What is out of order; nothing for a protocol that was never connected.
 */
export function disorderOf(recorder: Recorder): string[] {
  const { events, isWhole } = recorder;
  if (events.length === 0) return [];
  const wrong: string[] = [];
  for (const event of ['connectionMade', 'eofReceived', 'connectionLost'] as const) {
    const least = isWhole && event !== 'eofReceived' ? 1 : 0;
    const count = recorder.count(event);
    if (count < least || count > 1) wrong.push(`${event} was called ${count} times`);
  }
  if (isWhole && events[0] !== 'connectionMade') wrong.push(`${String(events[0])} came before connectionMade`);
  if (recorder.isLost && events.at(-1) !== 'connectionLost') {
    wrong.push(`${String(events.at(-1))} came after connectionLost`);
  }
  if (comesAfter(events, 'eofReceived', 'dataReceived')) wrong.push('dataReceived came after eofReceived');
  if (isWhole && !alternates(events)) wrong.push('pauseWriting and resumeWriting did not alternate');
  return wrong;
}

function comesAfter(events: readonly RecordedEvent[], first: RecordedEvent, second: RecordedEvent): boolean {
  const at = events.indexOf(first);
  return at !== -1 && events.includes(second, at);
}

function alternates(events: readonly RecordedEvent[]): boolean {
  const gate = events.filter((event) => event === 'pauseWriting' || event === 'resumeWriting');
  return gate.every((event, i) => event === (i % 2 === 0 ? 'pauseWriting' : 'resumeWriting'));
}
