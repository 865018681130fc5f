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
}
