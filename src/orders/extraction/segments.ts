import type { Span } from './clause.ts';
import { newSegment, type Segment, type SegmentAct } from './segment.ts';
import { settleActs } from './segment-shape.ts';
import {
  isBetweenMarks,
  isHello,
  isInPlaceOf,
  isOrdinal,
  isPoliteness,
  isProduct,
  isUnknown,
  namesProduct,
} from './span-tests.ts';

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

/** "Thanks for choosing ...": a name, or what the agent asks, follows. */
function leadsToWelcome(spans: readonly Span[], index: number): boolean {
  if (spans.slice(0, index).some((span) => span.kind === 'menu' || span.kind === 'money')) return false;
  return spans.slice(index + 1).some((span) => span.kind === 'menu' || (span.kind === 'cue' && span.cue !== 'filler'));
}

function endsWithOn(spans: readonly Span[]): boolean {
  const at = spans.findIndex((span) => span.kind === 'mark' || span.kind === 'cue');
  const last = spans.slice(0, at < 0 ? spans.length : at).at(-1);
  return last?.kind === 'word' && (last.text === 'on' || last.text === 'in');
}

function isOrderNoun(span: Span | undefined): boolean {
  return span?.kind === 'word' && /^(?:order|check|ticket)$/.test(span.text);
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
    // "Taco Lane, go ahead."
    if (index === 0 && span.kind === 'menu' && span.meaning.isStore) saysHello = true;
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
        // "Sorry, no steak tonight."
        if (
          isCorrection &&
          /^(?:tonight|today|this morning|this evening|anymore)$/.test(span.text) &&
          current.act === 'state'
        ) {
          if (current.spans.some((other) => other.kind === 'cue' && other.cue === 'no')) {
            current.act = 'out';
            current.isRunOut = true;
          }
        }
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
        // "And for the drinks I have ...": the question was the guest's.
        if (isClosedTalk() && !(current.act === 'question' && /^(?:i|you) (?:have|got)/.test(span.text)))
          current.spans.push(span);
        else {
          open('state').isReadback = true;
          current.lead = span.text;
        }
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
        // "with chicken added"
        if (span.text === 'added' && (next === undefined || next.kind === 'mark')) current.spans.push(span);
        else if (!isAsking()) {
          // "on half of it add green peppers": the half is of what is added.
          const half = current.spans.at(-1);
          if (half?.kind === 'cue' && (half.cue === 'half' || half.cue === 'other-half')) current.spans.pop();
          open('state').isAddition = true;
          if (half?.kind === 'cue' && (half.cue === 'half' || half.cue === 'other-half')) current.spans.push(half);
        }
        break;
      case 'fine':
        if (current.act === 'state') current.act = 'allow';
        break;
      case 'greet':
        // "Thanks for calling." at the end is no welcome.
        if (span.text.startsWith('thank') && !leadsToWelcome(spans, index)) open('none');
        else greets = greets || span.text !== 'this is';
        if (current.act !== 'none') open('greet');
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
        // "The total for one salad is ...": what it is for is said again.
        if (
          spans.slice(index + 1).some((other) => other.kind === 'word' && other.text === 'for') &&
          spans.slice(index + 1).some(isProduct)
        ) {
          open('state').isReadback = true;
          current.lead = 'total';
        }
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
        if (isOrdinal(spans[index - 1]) || isOrderNoun(spans[index - 1])) break;
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
        if (isClosedTalk()) break;
        // "Okay, cancelled.": there is no telling what but everything.
        if (/^cancell?ed$/.test(span.text) && spans.slice(index + 1).every(isPoliteness)) {
          open('clear');
          open('state');
        } else open('remove');
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
        // "No, mild sauce."
        if (span.text === 'no' && current.spans.length === 0 && next?.kind === 'mark') {
          current.isCorrection = true;
          break;
        }
        // "Leave the ketchup on."
        if (span.text === 'leave the' && current.act === 'state' && endsWithOn(spans.slice(index + 1))) {
          open('allow');
          break;
        }
        if (next !== undefined) current.spans.push(span);
        break;
      default:
        current.spans.push(span);
    }
  }
  segments.push(current);
  settleActs(segments, isCorrection, isQuestion);
  return { segments, closes, saysFarewell, greets, saysHello, asks, startsNextOrder };
}
