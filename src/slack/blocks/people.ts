/** People and groups as Slack shows them. Only ids from config.yaml, a run or a decision come here, never text from elsewhere. */

/** More names than this are not read. */
const namedMax = 15;

/** A user or a user group as a mention in mrkdwn: `<@U1>`, `<!subteam^S1>`. */
export function mention(id: string): string {
  return id.startsWith('S') ? `<!subteam^${id}>` : `<@${id}>`;
}

/** `a, b and c` */
export function list(words: readonly string[]): string {
  return joined(words, 'and');
}

/** `<@U1>, <@U2> or <!subteam^S1>`; of a long list the first ones. */
export function someOf(ids: readonly string[]): string {
  const shown = ids.slice(0, namedMax).map(mention);
  return joined(ids.length > shown.length ? [...shown, `${ids.length - shown.length} others`] : shown, 'or');
}

function joined(words: readonly string[], last: string): string {
  if (words.length <= 1) return words[0] ?? 'nobody';
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}

/** Puts names in place of ids in a sentence of ours, and keeps the id beside it, because config.yaml names people by it. Takes escaped text. */
export function withNames(sentence: string, ids: readonly string[]): string {
  const known = [...new Set(ids)].filter((id) => /^[UWS][A-Z0-9]+$/.test(id));
  if (known.length === 0) return sentence;
  return sentence.replaceAll(new RegExp(`\\b(?:${known.join('|')})\\b`, 'g'), (id) => `${mention(id)} (${id})`);
}
