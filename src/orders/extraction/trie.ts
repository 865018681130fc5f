interface Node<Value> {
  readonly next: Map<string, Node<Value>>;
  value: Value | null;
}

/** Phrases of tokens; finds the longest one that starts at a token. */
export class PhraseTrie<Value> {
  readonly #root: Node<Value> = { next: new Map(), value: null };

  /** The value kept for exactly this phrase, made by `create` when there is none yet. */
  at(phrase: readonly string[], create: () => Value): Value {
    let node = this.#root;
    for (const token of phrase) {
      let next = node.next.get(token);
      if (next === undefined) {
        next = { next: new Map(), value: null };
        node.next.set(token, next);
      }
      node = next;
    }
    node.value ??= create();
    return node.value;
  }

  longest(tokens: readonly string[], from: number): { readonly value: Value; readonly length: number } | null {
    let node: Node<Value> | undefined = this.#root;
    let found: { value: Value; length: number } | null = null;
    for (let at = from; at < tokens.length; at++) {
      node = node.next.get(tokens[at] ?? '');
      if (node === undefined) break;
      if (node.value !== null) found = { value: node.value, length: at - from + 1 };
    }
    return found;
  }

  /** The words that may follow the longest beginning of a phrase at `from` that is no phrase yet, and where they would stand. */
  following(tokens: readonly string[], from: number): { readonly words: Iterable<string>; readonly at: number } | null {
    let node: Node<Value> = this.#root;
    for (let at = from; at < tokens.length; at++) {
      const next = node.next.get(tokens[at] ?? '');
      if (next === undefined) return at === from || node.value !== null ? null : { words: node.next.keys(), at };
      node = next;
    }
    return null;
  }
}
