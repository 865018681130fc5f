import { test } from 'tap';
import { OfferAnswer } from '../../../src/sip/dialog/offer-answer.ts';

const [one, two] = [{}, {}];

test('while an INVITE of ours is open the peer gets 491 for an INVITE, and for an UPDATE with an offer', async (t) => {
  const offers = new OfferAnswer();
  offers.asked(one, 'us', 'INVITE', true);
  t.equal(offers.refusalOf('INVITE', true), 491);
  t.equal(offers.refusalOf('UPDATE', true), 491);
  t.equal(offers.refusalOf('UPDATE', false), null, 'without an offer it only refreshes');
  t.notOk(offers.isIdle);
  offers.answered(one, 488, false);
  t.equal(offers.refusalOf('INVITE', true), null);
  t.ok(offers.isIdle);
});

test('while an INVITE of the peer is open its second gets 500, and so does its UPDATE until the offer is answered', async (t) => {
  const offers = new OfferAnswer();
  offers.asked(one, 'peer', 'INVITE', true);
  t.equal(offers.refusalOf('INVITE', true), 500);
  t.equal(offers.refusalOf('UPDATE', true), 500);
  offers.answered(one, 183, true);
  t.equal(offers.refusalOf('UPDATE', true), null, 'the answer went out in a reliable 183');
  t.equal(offers.refusalOf('INVITE', true), 500, 'the INVITE itself is still open');
  offers.answered(one, 200, true);
  t.ok(offers.isIdle);
});

test('a second UPDATE before the answer to the first gets 500, with or without an offer', async (t) => {
  const offers = new OfferAnswer();
  offers.asked(one, 'peer', 'UPDATE', false);
  t.equal(offers.refusalOf('UPDATE', false), 500);
  offers.answered(one, 200, false);
  t.equal(offers.refusalOf('UPDATE', false), null);
});

test('an offer in our 200 waits for the ACK, one in a reliable 183 for the PRACK', async (t) => {
  for (const status of [200, 183]) {
    const offers = new OfferAnswer();
    offers.asked(one, 'peer', 'INVITE', false);
    offers.answered(one, status, true);
    t.equal(offers.refusalOf('UPDATE', true), 491, `${status}`);
    offers.acknowledged('us');
    t.equal(offers.refusalOf('UPDATE', true), 491, 'our own ACK answers nothing of ours');
    offers.acknowledged('peer');
    t.equal(offers.refusalOf('UPDATE', true), null);
    offers.answered(one, 200, true);
    t.ok(offers.isIdle, 'the 200 that repeats it is no new offer');
  }
});

test('a refused UPDATE takes only its own offer back', async (t) => {
  const offers = new OfferAnswer();
  offers.asked(one, 'us', 'INVITE', true);
  offers.asked(two, 'us', 'UPDATE', true);
  offers.answered(two, 491, false);
  t.equal(offers.refusalOf('UPDATE', true), 491);
});
