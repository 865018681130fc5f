import type { AgentWord, ExtractionUpdate, OrderExtractor, OrderSnapshot, TimedPiece } from '../contract.ts';
import type { Menu } from '../menu/menu.ts';
import type { ReviewReason, TicketEvidence } from '../ticket.ts';
import { Assembler, type AssemblerEvent } from './assembler.ts';
import { CarOrder, type ClauseSource } from './car-order.ts';
import { joinCompounds, spansOf, withoutUnfinished } from './clause.ts';
import { notesOf } from './notes.ts';
import { entry, signature } from './order-state.ts';
import { segmentsOf } from './segments.ts';
import { snapshotOf } from './snapshot.ts';
import { Spelling } from './spelling.ts';
import { isStop, type Token, tokensOf } from './tokens.ts';
import { Vocabulary } from './vocabulary.ts';

/** A clause that goes on without a stop is read at so many tokens, so that no piece costs more than that. */
const CLAUSE_TOKENS = 72;

/** One car of the call. */
interface Car {
  readonly seq: number;
  readonly order: CarOrder;
  revision: number;
  status: OrderSnapshot['status'];
  /** What was last closed, to tell whether a closed order changed after all. */
  closedAs: string | null;
  hasClosing: boolean;
  hasFarewell: boolean;
  snapshot: OrderSnapshot | null;
  shown: string;
}

const compiled = new WeakMap<Menu, { readonly vocabulary: Vocabulary; readonly spelling: Spelling }>();

/** An extractor for one call. The menu's phrases are compiled once a menu. */
export function createOrderExtractor(menu: Menu): OrderExtractor {
  let ready = compiled.get(menu);
  if (ready === undefined) {
    const vocabulary = new Vocabulary(menu);
    ready = { vocabulary, spelling: new Spelling(vocabulary.words) };
    compiled.set(menu, ready);
  }
  return new MenuOrderExtractor(menu, ready.vocabulary, ready.spelling);
}

class MenuOrderExtractor implements OrderExtractor {
  readonly #menu: Menu;
  readonly #vocabulary: Vocabulary;
  readonly #spelling: Spelling;
  readonly #assembler = new Assembler();
  readonly #cars: Car[] = [];
  #car: Car;
  #tokens: Token[] = [];
  #words: AgentWord[] = [];
  #cutWord: string | null = null;
  #hasEnded = false;

  constructor(menu: Menu, vocabulary: Vocabulary, spelling: Spelling) {
    this.#menu = menu;
    this.#vocabulary = vocabulary;
    this.#spelling = spelling;
    this.#car = this.#openCar();
  }

  get orders(): readonly OrderSnapshot[] {
    return this.#cars.map((car) => car.snapshot ?? this.#snapshot(car));
  }

