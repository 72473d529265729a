import type { Protocol } from '@millrace/loop-policy';
import { decode } from './fake-source.js';

/** A protocol that writes down what it is told. */
export class Successor implements Protocol {
  readonly events: string[] = [];

  connectionMade(): void {
    this.events.push('made');
  }

  dataReceived(chunk: Uint8Array): void {
    this.events.push(`data ${decode(chunk) ?? ''}`);
  }

  eofReceived(): void {
    this.events.push('eof');
  }

  pauseWriting(): void {
    this.events.push('pause');
  }

  resumeWriting(): void {
    this.events.push('resume');
  }

  connectionLost(): void {
    this.events.push('lost');
  }
}
