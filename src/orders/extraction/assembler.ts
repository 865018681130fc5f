import type { AgentWord, TimedPiece } from '../contract.ts';

/** A word that has its punctuation ends after so long without a piece; one without may go on until the turn ends. */
const WORD_GAP_MS = 240;
/** A turn ends after so long without a piece. */
const TURN_GAP_MS = 700;
/** No word is longer: what goes on without a space is cut here. */
const MAX_WORD_CHARS = 64;

export type AssemblerEvent = { readonly kind: 'word'; readonly word: AgentWord } | { readonly kind: 'turn-end' };

/** Pieces to words: a word is what stands between two spaces (U+2581), however it was split. */
export class Assembler {
  #text = '';
  #fromMs = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #turn = 1;
  #turnIsOpen = false;
  /** A word was cut off: the rest of it, should it still come, is no word. */
  #skipsRest = false;

  get turn(): number {
    return this.#turn;
  }

  /** The word that has begun and not ended. */
  get unfinished(): string {
    return this.#text;
  }

  push({ piece, atMs }: TimedPiece): AssemblerEvent[] {
    const events: AssemblerEvent[] = this.pass(atMs);
    if (piece === null || piece === '') return events;
    this.#lastMs = atMs;
    for (const part of piece.split(/([\u2581\s]+)/u)) {
      if (part === '') continue;
      if (/^[\u2581\s]/u.test(part)) {
        this.#skipsRest = false;
        this.#endWord(events, atMs);
      } else if (!this.#skipsRest) this.#grow(part, events, atMs);
    }
    return events;
  }

  /** Time goes by without a piece. */
  pass(atMs: number): AssemblerEvent[] {
    const events: AssemblerEvent[] = [];
    const gapMs = atMs - this.#lastMs;
    if (gapMs > TURN_GAP_MS || (gapMs > WORD_GAP_MS && /[.,?!;:]$/.test(this.#text)))
      this.#endWord(events, this.#lastMs);
    if (gapMs > TURN_GAP_MS) this.#endTurn(events);
    return events;
  }

  /** The unfinished word is dropped, the turn ends. A word after which nothing came for a while was finished. */
  cut(atMs: number): AssemblerEvent[] {
    const events: AssemblerEvent[] = [];
    if (atMs - this.#lastMs > WORD_GAP_MS) this.#endWord(events, this.#lastMs);
    this.#skipsRest = this.#text !== '';
    this.#text = '';
    this.#endTurn(events);
    return events;
  }

  end(): AssemblerEvent[] {
    const events: AssemblerEvent[] = [];
    this.#endWord(events, this.#lastMs);
    this.#endTurn(events);
    return events;
  }

  #grow(part: string, events: AssemblerEvent[], atMs: number): void {
    for (let at = 0; at < part.length; ) {
      if (this.#text === '') this.#fromMs = atMs;
      const room = MAX_WORD_CHARS - this.#text.length;
      this.#text += part.slice(at, at + room);
      at += room;
      if (this.#text.length >= MAX_WORD_CHARS) this.#endWord(events, atMs);
    }
  }

  #endWord(events: AssemblerEvent[], toMs: number): void {
    if (this.#text === '') return;
    events.push({ kind: 'word', word: { turn: this.#turn, text: this.#text, fromMs: this.#fromMs, toMs } });
    this.#text = '';
    this.#turnIsOpen = true;
  }

  #endTurn(events: AssemblerEvent[]): void {
    if (!this.#turnIsOpen) return;
    events.push({ kind: 'turn-end' });
    this.#turn++;
    this.#turnIsOpen = false;
  }
}
