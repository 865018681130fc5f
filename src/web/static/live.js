import { element, plainName, timeOfDay } from './dom.js';
import { LaneCard } from './lane-card.js';

/** The live page: a snapshot first, then each event as it happens; after a break the browser connects again by itself. */
const connection = document.querySelector('#connection');
const lanes = document.querySelector('#lanes');
const deliveries = document.querySelector('#deliveries');
const alerts = document.querySelector('#alert-list');
const newestAlert = document.querySelector('#newest-alert');
const { timezone } = lanes.dataset;
const SHOWN_ENTRIES = 50;
const SHOWN_CARDS = 24;

/** By call. A lane's ended call stays until its next one rings. */
const cards = new Map();

function cardOf(callId, lane) {
  const known = cards.get(callId);
  if (known !== undefined) return known.card;
  for (const [id, other] of cards) {
    if (other.lane === lane && other.card.root.classList.contains('ended')) remove(id);
  }
  if (cards.size >= SHOWN_CARDS) remove(cards.keys().next().value);
  const card = new LaneCard(callId, lane);
  cards.set(callId, { card, lane });
  lanes.append(card.root);
  return card;
}

function remove(callId) {
  cards.get(callId)?.card.root.remove();
  cards.delete(callId);
}

function entry(list, wallMs, children) {
  list.prepend(element('li', {}, element('time', {}, timeOfDay(wallMs, timezone)), ' ', ...children));
  while (list.children.length > SHOWN_ENTRIES) list.lastElementChild.remove();
}

function showDelivery(step) {
  cards.get(step.callId)?.card.setDelivery(step);
  const attempt = step.attempt === null ? '' : ` ${step.attempt}`;
  const link = element('a', { href: `/calls/${encodeURIComponent(step.callId)}` }, `ticket ${step.ticketId}`);
  const state = element('span', { class: `state ${step.state}` }, plainName(step.state));
  entry(deliveries, step.atWallMs, [link, ` ${plainName(step.what)}${attempt} ${step.detail ?? ''} `, state]);
}

function showAlert(alert) {
  const call =
    alert.callId === null ? '' : element('a', { href: `/calls/${encodeURIComponent(alert.callId)}` }, ' the call');
  entry(alerts, alert.atWallMs, [element('strong', {}, alert.message), ` ${alert.remedy} (${alert.code})`, call]);
}

const handlers = {
  snapshot(snapshot) {
    for (const id of [...cards.keys()]) remove(id);
    deliveries.replaceChildren();
    alerts.replaceChildren();
    for (const call of snapshot.calls) {
      const card = cardOf(call.callId, call.lane);
      card.setState(call.state, null);
      card.addWords(call.words);
      card.setOrders(call.orders);
    }
    for (const step of snapshot.deliveries) showDelivery(step);
    for (const alert of snapshot.alerts.toReversed()) showAlert(alert);
    connection.textContent = 'Connected. What happens now shows here at once.';
  },
  call: ({ callId, lane, state, detail }) => cardOf(callId, lane).setState(state, detail),
  words: ({ callId, words }) => cards.get(callId)?.card.addWords(words),
  orders: ({ callId, orders }) => cards.get(callId)?.card.setOrders(orders),
  delivery: ({ step }) => showDelivery(step),
  alert(alert) {
    showAlert(alert);
    newestAlert.className = 'banner';
    newestAlert.textContent = `${alert.message}. ${alert.remedy}`;
  },
};

const source = new EventSource('/events');
for (const [name, handle] of Object.entries(handlers)) {
  source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
}
source.addEventListener('error', () => {
  // The browser gives up on any answer but 200, which for us means that the session ended.
  connection.textContent =
    source.readyState === EventSource.CLOSED ? 'Signed out: ' : 'Connection lost, trying again …';
  if (source.readyState === EventSource.CLOSED) {
    connection.append(element('a', { href: '/sign-in?next=/live' }, 'sign in again'));
  }
});
