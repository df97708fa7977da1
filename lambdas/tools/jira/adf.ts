/** A node of an Atlassian document, of which nothing is certain: whoever writes a description decides what is in it. */
type Node = { readonly [name: string]: unknown };

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

const textOr = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Nodes that stand within a line; every other node begins and ends one. */
const INLINE: Readonly<Record<string, (node: Node, attributes: Node) => string>> = {
  text: (node) => textOr(node.text),
  hardBreak: () => '\n',
  mention: (_, { text, id }) => textOr(text) || `@${textOr(id)}`,
  emoji: (_, { text, shortName }) => textOr(text) || textOr(shortName),
  status: (_, { text }) => textOr(text),
  date: (_, { timestamp }) => dayOf(timestamp),
  inlineCard: (_, { url }) => textOr(url),
  placeholder: () => '',
  mediaInline: () => '',
};

const dayOf = (timestamp: unknown): string => {
  const date = new Date(Number(timestamp));
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(0, 10);
};

const LINE_BREAK = Symbol('line break');

/**
 * The words of an Atlassian document (v3), one line for each paragraph, heading, list item or cell. A plain string (v2)
 * is taken as it is, and anything else that is no document is empty text. Never throws and never recurses, whatever JSON it is
 * given. Half surrogate pairs become U+FFFD, so that the text survives UTF-8.
 */
export const plainTextOf = (description: unknown): string => {
  if (typeof description === 'string') return description.trim().toWellFormed();
  const pieces: string[] = [];
  const pending: unknown[] = [description];
  while (pending.length > 0) {
    const next = pending.pop();
    if (next === LINE_BREAK) {
      if (pieces.at(-1) !== '\n') pieces.push('\n');
      continue;
    }
    if (!isNode(next)) continue;

    const inline = Object.hasOwn(INLINE, textOr(next.type)) ? INLINE[textOr(next.type)] : undefined;
    if (inline) {
      const text = inline(next, isNode(next.attrs) ? next.attrs : {});
      if (text !== '') pieces.push(text);
      continue;
    }
    pending.push(LINE_BREAK);
    if (Array.isArray(next.content))
      for (let at = next.content.length - 1; at >= 0; at--) pending.push(next.content[at]);
    else if (isNode(next.attrs)) pending.push({ type: 'text', text: next.attrs.url }); // a block card is only its link
    pending.push(LINE_BREAK);
  }
  return pieces.join('').trim().toWellFormed();
};

/** Cuts text to at most `limit` UTF-16 code units, never through a surrogate pair. */
export const cut = (text: string, limit: number): { readonly text: string; readonly truncated: boolean } => {
  if (text.length <= limit) return { text, truncated: false };
  const last = text.charCodeAt(limit - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return { text: text.slice(0, splitsPair ? limit - 1 : limit), truncated: true };
};
