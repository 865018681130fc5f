import type { AgentWord, ExtractionUpdate, OrderExtractor, OrderSnapshot } from '../../../src/orders/contract.ts';
import { piecesOf } from '../../eval/pieces.ts';

const FRAME_MS = 80;

/** Speaks to an extractor at the model's pace and keeps what it answers. */
export class Call {
  readonly words: AgentWord[] = [];
  readonly changed: OrderSnapshot[] = [];
  readonly closed: OrderSnapshot[] = [];
  readonly extractor: OrderExtractor;
  atMs = 0;

  constructor(extractor: OrderExtractor) {
    this.extractor = extractor;
  }

  say(text: string, cutAfter?: (index: number) => boolean): this {
    for (const piece of piecesOf(text, cutAfter)) {
      this.atMs += FRAME_MS;
      this.#take(this.extractor.push({ piece, atMs: this.atMs }));
    }
    return this;
  }

  listen(ms = 1_600): this {
    for (const endMs = this.atMs + ms; this.atMs < endMs; ) {
      this.atMs += FRAME_MS;
      this.#take(this.extractor.push({ piece: null, atMs: this.atMs }));
    }
    return this;
  }

  turn(text: string): this {
    return this.say(text).listen();
  }

  cut(): this {
    this.#take(this.extractor.cut(this.atMs));
    return this;
  }

  end(reason: 'left' | 'lane_failed' = 'left'): this {
    this.#take(this.extractor.end(this.atMs, reason));
    return this;
  }

  #take({ words, changed, closed }: ExtractionUpdate): void {
    this.words.push(...words);
    this.changed.push(...changed);
    this.closed.push(...closed);
  }
}

/** `2 Coke/small +no:ice`, one string a line. */
export function linesOf(order: OrderSnapshot | undefined): string[] {
  return (order?.lines ?? []).map(({ quantity, name, size, modifiers }) => {
    const options = modifiers.map((modifier) =>
      modifier.action === 'add' ? modifier.name : `${modifier.action}:${modifier.name}`,
    );
    return `${quantity} ${name}${size === null ? '' : `/${size}`}${options.length === 0 ? '' : ` +${options.join(',')}`}`;
  });
}
