import { amount, element, plainName } from './dom.js';
import { sayForm } from './say-form.js';

/** One lane's card: the call's state, what the agent says as it says it, and the ticket as it grows. */
export class LaneCard {
  #turn = null;
  #turnText = null;

  constructor(callId, lane) {
    this.callId = callId;
    this.state = element('span', { class: 'state' });
    this.said = element('div', { class: 'said', role: 'log', 'aria-label': 'What the agent says', tabindex: '0' });
    this.orders = element('div', {});
    this.delivery = element('p', {});
    this.say = sayForm(callId);
    this.root = element(
      'article',
      { class: 'card', 'data-call-id': callId },
      element('h2', {}, `${lane} `, this.state),
      this.said,
      this.say,
      this.orders,
      this.delivery,
      element('p', {}, element('a', { href: `/calls/${encodeURIComponent(callId)}` }, "The call's page")),
    );
  }

  setState(state, detail) {
    this.state.textContent = plainName(state);
    this.state.className = `state ${state}`;
    this.state.title = detail ?? '';
    this.root.classList.toggle('ended', state === 'ended');
    this.say.hidden = state !== 'talking';
  }

  addWords(words) {
    const isAtEnd = this.said.scrollHeight - this.said.scrollTop - this.said.clientHeight < 24;
    for (const word of words) {
      if (word.turn !== this.#turn) {
        this.#turn = word.turn;
        this.#turnText = element('p', {});
        this.said.append(this.#turnText);
      }
      this.#turnText.append(`${word.text} `);
    }
    if (isAtEnd) this.said.scrollTop = this.said.scrollHeight;
  }

  /** Each event carries whole orders: the ones named replace theirs. */
  setOrders(orders) {
    for (const order of orders) {
      const made = describeOrder(order);
      const old = this.orders.querySelector(`[data-customer="${order.customerSeq}"]`);
      if (old === null) this.orders.append(made);
      else old.replaceWith(made);
    }
  }

  setDelivery(step) {
    const text = `${plainName(step.what)}${step.attempt === null ? '' : ` ${step.attempt}`} ${step.detail ?? ''}`;
    this.delivery.replaceChildren(element('span', { class: `state ${step.state}` }, plainName(step.state)), ` ${text}`);
    this.root.classList.toggle('attention', step.state === 'needs_attention' || step.state === 'dead');
  }
}

function describeOrder(order) {
  const lines = order.lines.map((line) =>
    element(
      'li',
      {},
      element(
        'div',
        { class: 'line' },
        `${line.quantity} × ${line.size === null ? '' : `${line.size} `}${line.name}`,
        element('span', { class: 'price' }, amount(line.totalCents)),
      ),
      ...line.modifiers.map((each) => element('div', {}, `${each.action} ${each.name}`)),
      element('small', {}, line.evidence.map(({ text }) => `“${text}”`).join(' ')),
    ),
  );
  const { totalCents, spokenTotalCents } = order.totals;
  const spoken = spokenTotalCents === null ? '' : `, spoken ${amount(spokenTotalCents)}`;
  return element(
    'section',
    { 'data-customer': order.customerSeq, 'aria-label': `Order of car ${order.customerSeq}` },
    element('ul', { class: 'lines' }, ...lines),
    element(
      'p',
      {},
      `Car ${order.customerSeq}: `,
      element('strong', {}, amount(totalCents)),
      `${spoken} `,
      element('span', { class: `state ${order.status}` }, order.status),
    ),
    ...order.reviewReasons.map((reason) => element('span', { class: 'flag' }, plainName(reason))),
  );
}
