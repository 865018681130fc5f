import { element } from './dom.js';

/** A sentence for the agent to say to the guest of this call; what became of it stands below the field. */
export function sayForm(callId) {
  const text = element('input', {
    name: 'text',
    maxlength: '300',
    required: '',
    'aria-label': 'Words for the agent to say',
  });
  const state = element('small', { role: 'status' });
  const button = element('button', { class: 'quiet' }, 'Say it');
  const form = element('form', { class: 'say' }, text, button, state);
  form.hidden = true;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    state.textContent = 'The agent says it …';
    // Every page carries its session's token, in the form that signs out.
    const csrf = document.querySelector('input[name=csrf]').value;
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
    const body = JSON.stringify({ text: text.value });
    try {
      const answer = await fetch(`/api/calls/${encodeURIComponent(callId)}/say`, { method: 'POST', headers, body });
      const { error = '', remedy = '' } = answer.ok ? {} : await answer.json();
      state.textContent = answer.ok ? 'Said.' : `${error}. ${remedy}`;
      if (answer.ok) text.value = '';
    } catch {
      state.textContent = 'The gateway does not answer.';
    } finally {
      button.disabled = false;
    }
  });
  return form;
}
