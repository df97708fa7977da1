export type MatchesMessage = (message: string) => boolean;

const TERM = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))(?=\s|$)/y;

/** Thrown for a pattern that is not one of terms. */
export class UnknownPattern extends Error {
  override readonly name = 'UnknownPattern';
}

/**
 * Compiles a filter pattern of terms: a message holds every `term` and `"phrase"`, none of `-term`, and at least one of those
 * written `?term`, which stand alone. Letters count as they are written.
 */
export const compileTerms = (pattern: string): MatchesMessage => {
  const text = pattern.trim();
  if (/^[[{%]/.test(text)) {
    const kinds = 'only patterns of terms run here (ERROR "read timeout" ?one ?other -none): none of { }, [ ] or % %';
    throw new UnknownPattern(`${kinds}, found ${text.slice(0, 80)}`);
  }
  const terms: Record<'' | '?' | '-', string[]> = { '': [], '?': [], '-': [] };
  for (let at = 0; at < text.length; ) {
    TERM.lastIndex = at;
    const [whole, sign, phrase, word = ''] = TERM.exec(text) ?? [];
    if (whole === undefined) throw new UnknownPattern(`expected terms and "phrases", found ${text.slice(at, at + 80)}`);
    terms[sign === '?' || sign === '-' ? sign : ''].push(phrase?.replace(/\\(.)/g, '$1') ?? word);
    at += whole.length;
    while (text.charAt(at).trim() === '' && at < text.length) at += 1;
  }
  const all = terms[''];
  const [any, none] = [terms['?'], terms['-']];
  if (any.length > 0 && all.length + none.length > 0)
    throw new UnknownPattern('terms that may hold (?one ?other) do not run here together with others');
  return (message) =>
    all.every((term) => message.includes(term)) &&
    !none.some((term) => message.includes(term)) &&
    (any.length === 0 || any.some((term) => message.includes(term)));
};
