import { tokensOfPhrase } from './tokens.ts';
import { PhraseTrie } from './trie.ts';

/**
 * What a cue does to the clause around it.
 * - `ack`, `so`, `sorry`, `just`, `add`, ... begin a new segment
 * - `offer`, `menu`, `unavailable`, ... give what follows its act
 * - `described`, `sold-out`, `off`, `priced` give the whole segment its act, also what stands before
 */
export type CueKind =
  | 'filler'
  | 'ack'
  | 'so'
  | 'readback'
  | 'just'
  | 'sorry'
  | 'make'
  | 'add'
  | 'instead'
  | 'greet'
  | 'ask-more'
  | 'confirm'
  | 'close'
  | 'farewell'
  | 'total'
  | 'aside'
  | 'offer'
  | 'question'
  | 'menu'
  | 'described'
  | 'fine'
  | 'suggest'
  | 'unavailable'
  | 'out'
  | 'sold-out'
  | 'next-order'
  | 'remove'
  | 'off'
  | 'clear'
  | 'forget'
  | 'replace'
  | 'more'
  | 'all'
  | 'split'
  | 'no'
  | 'not'
  | 'extra'
  | 'light'
  | 'side'
  | 'half'
  | 'other-half'
  | 'whole'
  | 'couple'
  | 'dozen'
  | 'half-dozen'
  | 'plain'
  | 'combo'
  | 'undo-combo';

