/** Text and attribute values as XML holds them; control characters too, which parsers would change or refuse. */
export const escapeXml = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be escaped
  text.replace(/[<>&"'\u0000-\u001f\u007f]/g, (character) => `&#${character.charCodeAt(0)};`);

/** What stands in an element: text, elements by name, or several elements of one name. `undefined` leaves an element out. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml };

const element = (name: string, value: Xml): string => {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((one: Xml) => element(name, one)).join('');
  return `<${name}>${contentOf(value)}</${name}>`;
};

const contentOf = (value: Xml): string => {
  if (typeof value !== 'object') return escapeXml(String(value));
  return Object.entries(value)
    .map(([name, inner]) => element(name, inner))
    .join('');
};

/** A document with one element, whose children are in the namespace. */
export const document = (name: string, namespace: string | undefined, content: Xml): string => {
  const declared = namespace === undefined ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${declared}>${contentOf(content)}</${name}>`;
};