  push(piece: TimedPiece): ExtractionUpdate {
    if (this.#hasEnded) return nothing;
    return this.#take(this.#assembler.push(piece), piece.atMs);
  }

  cut(atMs: number): ExtractionUpdate {
    if (this.#hasEnded) return nothing;
    const begun = this.#assembler.unfinished;
    const events = this.#assembler.cut(atMs);
    const unfinished = events.some(({ kind }) => kind === 'word') ? '' : begun;
    const update = this.#take(events, atMs, unfinished !== '');
    this.#cutWord = unfinished.length >= 2 ? (tokensOf(unfinished)[0] ?? null) : null;
    return update;
  }

  end(atMs: number, reason: 'left' | 'lane_failed'): ExtractionUpdate {
    if (this.#hasEnded) return nothing;
    const update = this.#take(this.#assembler.end(), atMs);
    this.#hasEnded = true;
    if (reason === 'lane_failed') this.#car.order.flag('truncated');
    const closed = this.#finish(this.#car, atMs);
    return { words: update.words, changed: update.changed, closed: [...update.closed, ...closed] };
  }

  #take(events: readonly AssemblerEvent[], atMs: number, isCut = false): ExtractionUpdate {
    if (events.length === 0) return nothing;
    const words: AgentWord[] = [];
    const changed: OrderSnapshot[] = [];
    const closed: OrderSnapshot[] = [];
    for (const event of events) {
      if (event.kind === 'turn-end') {
        this.#readClause(atMs, changed, closed, isCut);
        continue;
      }
      words.push(event.word);
      this.#addWord(event.word, atMs, changed, closed);
    }
    return { words, changed, closed };
  }

  #addWord(word: AgentWord, atMs: number, changed: OrderSnapshot[], closed: OrderSnapshot[]): void {
    const index = this.#words.push(word) - 1;
    let ends = false;
    for (const text of tokensOf(word.text)) {
      // A stutter: "a medium, medium".
      if (text === this.#tokens.at(-1)?.text && !/\d/.test(text)) continue;
      if (text === this.#tokens.at(-2)?.text && this.#tokens.at(-1)?.text === ',' && text !== 'no') {
        this.#tokens.pop();
        continue;
      }
      this.#tokens.push({ text, word: index });
      ends = isStop(text);
    }
    if (ends || this.#tokens.length >= CLAUSE_TOKENS) this.#readClause(atMs, changed, closed);
  }

  #readClause(atMs: number, changed: OrderSnapshot[], closed: OrderSnapshot[], isCut = false): void {
    const tokens = joinCompounds(this.#tokens, this.#vocabulary);
    const words = this.#words;
    this.#tokens = [];
    this.#words = [];
    const turn = words[0]?.turn;
    if (turn === undefined || tokens.length === 0) return;
    const isQuestion = tokens.at(-1)?.text === '?';
    while (isStop(tokens.at(-1)?.text ?? '')) tokens.pop();
    const said = spansOf(tokens, this.#vocabulary, this.#spelling);
    const spans = isCut ? withoutUnfinished(said) : said;
    const { segments, closes, saysFarewell, greets, saysHello, asks, startsNextOrder } = segmentsOf(spans, isQuestion);
    this.#turnToNextCar(
      greets || (saysHello && (this.#car.hasClosing || this.#car.hasFarewell)),
      closes || saysFarewell,
      atMs,
      closed,
    );
    if (startsNextOrder && this.#car.order.best.lines.length > 0 && this.#car.order.spokenTotalCents !== null)
      this.#nextOrder(atMs, closed);
    const { order } = this.#car;
    const clause: ClauseSource = { turn, atMs, evidence: (from, to) => evidenceOf(tokens, words, from, to) };
    const before = signature(order.best.lines);
    order.read(segments, clause, this.#cutWord);
    if (segments.some(({ act, spans: said }) => act === 'state' && said.some((span) => span.kind === 'menu')))
      this.#cutWord = null;
    for (const note of notesOf(words.map(({ text }) => text).join(' '))) order.note(note);
    if (
      order.spokenTotalCents !== null &&
      (closes || segments.some((segment) => segment.spans.some(({ kind }) => kind === 'money')))
    )
      order.settle(turn, atMs);
    if (closes || saysFarewell) this.#hearClosing(this.#car, turn, closes, asks, atMs, closed);
    this.#show(this.#car, before, changed);
  }

  /** A greeting after a closed order is the next car's. */
  #turnToNextCar(greets: boolean, isClosing: boolean, atMs: number, closed: OrderSnapshot[]): void {
    if (!greets || isClosing) return;
    const car = this.#car;
    const isUsed =
      car.hasClosing ||
      car.hasFarewell ||
      car.order.spokenTotalCents !== null ||
      car.order.best.lines.length > 0 ||
      car.order.hasHadLines;
    if (!isUsed) return;
    this.#nextOrder(atMs, closed);
  }

  #nextOrder(atMs: number, closed: OrderSnapshot[]): void {
    closed.push(...this.#finish(this.#car, atMs));
    this.#car = this.#openCar();
  }

  #hearClosing(car: Car, turn: number, closes: boolean, asks: boolean, atMs: number, closed: OrderSnapshot[]): void {
    if (asks && !closes) return;
    if (closes) car.hasClosing = true;
    else car.hasFarewell = true;
    car.order.settle(turn, atMs);
    if (car.order.best.lines.length > 0) closed.push(...this.#close(car, atMs));
  }

  #finish(car: Car, atMs: number): OrderSnapshot[] {
    car.order.settle(this.#assembler.turn, atMs);
    if (car.order.best.lines.length === 0) {
      const isExpected = car.order.spokenTotalCents !== null || (car.hasClosing && !car.order.hasHadLines);
      if (isExpected) car.order.flag('closed_without_items');
    } else if (!car.hasClosing && !car.hasFarewell) car.order.flag('no_final_readback');
    return this.#close(car, atMs);
  }

  #close(car: Car, atMs: number): OrderSnapshot[] {
    const { best } = car.order;
    const content = `${signature(best.lines)} ${car.order.spokenTotalCents} ${[...car.order.reasons()].join()}`;
    if (car.closedAs === content) return [];
    if (car.closedAs !== null) car.revision++;
    car.closedAs = content;
    car.status = best.lines.length === 0 ? 'abandoned' : 'confirmed';
    const source = { evidence: { turn: this.#assembler.turn, fromMs: atMs, toMs: atMs, text: '' }, atMs };
    car.snapshot = snapshotOf({
      ...this.#partsOf(car),
      state: { ...best, history: entry(best, 'close', null, source) },
    });
    return [car.snapshot];
  }

  #show(car: Car, before: string, changed: OrderSnapshot[]): void {
    const after = signature(car.order.best.lines);
    if (after === before && car.shown === after) return;
    car.shown = after;
    if (car.closedAs !== null && !car.closedAs.startsWith(`${after} `)) car.status = 'draft';
    car.snapshot = this.#snapshot(car);
    changed.push(car.snapshot);
  }

  #openCar(): Car {
    const car: Car = {
      seq: this.#cars.length + 1,
      order: new CarOrder(this.#vocabulary),
      revision: 1,
      status: 'draft',
      closedAs: null,
      hasClosing: false,
      hasFarewell: false,
      snapshot: null,
      shown: '',
    };
    this.#cars.push(car);
    return car;
  }

  #snapshot(car: Car): OrderSnapshot {
    return snapshotOf(this.#partsOf(car));
  }

  #partsOf(car: Car) {
    const reasons: ReviewReason[] = [...car.order.reasons()];
    return {
      menu: this.#menu,
      customerSeq: car.seq,
      revision: car.revision,
      status: car.status,
      state: car.order.best,
      spokenTotalCents: car.order.spokenTotalCents,
      notes: car.order.notes,
      reasons,
      unresolved: car.order.unresolved,
    };
  }
}

const nothing: ExtractionUpdate = { words: [], changed: [], closed: [] };

function evidenceOf(tokens: readonly Token[], words: readonly AgentWord[], from: number, to: number): TicketEvidence {
  const first = tokens[Math.min(from, tokens.length - 1)]?.word ?? 0;
  const last = tokens[Math.min(Math.max(to, from + 1), tokens.length) - 1]?.word ?? first;
  const said = words.slice(first, last + 1);
  return {
    turn: words[0]?.turn ?? 0,
    fromMs: said[0]?.fromMs ?? 0,
    toMs: said.at(-1)?.toMs ?? 0,
    text: said.map(({ text }) => text).join(' '),
  };
}
