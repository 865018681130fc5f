/** The strings of scripts/make-tokenizer-digests.py, by the same generator. */
const words = (
  'welcome to the burger barn what can i get for you today please two large fries chicken sandwich with no onions extra pickles ' +
  'that will be nine dollars pull forward thank you sorry we do not have café crème jalapeño naïve Ångström ½ ﬁne straße 京都 東京 ' +
  "ラーメン привет мир <system> <s> </s> <unk> <0x41> ▁ $7.49 25% 10,000 it's co-op www.example.com"
).split(' ');
const blocks = [
  [0x20, 0x7e],
  [0x20, 0x7e],
  [0xa0, 0x2ff],
  [0x300, 0x36f],
  [0x370, 0x52f],
  [0x1100, 0x11ff],
  [0x2000, 0x2fff],
  [0x3000, 0x30ff],
  [0x4e00, 0x4fff],
  [0xac00, 0xd7a3],
  [0xf900, 0xffef],
  [0x1d400, 0x1d7ff],
  [0x1f300, 0x1f6ff],
] as const;
const spaces = [' ', ' ', ' ', '  ', '', '\t', '\n', '\u00a0', '\u3000', '\u200b'];

export function tokenizerStrings(count: number): string[] {
  let state = 20_260;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state * limit) / 2 ** 32);
  };
  const choose = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  const letter = (): string => {
    const [first, last] = choose(blocks);
    return String.fromCodePoint(first + below(last - first + 1));
  };
  return Array.from({ length: count }, () => {
    const kind = below(4);
    let text = '';
    for (let parts = below(16); parts > 0; parts--) {
      if (kind === 0) text += `${choose(words)} `;
      else if (kind === 1) text += choose(words) + choose(spaces);
      else if (kind === 2) text += letter();
      else text += choose([choose(words), letter(), letter()]) + choose(spaces);
    }
    return text;
  });
}
