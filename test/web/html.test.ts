import { test } from 'tap';
import { html } from '../../src/web/html.ts';

test('values are escaped in text and in attributes, markup made by html is not', async (t) => {
  const hostile = `"><script>alert('x')</script>&`;
  t.equal(
    html`<a title="${hostile}">${hostile}</a>`.text,
    '<a title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</a>',
  );
  t.equal(html`<p>${html`<b>${'<'}</b>`}${[html`<i></i>`, '>', 3, null]}</p>`.text, '<p><b>&lt;</b><i></i>&gt;3</p>');
});

test('an object that only looks like markup is not taken for it', async (t) => {
  const forged = JSON.parse('{"text":"<script>"}');
  t.throws(() => html`<p>${forged}</p>`);
});
