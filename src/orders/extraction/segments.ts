import type { Span } from './clause.ts';

export type SegmentAct =
  | 'state'
  | 'none'
  | 'greet'
  | 'offer'
  | 'question'
  | 'menu'
  | 'unavailable'
  | 'out'
  | 'allow'
  | 'remove'
  | 'forget'
  | 'clear'
  | 'replace'
  | 'make'
  | 'total';

/** A run of a clause with one act. */
export interface Segment {
  act: SegmentAct;
  readonly spans: Span[];
  /** "so", "that's", "I have": the order is said again. */
  isReadback: boolean;
  /** "just the burger": nothing else. */
  isExclusive: boolean;
  /** "sorry", "actually", "instead": it takes the place of what was said. */
  isCorrection: boolean;
  isAddition: boolean;
  /** "instead", "change that to": it takes the place of something of its kind. */
  isChange: boolean;
  /** "substitute rings for the fries": the new comes first. */
  isReversed: boolean;
  /** "sold out", "right now": what is missing is missed for a time only. */
  isTemporary: boolean;
  /** "out of": said of the thing itself. */
  isRunOut: boolean;
}

export interface Segmented {
  readonly segments: readonly Segment[];
  readonly closes: boolean;
  readonly saysFarewell: boolean;
  readonly greets: boolean;
  /** "Hi, what can I get you?": after a closing it is said to another car. */
  readonly saysHello: boolean;
  readonly asks: boolean;
  /** "the second order is": another order of the same car. */
  readonly startsNextOrder: boolean;
}

