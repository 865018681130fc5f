/** Work done in order, a slice in each turn of the event loop, so that what comes from sockets meanwhile is not kept waiting. */
export class SlicedQueue<Item> {
  readonly #perTurn: number;
  readonly #handle: (item: Item) => void;
  #items: Item[] = [];
  #isScheduled = false;

  constructor(perTurn: number, handle: (item: Item) => void) {
    this.#perTurn = perTurn;
    this.#handle = handle;
  }

  add(items: readonly Item[]): void {
    this.#items.push(...items);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#items.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const slice = this.#items.splice(0, this.#perTurn);
      this.#schedule();
      for (const item of slice) this.#handle(item);
    });
  }
}
