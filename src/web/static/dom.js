/** An element with attributes and children. Strings become text, never markup. */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function plainName(code) {
  return code.replaceAll('_', ' ');
}

export function timeOfDay(wallMs, timeZone) {
  return new Date(wallMs).toLocaleTimeString('en-US', { timeZone, hourCycle: 'h23' });
}

/** The live view knows no currency: the call's page does. */
export function amount(cents) {
  return (cents / 100).toFixed(2);
}