/** Cuts a clause into segments at its cues and gives each its act. `isQuestion`: the clause ended with a question mark. */
export function segmentsOf(spans: readonly Span[], isQuestion: boolean): Segmented {
  const segments: Segment[] = [];
  let current = newSegment('state');
  let closes = false;
  let saysFarewell = false;
  let greets = false;
  let asks = false;
  let saysHello = false;
  let startsNextOrder = false;
  let isCorrection = false;
  const open = (act: SegmentAct) => {
    const { isReadback } = current;
    const wasEmpty = current.spans.length === 0 && current.act === 'state';
    if (!wasEmpty) segments.push(current);
    current = newSegment(act);
    // "so that's ...": one head of a sentence after the other.
    if (wasEmpty && (act === 'state' || act === 'make')) current.isReadback = isReadback;
    return current;
  };
  const isClosedTalk = () =>
    current.act === 'menu' ||
    current.act === 'offer' ||
    current.act === 'unavailable' ||
    current.act === 'out' ||
    current.act === 'question';
  const isAsking = () => current.act === 'offer' || current.act === 'question';
  let skipped: Span | null = null;
  for (const [index, span] of spans.entries()) {
    if (span === skipped) continue;
    if (span.kind !== 'cue') {
      if (span.kind === 'word' && (span.text === 'any' || span.text === 'anything') && current.act === 'state') {
        const last = current.spans.at(-1);
        if (last?.kind !== 'word' || !/^(?:on|of|for|with|to)$/.test(last.text)) open('offer');
      }
      // "we don't have any muffins left": there were some.
      if (span.kind === 'word' && span.text === 'left' && current.act === 'unavailable') current.isTemporary = true;
      // "The fryer's down."
      const named = current.spans.at(-1);
      if (span.kind === 'word' && span.text === 'down' && named?.kind === 'word' && named.text.endsWith('s')) {
        if (current.act === 'state' && !named.isKnown) current.act = 'out';
        current.isTemporary = true;
      }
      current.spans.push(span);
      continue;
    }
    const next = spans[index + 1];
    switch (span.cue) {
      case 'filler':
        if (
          /^(?:today|tonight|right now|at the moment|at this time|currently|this morning|this evening|anymore)$/.test(
            span.text,
          )
        )
          current.isTemporary = true;
        // "So no fries right now."
        if (/^(?:right now|at the moment|at this time|currently)$/.test(span.text) && current.act === 'state') {
          if (current.spans.some((other) => other.kind === 'cue' && other.cue === 'no')) current.act = 'out';
        }
        break;
      case 'ack':
        open('state');
        break;
      case 'so':
        open('state').isReadback = true;
        break;
      case 'readback':
        if (isClosedTalk()) current.spans.push(span);
        else open('state').isReadback = true;
        break;
      case 'just': {
        if (isClosedTalk() || current.act === 'total') break;
        const last = current.spans.at(-1);
        const isJoined = last?.kind === 'word' && /^(?:and|with|or|on|for)$/.test(last.text);
        if (isJoined || current.act === 'make') break;
        open('state').isExclusive = true;
        break;
      }
      case 'sorry':
        // "Scratch that." with nothing in its place takes back what was said last; "a small, scratch that, a large" corrects it.
        if (span.text === 'scratch that' && spans.slice(index + 1).every(isPoliteness)) {
          open('forget');
          open('state');
          break;
        }
        isCorrection = true;
        if (isClosedTalk()) break;
        open('state').isChange = /^(?:no wait|wait no|scratch that|i meant|i mean to say|rather|correction)$/.test(
          span.text,
        );
        break;
      case 'instead':
        if (isClosedTalk()) break;
        current.isCorrection = true;
        current.isChange = true;
        open('state');
        break;
      case 'make':
        if (isAsking()) break;
        open('make').isCorrection = true;
        current.isChange = /^(?:chang|switch|swap)/.test(span.text);
        break;
      case 'add':
        if (!isAsking()) open('state').isAddition = true;
        break;
      case 'fine':
        if (current.act === 'state') current.act = 'allow';
        break;
      case 'greet':
        greets = greets || span.text !== 'this is';
        open('greet');
        break;
      case 'ask-more':
        asks = true;
        // "Hi, what can I get you?"
        if (index <= 2 && isHello(spans[0])) saysHello = true;
        open('none').spans.push(span);
        break;
      case 'confirm':
        open('state').isReadback = true;
        break;
      case 'aside':
        open('none');
        break;
      case 'close':
        closes = true;
        open('state');
        break;
      case 'farewell':
        saysFarewell = true;
        // "Maybe next time": the guest buys nothing.
        if (span.text.endsWith('next time') && span.text.startsWith('maybe')) open('clear');
        open('none');
        break;
      case 'total':
        open('total');
        break;
      case 'offer':
      case 'suggest':
        asks = true;
        open('offer');
        break;
      case 'question':
        asks = true;
        open('question').spans.push(span);
        break;
      case 'menu':
        open('menu');
        break;
      case 'described':
        // "The taco has cabbage", but not "has it been".
        if (span.text === 'has' && next?.kind !== 'menu' && !(current.spans.at(-1)?.kind === 'menu' && isUnknown(next)))
          break;
        // "The first is a large latte": said of an order, not of a product.
        if (isOrdinal(spans[index - 1])) break;
        if (current.act === 'state') current.act = 'menu';
        break;
      case 'unavailable':
        open('unavailable');
        break;
      case 'out':
        open('out').isTemporary = true;
        current.isRunOut = true;
        break;
      case 'sold-out':
        if (current.act === 'state' || current.act === 'menu' || current.act === 'make') current.act = 'out';
        else open('out');
        // What is not on the menu never was.
        current.isTemporary = !span.text.includes('menu');
        break;
      case 'next-order':
        if (next?.kind !== 'word' || next.text !== 'of') startsNextOrder = true;
        break;
      case 'remove':
        if (!isClosedTalk()) open('remove');
        break;
      case 'off':
        if (current.act === 'state') current.act = 'remove';
        // "the bacon off the cheeseburger"
        if (span.text === 'off')
          current.spans.push({
            kind: 'word',
            text: 'from',
            isKnown: true,
            isOfMenu: false,
            from: span.from,
            to: span.to,
          });
        break;
      case 'clear':
        open('clear');
        open('state');
        break;
      case 'forget':
        open('forget');
        open('state');
        break;
      case 'replace':
        if (!isAsking()) open('replace').isReversed = span.text.startsWith('substitut');
        break;
      case 'not':
        // "diet instead of regular", "large, not medium": what it takes the place of needs no name of its own.
        if (isInPlaceOf(span.text)) {
          if (next !== undefined && next.kind !== 'cue' && !spans.slice(index + 1, index + 4).some(namesProduct)) {
            skipped = next;
            current.isCorrection = true;
            break;
          }
          // "Fish tacos instead of soft tacos."
          const takesPlace = current.act === 'state' || current.act === 'make';
          if (takesPlace && current.spans.filter(isProduct).length === 1) {
            const product = spans.slice(index + 1).find(namesProduct);
            if (product !== undefined && isProduct(product)) {
              current.act = 'replace';
              current.isReversed = true;
              current.spans.push({ ...span, kind: 'word', text: 'for', isKnown: true, isOfMenu: false });
              break;
            }
          }
        }
        current.spans.push(span);
        break;
      case 'no':
        // "one crispy, no, spicy chicken": a word on its own that takes back.
        if (span.text === 'no' && isBetweenMarks(spans, index) && current.spans.some(isProduct)) {
          isCorrection = true;
          open('state').isChange = true;
          break;
        }
        if (next !== undefined) current.spans.push(span);
        break;
      default:
        current.spans.push(span);
    }
  }
  segments.push(current);
  for (let at = 0; at < segments.length; at++) {
    const segment = segments[at];
    if (segment === undefined) break;
    dropSizeQuestion(segment.spans);
    segment.isCorrection ||= isCorrection;
    if (
      segment.act === 'state' &&
      isQuestion &&
      at === segments.length - 1 &&
      (isSuggestion(segment) || isWithThat(segment))
    )
      segment.act = 'offer';
    const choice = segment.act === 'state' || segment.act === 'make' ? choiceAt(segment.spans) : -1;
    if (choice >= 0) {
      const offered = newSegment('offer');
      offered.spans.push(...segment.spans.splice(choice));
      segments.splice(at + 1, 0, offered);
    }
    if (segment.act === 'state') readPrices(segment);
    if (segment.act === 'state' && isDefinition(segment.spans)) segment.act = 'menu';
  }
  return { segments, closes, saysFarewell, greets, saysHello, asks, startsNextOrder };
}

