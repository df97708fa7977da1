import { ServiceError } from './exchange.ts';

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

/** An element of a document that was received. */
export interface Element {
  readonly name: string;
  readonly text: string;
  readonly children: readonly Element[];
}

const MAX_BYTES = 1024 * 1024;
const TOKEN = /<\?[^>]*\?>|<(\/?)([\w.:-]+)((?:\s[^<>]*?)?)(\/?)>|([^<]+)/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const malformed = (): ServiceError =>
  new ServiceError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema'
  );

const unescapeXml = (text: string): string =>
  text.replace(/&(#x?)?(\w+);/g, (_, number: string | undefined, name: string) => {
    const code = number === undefined ? Number.NaN : Number.parseInt(name, number === '#x' ? 16 : 10);
    const character = number === undefined ? ENTITIES[name] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
    if (character === undefined) throw malformed();
    return character;
  });

/**
 * Reads a small document of elements and text, whose root has the name given: attributes are passed over, and there are no
 * comments, no sections and no types of its own. Throws `MalformedXML`.
 */
export const parseXml = (content: Buffer, rootName: string): Element => {
  if (content.length > MAX_BYTES) throw malformed();
  const source = content.toString('utf8').trim();
  const root = { name: '', text: '', children: [] as Element[] };
  const open = [root];
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    const parent = open.at(-1);
    if (match === null || parent === undefined) throw malformed();
    const [, closes, name, , isEmpty, text] = match;
    if (text !== undefined) parent.text += unescapeXml(text);
    else if (closes === '/') {
      if (open.pop()?.name !== name) throw malformed();
    } else if (name !== undefined) {
      const element = { name, text: '', children: [] as Element[] };
      parent.children.push(element);
      if (isEmpty === '') open.push(element);
    }
  }
  const [only, ...others] = root.children;
  if (open.length !== 1 || only === undefined || others.length > 0 || only.name !== rootName || root.text.trim() !== '')
    throw malformed();
  return only;
};

export const childrenOf = ({ children }: Element, name: string): readonly Element[] =>
  children.filter((child) => child.name === name);

/** The text of the first child of a name, without the space around it; `undefined` where there is none. */
export const textAt = (element: Element, name: string): string | undefined => childrenOf(element, name)[0]?.text.trim();
