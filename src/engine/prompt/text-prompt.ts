const tag = '<system>';

/** A role text in the form the model was trained on: `<system> ... <system>`, added where missing (personaplex.md section 5). */
export function wrapSystemText(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith(tag) && trimmed.endsWith(tag) ? trimmed : `${tag} ${trimmed} ${tag}`;
}
