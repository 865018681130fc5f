import type { Span } from './clause.ts';
import { newSegment, type Segment } from './segment.ts';
import { isProduct } from './span-tests.ts';

/** What a segment's words as a whole make of it, now that its end is known. A choice that is left to the guest becomes a segment of its own. */
export function settleActs(segments: Segment[], isCorrection: boolean, isQuestion: boolean): void {
  for (let at = 0; at < segments.length; at++) {
    const segment = segments[at];
    if (segment === undefined) break;
    dropSizeQuestion(segment.spans);
    segment.isCorrection ||= isCorrection;
    if (
      segment.act === 'state' &&
      isQuestion &&
      at === segments.length - 1 &&
      (isSuggestion(segment) || isWithThat(segment) || isBareOptions(segment))
    )
      segment.act = 'offer';
    const choice = segment.act === 'state' || segment.act === 'make' ? choiceAt(segment.spans) : -1;
    if (choice >= 0) {
      const offered = newSegment('offer');
      offered.spans.push(...segment.spans.splice(choice));
      segments.splice(at + 1, 0, offered);
    }
    if (segment.act === 'state' && isMissing(segment)) {
      segment.act = 'out';
      segment.isTemporary = true;
      segment.isRunOut = true;
    }
    if (segment.act === 'state' && isOfHouse(segment)) segment.act = 'menu';
    if (segment.act === 'state' && segment.lead !== 'total') readPrices(segment);
    if (segment.act === 'state' && isDefinition(segment.spans)) segment.act = 'menu';
  }
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

/** "Cream?", "Milk in it?": an option and nothing that it is of. */
function isBareOptions({ spans, isReadback }: Segment): boolean {
  const said = spans.filter(({ kind }) => kind !== 'mark');
  if (isReadback || said.length === 0) return false;
  return said.every(
    (span, index) =>
      (span.kind === 'menu' && span.meaning.item === null && span.meaning.options.length > 0) ||
      (index > 0 && span.kind === 'word' && /^(?:in|on|it|that|those|them)$/.test(span.text)),
  );
}

/** "We've got coke, sprite and jarritos": what the house has, without a count or a size. */
function isOfHouse({ spans, lead }: Segment): boolean {
  const products = spans.filter(isProduct);
  const isCounted = spans.some(
    (span) =>
      span.kind === 'number' ||
      (span.kind === 'menu' && span.meaning.isSize) ||
      (span.kind === 'word' && /^(?:an?|the|your)$/.test(span.text)) ||
      (span.kind === 'cue' && /^(?:couple|dozen|half-dozen|more)$/.test(span.cue)),
  );
  return lead === 'we have got' && products.length > 1 && !isCounted;
}

/** "Lemonade's out." */
function isMissing({ spans }: Segment): boolean {
  const said = spans.filter(({ kind }) => kind !== 'mark');
  const last = said.at(-1);
  const named = said.at(-2);
  if (last?.kind !== 'word' || !/^(?:out|down|gone|broken)$/.test(last.text) || said.length > 4) return false;
  return (
    named !== undefined &&
    (named.kind === 'menu' || (named.kind === 'word' && /^(?:machines?|fryers?|grills?|ovens?)$/.test(named.text)))
  );
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
      (before?.kind === 'cue' && before.cue === 'extra') ||
      (after?.kind === 'cue' && (after.cue === 'more' || after.cue === 'extra' || after.cue === 'all')) ||
      (after?.kind === 'word' && /^(?:apiece|per|off|upcharge|for)$/.test(after.text));
    if (isMore || /^(?:for|at)$/.test(lead) || (hasItem && /^(?:is|are|just|only|be)$/.test(lead))) {
      segment.act = 'menu';
      return;
    }
  }
}