/** An item of the menu, and nothing else. */
function isProduct(span: Span): boolean {
  return span.kind === 'menu' && span.meaning.item !== null && span.meaning.options.length === 0;
}

function isBetweenMarks(spans: readonly Span[], index: number): boolean {
  const before = spans.slice(0, index).findLast((span) => span.kind !== 'cue' || span.cue !== 'filler');
  return before?.kind === 'mark' && spans[index + 1]?.kind === 'mark';
}

function isHello(span: Span | undefined): boolean {
  return span?.kind === 'cue' && /^(?:hi|hello|hey|good morning|good afternoon|good evening)$/.test(span.text);
}

function isUnknown(span: Span | undefined): boolean {
  return span?.kind === 'word' && !span.isKnown;
}

function isOrdinal(span: Span | undefined): boolean {
  return span?.kind === 'cue' && (span.cue === 'split' || span.cue === 'next-order');
}

function isInPlaceOf(text: string): boolean {
  return text === 'instead of' || text === 'rather than' || text === 'in place of';
}

function namesProduct(span: Span): boolean {
  return span.kind === 'menu' && (span.meaning.item !== null || span.meaning.options.length > 0);
}

function isPoliteness(span: Span): boolean {
  return span.kind === 'mark' || (span.kind === 'cue' && (span.cue === 'ack' || span.cue === 'filler'));
}