const table: Readonly<Record<CueKind, string>> = {
  filler: `topped|right now|at the moment|at this time|currently|this morning|anymore|this evening|half and half|um|uh|er|hmm|mm hmm|mhm|let me see|let us see|what was it|you know|please|like i said|i mean|hang on|hold on|one moment|
    one sec|just a moment|just a second|give me a moment|give me a second|a moment|a minute|no problem|no worries|no charge|no thanks|
    no thank you|not a problem|of course|by the way|for you|for her|for him|for them|for me|today|tonight|then|here|there you go|there we go|too|as well|also|
    more or less|all set|all good|all day|all right so|both of you|this one|no rush|no trouble|no doubt|in case|for here|to go|if you do not mind|not bad|for sure|
    one last thing|first of all`,
  ack: `i can get you started with|let us get you started with|i can start you off with|i will get you started with|get you started with|okay|ok|alright|all right|sure|sure thing|great|perfect|got it|you got it|absolutely|certainly|sounds good|wonderful|excellent|
    awesome|good choice|great choice|nice choice|yes|yeah|yep|yup|no problem at all|right away|coming up|coming right up|thank you|thanks|understood|
    i see|very good|very well|splendid|fantastic|lovely|cool|gotcha|done|noted|i understand|oh|ah|hi|hello|hey|well|excuse me|my pleasure|good morning|good afternoon|good evening|going with|we will do|go with|welcome to you`,
  so: `so|so then|so now`,
  readback: `it now contains|your order now contains|order now contains|now contains|you now have|your order now has|i see|so we have|so far i have|so far you have|so far we have|here i have|i am showing|i show|you are getting|that should be|it should be|that is|that will be|that makes it|so that makes|that makes|that leaves|that leaves you with|that leaves us with|i have|i have got|i got|
    you have|you have got|you are having|to confirm|just to confirm|let me confirm|to repeat|let me repeat|let me read that back|let me read it back|reading that back|
    read back|to recap|your order is|the order is|your order includes|we have got|you have ordered|you ordered|so it is|here is what i have|this is what i have|all together|altogether|in total|
    that gives you|that brings you to|left with|down to|you want|you would like|you wanted|is that|was that|did you say|i will order|i have you down for|it is`,
  just: `just|only|it is just|that is just|so just|just keep|keeping just|keep just|only the`,
  sorry: `sorry|you said|sorry about that|my mistake|i meant|correction|actually|no wait|wait|wait no|scratch that|my bad|my apologies|excuse me i meant|rather|i mean to say|let me correct that|let me fix that|i misspoke|oops|apologies`,
  make: `make that|make it|we make that|we make it|we will make that|we will make it|making that|making it|make them|make those|making those|making them|made that|made it|let us make that|let us make it|change that to|change it to|changing that to|changed that to|changed it to|
    changing it to|switching that to|switching it to|switch that to|switch it to|switched that to|switched it to|swap that for|swapping that for|bump that up to|bump that to|bumping that to|
    bumping that up to|bumped that to|bumped that up to|upgrade that to|upgrading that to|upgraded that to|update that to|updated that to|updating that to|
    upsize that to|upsizing that to|bump it up to|bump it to|downsize that to|make the|making the|made the|bump the|bumping the|upgrade the|upgrading the`,
  add: `add|adding|added|i will add|i added|throw in|i will put in|plus|put in|putting in|and then|on top of that|add on|adding on`,
  instead: `instead`,
  greet: `thanks for stopping|thank you for stopping|welcome|welcome in|welcome to|welcome back|thanks for choosing|thank you for choosing|thanks for coming to|thank you for coming to|thanks for stopping by|thank you for stopping by|thanks for calling|thank you for calling|thanks for visiting|thank you for visiting|this is`,
  'ask-more': `pull up when you are ready|pull forward when you are ready|pull around when you are ready|when you are ready|anything else|something else|anything more|what else|will that be all|will that be it|is that all|is that it|is that everything|does that complete|that be all|what can i get|what can i do|
    what would you like|what can we get|how can i help|how may i help|may i take your order|can i take your order|what are you having|what do you want|what will it be|what will you have|what are we having|
    take your order|go ahead|order whenever|whenever you are ready|ready to order|ready when you are|order when|i can get|any other|can i get you|could i get you|can i get anything|any thing else|would that be all|that complete your order|to drink with that|drink with that`,
  confirm: `is that correct|is that right|is this correct|is this right|does that look right|does that sound right|does that sound good|does this look right|is everything correct|is that what you wanted|is that what you ordered|correct|right|is that okay|is that good|
    please confirm|can you confirm|could you confirm|can you please confirm|could you please confirm|please check|take a look|just confirm|is the order correct|is your order|did i get that right|do i have that right|did i get everything|have i got that right|does that all|let me know if|if that is correct|if that is right|is all that correct|look good|sound good|all correct|if everything`,
  close: `you can pick up|you may pick up|you can collect|you can get your|you can grab your|please collect|pull forward|pull ahead|pull around|pull up|drive forward|drive up|drive ahead|drive through|drive around|come around|come forward|move forward|move up|proceed to|head to the|see you at the|at the window|to the window|next window|first window|second window|
    at the next|up at the|we will see you|be ready|is ready|get your order ready|will be up|be right up|be right out|be out|be waiting|right out|up soon|up shortly|up in|ready for you|ready in|ready shortly|ready soon|read shortly|out shortly|out soon|out quickly|
    be available|coming out|be done|be made|its ordered|it is ordered|order is in|order has been placed|order is placed|i have placed|have that for you|have that out|have those for you|have those out|
    have it for you|have it out|have it ready|have that ready|have those ready|have your|have that in|wait at the|pick up your|pick it up|be fulfilled|send that off|be sent|get that started|get started on|get that made|placed your order|
    order is on its way|on its way|be with you shortly|start making|enjoy your|enjoy|brought out|bring it out|bring that out|bring them out`,
  farewell: `have a blessed|have a super|have a fantastic|have a safe|have a beautiful|have yourself|have an awesome|have an amazing|have an excellent|have a nice|have a good|have a great|have a wonderful|have a lovely|goodbye|bye|bye bye|take care|see you|see you later|see you next time|good night|maybe next time|come again|come back|drive safe|drive safely`,
  total: `your total is|total is|your total|the total|your new total|new total|total comes to|total will be|comes to|come to|comes out to|come out to|that comes to|you are looking at|your balance is|amount is|that totals|totals|your total today is|the total is|total today is|total for today is|total of`,
  aside: `order number is|order number|your number is|for the name|under the name|for pickup|for delivery|credit card|your name|name is|the receipt|phone number|points|rewards|which store|minutes|minute|loyalty|app`,
  offer: `would you like|would a|would an|would the|would some|would you care|would you want|would you prefer|do you want|do you need|did you want|can i interest you|could i interest you|interest you|can i offer|how about|what about|care for|want to|want me to|want any|want some|want a|would you also like|
    shall i|should i|may i suggest|may i offer|can i recommend|i recommend|i can recommend|do you prefer|would that be|are you okay with|is pepsi|feel like|would it be|you can add|you can also|we can add|i could add|can add|we could add|can i add|could i add|interested in|you could|you might|if you want|if you like|if you would like|we can do|we can offer|i can do|i can offer|we could do|or would you|would you like to try|try our|have you tried|
    you would enjoy|you might enjoy|you may enjoy|we can make|we can put|can i get you a|did you mean to add`,
  question: `what size|which size|what kind|which kind|what type|which type|what flavor|what flavour|what milk|what sauce|which sauce|what drink|which drink|what side|which side|what dressing|which dressing|what would you|what do you|which one|which|what sort|how many|how would you|what sauces|which sauces|what crust|which crust|what toppings|what about the size|and what|and for the|how do you want|who`,
  menu: `we have|we have got a|we do have|we also have|we only have|we do|we offer|we serve|we sell|we carry|they have|there is|there are|such as|for example|choose from|choice of|options are|choices are|you can choose|you can order|you can pick|our|it does have|does have|do have|it has|they come|
    it is made|they are made|is made with|are made with|made with|includes|included|include|the menu has|the menu|on the menu|currently on|flavors are|sizes are|it comes|where you can|available in|we use|we do use|we make|they are|it is topped`,
  described: `comes with|come with|comes in|come in|has|describes|start at|starts at|starting at|is a|are a|is our|are our|is made|costs|cost|runs|is on special|are on special|on sale|is served|are served|is topped|is the one|is usually|are usually|contains|contain|is basically`,
  fine: `keep the|keeping the|back on|back on|back in|is fine|are fine|is okay|are okay|is ok|are ok|are good`,
  suggest: `do you mean|did you mean|perhaps you mean|maybe you mean|you mean|maybe a|perhaps a|or maybe|perhaps|maybe|which means`,
  unavailable: `do not have|dont have|we dont have|dont carry|do not carry|dont sell|do not sell|dont serve|do not serve|dont offer|do not offer|not seeing|dont see|do not see|cant find|cannot find|cant do|cannot do|dont do|no longer have|no longer sell|dont make|do not make|not able to|unable to|cant make|can not|cannot|cant get|cant offer|havent got|dont actually have|do not actually have|not familiar with`,
  out: `are out of|is out of|we are all out of|are all out of|are fresh out of|no longer any|no more|out of|ran out|run out|running out|fresh out|all out of|just sold|sold the last|we are short|shortage`,
  'sold-out': `sold out|not available|unavailable|is not available|is down|are down|down right now|down today|is broken|are broken|broken|is not working|not working|out of stock|out of order|all out|are out|is out|is gone|are gone|actually is not available|is not on the menu|not on the menu|not on our menu|cannot be`,
  'next-order': `the second is|and the second is|the second 1 is|the second order is|third is|the third is|second order|the second order|next order|the next order|the other order|third order|the third order|separate order|a separate order|second check|the second check|other check|the other check|second ticket`,
  remove: `remove|removed|removing|take off|took off|taking off|taken off|take out|took out|taking out|take|took|taking|cancel the|cancel that|canceled the|cancelled the|canceling the|cancelling the|cancel|cancelled|canceled|scratch the|scratch|delete|deleted|deleting|drop the|dropped the|dropping the|leave off|leaving off|left off|leave out|leaving out|left out|
    get rid of|without that|minus|skip|skipping|skip the|lose the|nix|nix the|pull off|pulled off|back out|never mind the|never mind|forget the|forget about the|nevermind the|hold off on|cross off|crossed off|you do not want|you dont want|you no longer want|not getting`,
  off: `off|off the order|off of the order|off your order|from the order|from your order|is off|are off|out of the order`,
  clear: `cancel that for you|cancelled that for you|canceled that for you|cancel it for you|cancel this order|cancel everything|cancel the order|cancel your order|cancel that order|cancel the whole|cancel the entire|cancel it all|canceled your order|cancelled your order|canceled the order|cancelled the order|canceled everything|cancelled everything|order is canceled|order is cancelled|order canceled|order cancelled|cancelling the order|canceling the order|cancelling your order|canceling your order|
    start over|starting over|start fresh|start again|starting fresh|start from scratch|scrap that|scrap it|scrap everything|clear the order|cleared the order|clear that|cleared everything|clear everything|cancelled it|canceled it|all cancelled|all canceled|everything is cancelled|everything is canceled|void the order|voided|clearing the order|clearing that out|forget everything|forget the whole|forget all|removed everything|remove everything|take everything off|took everything off|from the top|from the beginning`,
  forget: `forget that|forget it|forget that one|forget those|forget about that|forget about it|cancel that one|take that off|took that off|taking that off|took that one off|scratch that one|remove that|removed that|removing that|drop that|delete that|i will take that off|take it off|took it off|taking it off|remove it|removed it|never mind that|scratch it|take those off|took those off|taking those off|remove those|removed those|took them off|take them off|removing it|cancel it`,
  replace: `replace|replacing|replaced|swap|swapping|swapped|switch|switching|switched|change|changing|changed|substitute|substituting|exchange|trade`,
  more: `another|one more|1 more|a second|a 2nd|an additional|additional|an extra order of|more|a third|yet another`,
  all: `all|all of them|both|both of them|each|every|everything|on all|on both|all with|for both|for all|either of them|any of them|on any of them|on any|either one|on either|on either one|for either|on each|on each one|on each of them|on every one|on all of them|on both of them|all of those|each of them|each one|on everything|everybody`,
  split: `the second|the third|the last one|the last 1|of those|of these|of the 2|of the two|of the 3|of the 4|the other|the other one|the 1st|the first|the second one|the 1 of them|of them`,
  no: `no|without|hold the|hold|leave off the|leave the|minus the|skip the|zero|none of the|free of`,
  not: `not|rather than|instead of|no not|in place of`,
  extra: `extra|double|heavy|heavy on the|more of the|lots of|plenty of|additional portion of|double the|with extra|a lot of`,
  light: `light|light on the|easy on the|go easy on the|easy|less|a little|just a little|not too much|a touch of|light on`,
  side: `on the side|to the side|in a side cup|on side`,
  half: `half|1 half|one half|left half|the left half|right half|the right half|on half|1 side|one side|the left side|left side|right side|the right side|first half|the first half|second half|the second half|half of it|half of the pizza|on 1 side|on one side|on the left|on the right|on the left half|on the right half|just the left half|just the right half|on just the left half|on just the right half|on just half|just half|on 1 half|on one half|on the 1st half|on half of it`,
  'other-half': `the other half|on the other half|other half|the other side|on the other side|on the other|the other`,
  whole: `the whole thing|on the whole thing|whole thing|the whole pizza|on the whole pizza|on the entire pizza|the entire pizza|all over|on the whole|whole pizza|on all of it|the entire thing`,
  couple: `a pair|a couple of|a couple|couple of|couple|a pair of|pair of`,
  dozen: `a dozen|dozen|1 dozen`,
  'half-dozen': `half a dozen|half dozen|a half dozen|1 half dozen`,
  plain: `plain|black|as is|as usual|regular style|by itself|on its own|nothing on it|dry no sauce`,
  combo: `combo|meal|a combo|a meal|combos|meals|the combo|the meal`,
  'undo-combo': `not a combo|no combo|no meal|not the combo|not the meal|not a meal|just the sandwich|sandwich only|without the combo|not as a combo`,
};

/** The cue phrases of the agent's English. They hold for every menu. */
export const cuePhrases = new PhraseTrie<{ kind: CueKind | null }>();
/** Every word that stands in a cue. */
export const cueWords = new Set<string>();

for (const [kind, phrases] of Object.entries(table) as [CueKind, string][]) {
  for (const text of phrases.split('|')) {
    const phrase = tokensOfPhrase(text);
    for (const word of phrase) cueWords.add(word);
    const entry = cuePhrases.at(phrase, () => ({ kind: null }));
    entry.kind ??= kind;
  }
}
