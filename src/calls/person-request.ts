import type { AgentWord } from '../orders/contract.ts';

/** Longest phrase that is looked for, in words. */
const MOST_WORDS = 12;

/** Hears in the agent's words that a guest wants a person. Each phrase counts once an utterance. */
export class PersonRequest {
  readonly #phrases: readonly (readonly string[])[];
  #recent: string[] = [];
  #turn = 0;
  #seen = 0;

  constructor(phrases: readonly string[]) {
    this.#phrases = phrases.map((phrase) => phrase.split(/\s+/).map(bare)).filter((words) => words.length > 0);
  }

  /** @param words all of the call so far @returns whether what is new completes a phrase */
  hears(words: readonly AgentWord[]): boolean {
    let found = false;
    for (const { text, turn } of words.slice(this.#seen)) {
      if (turn !== this.#turn) this.#recent = [];
      this.#turn = turn;
      this.#recent = [...this.#recent, bare(text)].slice(-MOST_WORDS);
      found ||= this.#phrases.some((phrase) => this.#recent.slice(-phrase.length).join(' ') === phrase.join(' '));
    }
    this.#seen = words.length;
    return found;
  }
}

function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[^\p{L}\p{N}']/gu, '');
}
