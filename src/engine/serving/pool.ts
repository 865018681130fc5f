/**
 * Buffers used again. What lies outside of V8's heap is only noticed by its collector as pressure: 192 lanes that take a new array for each frame
 * make it stop the event loop for milliseconds, seven times a second [measured].
 */
export class Pool<Item> {
  readonly #make: () => Item;
  readonly #most: number;
  readonly #free: Item[] = [];

  /** @param most kept for later; more than are ever in use at once are not worth their memory */
  constructor(make: () => Item, most: number) {
    this.#make = make;
    this.#most = most;
  }

  take(): Item {
    return this.#free.pop() ?? this.#make();
  }

  /** The giver must not use the item any more. */
  give(item: Item): void {
    if (this.#free.length < this.#most) this.#free.push(item);
  }
}
