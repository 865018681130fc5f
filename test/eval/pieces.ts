/**
 * Text as the model writes it: a word in one or more pieces, the first of which begins with U+2581, then frames without text.
 * `cutAfter` tells whether the word is cut after its character at that index.
 */
export function piecesOf(text: string, cutAfter: (index: number) => boolean = (index) => index % 5 === 4): string[] {
  const pieces: string[] = [];
  for (const word of text.split(/\s+/)) {
    let piece = '\u2581';
    for (const [index, character] of [...word].entries()) {
      piece += character;
      if (cutAfter(index)) {
        pieces.push(piece);
        piece = '';
      }
    }
    if (piece !== '') pieces.push(piece);
  }
  return pieces;
}
