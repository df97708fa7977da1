/** Part of a pattern: text, any characters, or any one. Those that do not cross stay inside a segment of an ARN. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' | 'one'; readonly crosses: boolean };

/** Where to go on when what follows a wildcard does not fit: the wildcard takes one character more. */
interface Mark {
  readonly piece: number;
  at: number;
}

const widthAt = (value: string, at: number): number => ((value.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/**
 * Whether a value is what a pattern says. Callers write patterns, in the policies of their sessions: so this goes back to the last
 * wildcard alone, and to the last one that crosses colons, where a regular expression would try every combination. That finds
 * every match, since the last wildcard can take whatever one before it could, up to the end of its segment.
 */
export const fits = (pieces: readonly Piece[], value: string): boolean => {
  let [piece, at] = [0, 0];
  let inside: Mark | undefined;
  let across: Mark | undefined;
  for (;;) {
    const next = pieces[piece];
    if (next === undefined && at === value.length) return true;
    if (next?.kind === 'any') {
      piece += 1;
      if (next.crosses) [across, inside] = [{ piece, at }, undefined];
      else inside = { piece, at };
    } else if (next?.kind === 'text' && value.startsWith(next.text, at)) {
      piece += 1;
      at += next.text.length;
    } else if (next?.kind === 'one' && at < value.length && (next.crosses || value[at] !== ':')) {
      piece += 1;
      at += widthAt(value, at);
    } else {
      const canGrow = inside !== undefined && inside.at < value.length && value[inside.at] !== ':';
      const mark: Mark | undefined = canGrow ? inside : across;
      if (mark === undefined || mark.at >= value.length) return false;
      if (!canGrow) inside = undefined;
      mark.at += widthAt(value, mark.at);
      ({ piece, at } = mark);
    }
  }
};
