import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Persona } from '../contract.ts';
import type { PersonaImage } from '../model-contract.ts';

export interface PersonaImagesOptions {
  readonly personas: readonly Persona[];
  readonly prepare: (persona: Persona) => Promise<PersonaImage>;
  readonly release: (image: PersonaImage) => void;
  /** Images kept at most; the one that a call is just starting with is kept in any case. */
  readonly limit: { readonly count: number; readonly bytes: number };
}

/** Images of personas, prepared when asked for and kept while there is room: the least recently used one goes first. */
export class PersonaImages {
  readonly #options: PersonaImagesOptions;
  readonly #personas: Map<string, Persona>;
  /** In order of use, the latest last. */
  readonly #kept = new Map<string, PersonaImage>();
  readonly #preparing = new Map<string, Promise<PersonaImage>>();

  constructor(options: PersonaImagesOptions) {
    this.#options = options;
    this.#personas = new Map(options.personas.map((persona) => [persona.id, persona]));
  }

  get keptIds(): readonly string[] {
    return [...this.#kept.keys()];
  }

  add(persona: Persona): void {
    this.#personas.set(persona.id, persona);
  }

  /** Rejects with PERSONA_UNKNOWN, or with what keeps the persona from being prepared. */
  async get(id: string): Promise<PersonaImage> {
    const persona = this.#personas.get(id);
    if (persona === undefined) {
      const known = [...this.#personas.keys()].join(', ');
      throw new SpeakerpostError('PERSONA_UNKNOWN', { persona: id, known });
    }
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      this.#kept.delete(id);
      this.#kept.set(id, kept);
      return kept;
    }
    const preparing = this.#preparing.get(id) ?? this.#prepare(persona);
    this.#preparing.set(id, preparing);
    return preparing;
  }

  /** Prepares as many as are kept, in the order given. */
  async warm(): Promise<void> {
    for (const { id } of this.#options.personas) {
      if (this.#kept.size >= this.#options.limit.count || this.#isOver()) return;
      await this.get(id);
    }
  }

  async #prepare(persona: Persona): Promise<PersonaImage> {
    try {
      const image = await this.#options.prepare(persona);
      this.#kept.set(persona.id, image);
      this.#evict();
      return image;
    } finally {
      this.#preparing.delete(persona.id);
    }
  }

  #evict(): void {
    for (const [id, image] of this.#kept) {
      if (this.#kept.size <= 1 || !this.#isOver()) return;
      this.#kept.delete(id);
      this.#options.release(image);
    }
  }

  #isOver(): boolean {
    const { count, bytes } = this.#options.limit;
    let keptBytes = 0;
    for (const { byteLength } of this.#kept.values()) keptBytes += byteLength;
    return this.#kept.size > count || keptBytes > bytes;
  }
}