function newSegment(act: SegmentAct): Segment {
  return {
    act,
    spans: [],
    isReadback: false,
    isExclusive: false,
    isCorrection: false,
    isAddition: false,
    isChange: false,
    isReversed: false,
    isTemporary: false,
    isRunOut: false,
  };
}

/** "the mocha is espresso with chocolate". */
function isDefinition(spans: readonly Span[]): boolean {
  const at = spans.findIndex((span) => span.kind === 'word' && span.text === 'is');
  const subject = spans[at - 1];
  return at > 0 && subject?.kind === 'menu' && subject.meaning.item !== null && spans[at + 1]?.kind === 'menu';
}

/** "large or medium": a question within what is ordered. */
function dropSizeQuestion(spans: Span[]): void {
  const at = spans.findIndex((span) => span.kind === 'word' && span.text === 'or');
  const left = spans[at - 1];
  const right = spans[at + 1];
  const isSize = (span: Span | undefined) => span?.kind === 'menu' && span.meaning.isSize && span.meaning.item === null;
  if (at > 0 && isSize(left) && isSize(right)) spans.splice(at - 1, 3);
}

/** "Like a latte?": offered, not ordered. */
function isSuggestion({ spans }: Segment): boolean {
  const first = spans.find((span) => span.kind !== 'mark');
  return first?.kind === 'word' && first.text === 'like';
}

/** "Fries with that?" */
function isWithThat({ spans }: Segment): boolean {
  const [before, last] = spans.slice(-2);
  return before?.kind === 'word' && before.text === 'with' && last?.kind === 'word' && /^(?:that|it)$/.test(last.text);
}

/** Where "fries or onion rings", "hot or iced" begins in a segment; -1 where no choice is left to the guest. */
function choiceAt(spans: readonly Span[]): number {
  let isDenied = false;
  for (const [index, span] of spans.entries()) {
    if (span.kind === 'cue' && span.cue === 'no') isDenied = true;
    if (span.kind === 'menu' && span.meaning.item !== null && span.meaning.options.length === 0) isDenied = false;
    if (span.kind !== 'word' || span.text !== 'or' || isDenied) continue;
    const left = spans[index - 1];
    if (left?.kind !== 'menu' || !spans.slice(index + 1).some((other) => other.kind === 'menu')) continue;
    let from = index - 1;
    if (left.meaning.item === null) return from;
    for (; from > 0; from--) {
      const before = spans[from - 1];
      const isPart =
        (before?.kind === 'menu' && !isProduct(before)) ||
        before?.kind === 'number' ||
        (before?.kind === 'word' && /^(?:an?|the)$/.test(before.text));
      if (!isPart) break;
    }
    return from;
  }
  return -1;
}

/** "a large latte is five fifteen", "for one ninety nine": talk of prices. Otherwise an amount is the total. */
function readPrices(segment: Segment): void {
  const { spans } = segment;
  for (const [index, span] of spans.entries()) {
    if (span.kind !== 'money') continue;
    const before = spans[index - 1];
    const after = spans[index + 1];
    const hasItem = spans
      .slice(0, index)
      .some(
        (other) =>
          (other.kind === 'word' && !other.isKnown) ||
          (other.kind === 'menu' &&
            (other.meaning.item !== null || other.meaning.options.length > 0 || other.meaning.kind.length > 0)),
      );
    const lead = before?.kind === 'word' ? before.text : '';
    const isMore =
      (after?.kind === 'cue' && (after.cue === 'more' || after.cue === 'extra' || after.cue === 'all')) ||
      (after?.kind === 'word' && /^(?:apiece|per|off|upcharge|for)$/.test(after.text));
    if (isMore || /^(?:for|at)$/.test(lead) || (hasItem && /^(?:is|are|just|only|be)$/.test(lead))) {
      segment.act = 'menu';
      return;
    }
  }
}
