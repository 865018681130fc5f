/** A word in its plain form, a number, or a mark. `word` is the index of the spoken word within the clause. */
export interface Token {
  /** Lower case, without diacritics or apostrophes; numbers as digits; `,` `.` `?` `!` `$`. */
  readonly text: string;
  readonly word: number;
}

const expansions: Readonly<Record<string, string>> = {
  thats: 'that is',
  "that's": 'that is',
  its: 'it is',
  "it's": 'it is',
  whats: 'what is',
  "what's": 'what is',
  theres: 'there is',
  "there's": 'there is',
  heres: 'here is',
  "here's": 'here is',
  ill: 'i will',
  ive: 'i have',
  im: 'i am',
  youre: 'you are',
  youll: 'you will',
  youve: 'you have',
  youd: 'you would',
  theyre: 'they are',
  weve: 'we have',
  thatll: 'that will',
  itll: 'it will',
  lets: 'let us',
  isnt: 'is not',
  arent: 'are not',
  dr: 'doctor',
};

const numberWords: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};

const pluralNumbers: Readonly<Record<string, string>> = {
  ones: '1s',
  twos: '2s',
  threes: '3s',
  fours: '4s',
  fives: '5s',
  sixes: '6s',
  sevens: '7s',
  eights: '8s',
  nines: '9s',
};

const spelled: Readonly<Record<string, string>> = { '%': 'percent', '#': 'number', '&': 'and' };

const parts = /\d+(?:\.\d+)?|[\p{L}]+(?:'[\p{L}]+)*|[%#&$.,?!;:]/gu;
const abbreviations = /^(?:dr|mr|mrs|ms|st|oz|pc|pcs|vs)\.$/i;
const cache = new Map<string, readonly string[]>();

/** The tokens of one spoken word, e.g. `that's` -> that, is; `non-fat,` -> non, fat, `,`; `$19.42` -> $, 19.42. */
export function tokensOf(text: string): readonly string[] {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const found = tokenize(text);
  // Bounded, so that babble cannot fill the memory; a busy store says a few thousand different words.
  if (cache.size >= 4_096) cache.clear();
  cache.set(text, found);
  return found;
}

function tokenize(text: string): readonly string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[\u2018\u2019\u02bc]/g, "'")
    .toLowerCase();
  if (abbreviations.test(plain)) return tokenize(plain.slice(0, -1));
  // A time or a code, "7oclock": one word, and no quantity.
  if (/^\d+(?!(?:piece|pieces|liter|liters|inch|pack|packs|dollars|cents|percent)\b)\p{L}{4,}$/u.test(plain))
    return [plain];
  const tokens: string[] = [];
  for (const [part] of plain.matchAll(parts)) {
    for (const token of expand(part)) tokens.push(token);
  }
  return tokens;
}

function expand(part: string): readonly string[] {
  const number = Object.hasOwn(numberWords, part) ? numberWords[part] : undefined;
  if (number !== undefined) return [String(number)];
  if (Object.hasOwn(expansions, part)) return (expansions[part] ?? '').split(' ');
  if (Object.hasOwn(pluralNumbers, part)) return [pluralNumbers[part] ?? part];
  if (Object.hasOwn(spelled, part)) return [spelled[part] ?? part];
  if (part === ';' || part === ':') return [','];
  if (!part.includes("'")) return [part];
  const ending = /^(.+)'(ll|re|ve|d|m)$/.exec(part);
  if (ending !== null) return [ending[1] ?? '', verbs[ending[2] ?? ''] ?? ''];
  const joined = part.replaceAll("'", '');
  return Object.hasOwn(expansions, joined) ? (expansions[joined] ?? '').split(' ') : [joined];
}

const verbs: Readonly<Record<string, string>> = { ll: 'will', re: 'are', ve: 'have', d: 'would', m: 'am' };

export function isMark(token: string): boolean {
  return token === ',' || token === '.' || token === '?' || token === '!';
}

/** True for the marks that end a sentence. */
export function isStop(token: string): boolean {
  return token === '.' || token === '?' || token === '!';
}

export function numberOf(token: string): number | null {
  const code = token.charCodeAt(0);
  return code >= 48 && code <= 57 && token.length <= 9 && !/[^\d.]/.test(token) ? Number(token) : null;
}

/** The tokens of a written phrase, without its marks. */
export function tokensOfPhrase(text: string): readonly string[] {
  return text
    .split(/\s+/)
    .flatMap((word) => tokensOf(word))
    .filter((token) => /[\p{L}\d]/u.test(token));
}
